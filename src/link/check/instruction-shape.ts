// The shape of any x86 instruction, of 32 or 64 bits: how long it is, and which numbers are in it.
//
//      prefixes  [REX]  opcode  [ModR/M  [SIB]  [displacement]]  [immediate]
//
// src/x86 knows what the instructions of our own compiler mean, and no others. A check of other
// people's kernels needs the opposite: to get past whatever a compiler makes, and to see where it
// may go and which addresses it names. So the tables here say of each opcode only what follows it.
//
// Invariants
//   - No byte outside the given ones is read, and no instruction is longer than 15 bytes.
//   - What no processor executes may get a shape; what one executes gets the right one, or none
//     (3DNow!, XOP, XBEGIN, and near branches with an operand-size prefix: processors differ).
//
// See the Intel SDM, volume 2, appendix A (opcode maps), chapters 2.1 to 2.3 and 2.7 (formats).

export type Bits = 32 | 64;

/** `[base + index * scale + disp]`. */
export interface MemoryOperand {
  /** With a base or an index register the displacement alone is not an address. */
  readonly isIndexed: boolean;
  /** The displacement counts from the end of the instruction. */
  readonly isRelative: boolean;
  readonly displacement: bigint;
  /** FS or GS, whose base is added and is not known here. */
  readonly hasSegmentBase: boolean;
}

export interface Shape {
  readonly length: number;
  /** The opcode's last byte, and in the bits above it the map: 0, 0x0f, 0x38, 0x3a. */
  readonly opcode: number;
  /** ModR/M's reg field, with REX.R; -1: there is no ModR/M. */
  readonly reg: number;
  readonly memory: MemoryOperand | undefined;
  /** Sign-extended as the processor does it. */
  readonly immediate: bigint | undefined;
  /** The distance of a branch. */
  readonly branch: number | undefined;
  /** The selector of a far branch's target; its offset is `immediate`. */
  readonly selector: number | undefined;
}

// What follows an opcode:
//   .  nothing            m  ModR/M             c  ModR/M whose mod is ignored (control registers)
//   1  imm8               b  ModR/M and imm8    2  imm16             e  imm16 and imm8 (enter)
//   4  imm16 or imm32     z  ModR/M and that    8  that; with REX.W imm64    o  an address
//   g  ModR/M, imm8 in /0 and /1                h  ModR/M, imm16 or imm32 in /0 and /1
//   j  rel8               J  rel32              f  a far pointer     x  invalid
const ONE_BYTE: Readonly<Record<Bits, string>> = {
  32: [
    "mmmm14..mmmm14.x", // 00: 0F is the next map
    "mmmm14..mmmm14..", // 10
    "mmmm14x.mmmm14x.", // 20: 26 2E 36 3E are prefixes
    "mmmm14x.mmmm14x.", // 30
    "................", // 40: inc, dec
    "................", // 50: push, pop
    "..mmxxxx4z1b....", // 60: 64 to 67 are prefixes
    "jjjjjjjjjjjjjjjj", // 70
    "bzbbmmmmmmmmmmmm", // 80
    "..........f.....", // 90
    "oooo....14......", // A0
    "1111111144444444", // B0
    "bb2.mmbze.2..1..", // C0
    "mmmm11..mmmmmmmm", // D0
    "jjjj1111JJfj....", // E0
    "x.xx..gh......mm", // F0
  ].join(""),
  64: [
    "mmmm14xxmmmm14xx", // 00
    "mmmm14xxmmmm14xx", // 10
    "mmmm14xxmmmm14xx", // 20
    "mmmm14xxmmmm14xx", // 30
    "xxxxxxxxxxxxxxxx", // 40: REX
    "................", // 50
    "xxxmxxxx4z1b....", // 60: 62 is EVEX
    "jjjjjjjjjjjjjjjj", // 70
    "bzxbmmmmmmmmmmmm", // 80
    "..........x.....", // 90
    "oooo....14......", // A0
    "1111111188888888", // B0
    "bb2.xxbze.2..1x.", // C0: C4 and C5 are VEX
    "mmmmxxx.mmmmmmmm", // D0
    "jjjj1111JJxj....", // E0
    "x.xx..gh......mm", // F0
  ].join(""),
};

