// The source file that an instruction comes from, at its line.

import { formatPlace, type Place } from "../../src/base/diagnostic";
import { element } from "../document/element";
import { sources } from "../document/sources";

/** Lines before and after the one that is shown. */
const AROUND = 40;

export class SourceView {
  readonly #title = element("h3", {});
  readonly #lines = element("ol", { class: "source" });
  readonly element = element(
    "section",
    { class: "source-view", tabindex: 0, "aria-label": "Source" },
    this.#title,
    this.#lines,
  );
  #wanted: Place | undefined;

  constructor() {
    this.clear();
  }

  clear(): void {
    this.#wanted = undefined;
    this.#title.textContent = "Source";
    this.#lines.replaceChildren();
  }

  async show(place: Place | undefined): Promise<void> {
    this.#wanted = place;
    if (!place) {
      this.#title.textContent = "No source is known for this instruction";
      this.#lines.replaceChildren();
      return;
    }
    const text = (await sources()).get(place.file);
    // Another place may have been asked for meanwhile.
    if (this.#wanted !== place) return;
    this.#title.textContent = formatPlace(place);
    if (text === undefined) this.#lines.replaceChildren();
    else this.#draw(text.split("\n"), place.line ?? 1);
  }

  #draw(lines: readonly string[], current: number): void {
    const first = Math.max(1, current - AROUND);
    const shown = lines.slice(first - 1, current + AROUND);
    const rows = shown.map((text, index) => {
      const number = first + index;
      const isCurrent = number === current;
      const attributes = { "data-line": number, "aria-current": isCurrent ? "true" : undefined };
      return element("li", attributes, element("code", {}, text === "" ? " " : text));
    });
    this.#lines.replaceChildren(...rows);
    const row = rows[current - first];
    if (row) this.element.scrollTop = row.offsetTop - this.element.clientHeight / 2;
  }
}
