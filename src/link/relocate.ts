// Pass: copies the inputs into their output sections and patches every relocation.
//
// The letters are those of the i386 psABI: S is the symbol's address, A the addend, P the address
// of the place that is patched. 32-bit results wrap, as address arithmetic does; narrower ones must
// fit: R_386_16 and R_386_8 may be read as signed or unsigned, the PC-relative ones are signed.

import { hex } from "../base/align";
import type { Relocation, RelocationType } from "../i686/object";
import { relocationWidth } from "./collect-sections";
import type { InputSection, PlacedSection, SymbolScope } from "./model";
import type { Reporter } from "./reporter";

/** The range that a result must be in; absent: any, it wraps. */
const RANGE: Partial<Record<RelocationType, readonly [number, number]>> = {
  R_386_16: [-0x8000, 0xffff],
  R_386_PC16: [-0x8000, 0x7fff],
  R_386_8: [-0x80, 0xff],
  R_386_PC8: [-0x80, 0x7f],
};

/** Sets `bytes` of `output`, unless all of it is zeros. */
export function relocate(output: PlacedSection, symbols: SymbolScope, report: Reporter): void {
  if (output.isZero) return; // A large .bss need not exist here either.
  output.bytes = new Uint8Array(output.size).fill(output.plan.fill);
  const view = new DataView(output.bytes.buffer);
  for (const input of output.inputs) {
    if (input.section.type === "nobits") {
      output.bytes.fill(0, input.offset, input.offset + input.section.size);
      continue;
    }
    output.bytes.set(input.section.bytes, input.offset);
    for (const relocation of input.section.relocations) {
      patch(view, input, relocation, symbols, report);
    }
  }
}

function patch(
  view: DataView,
  input: InputSection,
  relocation: Relocation,
  symbols: SymbolScope,
  report: Reporter,
): void {
  const symbol = symbols.target(input, relocation);
  const S = symbol.address;
  const A = relocation.addend;
  const P = input.address + relocation.offset;
  const at = input.offset + relocation.offset;
  const value = isRelative(relocation.type) ? S + A - P : S + A;
  const range = RANGE[relocation.type];
  if (range && (value < range[0] || value > range[1])) {
    const from = input.describe(relocation.offset);
    const text =
      `${relocation.type} to "${symbol.name}" (${hex(S)}) at ${from}: ` +
      `${value < 0 ? `-${hex(-value, 1)}` : hex(value, 1)} does not fit`;
    const remedy = "Use a wider form of the instruction, or move the two closer together.";
    report.error("LINK016", text, remedy, input.placeOf(relocation.offset));
    return;
  }
  write(view, at, relocation.type, value);
}

/** Whether the relocation is relative to the place that it patches. */
export function isRelative(type: RelocationType): boolean {
  return type === "R_386_PC32" || type === "R_386_PC16" || type === "R_386_PC8";
}

function write(view: DataView, at: number, type: RelocationType, value: number): void {
  const width = relocationWidth(type);
  if (width === 4) view.setUint32(at, value, true);
  else if (width === 2) view.setUint16(at, value, true);
  else view.setUint8(at, value);
}
