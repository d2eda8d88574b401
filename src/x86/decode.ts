// Decodes instructions by the same forms that encode them.
//
// It is a decoder for our own code: it knows what the table has, in 32-bit mode, each prefix at
// most once. Anything else is `undefined`, never an error, and no byte past the end is read.
//
// Invariants
//   - Of forms that match the same bytes, the first of the table wins; those without a register in
//     the opcode go first (90 is `nop`, not `xchg eax, eax`).
//   - Sign-extended immediates are negative numbers, all others are not.

import type { Field, Form } from "./form";
import { forms } from "./form";
import type { Memory, MemorySize, Operand, Scale } from "./operand";
import { isMemory, relative } from "./operand";
import type { OperandKind } from "./operand-kind";
import type { SegmentRegister } from "./registers";
import { registers32, segmentRegisters } from "./registers";

/** An instruction as found in memory. Branch distances count from its end. */
export interface Instruction {
  readonly form: Form;
  readonly operands: readonly Operand[];
  readonly length: number;
}

const MAX_LENGTH = 15;
const TWO_BYTE = 0x0f;
const NO_INDEX = 4;
const NO_BASE = 5;
const HAS_SIB = 4;

/** Prefixes as bits of a set, to compare those found with those that a form has. */
const PREFIX_BIT = new Map([
  [0x66, 1],
  [0xf0, 2],
  [0xf2, 4],
  [0xf3, 8],
]);
const SEGMENT_OF_PREFIX = new Map<number, SegmentRegister | undefined>(
  [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65].map((prefix, index) => [prefix, segmentRegisters[index]]),
);

interface Candidate {
  readonly form: Form;
  readonly prefixes: number;
}

/** Candidates by opcode: `xx`, or `0Fxx` for those of two bytes. */
const candidatesOf = buildIndex();

function buildIndex(): ReadonlyMap<number, readonly Candidate[]> {
  const index = new Map<number, Candidate[]>();
  const inOrder = [
    ...forms.filter(({ inOpcode }) => inOpcode === -1),
    ...forms.filter(({ inOpcode }) => inOpcode !== -1),
  ];
  for (const form of inOrder) {
    const prefixes = form.prefixes.reduce((set, prefix) => set | (PREFIX_BIT.get(prefix) ?? 0), 0);
    const registers = form.inOpcode === -1 ? 1 : 8;
    for (let number = 0; number < registers; number++) {
      const key = keyOf(form.opcode) + number;
      const candidates = index.get(key) ?? [];
      candidates.push({ form, prefixes });
      index.set(key, candidates);
    }
  }
  return index;
}

function keyOf([first = 0, second = 0]: readonly number[]): number {
  return first === TWO_BYTE ? (TWO_BYTE << 8) | second : first;
}

/** Reads bytes of a range; past its end everything is 0 and `exhausted` becomes true. */
class Reader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  exhausted = false;

  constructor(
    bytes: Uint8Array,
    public offset: number,
    end: number,
  ) {
    this.#bytes = bytes;
    this.#end = end;
  }

  peek(ahead = 0): number {
    const at = this.offset + ahead;
    return at < this.#end ? (this.#bytes[at] as number) : 0;
  }

  byte(): number {
    if (this.offset >= this.#end) this.exhausted = true;
    const value = this.peek();
    this.offset++;
    return value;
  }

  /** An integer of `size` bytes, the lowest first, as a signed 32-bit number. */
  signed(size: number): number {
    let value = 0;
    for (let i = 0; i < size; i++) value |= this.byte() << (8 * i);
    const unused = 32 - 8 * size;
    return (value << unused) >> unused;
  }
}

interface Prefixes {
  readonly set: number;
  readonly segment: SegmentRegister | undefined;
}

function readPrefixes(reader: Reader): Prefixes | undefined {
  let set = 0;
  let segment: SegmentRegister | undefined;
  for (;;) {
    const bit = PREFIX_BIT.get(reader.peek());
    const override = SEGMENT_OF_PREFIX.get(reader.peek());
    if (bit === undefined && override === undefined) return { set, segment };
    if (bit !== undefined && (set & bit) !== 0) return undefined;
    if (override !== undefined && segment !== undefined) return undefined;
    set |= bit ?? 0;
    segment = override ?? segment;
    reader.byte();
  }
}

/**
 * The instruction at `offset`, or undefined if these bytes are not an instruction of ours or end
 * too early.
 * @param bytes code; only what lies in it is read
 */
