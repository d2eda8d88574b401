// The x87 floating-point unit: its control, which a kernel needs to keep processes apart, and the
// moves, conversions and sum that make a 64-bit integer of a floating-point number and back.
//
// Its registers are a stack: `fld` and `fild` push, the `p` of `fstp` and `fistp` pops, the others
// work on the top. No operand names a register, so roles say nothing about the stack.
//
// Conversions to integers round as the control word says. `m32` and `m64` of `fld`, `fstp` and
// `fadd` are floating-point numbers, those of `fild` and `fistp` signed integers.

import { AX, m, m16, m32, m64 } from "../operand-kind";
import { r, row, w } from "./row";

export const x87 = {
  fninit: [row([], "DB E3")],
  fnclex: [row([], "DB E2")],
  fwait: [row([], "9B")],
  fldcw: [row([r(m16)], "D9 /5")],
  fnstcw: [row([w(m16)], "D9 /7")],
  fnstsw: [row([w(AX)], "DF E0"), row([w(m16)], "DD /7")],
  fnsave: [row([w(m)], "DD /6")],
  frstor: [row([r(m)], "DD /4")],
  fld: [row([r(m32)], "D9 /0"), row([r(m64)], "DD /0")],
  fst: [row([w(m32)], "D9 /2"), row([w(m64)], "DD /2")],
  fstp: [row([w(m32)], "D9 /3"), row([w(m64)], "DD /3")],
  fild: [row([r(m16)], "DF /0"), row([r(m32)], "DB /0"), row([r(m64)], "DF /5")],
  fistp: [row([w(m16)], "DF /3"), row([w(m32)], "DB /3"), row([w(m64)], "DF /7")],
  fadd: [row([r(m32)], "D8 /0"), row([r(m64)], "DC /0")],
};
