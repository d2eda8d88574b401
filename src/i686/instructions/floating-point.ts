// The control of the floating-point unit that a kernel needs to keep processes apart: reset, save
// and restore. There is no floating-point arithmetic in this table.

import { AX, m, m16, m32 } from "../operand-kind";
import { r, row, w } from "./row";

export const floatingPoint = {
  fninit: [row([], "DB E3")],
  fnclex: [row([], "DB E2")],
  fwait: [row([], "9B")],
  fldcw: [row([r(m16)], "D9 /5")],
  fnstcw: [row([w(m16)], "D9 /7")],
  fnstsw: [row([w(AX)], "DF E0"), row([w(m16)], "DD /7")],
  fnsave: [row([w(m)], "DD /6")],
  frstor: [row([r(m)], "DD /4")],
  /** 512 bytes, aligned to 16. */
  fxsave: [row([w(m)], "0F AE /0")],
  fxrstor: [row([r(m)], "0F AE /1")],
  ldmxcsr: [row([r(m32)], "0F AE /2")],
  stmxcsr: [row([w(m32)], "0F AE /3")],
};
