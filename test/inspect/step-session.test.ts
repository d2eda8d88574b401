// Stepping forward and back through the project's own kernel, on v86.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { pagingMode } from "../../src/inspect/paging-format";
import { Random } from "../../src/inspect/random";
import { translate } from "../../src/inspect/resolve";
import { StepSession } from "../../src/inspect/step-session";
import type { Registers } from "../../src/machine/machine";
import { V86Machine } from "../../src/machine/v86";
import { readV86Wasm } from "../../src/machine/v86-wasm";
import { HANG_MS } from "../hang-guard";
import { addressOf, build } from "../kernel/booted-kernel";

const GETPPID = 64;

describe("stepping forward and back", () => {
  let machine: V86Machine;
  let session: StepSession;

  before(async () => {
    const { kernel, kernelFile, initramfs } = await build();
    const commandLine = "quiet -- crossing";
    const options = { kernel: kernelFile, initramfs, commandLine, memoryMiB: 16 };
    machine = new V86Machine(options, readV86Wasm, (ms, next) => setTimeout(next, ms));
    await machine.start({ stopped: true });
    session = new StepSession(machine, addressOf(kernel, "exit_iret"));
    let registers: Registers;
    do {
      assert.ok(await session.runUntil({ kind: "call" }), "there is another call");
      registers = await machine.registers();
    } while (registers.eax !== GETPPID);
  });

  after(() => machine.close());

  it("passes the same states on the way back as on the way there", async () => {
    const states: Registers[] = [];
    do {
      states.push(await machine.registers());
      assert.ok(await session.forward());
    } while ((await machine.registers()).cpl === 0);
    const changes = states.slice(1).filter(({ cr3 }, index) => cr3 !== states[index]?.cr3);
    assert.equal(changes.length, 2);
    for (const state of states.reverse()) {
      assert.ok(await session.back());
      assert.deepEqual(await machine.registers(), state);
    }
  });

  it("runs until CR3 changes, and from the kernel's until it changes back", async () => {
    const user = await machine.registers();
    assert.ok(await session.runUntil({ kind: "cr3" }));
    const kernel = await machine.registers();
    assert.notEqual(kernel.cr3, user.cr3);
    assert.ok(await session.runUntil({ kind: "cr3" }));
    assert.equal((await machine.registers()).cr3, user.cr3);
  });

  it("runs until an instruction writes to a frame, which the step before it did not", async () => {
    const registers = await machine.registers();
    const root = { cr3: registers.cr3, mode: pagingMode(registers) };
    const stack = await machine.inspect(({ memory }) => translate(memory, root, registers.esp));
    assert.ok(stack !== undefined);
    const at = stack - (stack % 4096);
    const text = () => machine.inspect(({ memory }) => String(memory.slice(at, 4096)));
    const before = await text();
    assert.ok(await session.runUntil({ kind: "frame", frame: stack }));
    assert.notEqual(await text(), before);
    assert.ok(await session.back());
    assert.equal(await text(), before);
  });

  it("stops a run that is cancelled", async () => {
    const run = session.runUntil({ kind: "address", address: 0x1234 });
    session.cancel();
    assert.equal(await run, false);
  });
});

describe("a machine with a shell", () => {
  it("answers after 10,000 steps at random, some of them back", async () => {
    const { kernel, kernelFile, initramfs } = await build();
    const options = { kernel: kernelFile, initramfs, commandLine: "quiet", memoryMiB: 16 };
    const machine = new V86Machine(options, readV86Wasm);
    try {
      await machine.start();
      await machine.serial.waitFor("$ ");
      // Something that does not wait: each step of a processor that waits lets time pass.
      machine.serial.send("churn &\n");
      await machine.inspectWhen(
        ({ cpl }) => cpl === 3,
        () => true,
        HANG_MS,
      );
      await machine.stop();
      const session = new StepSession(machine, addressOf(kernel, "exit_iret"));
      const random = new Random(7);
      let steps = 0;
      while (steps < 10_000) {
        const forward = 1 + random.below(800);
        for (let count = 0; count < forward; count++) assert.ok(await session.forward());
        const depth = session.depth;
        const back = random.below(Math.min(depth, 400));
        if (back > 0) assert.ok(await session.back(back));
        steps += forward + back;
      }
      await machine.resume();
      machine.serial.send("hello; echo st''epped\n");
      await machine.serial.waitFor("stepped");
      assert.match(machine.serial.text(), /Hello from TypeScript in ring 3/);
    } finally {
      await machine.close();
    }
  });
});
