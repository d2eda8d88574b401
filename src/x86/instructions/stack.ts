// The stack: push and pop of everything, and frames.

import {
  CS,
  DS,
  ES,
  FS,
  GS,
  imm8s32,
  imm32,
  r32,
  r64,
  rm32,
  SS,
  uimm8,
  uimm16,
} from "../operand-kind";
import { eax, ebp, ebx, ecx, edi, edx, esi, esp } from "../registers";
import { effects, in32, in64, r, row, w } from "./row";

const STACK = effects({ reads: [esp], writes: [esp] });
const GENERAL = [eax, ecx, edx, ebx, esp, ebp, esi, edi];
const FRAME = { reads: [esp, ebp], writes: [esp, ebp] };

export const stack = {
  push: [
    in32(row([r(r32)], "50+r", STACK)),
    row([r(imm8s32)], "6A ib", STACK),
    row([r(imm32)], "68 id", STACK),
    in32(row([r(rm32)], "FF /6", STACK)),
    in32(row([r(ES)], "06", STACK)),
    in32(row([r(CS)], "0E", STACK)),
    in32(row([r(SS)], "16", STACK)),
    in32(row([r(DS)], "1E", STACK)),
    row([r(FS)], "0F A0", STACK),
    row([r(GS)], "0F A8", STACK),
    in64(row([r(r64)], "50+r", STACK)),
  ],
  pop: [
    in32(row([w(r32)], "58+r", STACK)),
    in32(row([w(rm32)], "8F /0", STACK)),
    in32(row([w(ES)], "07", STACK)),
    in32(row([w(SS)], "17", STACK)),
    in32(row([w(DS)], "1F", STACK)),
    row([w(FS)], "0F A1", STACK),
    row([w(GS)], "0F A9", STACK),
    in64(row([w(r64)], "58+r", STACK)),
  ],
  pusha: [in32(row([], "60", effects({ reads: GENERAL, writes: [esp] })))],
  popa: [in32(row([], "61", effects({ reads: [esp], writes: GENERAL })))],
  pushf: [row([], "9C", effects({ reads: [esp], writes: [esp], flagsRead: "*" }))],
  popf: [row([], "9D", effects({ reads: [esp], writes: [esp], flagsWritten: "*" }))],
  enter: [row([r(uimm16), r(uimm8)], "C8 iw ib", effects(FRAME))],
  leave: [row([], "C9", effects({ reads: [ebp], writes: [esp, ebp] }))],
};
