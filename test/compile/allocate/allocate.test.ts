// Register allocation and its checker, on machine code in the form of code/print.ts.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { allocate } from "../../../src/compile/allocate/allocate";
import { checkAllocation } from "../../../src/compile/allocate/check-allocation";
import type { MachineFunction, MachineOperand } from "../../../src/compile/code/code";
import { numberOf, register } from "../../../src/compile/code/code";
import { parseMachine } from "../../../src/compile/code/parse";
import { printMachine } from "../../../src/compile/code/print";
import { I686 } from "../../../src/compile/targets/i686";
import { ecx, edx } from "../../../src/x86/registers";

function machine(...lines: string[]): MachineFunction {
  const [fn] = parseMachine(`${lines.join("\n")}\n`, I686);
  assert.ok(fn);
  return fn;
}

const OPTIONS = {
  registers: I686.registers.allocatable,
  spillsAll: false,
  coalesces: true,
  splits: true,
};

/** Eight values that live at once: one more than there are registers. */
function crowded(): MachineFunction {
  const values = [16, 17, 18, 19, 20, 21, 22, 23];
  return machine(
    "machine crowded registers 25 outgoing 0 slots 0",
    "b0: frequency 1",
    ...values.map((value) => `  mov r${value} dword[${value * 4}]`),
    "  mov r24 0",
    ...values.map((value) => `  add r24 r${value}`),
    "  moves eax r24",
    "  ret reads eax",
  );
}

describe("the checker of allocations", () => {
  /** Allocates `fn`, lets `damage` change the result, and checks it. */
  function checkDamaged(damage: (fn: MachineFunction) => void): void {
    const fn = crowded();
    const allocation = allocate(fn, OPTIONS);
    checkAllocation(fn, allocation);
    damage(fn);
    checkAllocation(fn, allocation);
  }

  it("accepts what allocation makes", () => {
    checkDamaged(() => {});
  });

  it("refuses an operand in another register", () => {
    const swap = (operand: MachineOperand): MachineOperand =>
      operand.kind === "register" && operand.register === numberOf(ecx)
        ? register(numberOf(edx))
        : operand;
    assert.throws(
      () =>
        checkDamaged((fn) => {
          const add = fn.blocks[0]!.instructions.find(
            ({ mnemonic, operands }) => mnemonic === "add" && operands.some((o) => swap(o) !== o),
          );
          assert.ok(add);
          add.operands = add.operands.map(swap);
        }),
      /allocation: crowded: add at byte 0: register \d does not hold v\d+/,
    );
  });

  it("refuses a value that was not stored", () => {
    assert.throws(
      () =>
        checkDamaged((fn) => {
          const block = fn.blocks[0]!;
          const store = block.instructions.findIndex(
            (each) => each.virtual === undefined && each.operands[0]?.kind === "memory",
          );
          assert.ok(store >= 0);
          block.instructions.splice(store, 1);
        }),
      /does not hold v\d+/,
    );
  });
});

