// Moves: data from place to place, changes of width, addresses.
//
// Of encodings of one length the first row wins; `89 /r` before `8B /r`, as assemblers do.

import {
  AL,
  AX,
  creg,
  dreg,
  EAX,
  imm8,
  imm16,
  imm32,
  imm32s64,
  loadableSreg,
  m,
  m8,
  m16,
  m32,
  moffs8,
  moffs16,
  moffs32,
  r8,
  r16,
  r32,
  r64,
  rm8,
  rm16,
  rm32,
  rm64,
  sreg,
} from "../operand-kind";
import { eax, ebx, edx } from "../registers";
import { address, effects, in32, in64, r, row, rw, w } from "./row";

const CONTROL = effects({ flagsUndefined: "OSZAPC" });
const WIDEN_EAX = effects({ reads: [eax], writes: [eax] });
const SIGN_OF_EAX = effects({ reads: [eax], writes: [edx] });

export const move = {
  mov: [
    row([w(rm8), r(r8)], "88 /r"),
    row([w(rm16), r(r16)], "66 89 /r"),
    row([w(rm32), r(r32)], "89 /r"),
    row([w(r8), r(rm8)], "8A /r"),
    row([w(r16), r(rm16)], "66 8B /r"),
    row([w(r32), r(rm32)], "8B /r"),
    in32(row([w(AL), r(moffs8)], "A0 od")),
    in32(row([w(AX), r(moffs16)], "66 A1 od")),
    in32(row([w(EAX), r(moffs32)], "A1 od")),
    in32(row([w(moffs8), r(AL)], "A2 od")),
    in32(row([w(moffs16), r(AX)], "66 A3 od")),
    in32(row([w(moffs32), r(EAX)], "A3 od")),
    row([w(r8), r(imm8)], "B0+r ib"),
    row([w(r16), r(imm16)], "66 B8+r iw"),
    row([w(r32), r(imm32)], "B8+r id"),
    row([w(rm8), r(imm8)], "C6 /0 ib"),
    row([w(rm16), r(imm16)], "66 C7 /0 iw"),
    row([w(rm32), r(imm32)], "C7 /0 id"),
    row([w(r32), r(sreg)], "8C /r"),
    row([w(r16), r(sreg)], "66 8C /r"),
    row([w(m16), r(sreg)], "8C /r"),
    // Loading from a register, the processor ignores the upper half and the operand size.
    row([w(loadableSreg), r(r32)], "8E /r"),
    row([w(loadableSreg), r(rm16)], "8E /r"),
    in32(row([w(r32), r(creg)], "0F 20 /r", CONTROL)),
    in32(row([w(creg), r(r32)], "0F 22 /r", CONTROL)),
    in32(row([w(r32), r(dreg)], "0F 21 /r", CONTROL)),
    in32(row([w(dreg), r(r32)], "0F 23 /r", CONTROL)),
    in64(row([w(r64), r(creg)], "0F 20 /r", CONTROL)),
    in64(row([w(creg), r(r64)], "0F 22 /r", CONTROL)),
    in64(row([w(rm64), r(r64)], "REX.W 89 /r")),
    in64(row([w(r64), r(rm64)], "REX.W 8B /r")),
    in64(row([w(rm64), r(imm32s64)], "REX.W C7 /0 id")),
  ],
  movzx: [
    row([w(r32), r(rm8)], "0F B6 /r"),
    row([w(r32), r(rm16)], "0F B7 /r"),
    row([w(r16), r(rm8)], "66 0F B6 /r"),
  ],
  movsx: [
    row([w(r32), r(rm8)], "0F BE /r"),
    row([w(r32), r(rm16)], "0F BF /r"),
    row([w(r16), r(rm8)], "66 0F BE /r"),
  ],
  lea: [
    row([w(r32), address(m)], "8D /r"),
    row([w(r16), address(m)], "66 8D /r"),
    in64(row([w(r64), address(m)], "REX.W 8D /r")),
  ],
  xchg: [
    row([rw(r32), rw(EAX)], "90+r"),
    row([rw(EAX), rw(r32)], "90+r"),
    row([rw(r16), rw(AX)], "66 90+r"),
    row([rw(AX), rw(r16)], "66 90+r"),
    row([rw(rm8), rw(r8)], "86 /r"),
    row([rw(rm16), rw(r16)], "66 87 /r"),
    row([rw(rm32), rw(r32)], "87 /r"),
    row([rw(r8), rw(m8)], "86 /r"),
    row([rw(r16), rw(m16)], "66 87 /r"),
    row([rw(r32), rw(m32)], "87 /r"),
  ],
  bswap: [row([rw(r32)], "0F C8+r")],
  cwde: [row([], "98", WIDEN_EAX)],
  cbw: [row([], "66 98", WIDEN_EAX)],
  cdq: [row([], "99", SIGN_OF_EAX)],
  cwd: [row([], "66 99", effects({ reads: [eax, edx], writes: [edx] }))],
  xlatb: [row([], "D7", effects({ reads: [eax, ebx], writes: [eax] }))],
};