const TWO_BYTE = [
  "mmmmx.....x.xm.x", // 00
  "mmmmmmmmmmmmmmmm", // 10
  "ccccxxxxmmmmmmmm", // 20
  "......x.xxxxxxxx", // 30: 38 and 3A are the next maps
  "mmmmmmmmmmmmmmmm", // 40
  "mmmmmmmmmmmmmmmm", // 50
  "mmmmmmmmmmmmmmmm", // 60
  "bbbbmmm.mmxxmmmm", // 70
  "JJJJJJJJJJJJJJJJ", // 80
  "mmmmmmmmmmmmmmmm", // 90
  "...mbmxx...mbmmm", // A0
  "mmmmmmmmmmbmmmmm", // B0
  "mmbmbbbm........", // C0
  "mmmmmmmmmmmmmmmm", // D0
  "mmmmmmmmmmmmmmmm", // E0
  "mmmmmmmmmmmmmmmm", // F0
].join("");

const MAX_LENGTH = 15;
const SEGMENT_BASES = new Set([0x64, 0x65]);
const PREFIXES = new Set([0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3]);
const VZEROUPPER = 0x0f77;
const XBEGIN = 0xf8;

/** Reads bytes, and nothing outside them. */
class Cursor {
  at: number;
  readonly end: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, start: number) {
    this.at = start;
    this.end = Math.min(bytes.length, start + MAX_LENGTH);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Whether everything so far was there. */
  get isInside(): boolean {
    return this.at <= this.end;
  }

  peek(ahead = 0): number {
    return this.at + ahead < this.end ? this.#view.getUint8(this.at + ahead) : 0;
  }

  byte(): number {
    const value = this.peek();
    this.at++;
    return value;
  }

  /** A signed number of `size` bytes; 0 if they are not all there. */
  signed(size: number): bigint {
    const at = this.at;
    this.at += size;
    if (this.at > this.end) return 0n;
    let value = 0n;
    for (let index = size - 1; index >= 0; index--) {
      value = (value << 8n) | BigInt(this.#view.getUint8(at + index));
    }
    return BigInt.asIntN(8 * size, value);
  }
}

/** What comes before the opcode, and the opcode. */
interface Front {
  readonly opcode: number;
  readonly follows: string;
  /** REX.R as 8, else 0. */
  readonly moreReg: number;
  readonly wide: boolean;
  readonly operandSize: boolean;
  readonly addressSize: boolean;
  readonly hasSegmentBase: boolean;
}

/** The shape of the instruction at `offset`; undefined if it has none here. */
export function shapeAt(bytes: Uint8Array, offset: number, bits: Bits): Shape | undefined {
  if (offset < 0 || offset >= bytes.length) return undefined;
  const cursor = new Cursor(bytes, offset);
  const front = readFront(cursor, bits);
  if (!front || front.follows === "x") return undefined;
  // Addresses of 16 bits have another ModR/M.
  if (bits === 32 && front.addressSize && /[mbzghco]/.test(front.follows)) return undefined;
  const operands = readOperands(cursor, front, bits);
  if (!operands || !cursor.isInside) return undefined;
  return { length: cursor.at - offset, opcode: front.opcode, ...operands };
}

function readFront(cursor: Cursor, bits: Bits): Front | undefined {
  let operandSize = false;
  let addressSize = false;
  let hasSegmentBase = false;
  while (PREFIXES.has(cursor.peek()) && cursor.isInside) {
    const prefix = cursor.byte();
    operandSize ||= prefix === 0x66;
    addressSize ||= prefix === 0x67;
    if (SEGMENT_BASES.has(prefix)) hasSegmentBase = true;
  }
  const common = { operandSize, addressSize, hasSegmentBase };
  const vector = readVector(cursor, bits);
  if (vector) return { ...common, ...vector };
  const isRex = bits === 64 && cursor.peek() >> 4 === 4;
  const rex = isRex ? cursor.byte() : 0;
  const opcode = readOpcode(cursor);
  const extension = { moreReg: (rex & 4) << 1, wide: (rex & 8) !== 0 };
  return { ...common, ...extension, opcode, follows: followsOf(opcode, bits) };
}

function readOpcode(cursor: Cursor): number {
  const first = cursor.byte();
  if (first !== 0x0f) return first;
  const second = cursor.byte();
  if (second !== 0x38 && second !== 0x3a) return 0x0f00 | second;
  return (second << 8) | cursor.byte();
}

function followsOf(opcode: number, bits: Bits): string {
  const byte = opcode & 0xff;
  switch (opcode >> 8) {
    case 0:
      return ONE_BYTE[bits][byte] ?? "x";
    case 0x0f:
      return TWO_BYTE[byte] ?? "x";
    case 0x38:
      return "m";
    default:
      return "b";
  }
}

const MAPS = [0, 0x0f, 0x38, 0x3a];

/**
 * VEX (C4, C5) and EVEX (62): AVX. In 32-bit mode their first byte is LES, LDS or BOUND unless the
 * next one would be a ModR/M for registers.
 */
function readVector(cursor: Cursor, bits: Bits) {
  const first = cursor.peek();
  const second = cursor.peek(1);
  if (![0xc4, 0xc5, 0x62].includes(first) || (bits === 32 && second < 0xc0)) return undefined;
  const map = first === 0xc5 ? 1 : second & (first === 0x62 ? 7 : 31);
  cursor.at += first === 0xc5 ? 2 : first === 0xc4 ? 3 : 4;
  const opcode = ((MAPS[map] ?? 0) << 8) | cursor.byte();
  // All but one have operands; maps 5 and 6 of EVEX are like 0F and 0F 38.
  const isKnown =
    map === 1 || map === 2 || map === 3 || (first === 0x62 && (map === 5 || map === 6));
  const plain = map === 1 && followsOf(opcode, bits) === "b" ? "b" : "m";
  const follows = opcode === VZEROUPPER ? "." : map === 3 ? "b" : plain;
  return { opcode, follows: isKnown ? follows : "x", moreReg: 0, wide: false };
}

type Operands = Omit<Shape, "length" | "opcode">;

const NO_OPERANDS: Operands = {
  reg: -1,
  memory: undefined,
  immediate: undefined,
  branch: undefined,
  selector: undefined,
};

function readOperands(cursor: Cursor, front: Front, bits: Bits): Operands | undefined {
  const { follows, wide, operandSize, addressSize } = front;
  const word = operandSize && !wide ? 2 : 4;
  const immediate = (size: number) => ({ ...NO_OPERANDS, immediate: cursor.signed(size) });
  switch (follows) {
    case ".":
      return NO_OPERANDS;
    case "1":
      return immediate(1);
    case "2":
      return immediate(2);
    case "4":
      return immediate(word);
    case "8":
      return immediate(wide ? 8 : word);
    case "e": {
      const size = immediate(2);
      cursor.at += 1;
      return size;
    }
    case "j":
    case "J": {
      const branch = Number(cursor.signed(follows === "j" ? 1 : 4));
      return operandSize ? undefined : { ...NO_OPERANDS, branch };
    }
    case "f": {
      const target = immediate(word);
      return { ...target, selector: Number(cursor.signed(2)) & 0xffff };
    }
    case "o": {
      const displacement = addressOf(cursor.signed(bits === 64 && !addressSize ? 8 : 4), front);
      const { hasSegmentBase } = front;
      const memory = { isIndexed: false, isRelative: false, displacement, hasSegmentBase };
      return { ...NO_OPERANDS, memory };
    }
    default:
      return readModrm(cursor, front, bits, word);
  }
}

function readModrm(cursor: Cursor, front: Front, bits: Bits, word: number): Operands | undefined {
  const { follows, moreReg, addressSize } = front;
  const modrm = cursor.byte();
  const field = (modrm >> 3) & 7;
  const isRegister = modrm >= 0xc0 || follows === "c";
  // XOP uses the encodings that POP does not.
  if (front.opcode === 0x8f && field !== 0) return undefined;
  if (front.opcode === 0xc7 && modrm === XBEGIN) return undefined;
  const memory = isRegister ? undefined : readMemory(cursor, modrm, front, bits);
  if (memory?.isRelative && addressSize) return undefined;
  const isTest = field < 2;
  const sizes: Readonly<Record<string, number>> = {
    b: 1,
    z: word,
    g: isTest ? 1 : 0,
    h: isTest ? word : 0,
  };
  const size = sizes[follows] ?? 0;
  const immediate = size === 0 ? undefined : cursor.signed(size);
  return { ...NO_OPERANDS, reg: field | moreReg, memory, immediate };
}

function readMemory(cursor: Cursor, modrm: number, front: Front, bits: Bits): MemoryOperand {
  const mod = modrm >> 6;
  const rm = modrm & 7;
  const sib = rm === 4 ? cursor.byte() : undefined;
  const base = sib === undefined ? rm : sib & 7;
  const noBase = mod === 0 && base === 5;
  const hasIndex = sib !== undefined && ((sib >> 3) & 7) !== 4;
  const displacement = addressOf(cursor.signed(noBase || mod === 2 ? 4 : mod), front);
  return {
    isIndexed: !noBase || hasIndex,
    isRelative: noBase && sib === undefined && bits === 64,
    displacement,
    hasSegmentBase: front.hasSegmentBase,
  };
}

/** In 64-bit mode the address-size prefix cuts addresses to 32 bits. */
function addressOf(displacement: bigint, { addressSize }: Front): bigint {
  return addressSize ? BigInt.asUintN(32, displacement) : displacement;
}
