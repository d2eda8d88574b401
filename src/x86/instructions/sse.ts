// SSE and SSE2: floating-point scalars in XMM registers, and the moves, masks and shifts of whole
// registers that scalar code is made of. `roundss` and `roundsd` alone are SSE4.1.
//
// The last letters tell what an instruction works on, and the prefix before 0F encodes them:
//
//   ss F3   sd F2   one number of 32 or 64 bits, in the low part
//   ps      pd 66   all four or two numbers of the register
//
// Memory operands of 128 bits lie at multiples of 16, but for `movups` and `movdqu` (else #GP).
// Invalid conversions to integers give 80000000h, the "integer indefinite".

import { m, m32, m64, r32, rm32, uimm8, xm32, xm64, xm128, xmm } from "../operand-kind";
import { effects, r, row, rw, w } from "./row";

/** ZF, PF, CF say less, equal, greater or unordered; the rest is cleared. */
const COMPARE = effects({ flagsWritten: "OSZAPC" });

/** `xmm op= source` on one number. */
const single = (opcode: string) => [row([rw(xmm), r(xm32)], `F3 0F ${opcode} /r`)];
const double = (opcode: string) => [row([rw(xmm), r(xm64)], `F2 0F ${opcode} /r`)];

/** `xmm op= source` on whole registers. */
const whole = (encoding: string) => [row([rw(xmm), r(xm128)], `${encoding} /r`)];

/** Between registers and to and from memory, whole. */
const moveWhole = (load: string, store: string) => [
  row([w(xmm), r(xm128)], `${load} /r`),
  row([w(xm128), r(xmm)], `${store} /r`),
];

/** All numbers of the register by a constant number of bits. */
const shift = (encoding: string) => [row([rw(xmm), r(uimm8)], `66 0F ${encoding} ib`)];

const moves = {
  // A load clears the rest of the register; a move between registers leaves it.
  movss: [
    row([w(xmm), r(m32)], "F3 0F 10 /r"),
    row([w(xmm), r(xmm)], "F3 0F 10 /r"),
    row([w(m32), r(xmm)], "F3 0F 11 /r"),
  ],
  movsd: [
    row([w(xmm), r(m64)], "F2 0F 10 /r"),
    row([w(xmm), r(xmm)], "F2 0F 10 /r"),
    row([w(m64), r(xmm)], "F2 0F 11 /r"),
  ],
  movd: [row([w(xmm), r(rm32)], "66 0F 6E /r"), row([w(rm32), r(xmm)], "66 0F 7E /r")],
  movq: [row([w(xmm), r(xm64)], "F3 0F 7E /r"), row([w(xm64), r(xmm)], "66 0F D6 /r")],
  movaps: moveWhole("0F 28", "0F 29"),
  movups: moveWhole("0F 10", "0F 11"),
  movdqa: moveWhole("66 0F 6F", "66 0F 7F"),
  movdqu: moveWhole("F3 0F 6F", "F3 0F 7F"),
  /** The numbers' signs, in the low four or two bits. */
  movmskps: [row([w(r32), r(xmm)], "0F 50 /r")],
  movmskpd: [row([w(r32), r(xmm)], "66 0F 50 /r")],
};

const calculation = {
  addss: single("58"),
  addsd: double("58"),
  subss: single("5C"),
  subsd: double("5C"),
  mulss: single("59"),
  mulsd: double("59"),
  divss: single("5E"),
  divsd: double("5E"),
  // If either is a NaN or both are zeros, the result is the source.
  minss: single("5D"),
  minsd: double("5D"),
  maxss: single("5F"),
  maxsd: double("5F"),
  sqrtss: [row([w(xmm), r(xm32)], "F3 0F 51 /r")],
  sqrtsd: [row([w(xmm), r(xm64)], "F2 0F 51 /r")],
  // The constant is the rounding mode: 0 to nearest, 1 down, 2 up, 3 to zero; +8: not "inexact".
  roundss: [row([w(xmm), r(xm32), r(uimm8)], "66 0F 3A 0A /r ib")],
  roundsd: [row([w(xmm), r(xm64), r(uimm8)], "66 0F 3A 0B /r ib")],
};

const comparison = {
  ucomiss: [row([r(xmm), r(xm32)], "0F 2E /r", COMPARE)],
  ucomisd: [row([r(xmm), r(xm64)], "66 0F 2E /r", COMPARE)],
  comiss: [row([r(xmm), r(xm32)], "0F 2F /r", COMPARE)],
  comisd: [row([r(xmm), r(xm64)], "66 0F 2F /r", COMPARE)],
  // All ones or all zeros, by the constant: 0 equal, 1 less, 2 less or equal, 3 unordered;
  // +4: the contrary.
  cmpss: [row([rw(xmm), r(xm32), r(uimm8)], "F3 0F C2 /r ib")],
  cmpsd: [row([rw(xmm), r(xm64), r(uimm8)], "F2 0F C2 /r ib")],
};

const conversion = {
  cvtsi2ss: [row([w(xmm), r(rm32)], "F3 0F 2A /r")],
  cvtsi2sd: [row([w(xmm), r(rm32)], "F2 0F 2A /r")],
  // `cvtt` truncates, `cvt` rounds as MXCSR says.
  cvttss2si: [row([w(r32), r(xm32)], "F3 0F 2C /r")],
  cvttsd2si: [row([w(r32), r(xm64)], "F2 0F 2C /r")],
  cvtss2si: [row([w(r32), r(xm32)], "F3 0F 2D /r")],
  cvtsd2si: [row([w(r32), r(xm64)], "F2 0F 2D /r")],
  cvtss2sd: [row([w(xmm), r(xm32)], "F3 0F 5A /r")],
  cvtsd2ss: [row([w(xmm), r(xm64)], "F2 0F 5A /r")],
};

const wholeRegisters = {
  andps: whole("0F 54"),
  andpd: whole("66 0F 54"),
  // `andn` complements the destination, not the source.
  andnps: whole("0F 55"),
  andnpd: whole("66 0F 55"),
  orps: whole("0F 56"),
  orpd: whole("66 0F 56"),
  xorps: whole("0F 57"),
  xorpd: whole("66 0F 57"),
  pand: whole("66 0F DB"),
  pandn: whole("66 0F DF"),
  por: whole("66 0F EB"),
  pxor: whole("66 0F EF"),
  pslld: shift("72 /6"),
  psrld: shift("72 /2"),
  psllq: shift("73 /6"),
  psrlq: shift("73 /2"),
  pcmpeqd: whole("66 0F 76"),
  unpcklps: whole("0F 14"),
  punpckldq: whole("66 0F 62"),
  pshufd: [row([w(xmm), r(xm128), r(uimm8)], "66 0F 70 /r ib")],
};

export const sse = {
  ...moves,
  ...calculation,
  ...comparison,
  ...conversion,
  ...wholeRegisters,
  ldmxcsr: [row([r(m32)], "0F AE /2")],
  stmxcsr: [row([w(m32)], "0F AE /3")],
  /** State of x87 and SSE: 512 bytes, at a multiple of 16. */
  fxsave: [row([w(m)], "0F AE /0")],
  fxrstor: [row([r(m)], "0F AE /1")],
};
