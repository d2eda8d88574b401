// The map as tables: the same boxes, for those who would rather read than look.

import { hex } from "../../src/base/align";
import { sizeText } from "../../src/base/size-text";
import { type Box, type Column, wholeLine } from "../../src/draw/columns";
import { element } from "../document/element";

/** A table for each column, from the highest address down. */
export function spaceTables(columns: readonly Column[]): HTMLElement[] {
  return columns.map((column) => {
    const head = ["from", "to", "what", "rights", "size", "frames"];
    const cells = head.map((text) => element("th", { scope: "col" }, text));
    const rows = wholeLine(column).reverse().map(rowOf);
    const table = element(
      "table",
      {},
      element("caption", {}, captionOf(column)),
      element("thead", {}, element("tr", {}, ...cells)),
      element("tbody", {}, ...rows),
    );
    const label = `${column.title} as a table`;
    return element(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": label },
      table,
    );
  });
}

function captionOf({ title, subtitle, isLoaded, markers = [] }: Column): string {
  const registers = markers.filter(({ isActive }) => isActive);
  const where = registers.map(({ name, address }) => `${name} ${hex(address)}`);
  return [title, subtitle, isLoaded ? "loaded" : "", ...where].filter(Boolean).join(" · ");
}

function rowOf({ start, end, label, rights, bytes, frames, shared, kind }: Box): HTMLElement {
  const first = frames[0];
  const more = frames.length > 1 ? ` and ${frames.length - 1} more` : "";
  const both = shared ? " (in both spaces)" : "";
  const cells = [
    element("td", {}, element("code", {}, hex(start))),
    element("td", {}, element("code", {}, hex(end - 1))),
    element("td", {}, `${label}${both}`),
    element("td", {}, element("code", {}, rights)),
    element("td", {}, sizeText(bytes)),
    element("td", {}, first ? element("code", {}, hex(first.start)) : "", more),
  ];
  return element("tr", { class: kind === "empty" ? "empty" : undefined }, ...cells);
}
