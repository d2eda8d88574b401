// Routines for what SSE2 has no instruction for: rounding to integers, and conversions to and from
// integers that it cannot hold, or whose errors must not pass unnoticed.
//
//   __isthmus_floor, ceil, trunc, nearest          XMM0 -> XMM0
//   __isthmus_to_i32_s, to_i32_u                   XMM0 -> EAX; a trap for what does not fit
//   __isthmus_to_i64_s, to_i64_u                   XMM0 -> EDX:EAX; the same
//   __isthmus_sat_i32_s, sat_i32_u, sat_i64_s, …   the same, but the nearest that fits; NaN: 0
//   __isthmus_i64_s_to_f64, i64_u_to_f32, …        EDX:EAX -> XMM0
//
// All numbers but the last line's are f64: an f32 converts to it exactly, and a rounded one back.
// What fits is decided by the bits of the number, here called HIGH:LOW, in EDX and ECX:
//
//   63   62      52 51                 0
//   sign | exponent | mantissa           2^n has the high word (1023 + n) << 20

import type { Assembler } from "../../x86/assembler";
import { mem16, mem32, mem64 } from "../../x86/operand";
import { ax, eax, ecx, edx, esp, xmm0, xmm1, xmm2, xmm3 } from "../../x86/registers";
import { numberOf } from "../code/code";
import type { FloatType } from "../ir/ir";
import { type Trap, trapKind } from "../ir/trap";

export interface FloatRoutine {
  /** Registers of operands, and of results, a result's low word first. */
  readonly operands: readonly number[];
  readonly results: readonly number[];
  /** All registers that it changes. */
  readonly writes: readonly number[];
  readonly write: (a: Assembler) => void;
}

const EAX = numberOf(eax);
const ECX = numberOf(ecx);
const EDX = numberOf(edx);
const XMM0 = numberOf(xmm0);

const XMM = (count: number) => Array.from({ length: count }, (_, i) => XMM0 + i);

/** The high word of 2^`exponent`. */
const powerOfTwo = (exponent: number): number => (1023 + exponent) << 20;
const NEGATIVE = 1 << 31;
const INFINITY = powerOfTwo(1024);

// --- rounding ---

const rounding = (mode: "floor" | "ceil" | "trunc" | "nearest"): FloatRoutine => ({
  operands: [XMM0],
  results: [XMM0],
  writes: [EAX, ...XMM(4)],
  write: (a) => writeRounding(a, mode),
});

/** XMM register = 2^`exponent`, through EAX. */
function loadPowerOfTwo(a: Assembler, exponent: number): void {
  a.mov(eax, powerOfTwo(exponent));
  a.movd(xmm3, eax);
  a.psllq(xmm3, 32);
}

/**
 * A number below 2^52 loses its fraction when 2^52 is added, to the nearest integer, of two equally
 * near ones to the even one; that is one off at most for the other modes. Greater ones are integers
 * and get 0 added, which makes a NaN quiet. The sign is kept, since zeros have one too.
 */
function writeRounding(a: Assembler, mode: "floor" | "ceil" | "trunc" | "nearest"): void {
  a.movaps(xmm2, xmm0);
  a.pcmpeqd(xmm1, xmm1);
  a.psllq(xmm1, 63);
  a.andps(xmm1, xmm0);
  a.xorps(xmm0, xmm1);
  if (mode === "trunc") a.movaps(xmm2, xmm0);
  loadPowerOfTwo(a, 52);
  a.ucomisd(xmm3, xmm0);
  a.ja("fraction");
  a.xorps(xmm3, xmm3);
  a.label("fraction");
  a.addsd(xmm0, xmm3);
  a.subsd(xmm0, xmm3);
  if (mode === "floor" || mode === "ceil") a.orps(xmm0, xmm1);
  if (mode !== "nearest") {
    if (mode === "ceil") a.ucomisd(xmm2, xmm0);
    else a.ucomisd(xmm0, xmm2);
    a.jbe("done");
    loadPowerOfTwo(a, 0);
    if (mode === "ceil") a.addsd(xmm0, xmm3);
    else a.subsd(xmm0, xmm3);
    a.label("done");
  }
  a.orps(xmm0, xmm1);
  a.ret();
}

// --- to integers ---

