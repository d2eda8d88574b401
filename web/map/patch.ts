// Makes an element what another is, and leaves alone what is the same already: so that a drawing
// can be made anew ten times a second without losing the focus, a selection, or where the pointer
// rests.
//
// Lists and boxes are matched by what they show, all else by its position among those of its name.
//
// Invariants
//   - A list or a box that stays is never moved, for what leaves the document loses the focus, and
//     so does what is inside it. Their order is always the same; all else moves around them.

/** Makes `target` equal to `wanted`, but for its attributes that `OURS` names. */
export function patch(target: Element, wanted: Element): void {
  patchAttributes(target, wanted);
  if (wanted.children.length === 0) {
    if (target.textContent !== wanted.textContent) target.textContent = wanted.textContent;
    return;
  }
  const known = new Map(withKeys(target));
  let next = target.firstElementChild;
  for (const [key, child] of withKeys(wanted)) {
    const old = known.get(key);
    known.delete(key);
    if (old) {
      patch(old, child);
      if (shownBy(old) !== undefined) next = takeOutUpTo(old, next);
    }
    const kept = old ?? child.cloneNode(true);
    if (kept === next) next = next.nextElementSibling;
    else target.insertBefore(kept, next);
  }
  for (const gone of known.values()) gone.remove();
}

/** Takes out what is between: what of it stays is put back in its turn. Returns `end`. */
function takeOutUpTo(end: Element, first: Element | null): Element {
  for (let at = first; at && at !== end; ) {
    const after = at.nextElementSibling;
    at.remove();
    at = after;
  }
  return end;
}

function withKeys(parent: Element): [string, Element][] {
  const counts = new Map<string, number>();
  return [...parent.children].map((child) => {
    const shown = shownBy(child);
    if (shown !== undefined) return [shown, child];
    const count = counts.get(child.nodeName) ?? 0;
    counts.set(child.nodeName, count + 1);
    return [`${child.nodeName} ${count}`, child];
  });
}

/** The column that a list shows, or the address at which a box begins. */
function shownBy(element: Element): string | undefined {
  const { column, start, list } = (element as SVGElement).dataset;
  if (list !== undefined) return `list ${list}`;
  return column === undefined ? undefined : `${column}:${start}`;
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
