// Parallel moves in an order that the processor can follow.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MachineOperand } from "../../../src/compile/code/code";
import { immediate, numberOf, register, slotOperand } from "../../../src/compile/code/code";
import { orderMoves } from "../../../src/compile/code/parallel-moves";
import * as registers from "../../../src/x86/registers";

describe("parallel moves", () => {
  const [eax, ecx, edx] = [registers.eax, registers.ecx, registers.edx].map((each) =>
    register(numberOf(each)),
  ) as [MachineOperand, MachineOperand, MachineOperand];
  const order = (...operands: MachineOperand[]) =>
    orderMoves(operands).map(({ kind, to, from }) => [kind, to, from]);

  it("go in an order in which nothing is lost", () => {
    assert.deepEqual(order(eax, edx, edx, ecx, ecx, immediate(1)), [
      ["move", eax, edx],
      ["move", edx, ecx],
      ["move", ecx, immediate(1)],
    ]);
  });

  it("exchange where they form a cycle, also with memory", () => {
    const slot = slotOperand({ kind: "local", index: 0 });
    assert.deepEqual(order(eax, ecx, ecx, edx, edx, eax), [
      ["exchange", eax, ecx],
      ["exchange", ecx, edx],
    ]);
    assert.deepEqual(order(eax, slot, slot, eax, edx, edx), [["exchange", eax, slot]]);
  });
});
