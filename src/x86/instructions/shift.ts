// Shifts and rotates, by 1, by a constant and by CL; double shifts.
//
// A count that is 0 (modulo 32) leaves all flags alone, so nothing may rely on the flags after a
// shift by CL: its rows call them undefined. Rows with a constant describe counts that are not 0.

import { CL, one, r16, r32, rm8, rm16, rm32, uimm8 } from "../operand-kind";
import { effects, r, row, rw } from "./row";

interface Flags {
  readonly byOne: string;
  readonly byConstant: string;
  readonly read?: string;
}

const ROTATE: Flags = { byOne: "OC", byConstant: "C" };
const ROTATE_CARRY: Flags = { byOne: "OC", byConstant: "C", read: "C" };
const SHIFT: Flags = { byOne: "OSZPC", byConstant: "SZPC" };

function shift(digit: number, { byOne, byConstant, read = "" }: Flags) {
  const rotate = byConstant === "C";
  const all = rotate ? "OC" : "OSZAPC";
  const adjust = rotate ? "" : "A";
  const once = effects({ flagsRead: read, flagsWritten: byOne, flagsUndefined: adjust });
  const constant = effects({
    flagsRead: read,
    flagsWritten: byConstant,
    flagsUndefined: `O${adjust}`,
  });
  const variable = effects({ flagsRead: read, flagsUndefined: all });
  return [
    row([rw(rm8), r(one)], `D0 /${digit}`, once),
    row([rw(rm16), r(one)], `66 D1 /${digit}`, once),
    row([rw(rm32), r(one)], `D1 /${digit}`, once),
    row([rw(rm8), r(uimm8)], `C0 /${digit} ib`, constant),
    row([rw(rm16), r(uimm8)], `66 C1 /${digit} ib`, constant),
    row([rw(rm32), r(uimm8)], `C1 /${digit} ib`, constant),
    row([rw(rm8), r(CL)], `D2 /${digit}`, variable),
    row([rw(rm16), r(CL)], `66 D3 /${digit}`, variable),
    row([rw(rm32), r(CL)], `D3 /${digit}`, variable),
  ];
}

function doubleShift(constant: string, variable: string) {
  const byConstant = effects({ flagsWritten: "SZPC", flagsUndefined: "OA" });
  const byVariable = effects({ flagsUndefined: "OSZAPC" });
  return [
    row([rw(rm16), r(r16), r(uimm8)], `66 0F ${constant} /r ib`, byConstant),
    row([rw(rm32), r(r32), r(uimm8)], `0F ${constant} /r ib`, byConstant),
    row([rw(rm16), r(r16), r(CL)], `66 0F ${variable} /r`, byVariable),
    row([rw(rm32), r(r32), r(CL)], `0F ${variable} /r`, byVariable),
  ];
}

export const shifts = {
  rol: shift(0, ROTATE),
  ror: shift(1, ROTATE),
  rcl: shift(2, ROTATE_CARRY),
  rcr: shift(3, ROTATE_CARRY),
  shl: shift(4, SHIFT),
  shr: shift(5, SHIFT),
  sar: shift(7, SHIFT),
  shld: doubleShift("A4", "A5"),
  shrd: doubleShift("AC", "AD"),
};
