// Unconditional transfers of control: jumps, calls, returns, traps.
//
// What a call's or trap's target does to registers and flags is a matter of conventions, not of
// the instruction; the effects here are those of the transfer itself.

import { imm32, m, m64, r32, rel8, rel32, rm32, rm64, uimm8, uimm16 } from "../operand-kind";
import { ecx, edx, esp } from "../registers";
import { address, effects, in32, in64, r, row } from "./row";

const STACK = effects({ reads: [esp], writes: [esp] });
const RESTORE_FLAGS = effects({ reads: [esp], writes: [esp], flagsWritten: "*" });

export const branch = {
  jmp: [
    row([r(rel8)], "EB cb"),
    row([r(rel32)], "E9 cd"),
    in32(row([r(rm32)], "FF /4")),
    in64(row([r(rm64)], "FF /4")),
  ],
  /** Selector and offset, or a memory operand that holds the offset, then the selector. */
  "jmp far": [in32(row([r(uimm16), r(imm32)], "EA id iw")), row([r(m)], "FF /5")],
  call: [
    row([r(rel32)], "E8 cd", STACK),
    in32(row([r(rm32)], "FF /2", STACK)),
    in64(row([r(rm64)], "FF /2", STACK)),
  ],
  "call far": [in32(row([r(uimm16), r(imm32)], "9A id iw", STACK)), row([r(m)], "FF /3", STACK)],
  ret: [row([], "C3", STACK), row([r(uimm16)], "C2 iw", STACK)],
  retf: [row([], "CB", STACK), row([r(uimm16)], "CA iw", STACK)],
  /** With an offset of 64 bits, as long mode pushes it. */
  retfq: [in64(row([], "REX.W CB", STACK))],
  iret: [row([], "CF", RESTORE_FLAGS)],
  int: [row([r(uimm8)], "CD ib", STACK)],
  int3: [row([], "CC", STACK)],
  into: [in32(row([], "CE", effects({ reads: [esp], writes: [esp], flagsRead: "O" })))],
  /** Always #UD, like `ud2`; its operands are never used and may say why. */
  ud1: [row([address(r32), address(rm32)], "0F B9 /r")],
  ud2: [row([], "0F 0B")],
  bound: [in32(row([r(r32), r(m64)], "62 /r"))],
  sysenter: [row([], "0F 34", effects({ writes: [esp], flagsWritten: "I" }))],
  sysexit: [row([], "0F 35", effects({ reads: [ecx, edx], writes: [esp] }))],
};
