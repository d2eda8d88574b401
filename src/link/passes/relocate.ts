// Pass: copies the inputs into their output sections and patches every relocation.
//
// The letters are those of the psABI: S is the symbol's address, A the addend, P the address of the
// field, GOT that of the global offset table. 32-bit results wrap, as address arithmetic does;
// narrower ones must fit once they have wrapped. In 16-bit code addresses wrap at 64 KiB too, so
// fields of 16 bits and absolute ones of 8 may be read as signed or unsigned; a relative field of 8
// bits is signed.
//
// A description of code that is gone (debug sections) gets 0 for its address.

import { hex } from "../../base/align";
import type { Reporter } from "../../base/reporter";
import type { Relocation } from "../../object/object";
import { I386_RELOCATIONS } from "../elf/relocations";
import { displayName } from "../names/demangle";
import { OFFSET_TABLE } from "./define-symbols";
import type { InputSection, LinkSymbol, PlacedSection, SymbolScope } from "./model";
import type { ThreadBlock } from "./thread-block";

/** The range that a result of less than 32 bits must be in. */
type Range = readonly [least: number, most: number];
const ANY_16: Range = [-0x8000, 0xffff];
const ANY_8: Range = [-0x80, 0xff];
const SIGNED_8: Range = [-0x80, 0x7f];

/** Sets `bytes` of `output`, unless all of it is zeros. */
export function relocate(
  output: PlacedSection,
  symbols: SymbolScope,
  threads: ThreadBlock | undefined,
  report: Reporter,
): void {
  if (output.isZero) return; // A large .bss takes no memory here either.
  output.bytes = new Uint8Array(output.size);
  if (output.plan.fill !== 0) output.bytes.fill(output.plan.fill);
  const view = new DataView(output.bytes.buffer);
  const table = symbols.globals.get(OFFSET_TABLE)?.address ?? 0;
  const bases: Bases = { table, threads: threads ?? { start: 0, end: 0 } };
  for (const input of output.inputs) {
    if (input.section.type === "nobits") {
      output.bytes.fill(0, input.offset, input.offset + input.size);
      continue;
    }
    output.bytes.set(input.bytes, input.offset);
    const { relocations, address } = input;
    for (const relocation of relocations) {
      const symbol = symbols.target(input, relocation);
      const range = rangeOf(relocation);
      const result = resultOf(relocation, symbol, address + relocation.offset, bases);
      if (isMistaken(relocation, symbol)) reportMistaken(input, relocation, symbol, report);
      const value = range ? result | 0 : result;
      const at = input.offset + relocation.offset;
      if (!range) view.setUint32(at, value, true);
      else if (value < range[0] || value > range[1]) {
        reportOverflow(input, relocation, symbol, value, report);
      } else if (range === ANY_16) view.setUint16(at, value, true);
      else view.setUint8(at, value);
    }
  }
}

/** What results may be counted from. */
interface Bases {
  readonly table: number;
  readonly threads: ThreadBlock;
}

function resultOf(
  { kind, addend }: Relocation,
  symbol: LinkSymbol,
  place: number,
  { table, threads }: Bases,
): number {
  if (symbol.isGone) return 0;
  switch (kind) {
    case "got-address":
      return table + addend - place;
    case "got-offset":
      return symbol.plus(addend) - table;
    case "relative":
      return symbol.plus(addend) - place;
    case "thread":
      return symbol.plus(addend) - threads.end;
    case "thread-block":
      return symbol.plus(addend) - threads.start;
    default:
      return symbol.plus(addend);
  }
}

/** Whether what is not thread-local is used as if it were. */
function isMistaken({ kind }: Relocation, { input, isGone, kind: of }: LinkSymbol): boolean {
  if (kind !== "thread" || isGone) return false;
  return input ? input.section.flags.tls !== true : of === "number" || of === "layout";
}

function reportMistaken(
  input: InputSection,
  { offset }: Relocation,
  { name }: LinkSymbol,
  report: Reporter,
): void {
  const text =
    `${input.describe(offset)} uses ${displayName(name)} as a thread-local variable, which it ` +
    "is not where it is defined";
  const remedy = "Declare it alike everywhere, with or without `__thread`.";
  report.error("LINK030", text, remedy, input.placeOf(offset));
}

/** undefined: a word, which wraps. */
function rangeOf({ kind, width }: Relocation): Range | undefined {
  if (width === 4) return undefined;
  if (width === 2) return ANY_16;
  return kind === "relative" ? SIGNED_8 : ANY_8;
}

function reportOverflow(
  input: InputSection,
  { kind, width, offset }: Relocation,
  symbol: LinkSymbol,
  value: number,
  report: Reporter,
): void {
  const shown = value < 0 ? `-${hex(-value, 1)}` : hex(value, 1);
  const { name } = I386_RELOCATIONS.typeFor(kind, width);
  const text =
    `${name} to ${displayName(symbol.name)} (${hex(symbol.address)}) at ` +
    `${input.describe(offset)}: ${shown} does not fit`;
  const remedy = "Use a wider form of the instruction, or move the two closer together.";
  report.error("LINK016", text, remedy, input.placeOf(offset));
}
