// Multiplication and division.
//
// The one-operand forms work on EDX:EAX (or AX for bytes); a quotient that does not fit faults
// (#DE).

import { imm8s16, imm8s32, imm16, imm32, r16, r32, rm8, rm16, rm32 } from "../operand-kind";
import { eax, edx } from "../registers";
import { effects, r, row, rw, w } from "./row";

const PRODUCT = { flagsWritten: "OC", flagsUndefined: "SZAP" };
const MULTIPLY = effects(PRODUCT);
const MULTIPLY_BYTE = effects({ ...PRODUCT, reads: [eax], writes: [eax] });
const MULTIPLY_WIDE = effects({ ...PRODUCT, reads: [eax], writes: [eax, edx] });
/** DX is the low half of EDX; the rest stays. */
const MULTIPLY_WORD = effects({ ...PRODUCT, reads: [eax, edx], writes: [eax, edx] });
const QUOTIENT = { flagsUndefined: "OSZAPC" };
const DIVIDE_BYTE = effects({ ...QUOTIENT, reads: [eax], writes: [eax] });
const DIVIDE = effects({ ...QUOTIENT, reads: [eax, edx], writes: [eax, edx] });

const multiply = (digit: number) => [
  row([r(rm8)], `F6 /${digit}`, MULTIPLY_BYTE),
  row([r(rm16)], `66 F7 /${digit}`, MULTIPLY_WORD),
  row([r(rm32)], `F7 /${digit}`, MULTIPLY_WIDE),
];

const divide = (digit: number) => [
  row([r(rm8)], `F6 /${digit}`, DIVIDE_BYTE),
  row([r(rm16)], `66 F7 /${digit}`, DIVIDE),
  row([r(rm32)], `F7 /${digit}`, DIVIDE),
];

export const multiplyDivide = {
  mul: multiply(4),
  imul: [
    ...multiply(5),
    row([rw(r16), r(rm16)], "66 0F AF /r", MULTIPLY),
    row([rw(r32), r(rm32)], "0F AF /r", MULTIPLY),
    row([w(r16), r(rm16), r(imm8s16)], "66 6B /r ib", MULTIPLY),
    row([w(r32), r(rm32), r(imm8s32)], "6B /r ib", MULTIPLY),
    row([w(r16), r(rm16), r(imm16)], "66 69 /r iw", MULTIPLY),
    row([w(r32), r(rm32), r(imm32)], "69 /r id", MULTIPLY),
  ],
  div: divide(6),
  idiv: divide(7),
};
