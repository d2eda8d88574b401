// Elements of the page: made, and found by their identifiers.

type Attribute = string | number | boolean | undefined;
export type Child = Node | string | undefined;

/** A new element; `true` and `false` set or leave out an attribute without a value. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, Attribute>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.filter((child): child is Node | string => child !== undefined));
  return made;
}

/** A button that calls `press`. */
export function button(
  label: string,
  press: () => void,
  attributes: Readonly<Record<string, Attribute>> = {},
): HTMLButtonElement {
  const made = element("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", press);
  return made;
}

const FOCUSABLE = "button, a[href], input, select, [tabindex]";

/** Replaces what is in `parent`. A focus in it goes to what now has its place, or the last one. */
export function redraw(parent: HTMLElement, ...children: readonly HTMLElement[]): void {
  const focusable = () => [...parent.querySelectorAll<HTMLElement>(FOCUSABLE)];
  const focused = focusable().findIndex((each) => each.matches(":focus"));
  parent.replaceChildren(...children);
  if (focused < 0) return;
  const now = focusable();
  (now[focused] ?? now.at(-1))?.focus({ preventScroll: true });
}

/** The element of the page's own HTML that has this identifier. */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`the page has no ${kind.name} ${id}`);
}