export function decode(bytes: Uint8Array, offset = 0): Instruction | undefined {
  const start = Math.max(0, Math.trunc(offset));
  const reader = new Reader(bytes, start, Math.min(bytes.length, start + MAX_LENGTH));
  const prefixes = readPrefixes(reader);
  if (prefixes === undefined) return undefined;
  const opcode = reader.byte();
  const key = opcode === TWO_BYTE ? (TWO_BYTE << 8) | reader.byte() : opcode;
  const candidate = candidatesOf
    .get(key)
    ?.find(({ form, prefixes: wanted }) => wanted === prefixes.set && matches(form, reader));
  if (candidate === undefined) return undefined;
  const operands = readOperands(candidate.form, key & 7, prefixes.segment, reader);
  if (operands === undefined || reader.exhausted) return undefined;
  return { form: candidate.form, operands, length: reader.offset - start };
}

/** Whether what follows the first opcode bytes fits the form; the reader stays where it is. */
function matches(form: Form, reader: Reader): boolean {
  const fixed = form.opcode.slice(form.opcode[0] === TWO_BYTE ? 2 : 1);
  if (fixed.some((byte, index) => reader.peek(index) !== byte)) return false;
  if (!form.hasModrm) return true;
  const modrm = reader.peek(fixed.length);
  const reg = (modrm >> 3) & 7;
  if (form.digit !== -1 && form.digit !== reg) return false;
  const regKind = form.operands[form.inReg]?.kind;
  if (regKind !== undefined && regKind.registers[reg] === undefined) return false;
  const rmKind = form.operands[form.inRm]?.kind;
  if (rmKind === undefined) return false;
  return modrm >= 0xc0 ? rmKind.registers.length > 0 : rmKind.memory;
}

function readOperands(
  form: Form,
  registerInOpcode: number,
  segment: SegmentRegister | undefined,
  reader: Reader,
): Operand[] | undefined {
  const operands: (Operand | undefined)[] = form.operands.map(({ kind }) => kind.fixed);
  reader.offset += form.opcode.length - (form.opcode[0] === TWO_BYTE ? 2 : 1);
  const register = (index: number, number: number) => {
    if (index !== -1) operands[index] = form.operands[index]?.kind.registers[number];
  };
  register(form.inOpcode, registerInOpcode);
  if (form.hasModrm) {
    const modrm = reader.byte();
    register(form.inReg, (modrm >> 3) & 7);
    const kind = form.operands[form.inRm]?.kind as OperandKind;
    if (modrm >= 0xc0) register(form.inRm, modrm & 7);
    else operands[form.inRm] = readMemory(modrm, kind, segment, reader);
  }
  for (const field of form.fields) {
    const kind = form.operands[field.operand]?.kind as OperandKind;
    operands[field.operand] = readField(field, kind, segment, reader);
  }
  const complete = operands.filter((operand) => operand !== undefined);
  if (segment !== undefined && !complete.some(isMemory)) return undefined;
  return complete.length === operands.length ? complete : undefined;
}

function readMemory(
  modrm: number,
  kind: OperandKind,
  segment: SegmentRegister | undefined,
  reader: Reader,
): Memory {
  const mod = modrm >> 6;
  let base = modrm & 7;
  let index = NO_INDEX;
  let scale = 0;
  if (base === HAS_SIB) {
    const sib = reader.byte();
    scale = sib >> 6;
    index = (sib >> 3) & 7;
    base = sib & 7;
  }
  const noBase = mod === 0 && base === NO_BASE;
  const disp = reader.signed(noBase || mod === 2 ? 4 : mod);
  return {
    kind: "memory",
    base: noBase ? undefined : registers32[base],
    index: index === NO_INDEX ? undefined : registers32[index],
    scale: (index === NO_INDEX ? 1 : 1 << scale) as Scale,
    disp: noBase && index === NO_INDEX ? disp >>> 0 : disp,
    symbol: undefined,
    segment,
    size: sizeOf(kind),
  };
}

function sizeOf(kind: OperandKind): MemorySize | undefined {
  return kind.size === 0 ? undefined : (kind.size as MemorySize);
}

function readField(
  { bytes, relative: isRelative }: Field,
  kind: OperandKind,
  segment: SegmentRegister | undefined,
  reader: Reader,
): Operand {
  const value = reader.signed(bytes);
  if (isRelative) return relative(value);
  if (kind.place === "offset") return absolute(value >>> 0, kind, segment);
  if (kind.signExtended) return value;
  return bytes === 4 ? value >>> 0 : value & (2 ** (8 * bytes) - 1);
}

function absolute(disp: number, kind: OperandKind, segment: SegmentRegister | undefined): Memory {
  const [base, index, symbol] = [undefined, undefined, undefined];
  return { kind: "memory", base, index, scale: 1, disp, symbol, segment, size: sizeOf(kind) };
}
