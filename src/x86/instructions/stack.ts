// The stack: push and pop of everything, and frames.

import { CS, DS, ES, FS, GS, imm8s32, imm32, r32, rm32, SS, uimm8, uimm16 } from "../operand-kind";
import { eax, ebp, ebx, ecx, edi, edx, esi, esp } from "../registers";
import { effects, r, row, w } from "./row";

const STACK = effects({ reads: [esp], writes: [esp] });
const GENERAL = [eax, ecx, edx, ebx, esp, ebp, esi, edi];
const FRAME = { reads: [esp, ebp], writes: [esp, ebp] };

export const stack = {
  push: [
    row([r(r32)], "50+r", STACK),
    row([r(imm8s32)], "6A ib", STACK),
    row([r(imm32)], "68 id", STACK),
    row([r(rm32)], "FF /6", STACK),
    row([r(ES)], "06", STACK),
    row([r(CS)], "0E", STACK),
    row([r(SS)], "16", STACK),
    row([r(DS)], "1E", STACK),
    row([r(FS)], "0F A0", STACK),
    row([r(GS)], "0F A8", STACK),
  ],
  pop: [
    row([w(r32)], "58+r", STACK),
    row([w(rm32)], "8F /0", STACK),
    row([w(ES)], "07", STACK),
    row([w(SS)], "17", STACK),
    row([w(DS)], "1F", STACK),
    row([w(FS)], "0F A1", STACK),
    row([w(GS)], "0F A9", STACK),
  ],
  pusha: [row([], "60", effects({ reads: GENERAL, writes: [esp] }))],
  popa: [row([], "61", effects({ reads: [esp], writes: GENERAL }))],
  pushf: [row([], "9C", effects({ reads: [esp], writes: [esp], flagsRead: "*" }))],
  popf: [row([], "9D", effects({ reads: [esp], writes: [esp], flagsWritten: "*" }))],
  enter: [row([r(uimm16), r(uimm8)], "C8 iw ib", effects(FRAME))],
  leave: [row([], "C9", effects({ reads: [ebp], writes: [esp, ebp] }))],
};
