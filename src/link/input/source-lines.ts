// Source lines of an object that another compiler made, from its DWARF: read when a diagnostic
// first asks for one.

import type { Place } from "../../base/diagnostic";
import { entryAt } from "../../base/entry-at";
import type { LineEntry, ObjectFile, ObjectSymbol } from "../../object/object";
import { readLineRows } from "./line-rows";

type Content = Pick<ObjectFile, "machine" | "sections" | "symbols">;

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

/** What an address counts from. */
interface Origin {
  readonly symbol: ObjectSymbol | undefined;
  readonly addend: number;
}

/** The lines of each section, by its index, ascending by offset. */
function lineTables({ machine, sections, symbols }: Content): Map<number, LineEntry[]> {
  const find = (name: string) => sections.find((section) => section.name === name);
  const table = find(".debug_line");
  const lines = new Map<number, LineEntry[]>();
  if (!table) return lines;
  // An address is the offset of a symbol in a section, which a relocation names, and an addend,
  // which the bytes have on i386.
  const origins = new Map<number, Origin>(
    table.relocations.map(({ offset, symbol, addend }) => [
      offset,
      { symbol: symbols[symbol], addend: machine === "x86-64" ? addend : 0 },
    ]),
  );
  const none = new Uint8Array(0);
  const content = {
    line: table.bytes,
    lineStrings: find(".debug_line_str")?.bytes ?? none,
    strings: find(".debug_str")?.bytes ?? none,
  };
  readLineRows(content, ({ origin, address, file, line, column, isEnd }) => {
    const { symbol, addend = 0 } = (origin === undefined ? undefined : origins.get(origin)) ?? {};
    if (symbol?.section === undefined || isEnd || file === "" || line < 1) return;
    const list = lines.get(symbol.section) ?? [];
    lines.set(symbol.section, list);
    list.push({ offset: symbol.offset + addend + Number(address), file, line, column });
  });
  for (const list of lines.values()) list.sort((a, b) => a.offset - b.offset);
  return lines;
}