interface IntegerType {
  readonly bits: 32 | 64;
  readonly isSigned: boolean;
}

const toInteger = (type: IntegerType, saturates: boolean): FloatRoutine => ({
  operands: [XMM0],
  results: type.bits === 32 ? [EAX] : [EAX, EDX],
  writes: [EAX, ECX, EDX, ...XMM(2)],
  write: (a) => {
    if (type.bits === 64) writeToPair(a, type.isSigned);
    else if (type.isSigned) writeToSigned(a);
    else writeToUnsigned(a);
    a.label("unfit");
    if (saturates) writeSaturated(a, type);
    else writeTrap(a);
  },
});

/** EDX:ECX = the bits of XMM0. */
function takeBits(a: Assembler): void {
  a.movaps(xmm1, xmm0);
  a.psrlq(xmm1, 32);
  a.movd(ecx, xmm0);
  a.movd(edx, xmm1);
}

/** The processor returns -2^31 for what does not fit, and for what truncates to -2^31. */
function writeToSigned(a: Assembler): void {
  a.cvttsd2si(eax, xmm0);
  a.cmp(eax, NEGATIVE);
  a.je("limit");
  a.ret();
  a.label("limit");
  takeBits(a);
  a.cmp(edx, NEGATIVE | powerOfTwo(31));
  a.jne("unfit");
  a.cmp(ecx, 1 << 21);
  a.jae("unfit");
  a.ret();
}

/** Between 2^31 and 2^32, the integer is a leading one and the mantissa's upper bits. */
function writeToUnsigned(a: Assembler): void {
  a.cvttsd2si(eax, xmm0);
  takeBits(a);
  a.cmp(edx, powerOfTwo(31));
  a.jae("large");
  a.ret();
  a.label("large");
  a.cmp(edx, powerOfTwo(32));
  a.jae("negative");
  a.shld(edx, ecx, 11);
  a.or(edx, NEGATIVE);
  a.mov(eax, edx);
  a.ret();
  unlessFraction(a);
  a.xor(eax, eax);
  a.ret();
}

/** At `negative`: goes to `unfit` unless the number is above -1, and so truncates to 0. */
function unlessFraction(a: Assembler): void {
  a.label("negative");
  a.cmp(edx, NEGATIVE);
  a.jb("unfit");
  a.cmp(edx, NEGATIVE | powerOfTwo(0));
  a.jae("unfit");
}

/** x87 converts to 64 bits, as its control word says: bits 10 and 11 mean to truncate. */
function writeToPair(a: Assembler, isSigned: boolean): void {
  takeBits(a);
  if (isSigned) {
    a.mov(eax, edx);
    a.and(eax, ~NEGATIVE);
    a.cmp(eax, powerOfTwo(63));
  } else a.cmp(edx, powerOfTwo(63));
  a.jae("large");
  a.sub(esp, 12);
  a.frame(16);
  a.movsd(mem64({ base: esp }), xmm0);
  a.fld(mem64({ base: esp }));
  a.fnstcw(mem16({ base: esp, disp: 8 }));
  a.movzx(eax, mem16({ base: esp, disp: 8 }));
  a.or(eax, 0xc00);
  a.mov(mem16({ base: esp, disp: 10 }), ax);
  a.fldcw(mem16({ base: esp, disp: 10 }));
  a.fistp(mem64({ base: esp }));
  a.fldcw(mem16({ base: esp, disp: 8 }));
  a.mov(eax, mem32({ base: esp }));
  a.mov(edx, mem32({ base: esp, disp: 4 }));
  a.add(esp, 12);
  a.frame(4);
  a.ret();
  a.label("large");
  if (isSigned) {
    // -2^63 is the only one left.
    a.cmp(edx, NEGATIVE | powerOfTwo(63));
    a.jne("unfit");
    a.test(ecx, ecx);
    a.jne("unfit");
    a.xor(eax, eax);
    a.mov(edx, NEGATIVE);
    a.ret();
    return;
  }
  a.cmp(edx, powerOfTwo(64));
  a.jae("negative");
  a.shld(edx, ecx, 11);
  a.shl(ecx, 11);
  a.or(edx, NEGATIVE);
  a.mov(eax, ecx);
  a.ret();
  unlessFraction(a);
  a.xor(eax, eax);
  a.xor(edx, edx);
  a.ret();
}

