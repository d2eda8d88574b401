// Allocation, its checker, and what follows it, on machine code in the form of code/print.ts.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ALL_REGISTERS, allocate } from "../../../src/compile/allocate/allocate";
import { checkAllocation } from "../../../src/compile/allocate/check-allocation";
import { XMM_REGISTERS } from "../../../src/compile/code/calling-convention";
import type { MachineFunction, MachineOperand } from "../../../src/compile/code/code";
import { EAX, ECX, EDX, immediate, register, slotOperand } from "../../../src/compile/code/code";
import { orderMoves } from "../../../src/compile/code/parallel-moves";
import { parseMachine } from "../../../src/compile/code/parse";
import { printMachine } from "../../../src/compile/code/print";
import { layOut } from "../../../src/compile/code-passes/block-order";
import { duplicateTests } from "../../../src/compile/code-passes/duplicate-tests";
import { forwardCopies } from "../../../src/compile/code-passes/forward-copies";
import { removeTests } from "../../../src/compile/code-passes/needless-tests";
import { improve } from "../../../src/compile/code-passes/peephole";
import { sideline } from "../../../src/compile/code-passes/sideline";
import { loopSpans } from "../../../src/compile/emit/loop-spans";

function machine(...lines: string[]): MachineFunction {
  const [fn] = parseMachine(`${lines.join("\n")}\n`);
  assert.ok(fn);
  return fn;
}

const OPTIONS = {
  registers: ALL_REGISTERS,
  xmmRegisters: XMM_REGISTERS,
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
      operand.kind === "register" && operand.register === ECX ? register(EDX) : operand;
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
});

describe("parallel moves", () => {
  const order = (...operands: MachineOperand[]) =>
    orderMoves(operands).map(({ kind, to, from }) => [kind, to, from]);

  it("go in an order in which nothing is lost", () => {
    const [eax, ecx, edx] = [register(EAX), register(ECX), register(EDX)];
    assert.deepEqual(order(eax, edx, edx, ecx, ecx, immediate(1)), [
      ["move", eax, edx],
      ["move", edx, ecx],
      ["move", ecx, immediate(1)],
    ]);
  });

  it("exchange where they form a cycle, also with memory", () => {
    const [eax, ecx, edx] = [register(EAX), register(ECX), register(EDX)];
    const slot = slotOperand({ kind: "local", index: 0 });
    assert.deepEqual(order(eax, ecx, ecx, edx, edx, eax), [
      ["exchange", eax, ecx],
      ["exchange", ecx, edx],
    ]);
    assert.deepEqual(order(eax, slot, slot, eax, edx, edx), [["exchange", eax, slot]]);
  });
});

describe("layout", () => {
  it("puts the test of a loop at its end and traps behind everything", () => {
    const fn = machine(
      "machine loop registers 17 outgoing 0 slots 0",
      "b0: frequency 1",
      "  jump b1",
      "b1: from b0 b3 frequency 8 loops b1/1",
      "  cmp dword[4] 0",
      "  branch e b4 b2",
      "b2: from b1 frequency 8 loops b1/1",
      "  cmp dword[8] 0",
      "  branch e b5 b3",
      "b5: from b2 frequency 0.001",
      "  ud2",
      "b3: from b2 frequency 8 loops b1/1",
      "  jump b1",
      "b4: from b1 frequency 1",
      "  ret",
    );
    layOut(fn);
    assert.deepEqual(
      fn.blocks.map(({ id }) => id),
      [0, 2, 3, 1, 4, 5],
    );
  });
});

