// Makes an element what another is, and leaves alone what is the same already: so that a drawing
// can be made anew ten times a second without losing the focus, a selection, or where the pointer
// rests.
//
// Children are matched by `data-key` or, without one, by their position among those of their name.

/** Makes `target` equal to `wanted`, but for its attributes that `isOurs` accepts. */
export function patch(target: Element, wanted: Element): void {
  patchAttributes(target, wanted);
  if (wanted.children.length === 0) {
    if (target.textContent !== wanted.textContent) target.textContent = wanted.textContent;
    return;
  }
  const known = new Map([...target.children].map((child, index) => [keyOf(child, index), child]));
  let next = target.firstElementChild;
  for (const [index, child] of [...wanted.children].entries()) {
    const old = known.get(keyOf(child, index));
    known.delete(keyOf(child, index));
    const kept = old ?? child.cloneNode(true);
    if (old) patch(old, child);
    if (kept === next) next = next.nextElementSibling;
    else target.insertBefore(kept, next);
  }
  for (const gone of known.values()) gone.remove();
}

function keyOf(child: Element, index: number): string {
  const { column, start, end, list } = (child as SVGElement).dataset;
  if (list !== undefined) return `list ${list}`;
  return column === undefined ? `${child.nodeName} ${index}` : `${column}:${start}:${end}`;
}

/** These the page sets, and the drawing does not know. */
const OURS: ReadonlySet<string> = new Set(["aria-selected", "tabindex"]);

function patchAttributes(target: Element, wanted: Element): void {
  for (const { name } of [...target.attributes]) {
    if (!wanted.hasAttribute(name)) target.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (OURS.has(name) || target.getAttribute(name) === value) continue;
    target.setAttribute(name, value);
  }
}
