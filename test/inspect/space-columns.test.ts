// The columns of a machine made by hand: what a drawing of it shows.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Column } from "../../src/draw/columns";
import { joinsOf } from "../../src/draw/joins";
import { machineColumns as columns } from "../draw/machine-columns";
import { FakeMachine, USER_DATA, USER_STACK } from "./fake-machine";

/** The kernel's column, physical memory, and the process's. */
function three(machine?: FakeMachine): [Column, Column, Column] {
  const [kernel, physical, user] = columns(machine);
  assert.ok(kernel && physical && user);
  return [kernel, physical, user];
}

function assertOrdered(boxes: Column["boxes"]): void {
  const sorted = [...boxes].sort((a, b) => a.start - b.start);
  for (const [index, box] of sorted.entries()) {
    assert.ok(box.end > box.start, box.label);
    const next = sorted[index + 1];
    if (next) assert.ok(box.end <= next.start, `${box.label} overlaps ${next.label}`);
  }
}

describe("the columns of a machine", () => {
  it("are the kernel's space, physical memory and the process's space, without overlaps", () => {
    const all = columns();
    assert.deepEqual(
      all.map(({ title }) => title),
      ["kernel space", "physical memory", "hello (pid 1)"],
    );
    for (const { boxes } of all) assertOrdered(boxes);
  });

  it("mark the shared pages, and nothing else, in all three", () => {
    const shared = columns().map(({ boxes }) =>
      boxes.filter((box) => box.shared).map(({ label }) => label),
    );
    const trampoline = [".trampoline.text", ".trampoline.rodata", ".trampoline.data"];
    assert.deepEqual(shared, [trampoline, trampoline, trampoline]);
  });

  it("name the program's sections, the stack, the guards, and the room", () => {
    const user = columns()[2]?.boxes.map(({ label }) => label) ?? [];
    for (const label of ["page 0, never mapped", ".text", "heap", "stack", "guard, never mapped"]) {
      assert.ok(user.includes(label), `${label} in ${user.join("; ")}`);
    }
    assert.ok(user.includes("for heap and mmap"));
  });

  it("show an open window as a page and closed ones as a gap", () => {
    assert.ok(columns()[0]?.boxes.some(({ label }) => label === "windows, closed"));
    const machine = new FakeMachine();
    machine.enterKernel();
    machine.map(machine.kernelCr3, 0xfffec000, machine.takeUserFrame(), { write: true });
    const window = columns(machine)[0]?.boxes.find(({ label }) => label === "windows");
    assert.deepEqual([window?.start, window?.end], [0xfffec000, 0xfffed000]);
  });

  it("join every page that is mapped to its frame, in both spaces", () => {
    const [kernel, physical, user] = three();
    for (const space of [kernel, user]) {
      const joined = new Set(joinsOf(space, physical).map(({ box }) => box));
      const mapped = space.boxes.filter(({ kind }) => kind !== "empty");
      assert.deepEqual(
        mapped.filter((box) => !joined.has(box)),
        [],
      );
    }
  });

  it("name the frames of the process, and the tables of both spaces", () => {
    const [, physical] = three();
    const labels = physical.boxes.map(({ label }) => label);
    for (const label of [
      "hello stack",
      "hello .text",
      "page tables of hello",
      "kernel page tables",
    ]) {
      assert.ok(labels.includes(label), `${label} in ${labels.join("; ")}`);
    }
  });

  it("keep the process's frames apart when others lie around them", () => {
    const machine = new FakeMachine();
    const cr3 = machine.processes[0]?.cr3 ?? 0;
    for (let page = 0; page < 40; page++) {
      machine.map(cr3, 0x4000_0000 + page * 0x1000, machine.takeUserFrame(), { user: true });
      machine.takeUserFrame();
    }
    const [, physical] = three(machine);
    assert.ok(physical.boxes.length < 32, `${physical.boxes.length} boxes`);
    const stack = physical.boxes.find(({ label }) => label === "hello stack");
    assert.equal(stack?.end, (stack?.start ?? 0) + 0x1000);
    assertOrdered(physical.boxes);
  });

  it("mark CR3, EIP and ESP where they point, and where they would", () => {
    const [kernel, physical, user] = three();
    assert.deepEqual([kernel.isLoaded, user.isLoaded], [false, true]);
    for (const [column, isActive] of [
      [kernel, false],
      [user, true],
    ] as const) {
      assert.deepEqual(
        column.markers?.map((each) => [each.name, each.isActive]),
        [
          ["EIP", isActive],
          ["ESP", isActive],
        ],
      );
    }
    assert.deepEqual(user.markers?.[1]?.address, USER_STACK + 0x800);
    const machine = new FakeMachine();
    assert.deepEqual(
      physical.markers?.map(({ address, isActive }) => [address, isActive]),
      [
        [machine.kernelCr3, false],
        [machine.processes[0]?.cr3, true],
      ],
    );
  });

  it("say by intent what a page is, and by the tables what it may, without NX", () => {
    const [kernel] = three(new FakeMachine(false));
    const constants = kernel.boxes.find(({ label }) => label === ".trampoline.rodata");
    assert.deepEqual([constants?.kind, constants?.rights], ["readOnly", "r-x"]);
  });

  it("star a right that some pages of a box have and others have not", () => {
    const machine = new FakeMachine();
    const cr3 = machine.processes[0]?.cr3 ?? 0;
    machine.map(cr3, USER_DATA + 0x1000, machine.takeUserFrame(), { user: true });
    const heap = three(machine)[2].boxes.find(({ label }) => label === "heap");
    assert.equal(heap?.rights, "r*-");
  });
});
