// Source lines of an object that another compiler made, from its DWARF: read once a diagnostic asks
// for one.

import type { Place } from "../../base/diagnostic";
import type { LineEntry, ObjectFile } from "../../i686/object";
import { entryAt } from "../model";
import { readLineTables } from "./dwarf-line-read";

type Content = Pick<ObjectFile, "sections" | "symbols">;

/** Finds the line of an offset in one of the object's sections. */
export function sourceLocator(
  object: Content,
): (section: number, offset: number) => Place | undefined {
  let tables: Map<number, LineEntry[]> | undefined;
  return (section, offset) => {
    tables ??= lineTables(object);
    const line = entryAt(tables.get(section) ?? [], offset);
    if (!line) return undefined;
    const { file, line: number, column } = line;
    return column > 0 ? { file, line: number, column } : { file, line: number };
  };
}

function lineTables({ sections, symbols }: Content): Map<number, LineEntry[]> {
  const find = (name: string) => sections.find((section) => section.name === name);
  const table = find(".debug_line");
  if (!table) return new Map();
  const targets = new Map<number, number>();
  for (const { offset, symbol } of table.relocations) {
    const section = symbols[symbol]?.section;
    if (section !== undefined) targets.set(offset, section);
  }
  const none = new Uint8Array(0);
  return readLineTables({
    line: table.bytes,
    lineStrings: find(".debug_line_str")?.bytes ?? none,
    strings: find(".debug_str")?.bytes ?? none,
    sectionAt: (offset) => targets.get(offset),
  });
}
