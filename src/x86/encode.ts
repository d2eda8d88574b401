// Encodes instructions: a form and its operands to bytes and references.
//
//   | segment | prefixes | opcode 1-3 | ModR/M | SIB | disp 0, 1, 4 | immediate 0, 1, 2, 4 |
//                                      mod|reg|rm   scale|index|base
//                                       2   3   3     2     3    3
//
// SDM vol. 2A, 2.1. Displacements take the shortest of their three lengths; a SIB byte appears only
// where it must; [ebp+eax] becomes [eax+ebp] and [eax*2] becomes [eax+eax], which are shorter. (The
// exchange can change the default segment from SS to DS; all segments here are flat.)
//
// Invariants
//   - Bytes that a reference will fill are zero.
//   - References are appended in ascending order of offset.

import type { RelocationKind, RelocationWidth } from "../object/object";
import { checkMemory, chooseForm, NoForm } from "./choose-form";
import type { Field, Form } from "./form";
import type { Mnemonic } from "./instructions/table";
import type { CodeTarget, Memory, Operand } from "./operand";
import type { Register32 } from "./registers";

/** A field that is filled in when the target's address is known: `target + addend - minus`. */
export interface Reference {
  readonly offset: number;
  readonly kind: RelocationKind;
  readonly width: RelocationWidth;
  readonly target: CodeTarget;
  readonly addend: number;
  readonly minus: CodeTarget | undefined;
}

/** A growing sequence of bytes with references. */
export class CodeBuffer {
  #storage = new Uint8Array(256);
  length = 0;
  readonly references: Reference[] = [];

  /** The bytes so far; a view that the next append may outdate. */
  get bytes(): Uint8Array {
    return this.#storage.subarray(0, this.length);
  }

