// Encodes instructions: a form and its operands to bytes and references.
//
//   | segment | prefixes | opcode 1-3 | ModR/M | SIB | disp 0, 1, 4 | immediate 0, 1, 2, 4 |
//                                      mod|reg|rm   scale|index|base
//                                       2   3   3     2     3    3
//
// In long mode a REX prefix, 0100WRXB, comes last of all prefixes where it must: W is for operands
// of 64 bits, and R, X, B are the high bits of the numbers of reg, index, and rm or base. An
// address that is a symbol alone counts from the end of the instruction there.
//
// SDM vol. 2A, 2.1 and 2.2.1. Displacements take the shortest of their three lengths; a SIB byte
// appears only where it must; [ebp+eax] becomes [eax+ebp] and [eax*2] becomes [eax+eax], which are
// shorter. (The exchange can change the default segment from SS to DS; all segments here are flat.)
//
// Invariants
//   - Bytes that a reference will fill are zero.
//   - References are appended in ascending order of offset.

import type { RelocationKind, RelocationWidth } from "../object/object";
import { checkMemory, chooseForm, NoForm } from "./choose-form";
import type { Field, Form } from "./form";
import type { Bits } from "./instructions/row";
import type { Mnemonic } from "./instructions/table";
import {
  type AddressRegister,
  type CodeTarget,
  isMemory,
  type Memory,
  type Operand,
} from "./operand";

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

const REX = 0x40;
const [REX_W, REX_R, REX_X, REX_B] = [8, 4, 2, 1] as const;

/** Encodes one instruction at the end of `out`; the form must have been chosen for `operands`. */
export function encodeForm(
  out: CodeBuffer,
  form: Form,
  operands: readonly Operand[],
  bits: Bits = 32,
): void {
  const address = addressOperand(form, operands);
  if (address?.segment !== undefined) out.byte(SEGMENT_PREFIX[address.segment.number] as number);
  for (const prefix of form.prefixes) out.byte(prefix);
  if (bits === 64) encodeRex(out, form, operands);
  const last = form.opcode.length - 1;
  for (let i = 0; i < last; i++) out.byte(form.opcode[i] as number);
  out.byte((form.opcode[last] as number) + (registerNumber(operands[form.inOpcode]) & 7));
  if (form.hasModrm) {
    const reg = form.inReg === -1 ? form.digit : registerNumber(operands[form.inReg]) & 7;
    // What follows the displacement, if that counts from the instruction's end.
    const rest = bits === 64 ? form.fields.reduce((sum, { bytes }) => sum + bytes, 0) : undefined;
    encodeRm(out, reg, operands[form.inRm] as Operand, rest);
  }
  for (const field of form.fields) encodeField(out, field, operands[field.operand] as Operand);
}

function encodeRex(out: CodeBuffer, form: Form, operands: readonly Operand[]): void {
  const address = addressOperand(form, operands);
  const rm = registerNumber(address?.base ?? operands[form.inRm] ?? operands[form.inOpcode]);
  const rex =
    (form.rexW ? REX_W : 0) |
    (registerNumber(operands[form.inReg]) >= 8 ? REX_R : 0) |
    (registerNumber(address?.index) >= 8 ? REX_X : 0) |
    (rm >= 8 ? REX_B : 0);
  if (rex !== 0) out.byte(REX | rex);
}

function addressOperand(form: Form, operands: readonly Operand[]): Memory | undefined {
  const index = form.inRm === -1 ? form.fields[0]?.operand : form.inRm;
  const operand = index === undefined ? undefined : operands[index];
  return isMemory(operand) ? operand : undefined;
}

function registerNumber(operand: Operand | undefined): number {
  return typeof operand === "object" && "number" in operand ? operand.number : 0;
}