describe("sidelining", () => {
  /** A loop that tests `condition` in b1, with two arms that meet in b4. */
  const order = (condition: string, ...arm: string[]): number[] => {
    const { blocks } = machine(
      "machine loop registers 17 outgoing 0 slots 0",
      "b0: frequency 1",
      "  jump b1",
      "b1: from b0 b4 frequency 8 loops b1/1",
      "  cmp eax 10",
      `  branch ${condition} b2 b3`,
      "b2: from b1 frequency 8 loops b1/1",
      ...arm,
      "b3: from b1 frequency 8 loops b1/1",
      "  inc ecx",
      "  jump b4",
      "b4: from b2 b3 frequency 8 loops b1/1",
      "  cmp ecx 100",
      "  branch b b1 b5",
      "b5: from b4 frequency 1",
      "  ret",
    );
    return sideline(blocks, ({ successors }) => successors).map(({ id }) => id);
  };

  it("moves what happens where two things are equal behind all else", () => {
    assert.deepEqual(order("e", "  inc edx", "  jump b4"), [0, 1, 3, 4, 5, 2]);
  });

  it("moves nothing that is as likely, or that would need a jump more", () => {
    assert.deepEqual(order("b", "  inc edx", "  jump b4"), [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(order("ne", "  inc edx", "  jump b4"), [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(order("e", "  inc edx", "  jump b3"), [0, 1, 2, 3, 4, 5]);
  });
});

describe("the spans of loops", () => {
  it("are those of innermost loops without calls, as far as their blocks connect", () => {
    const { blocks } = machine(
      "machine loops registers 16 outgoing 0 slots 0",
      "b0: frequency 1",
      "  jump b1",
      "b1: from b0 b3 frequency 8 loops b1/1",
      "  jump b2",
      "b2: from b1 b4 frequency 64 loops b1/1 b2/2",
      "  cmp eax ecx",
      "  branch e b3 b4",
      "b4: from b2 frequency 64 loops b1/1 b2/2",
      "  inc eax",
      "  jump b2",
      "b3: from b2 frequency 8 loops b1/1",
      "  cmp eax 9",
      "  branch e b5 b1",
      "b5: from b3 b5 frequency 8 loops b5/1",
      "  call &f",
      "  branch e b5 b6",
      "b6: from b5 frequency 1",
      "  ret",
    );
    assert.deepEqual(loopSpans(blocks), [{ first: 2, end: 4, weight: 64 }]);
  });
});

/** The instructions of a block after a pass over physical registers. */
function after(pass: (fn: MachineFunction) => void, instructions: readonly string[]): string[] {
  const fn = machine(
    "machine tiny registers 16 outgoing 0 slots 0",
    "b0: frequency 1",
    ...instructions.map((each) => `  ${each}`),
  );
  pass(fn);
  const lines = printMachine(fn).trimEnd().split("\n");
  return lines.slice(2).map((line) => line.trim());
}

describe("the peephole pass", () => {
  const improved = (...instructions: string[]): string[] => after(improve, instructions);

  it("shortens what nobody reads the flags of", () => {
    assert.deepEqual(improved("mov eax 0", "add ecx 1", "mov edx ecx", "add edx eax", "ret"), [
      "xor eax eax",
      "inc ecx",
      "lea edx [ecx+eax*1]",
      "ret",
    ]);
  });

  it("leaves the flags alone where somebody does", () => {
    const code = ["cmp ecx edx", "mov eax 0", "cmovb eax ecx", "ret"];
    assert.deepEqual(improved(...code), code);
  });
});

describe("the pass that removes tests", () => {
  const left = (...instructions: string[]): string[] => after(removeTests, instructions);

  it("takes the flags of what computed the value", () => {
    const sum = ["add eax ecx", "mov edx dword[esi]"];
    assert.deepEqual(left(...sum, "test eax eax", "cmove eax edx", "ret"), [
      ...sum,
      "cmove eax edx",
      "ret",
    ]);
    assert.deepEqual(left("and eax 7", "cmp eax 0", "cmovg eax edx", "ret"), [
      "and eax 7",
      "cmovg eax edx",
      "ret",
    ]);
  });

  it("keeps a test where carry or overflow decide, or the value or the flags are others", () => {
    for (const code of [
      ["add eax ecx", "test eax eax", "cmovg eax edx", "ret"],
      ["add eax ecx", "test ecx ecx", "cmove eax edx", "ret"],
      ["add eax ecx", "mov eax dword[esi]", "test eax eax", "cmove eax edx", "ret"],
      ["add eax ecx", "add edx 1", "test eax eax", "cmove eax edx", "ret"],
      ["shl eax ecxb", "test eax eax", "cmove eax edx", "ret"],
      ["add eax ecx", "moves edx 0", "test eax eax", "cmove eax edx", "ret"],
    ]) {
      assert.deepEqual(left(...code), code);
    }
  });
});

describe("the pass that forwards copies", () => {
  const left = (...instructions: string[]): string[] => after(forwardCopies, instructions);

  it("lets readers have the original where it has what they name", () => {
    assert.deepEqual(left("mov ecx ebx", "mov byte[esi] ecxb", "moves ecx 0", "ret reads ebx"), [
      "mov byte[esi] ebxb",
      "moves ecx 0",
      "ret reads ebx",
    ]);
  });

  it("keeps copies that readers need", () => {
    for (const code of [
      ["mov ecx esi", "mov byte[edx] ecxb", "ret"],
      ["mov ecx ebx", "shl eax ecxb", "ret reads eax"],
      ["mov ecx ebx", "add ecx 1", "ret reads ecx"],
      ["mov ecx ebx", "mov ebx 0", "mov dword[esi] ecx", "ret"],
      ["mov ecx ebx", "mov dword[esi] ecx", "ret reads ecx"],
    ]) {
      assert.deepEqual(left(...code), code);
    }
  });
});

describe("the pass that duplicates tests", () => {
  const loop = (test: readonly string[]): MachineFunction =>
    machine(
      "machine count registers 17 outgoing 0 slots 0",
      "b0: frequency 1",
      "  moves r16 eax",
      "  jump b1",
      "b1: from b0 b2 frequency 8 loops b1/1",
      ...test.map((line) => `  ${line}`),
      "  branch ne b2 b3",
      "b2: from b1 frequency 8 loops b1/1",
      "  call &work writes eax ecx edx",
      "  sub r16 1",
      "  jump b1",
      "b3: from b1 frequency 1",
      "  ret",
    );

  it("puts a loop's test before the loop and at its end", () => {
    const fn = loop(["test r16 r16"]);
    duplicateTests(fn);
    assert.equal(
      printMachine(fn),
      [
        "machine count registers 17 outgoing 0 slots 0",
        "b0: frequency 1",
        "  moves r16 eax",
        "  test r16 r16",
        "  branch ne b4 b5",
        "b4: from b0 frequency 1",
        "  jump b2",
        "b5: from b0 frequency 1",
        "  jump b3",
        "b2: from b4 b6 frequency 8 loops b2/1",
        "  call &work writes eax ecx edx",
        "  sub r16 1",
        "  test r16 r16",
        "  branch ne b6 b7",
        "b6: from b2 frequency 8 loops b2/1",
        "  jump b2",
        "b7: from b2 frequency 1",
        "  jump b3",
        "b3: from b5 b7 frequency 1",
        "  ret",
        "",
      ].join("\n"),
    );
  });

  it("leaves a long test where it is", () => {
    const fn = loop(Array.from({ length: 6 }, () => "test r16 r16"));
    const before = printMachine(fn);
    duplicateTests(fn);
    assert.equal(printMachine(fn), before);
  });
});