  byte(value: number): void {
    if (this.length === this.#storage.length) this.#grow(1);
    this.#storage[this.length++] = value;
  }

  /** Appends the low `bytes` bytes of `value`, the lowest first. */
  littleEndian(value: number, bytes: number): void {
    let rest = value;
    for (let i = 0; i < bytes; i++) {
      this.byte(rest & 0xff);
      rest >>= 8;
    }
  }

  append(bytes: Uint8Array): void {
    this.#grow(bytes.length);
    this.#storage.set(bytes, this.length);
    this.length += bytes.length;
  }

  #grow(by: number): void {
    const wanted = this.length + by;
    if (wanted <= this.#storage.length) return;
    const storage = new Uint8Array(Math.max(wanted, 2 * this.#storage.length));
    storage.set(this.#storage);
    this.#storage = storage;
  }
}

const SEGMENT_PREFIX = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65];
const NO_BASE = 5;
const NO_INDEX = 4;
const HAS_SIB = 4;
const ESP = 4;
const EBP = 5;

/** Encodes one instruction at the end of `out`; the form must have been chosen for `operands`. */
export function encodeForm(out: CodeBuffer, form: Form, operands: readonly Operand[]): void {
  const address = addressOperand(form, operands);
  if (address?.segment !== undefined) out.byte(SEGMENT_PREFIX[address.segment.number] as number);
  for (const prefix of form.prefixes) out.byte(prefix);
  const last = form.opcode.length - 1;
  for (let i = 0; i < last; i++) out.byte(form.opcode[i] as number);
  out.byte((form.opcode[last] as number) + registerNumber(operands[form.inOpcode]));
  if (form.hasModrm) {
    const reg = form.inReg === -1 ? form.digit : registerNumber(operands[form.inReg]);
    encodeRm(out, reg, operands[form.inRm] as Operand);
  }
  for (const field of form.fields) encodeField(out, field, operands[field.operand] as Operand);
}

function addressOperand(form: Form, operands: readonly Operand[]): Memory | undefined {
  const index = form.inRm === -1 ? form.fields[0]?.operand : form.inRm;
  const operand = index === undefined ? undefined : operands[index];
  return typeof operand === "object" && operand.kind === "memory" ? operand : undefined;
}

function registerNumber(operand: Operand | undefined): number {
  return typeof operand === "object" && "number" in operand ? operand.number : 0;
}

function encodeRm(out: CodeBuffer, reg: number, operand: Operand): void {
  if (typeof operand === "object" && operand.kind === "memory") encodeMemory(out, reg, operand);
  else out.byte(0xc0 | (reg << 3) | registerNumber(operand));
}

function encodeMemory(out: CodeBuffer, reg: number, memory: Memory): void {
  const wrong = checkMemory(memory);
  if (wrong !== undefined) throw new Error(wrong.text);
  let { base, index, scale } = memory;
  if (index !== undefined && base === undefined && scale <= 2) {
    base = index;
    if (scale === 1) index = undefined;
    scale = 1;
  }
  const swap =
    base !== undefined && index !== undefined && scale === 1 && betterSwapped(base, index, memory);
  if (swap) [base, index] = [index, base];
  if (base === undefined) {
    if (index === undefined) out.byte((reg << 3) | NO_BASE);
    else {
      out.byte((reg << 3) | HAS_SIB);
      out.byte(sib(scale, index.number, NO_BASE));
    }
    encodeDisplacement(out, memory, 4);
    return;
  }
  const bytes = displacementBytes(base, memory);
  const mod = bytes === 0 ? 0x00 : bytes === 1 ? 0x40 : 0x80;
  if (index === undefined && base.number !== ESP) {
    out.byte(mod | (reg << 3) | base.number);
  } else {
    out.byte(mod | (reg << 3) | HAS_SIB);
    out.byte(sib(scale, index?.number ?? NO_INDEX, base.number));
  }
  encodeDisplacement(out, memory, bytes);
}

/** Whether exchanging base and index is necessary (ESP) or saves the displacement byte (EBP). */
function betterSwapped(base: Register32, index: Register32, memory: Memory): boolean {
  if (index.number === ESP) return true;
  if (base.number !== EBP || index.number === EBP) return false;
  return memory.disp === 0 && memory.symbol === undefined;
}

function sib(scale: number, index: number, base: number): number {
  const log = scale === 8 ? 3 : scale >> 1;
  return (log << 6) | (index << 3) | base;
}

function displacementBytes(base: Register32, { disp, symbol }: Memory): 0 | 1 | 4 {
  if (symbol !== undefined) return 4;
  const signed = disp | 0;
  if (signed === 0 && base.number !== EBP) return 0;
  return signed >= -0x80 && signed < 0x80 ? 1 : 4;
}

function encodeDisplacement(out: CodeBuffer, memory: Memory, bytes: 0 | 1 | 4): void {
  if (memory.symbol === undefined) {
    out.littleEndian(memory.disp, bytes);
    return;
  }
  reference(out, "absolute", 4, memory.symbol, memory.disp, undefined);
  out.littleEndian(0, 4);
}

function encodeField(out: CodeBuffer, { bytes, relative }: Field, operand: Operand): void {
  if (typeof operand === "number") {
    out.littleEndian(operand, bytes);
  } else if (operand.kind === "relative") {
    out.littleEndian(operand.displacement, bytes);
  } else if (operand.kind === "memory") {
    encodeDisplacement(out, operand, 4);
  } else if (operand.kind === "symbol") {
    // A branch counts from the end of the instruction, which is the end of this field.
    const kind = relative ? "relative" : "absolute";
    const addend = relative ? operand.addend - bytes : operand.addend;
    reference(out, kind, bytes, operand.target, addend, operand.minus);
    out.littleEndian(0, bytes);
  }
}

function reference(
  out: CodeBuffer,
  kind: RelocationKind,
  width: RelocationWidth,
  target: CodeTarget,
  addend: number,
  minus: CodeTarget | undefined,
): void {
  out.references.push({ offset: out.length, kind, width, target, addend, minus });
}

export interface Encoded {
  readonly bytes: Uint8Array;
  readonly references: readonly Reference[];
}

/** Encodes one instruction on its own. Asserts that there is such an instruction. */
export function encode(mnemonic: Mnemonic, ...operands: readonly Operand[]): Encoded {
  const form = chooseForm(mnemonic, operands);
  if (form instanceof NoForm) throw new Error(form.text);
  const out = new CodeBuffer();
  encodeForm(out, form, operands);
  return { bytes: out.bytes, references: out.references };
}
