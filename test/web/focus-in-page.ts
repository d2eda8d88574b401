// Runs in the page: where the focus is, whether that can be seen, and what it never came to. The
// functions are handed to a browser as text, so they refer to nothing outside themselves.
//
// What has been walked to is kept in a set of the page's, not as a mark on the elements: the map
// takes off again whatever it has not drawn itself.

/** What has the focus. */
export interface Focus {
  /** The beginning of its HTML; empty: nothing has it. */
  readonly what: string;
  /** It had the focus before. */
  readonly isKnown: boolean;
  /** It, or something around it, looks different from how it does without the focus. */
  readonly isSeen: boolean;
  /** It takes Tab for itself, until Esc has been pressed. */
  readonly keepsTab: boolean;
}

/** The part of a page's elements that is used here. */
interface PageElement {
  readonly outerHTML: string;
  readonly classList: { contains(name: string): boolean };
  readonly parentElement: PageElement | null;
  readonly tabIndex: number;
  readonly disabled?: boolean;
  blur(): void;
  focus(options: { preventScroll: boolean }): void;
  checkVisibility(): boolean;
  querySelector(selector: string): PageElement | null;
}

/** Reads the focus, and notes what has it for `unreached`. */
export function readFocus(): Focus {
  const page = globalThis as unknown as {
    walked?: WeakSet<PageElement>;
    document: { readonly activeElement: PageElement | null; readonly body: PageElement };
    getComputedStyle(element: PageElement): Record<string, string>;
  };
  const element = page.document.activeElement;
  if (!element || element === page.document.body) {
    return { what: "", isKnown: false, isSeen: false, keepsTab: false };
  }
  const looks = () => {
    const parts: PageElement[] = [];
    for (let at: PageElement | null = element; at; at = at.parentElement) parts.push(at);
    const rectangle = element.querySelector(":scope > rect:last-of-type");
    return [...parts, ...(rectangle ? [rectangle] : [])]
      .map((part) => {
        const style = page.getComputedStyle(part);
        const { outline, borderColor, boxShadow, backgroundColor, stroke, strokeWidth } = style;
        return [outline, borderColor, boxShadow, backgroundColor, stroke, strokeWidth].join();
      })
      .join("\n");
  };
  const focused = looks();
  element.blur();
  const isSeen = looks() !== focused;
  element.focus({ preventScroll: true });
  page.walked ??= new WeakSet();
  const isKnown = page.walked.has(element);
  page.walked.add(element);
  const { classList } = element;
  return {
    what: element.outerHTML.slice(0, 160),
    isKnown,
    isSeen,
    keepsTab: classList.contains("xterm-helper-textarea") || classList.contains("cm-content"),
  };
}

/** What can be seen, and used, and was not come to; forgets what was. */
export function unreached(): string[] {
  const page = globalThis as unknown as {
    walked?: WeakSet<PageElement>;
    document: { querySelectorAll(selector: string): Iterable<PageElement> };
  };
  const { walked, document } = page;
  const controls =
    "a[href], button, input, select, textarea, summary, [tabindex], [contenteditable]";
  const missed = [...document.querySelectorAll(controls)].filter(
    (element) =>
      !walked?.has(element) &&
      element.disabled !== true &&
      element.tabIndex >= 0 &&
      element.checkVisibility(),
  );
  delete page.walked;
  return missed.map(({ outerHTML }) => outerHTML.slice(0, 160));
}