describe("allocation", () => {
  it("keeps in a register what addresses need, and in memory what is an operand", () => {
    const [address, ...values] = [16, 17, 18, 19, 20, 21, 22, 23];
    const fn = machine(
      "machine addressed registers 25 outgoing 0 slots 0",
      "b0: frequency 1",
      `  mov r${address} dword[4]`,
      ...values.map((value) => `  mov r${value} dword[${value * 4}]`),
      `  mov r24 dword[r${address}]`,
      `  add r24 dword[r${address}+8]`,
      ...values.map((value) => `  add r24 r${value}`),
      ...values.map((value) => `  add r24 r${value}`),
      `  add r24 dword[r${address}+4]`,
      "  moves eax r24",
      "  ret reads eax",
    );
    checkAllocation(fn, allocate(fn, { ...OPTIONS, splits: false }));
    assert.match(printMachine(fn), /add \w+ dword\[local \d\]/);
    assert.doesNotMatch(printMachine(fn), /mov \w+ dword\[local \d\]/);
  });

  it("keeps a value in a register around the loop that has none left for it", () => {
    const busy = [17, 18, 19, 20, 21, 22, 23];
    const fn = machine(
      "machine loop registers 24 outgoing 0 slots 0",
      "b0: frequency 1",
      "  mov r16 dword[4]",
      "  add r16 dword[8]",
      "  mov dword[12] r16",
      "  jump b1",
      "b1: from b0 b1 frequency 8 loops b1/1",
      ...busy.map((value) => `  mov r${value} dword[${value * 4}]`),
      ...busy.map((value) => `  mov dword[${value * 4}] r${value}`),
      "  cmp dword[16] 0",
      "  branch ne b1 b2",
      "b2: from b1 frequency 1",
      "  add r16 dword[20]",
      "  moves eax r16",
      "  ret reads eax",
    );
    const allocation = allocate(fn, OPTIONS);
    checkAllocation(fn, allocation);
    const [before, inside, after] = fn.blocks.map(({ instructions }) =>
      instructions.filter(({ operands }) =>
        operands.some((operand) => operand.kind === "memory" && operand.slot !== undefined),
      ),
    );
    assert.deepEqual([before?.length, inside?.length, after?.length], [1, 0, 1]);
  });

  it("fetches a constant again instead of storing it", () => {
    const fn = machine(
      "machine constant registers 17 outgoing 0 slots 0",
      "b0: frequency 1",
      "  mov r16 1234",
      "  call &work writes eax ecx edx ebx esi edi ebp",
      "  moves eax r16",
      "  ret reads eax",
    );
    checkAllocation(fn, allocate(fn, OPTIONS));
    assert.equal(fn.localSlots, 0);
    assert.match(printMachine(fn), /moves eax 1234/);
  });

  /** The instructions of each block that name a word of the frame, as text. */
  function atHomes(fn: MachineFunction): string[][] {
    const blocks = printMachine(fn)
      .split(/^b\d+:.*\n/m)
      .slice(1);
    return blocks.map((text) =>
      text
        .split("\n")
        .filter((line) => line.includes("[local"))
        .map((line) => line.trim()),
    );
  }

  it("stores a value where it leaves its register, if that is rarer than what computes it", () => {
    const busy = [17, 18, 19, 20, 21, 22, 23];
    const fn = machine(
      "machine rarely registers 24 outgoing 0 slots 0",
      "b0: frequency 1",
      "  jump b1",
      "b1: from b0 b1 b5 frequency 8 loops b1/1",
      "  mov r16 dword[4]",
      "  cmp r16 dword[8]",
      "  branch ne b1 b2",
      "b2: from b1 frequency 0.5 loops b1/1",
      "  cmp r16 dword[12]",
      "  branch ne b3 b4",
      "b3: from b2 frequency 0.4 loops b1/1",
      ...busy.map((value) => `  mov r${value} dword[${value * 4}]`),
      "  jump b6",
      "b6: from b3 b6 frequency 64 loops b1/1 b6/2",
      ...busy.map((value) => `  add r${value} 1`),
      ...busy.map((value) => `  mov dword[${value * 4}] r${value}`),
      "  cmp dword[12] 0",
      "  branch ne b6 b5",
      "b5: from b6 frequency 0.4 loops b1/1",
      "  mov dword[16] r16",
      "  jump b1",
      "b4: from b2 frequency 0.1",
      "  moves eax r16",
      "  ret reads eax",
    );
    checkAllocation(fn, allocate(fn, OPTIONS));
    const [, loop, , rare] = atHomes(fn);
    assert.deepEqual(loop, []);
    assert.ok(
      rare!.some((line) => /^moves dword\[local \d\] \w+$/.test(line)),
      rare!.join("\n"),
    );
  });

  it("leaves a counter in memory that a loop only counts with", () => {
    const busy = [17, 18, 19, 20, 21, 22, 23];
    const fn = machine(
      "machine counted registers 25 outgoing 0 slots 0",
      "b0: frequency 1",
      "  mov r16 dword[4]",
      ...busy.map((value) => `  mov r${value} dword[${value * 4}]`),
      "  jump b1",
      "b1: from b0 b3 frequency 8 loops b1/1",
      ...busy.map((value) => `  mov dword[${value * 4}] r${value}`),
      ...busy.map((value) => `  add dword[${value * 8}] r${value}`),
      "  jump b2",
      "b2: from b1 frequency 8 loops b1/1",
      "  mov r24 r16",
      "  add r24 -1",
      "  branch ne b3 b4",
      "b3: from b2 frequency 8 loops b1/1",
      ...busy.map((value) => `  add r${value} 1`),
      "  moves r16 r24",
      "  jump b1",
      "b4: from b2 frequency 1",
      "  ret",
    );
    checkAllocation(fn, allocate(fn, OPTIONS));
    const [, , counts, next] = atHomes(fn);
    assert.deepEqual(counts, ["add dword[local 0] -1"]);
    assert.deepEqual(next, []);
  });
});