/** Goes to `nan` if the bits in EDX:ECX are those of one. */
function ifNaN(a: Assembler): void {
  a.mov(eax, edx);
  a.and(eax, ~NEGATIVE);
  a.cmp(ecx, 1);
  // HIGH without its sign less infinity's, and one more if LOW is not 0, is positive for a NaN
  // alone.
  a.sbb(eax, INFINITY - 1);
  a.jg("nan");
}

function writeTrap(a: Assembler): void {
  const trap = (kind: Trap) => a.ud1(eax, mem32({ disp: trapKind(kind) }));
  ifNaN(a);
  trap("integer overflow");
  a.label("nan");
  trap("invalid conversion to integer");
}

/** The least or greatest integer by the sign of the bits in EDX:ECX; 0 for a NaN. */
function writeSaturated(a: Assembler, { bits, isSigned }: IntegerType): void {
  ifNaN(a);
  a.sar(edx, 31);
  a.not(edx);
  a.mov(eax, edx);
  if (isSigned) a.add(bits === 32 ? eax : edx, NEGATIVE);
  a.ret();
  a.label("nan");
  a.xor(eax, eax);
  a.xor(edx, edx);
  a.ret();
}

// --- from integers ---

const TWO_TO_64_AS_F32 = 0x5f80_0000;

const fromPair = (isSigned: boolean, type: FloatType): FloatRoutine => ({
  operands: [EAX, EDX],
  results: [XMM0],
  writes: [XMM0],
  write: (a) => writeFromPair(a, isSigned, type),
});

/** x87 holds any 64-bit integer exactly; storing it rounds once, as it must. */
function writeFromPair(a: Assembler, isSigned: boolean, type: FloatType): void {
  a.push(edx);
  a.frame(8);
  a.push(eax);
  a.frame(12);
  a.fild(mem64({ base: esp }));
  if (!isSigned) {
    a.test(edx, edx);
    a.jns("done");
    a.mov(mem32({ base: esp }), TWO_TO_64_AS_F32);
    a.fadd(mem32({ base: esp }));
    a.label("done");
  }
  if (type === "f64") {
    a.fstp(mem64({ base: esp }));
    a.movsd(xmm0, mem64({ base: esp }));
  } else {
    a.fstp(mem32({ base: esp }));
    a.movss(xmm0, mem32({ base: esp }));
  }
  a.add(esp, 8);
  a.frame(4);
  a.ret();
}

const I32_S: IntegerType = { bits: 32, isSigned: true };
const I32_U: IntegerType = { bits: 32, isSigned: false };
const I64_S: IntegerType = { bits: 64, isSigned: true };
const I64_U: IntegerType = { bits: 64, isSigned: false };

/** The routines by symbol. */
export const FLOAT_ROUTINES = {
  __isthmus_floor: rounding("floor"),
  __isthmus_ceil: rounding("ceil"),
  __isthmus_trunc: rounding("trunc"),
  __isthmus_nearest: rounding("nearest"),
  __isthmus_to_i32_s: toInteger(I32_S, false),
  __isthmus_to_i32_u: toInteger(I32_U, false),
  __isthmus_to_i64_s: toInteger(I64_S, false),
  __isthmus_to_i64_u: toInteger(I64_U, false),
  __isthmus_sat_i32_s: toInteger(I32_S, true),
  __isthmus_sat_i32_u: toInteger(I32_U, true),
  __isthmus_sat_i64_s: toInteger(I64_S, true),
  __isthmus_sat_i64_u: toInteger(I64_U, true),
  __isthmus_i64_s_to_f32: fromPair(true, "f32"),
  __isthmus_i64_u_to_f32: fromPair(false, "f32"),
  __isthmus_i64_s_to_f64: fromPair(true, "f64"),
  __isthmus_i64_u_to_f64: fromPair(false, "f64"),
} as const satisfies Readonly<Record<string, FloatRoutine>>;

export type FloatRoutineName = keyof typeof FLOAT_ROUTINES;

/** The routine that a `routine` value calls. */
export function floatRoutine(name: string): FloatRoutine {
  const found = (FLOAT_ROUTINES as Readonly<Record<string, FloatRoutine>>)[name];
  if (!found) throw new Error(`there is no routine ${name}`);
  return found;
}
