// Pass: copies the inputs into their output sections and patches every relocation.
//
// The letters are those of the i386 psABI: S is the symbol's address, A the addend, P the address
// of the place that is patched, GOT that of the global offset table. 32-bit results wrap, as
// address arithmetic does; narrower ones must fit: in 16-bit code addresses wrap at 64 KiB too, so
// R_386_16, R_386_PC16 and R_386_8 may be read as signed or unsigned; R_386_PC8 is signed.
//
// What describes code that is gone (debug sections) gets 0 for its address.

import { hex } from "../../base/align";
import type { Reporter } from "../../base/reporter";
import type { Relocation, RelocationType } from "../../object/object";
import { displayName } from "../names/demangle";
import type { InputSection, LinkSymbol, PlacedSection, SymbolScope } from "./model";
import { TABLE_SYMBOL } from "./offset-table";

/** The range that a result of less than 32 bits must be in. */
type Range = readonly [least: number, most: number];
const ANY_16: Range = [-0x8000, 0xffff];
const ANY_8: Range = [-0x80, 0xff];
const SIGNED_8: Range = [-0x80, 0x7f];

/** Sets `bytes` of `output`, unless all of it is zeros. */
export function relocate(output: PlacedSection, symbols: SymbolScope, report: Reporter): void {
  if (output.isZero) return; // A large .bss need not exist here either.
  output.bytes = new Uint8Array(output.size);
  if (output.plan.fill !== 0) output.bytes.fill(output.plan.fill);
  const view = new DataView(output.bytes.buffer);
  const table = symbols.globals.get(TABLE_SYMBOL)?.address ?? 0;
  for (const input of output.inputs) {
    if (input.section.type === "nobits") {
      output.bytes.fill(0, input.offset, input.offset + input.size);
      continue;
    }
    output.bytes.set(input.bytes, input.offset);
    const { relocations, address } = input;
    for (const relocation of relocations) {
      const symbol = symbols.target(input, relocation);
      const value = resultOf(relocation, symbol, address + relocation.offset, table);
      const range = rangeOf(relocation.type);
      const at = input.offset + relocation.offset;
      if (!range) view.setUint32(at, value, true);
      else if (value < range[0] || value > range[1]) {
        reportOverflow(input, relocation, symbol, value, report);
      } else if (range === ANY_16) view.setUint16(at, value, true);
      else view.setUint8(at, value);
    }
  }
}

function resultOf(
  { type, addend }: Relocation,
  symbol: LinkSymbol,
  place: number,
  table: number,
): number {
  if (symbol.isGone) return 0;
  switch (type) {
    case "R_386_GOTPC":
      return table + addend - place;
    case "R_386_GOTOFF":
      return symbol.plus(addend) - table;
    case "R_386_PC32":
    case "R_386_PC16":
    case "R_386_PC8":
      return symbol.plus(addend) - place;
    default:
      return symbol.plus(addend);
  }
}

/** undefined: a word, which wraps. */
function rangeOf(type: RelocationType): Range | undefined {
  switch (type) {
    case "R_386_16":
    case "R_386_PC16":
      return ANY_16;
    case "R_386_8":
      return ANY_8;
    case "R_386_PC8":
      return SIGNED_8;
    default:
      return undefined;
  }
}

function reportOverflow(
  input: InputSection,
  { type, offset }: Relocation,
  symbol: LinkSymbol,
  value: number,
  report: Reporter,
): void {
  const shown = value < 0 ? `-${hex(-value, 1)}` : hex(value, 1);
  const text =
    `${type} to ${displayName(symbol.name)} (${hex(symbol.address)}) at ` +
    `${input.describe(offset)}: ${shown} does not fit`;
  const remedy = "Use a wider form of the instruction, or move the two closer together.";
  report.error("LINK016", text, remedy, input.placeOf(offset));
}