/** @param rest in long mode: how many bytes of the instruction follow the displacement */
function encodeRm(out: CodeBuffer, reg: number, operand: Operand, rest: number | undefined): void {
  if (isMemory(operand)) {
    if (rest === undefined) encodeMemory(out, reg, operand, 32);
    else if (!encodeFromHere(out, reg, operand, rest)) encodeMemory(out, reg, operand, 64);
  } else out.byte(0xc0 | (reg << 3) | (registerNumber(operand) & 7));
}

/** In long mode: an address without registers. False: it has some. */
function encodeFromHere(out: CodeBuffer, reg: number, memory: Memory, rest: number): boolean {
  const { base, index, disp, symbol } = memory;
  if (base !== undefined || index !== undefined) return false;
  if (symbol === undefined) {
    out.byte((reg << 3) | HAS_SIB);
    out.byte(sib(1, NO_INDEX, NO_BASE));
    out.littleEndian(disp, 4);
  } else {
    out.byte((reg << 3) | NO_BASE);
    reference(out, "relative", 4, symbol, disp - 4 - rest, undefined);
    out.littleEndian(0, 4);
  }
  return true;
}

function encodeMemory(out: CodeBuffer, reg: number, memory: Memory, bits: Bits): void {
  const wrong = checkMemory(memory, bits);
  if (wrong !== undefined) throw new Error(wrong.text);
  // In long mode the REX prefix, which is out already, has their high bits where they are.
  const { base, index, scale } = bits === 64 ? memory : shortestTerms(memory);
  if (base === undefined) {
    if (index === undefined) out.byte((reg << 3) | NO_BASE);
    else {
      out.byte((reg << 3) | HAS_SIB);
      out.byte(sib(scale, index.number & 7, NO_BASE));
    }
    encodeDisplacement(out, memory, 4);
    return;
  }
  const bytes = displacementBytes(base, memory);
  const mod = bytes === 0 ? 0x00 : bytes === 1 ? 0x40 : 0x80;
  const low = base.number & 7;
  if (index === undefined && low !== ESP) {
    out.byte(mod | (reg << 3) | low);
  } else {
    out.byte(mod | (reg << 3) | HAS_SIB);
    out.byte(sib(scale, index === undefined ? NO_INDEX : index.number & 7, low));
  }
  encodeDisplacement(out, memory, bytes);
}

/** Base and index as they take the fewest bytes. */
function shortestTerms(memory: Memory): Pick<Memory, "base" | "index" | "scale"> {
  let { base, index, scale } = memory;
  if (index !== undefined && base === undefined && scale <= 2) {
    base = index;
    if (scale === 1) index = undefined;
    scale = 1;
  }
  const swap =
    base !== undefined && index !== undefined && scale === 1 && betterSwapped(base, index, memory);
  return swap ? { base: index, index: base, scale } : { base, index, scale };
}

/** Whether exchanging base and index is necessary (ESP) or saves the displacement byte (EBP). */
function betterSwapped(base: AddressRegister, index: AddressRegister, memory: Memory): boolean {
  if (index.number === ESP) return true;
  if (base.number !== EBP || index.number === EBP) return false;
  return memory.disp === 0 && memory.symbol === undefined;
}

function sib(scale: number, index: number, base: number): number {
  const log = scale === 8 ? 3 : scale >> 1;
  return (log << 6) | (index << 3) | base;
}

function displacementBytes(base: AddressRegister, { disp, symbol }: Memory): 0 | 1 | 4 {
  if (symbol !== undefined) return 4;
  const signed = disp | 0;
  if (signed === 0 && (base.number & 7) !== EBP) return 0;
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
  return encodeIn(32, mnemonic, operands);
}

/** The same in either mode. */
export function encodeIn(bits: Bits, mnemonic: Mnemonic, operands: readonly Operand[]): Encoded {
  const form = chooseForm(mnemonic, operands, bits);
  if (form instanceof NoForm) throw new Error(form.text);
  const out = new CodeBuffer();
  encodeForm(out, form, operands, bits);
  return { bytes: out.bytes, references: out.references };
}
