// Pass: copies the inputs into their output sections and patches every relocation.
//
// The letters are those of the psABI: S is the symbol's address, A the addend, P the address of the
// field, GOT that of the global offset table. On i386 results wrap at 32 bits, as address
// arithmetic does, and narrower fields must hold them once they have wrapped; on x86-64 every field
// must hold the result, and only 64 bits wrap. In 16-bit code addresses wrap at 64 KiB too, so
// fields of 16 bits and absolute ones of 8 may be read as signed or unsigned; a relative field of 8
// bits is signed. The ranges are in elf/relocations.ts.
//
// A description of code that is gone (debug sections) gets 0 for its address, but 1 in lists that
// two zeros would end: gdb would not see what follows in them. GNU ld does the same.

import { hex } from "../../base/align";
import type { Reporter } from "../../base/reporter";
import type { Machine, Relocation, RelocationKind, RelocationWidth } from "../../object/object";
import { type Range, RELOCATIONS } from "../elf/relocations";
import { displayName } from "../names/demangle";
import { OFFSET_TABLE } from "./define-symbols";
import type { InputSection, LinkSymbol, PlacedSection, SymbolScope } from "./model";
import type { ThreadBlock } from "./thread-block";

/** Lists of address ranges, of DWARF before version 5. */
const ENDED_BY_ZEROS = new Set([".debug_ranges", ".debug_loc"]);

/** What the pass needs besides the section. */
export interface RelocationContext {
  readonly symbols: SymbolScope;
  readonly threads: ThreadBlock | undefined;
  readonly machine: Machine;
  readonly report: Reporter;
}

/** Sets `bytes` of `output`, unless all of it is zeros. */
export function relocate(output: PlacedSection, context: RelocationContext): void {
  if (output.isZero) return; // A large .bss takes no memory here either.
  output.bytes = new Uint8Array(output.size);
  if (output.plan.fill !== 0) output.bytes.fill(output.plan.fill);
  const view = new DataView(output.bytes.buffer);
  const { symbols, threads } = context;
  const table = symbols.globals.get(OFFSET_TABLE)?.address ?? 0;
  const gone = ENDED_BY_ZEROS.has(output.name) ? 1 : 0;
  const bases: Bases = { table, threads: threads ?? { start: 0, end: 0 }, gone };
  for (const input of output.inputs) {
    if (input.section.type === "nobits") {
      output.bytes.fill(0, input.offset, input.offset + input.size);
      continue;
    }
    input.copyTo(output.bytes);
    patch(input, view, bases, context);
  }
}

/** Patches what `input` has in the view of its output section. */
function patch(
  input: InputSection,
  view: DataView,
  bases: Bases,
  { symbols, machine, report }: RelocationContext,
): void {
  const known = RELOCATIONS[machine];
  const wraps = machine === "i386";
  const { address, bindings } = input;
  // Most are of the same kind as the one before.
  let last: LastRange = NO_RANGE;
  input.eachRelocation((relocation) => {
    const { kind, width } = relocation;
    const symbol = bindings[relocation.symbol] ?? symbols.target(input, relocation);
    if (kind !== last.kind || width !== last.width) {
      last = { kind, width, range: known.range(kind, width) };
    }
    const { range } = last;
    const result = resultOf(relocation, symbol, address + relocation.offset, bases);
    if (isMistaken(relocation, symbol)) reportMistaken(input, relocation, symbol, report);
    const at = input.offset + relocation.offset;
    const value = range && wraps ? result | 0 : result;
    const high = (relocation.high ?? 0) + (symbol.isGone ? 0 : symbol.high);
    if (range && (value < range[0] || value > range[1] || high !== 0)) {
      reportOverflow(input, relocation, symbol, value + high * 2 ** 32, machine, report);
    } else if (width === 4) view.setUint32(at, value, true);
    else if (width === 8) {
      view.setUint32(at, value, true);
      view.setUint32(at + 4, Math.floor(value / 2 ** 32) + high, true);
    } else if (width === 2) view.setUint16(at, value, true);
    else view.setUint8(at, value);
  });
}

/** What fits a field of a kind and width. */
interface LastRange {
  readonly kind: RelocationKind | undefined;
  readonly width: RelocationWidth;
  readonly range: Range | undefined;
}

const NO_RANGE: LastRange = { kind: undefined, width: 4, range: undefined };

/** What results may be counted from. */
interface Bases {
  readonly table: number;
  readonly threads: ThreadBlock;
  /** The result for what is not in the image. */
  readonly gone: number;
}

function resultOf(
  { kind, addend }: Relocation,
  symbol: LinkSymbol,
  place: number,
  { table, threads, gone }: Bases,
): number {
  if (symbol.isGone) return gone;
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
    case "size":
      return symbol.size + addend;
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

function reportOverflow(
  input: InputSection,
  { kind, width, offset }: Relocation,
  symbol: LinkSymbol,
  value: number,
  machine: Machine,
  report: Reporter,
): void {
  const shown = value < 0 ? `-${hex(-value, 1)}` : hex(value, 1);
  const { name } = RELOCATIONS[machine].typeFor(kind, width);
  const text =
    `${name} to ${displayName(symbol.name)} (${hex(symbol.address)}) at ` +
    `${input.describe(offset)}: ${shown} does not fit`;
  report.error("LINK016", text, remedyForOverflow(kind, width), input.placeOf(offset));
}

function remedyForOverflow(kind: RelocationKind, width: RelocationWidth): string {
  if (width < 4) return "Use a wider form of the instruction, or move the two closer together.";
  if (kind === "relative") {
    return "Move the two within 2 GiB, or load the address first: mov $symbol, %rax; jmp *%rax.";
  }
  return "Compile with -mcmodel=kernel for the upper 2 GiB, -fpie or -mcmodel=large elsewhere.";
}
