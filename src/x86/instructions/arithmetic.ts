// Addition, subtraction, comparison and the bitwise operations.
//
// The eight two-operand operations share one pattern of opcodes: operation n has 8n+0 .. 8n+5 and
// the /n of the group opcodes 80, 81, 83.

import type { OperandKind } from "../operand-kind";
import {
  AL,
  AX,
  EAX,
  imm8,
  imm8s16,
  imm8s32,
  imm8s64,
  imm16,
  imm32,
  imm32s64,
  m8,
  m16,
  m32,
  r8,
  r16,
  r32,
  r64,
  rm8,
  rm16,
  rm32,
  rm64,
} from "../operand-kind";
import type { Effects, OperandSpec } from "./row";
import { byte, effects, in32, in64, r, row, rw } from "./row";

const ARITHMETIC = effects({ flagsWritten: "OSZAPC" });
const WITH_CARRY = effects({ flagsRead: "C", flagsWritten: "OSZAPC" });
const LOGIC = effects({ flagsWritten: "OSZPC", flagsUndefined: "A" });
const INCREMENT = effects({ flagsWritten: "OSZAP" });

/** `first` is the role of the first operand: `cmp` alone does not write it. */
function binary(n: number, what: Effects, first: <T>(kind: OperandKind<T>) => OperandSpec<T> = rw) {
  const opcode = (form: number) => byte(8 * n + form);
  return [
    row([first(rm8), r(r8)], `${opcode(0)} /r`, what),
    row([first(rm16), r(r16)], `66 ${opcode(1)} /r`, what),
    row([first(rm32), r(r32)], `${opcode(1)} /r`, what),
    row([first(r8), r(rm8)], `${opcode(2)} /r`, what),
    row([first(r16), r(rm16)], `66 ${opcode(3)} /r`, what),
    row([first(r32), r(rm32)], `${opcode(3)} /r`, what),
    row([first(AL), r(imm8)], `${opcode(4)} ib`, what),
    row([first(rm8), r(imm8)], `80 /${n} ib`, what),
    row([first(rm16), r(imm8s16)], `66 83 /${n} ib`, what),
    row([first(rm32), r(imm8s32)], `83 /${n} ib`, what),
    row([first(AX), r(imm16)], `66 ${opcode(5)} iw`, what),
    row([first(EAX), r(imm32)], `${opcode(5)} id`, what),
    row([first(rm16), r(imm16)], `66 81 /${n} iw`, what),
    row([first(rm32), r(imm32)], `81 /${n} id`, what),
    in64(row([first(rm64), r(r64)], `REX.W ${opcode(1)} /r`, what)),
    in64(row([first(r64), r(rm64)], `REX.W ${opcode(3)} /r`, what)),
    in64(row([first(rm64), r(imm8s64)], `REX.W 83 /${n} ib`, what)),
    in64(row([first(rm64), r(imm32s64)], `REX.W 81 /${n} id`, what)),
  ];
}

/** `inc` and `dec`: /digit of FE and FF, or a one-byte opcode for registers. */
function increment(digit: number) {
  const short = `${byte(0x40 + 8 * digit)}+r`;
  return [
    in32(row([rw(r16)], `66 ${short}`, INCREMENT)),
    in32(row([rw(r32)], short, INCREMENT)),
    row([rw(rm8)], `FE /${digit}`, INCREMENT),
    row([rw(rm16)], `66 FF /${digit}`, INCREMENT),
    row([rw(rm32)], `FF /${digit}`, INCREMENT),
  ];
}

function unary(digit: number, what?: Effects) {
  return [
    row([rw(rm8)], `F6 /${digit}`, what),
    row([rw(rm16)], `66 F7 /${digit}`, what),
    row([rw(rm32)], `F7 /${digit}`, what),
  ];
}

export const arithmetic = {
  add: binary(0, ARITHMETIC),
  or: binary(1, LOGIC),
  adc: binary(2, WITH_CARRY),
  sbb: binary(3, WITH_CARRY),
  and: binary(4, LOGIC),
  sub: binary(5, ARITHMETIC),
  xor: binary(6, LOGIC),
  cmp: binary(7, ARITHMETIC, r),
  test: [
    row([r(rm8), r(r8)], "84 /r", LOGIC),
    row([r(rm16), r(r16)], "66 85 /r", LOGIC),
    row([r(rm32), r(r32)], "85 /r", LOGIC),
    // The operands commute; these let the memory operand come second.
    row([r(r8), r(m8)], "84 /r", LOGIC),
    row([r(r16), r(m16)], "66 85 /r", LOGIC),
    row([r(r32), r(m32)], "85 /r", LOGIC),
    row([r(AL), r(imm8)], "A8 ib", LOGIC),
    row([r(AX), r(imm16)], "66 A9 iw", LOGIC),
    row([r(EAX), r(imm32)], "A9 id", LOGIC),
    row([r(rm8), r(imm8)], "F6 /0 ib", LOGIC),
    row([r(rm16), r(imm16)], "66 F7 /0 iw", LOGIC),
    row([r(rm32), r(imm32)], "F7 /0 id", LOGIC),
    in64(row([r(rm64), r(r64)], "REX.W 85 /r", LOGIC)),
  ],
  inc: increment(0),
  dec: increment(1),
  not: unary(2),
  neg: unary(3, ARITHMETIC),
};
