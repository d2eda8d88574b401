// Bit scans and bit tests.
//
// With a memory operand and the bit's number in a register, the processor reaches beyond the
// operand: bit 1000 of [x] lies in the byte x + 125.

import type { OperandKind } from "../operand-kind";
import { r16, r32, rm16, rm32, uimm8 } from "../operand-kind";
import type { OperandSpec } from "./row";
import { byte, effects, r, row, rw, w } from "./row";

const SCAN = effects({ flagsWritten: "Z", flagsUndefined: "OSAPC" });
const TEST = effects({ flagsWritten: "C", flagsUndefined: "OSAP" });

/** If the source is 0, the destination is undefined. */
const scan = (opcode: string) => [
  row([w(r16), r(rm16)], `66 0F ${opcode} /r`, SCAN),
  row([w(r32), r(rm32)], `0F ${opcode} /r`, SCAN),
];

/** `n` is 4 to 7: the /digit of 0F BA, and 8 n + 83h is the opcode with a register. */
function bitTest(n: number, first: <T>(kind: OperandKind<T>) => OperandSpec<T> = rw) {
  const opcode = byte(0x83 + 8 * n);
  return [
    row([first(rm16), r(r16)], `66 0F ${opcode} /r`, TEST),
    row([first(rm32), r(r32)], `0F ${opcode} /r`, TEST),
    row([first(rm16), r(uimm8)], `66 0F BA /${n} ib`, TEST),
    row([first(rm32), r(uimm8)], `0F BA /${n} ib`, TEST),
  ];
}

export const bit = {
  bsf: scan("BC"),
  bsr: scan("BD"),
  bt: bitTest(4, r),
  bts: bitTest(5),
  btr: bitTest(6),
  btc: bitTest(7),
};
