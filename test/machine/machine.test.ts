// What every machine must do: boot, serial line, screen, memory, registers, endings.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { type BootOptions, MACHINE_NAMES, type Machine } from "../../src/machine/machine";
import { openMachine } from "../../src/machine/open-machine";
import { QemuMachine } from "../../src/machine/qemu";
import { bootDirectly } from "../../src/machine/qemu-command";
import { HANG_MS } from "../hang-guard";
import { skipReason } from "./installed";
import {
  debugLine,
  ECHO,
  HALT,
  out,
  poke,
  print,
  SPIN,
  store16,
  TRIPLE_FAULT,
  tinyKernel,
} from "./tiny-kernel";

const MARK = 0x10_3000;

function boot(kernel: Uint8Array, more: Partial<BootOptions> = {}): BootOptions {
  return { kernel, commandLine: "", memoryMiB: 16, ...more };
}

function currentEip(machine: Machine): Promise<number> {
  return machine.inspect(({ registers }) => registers.eip);
}

/** Where a kernel stays that has nothing more to do: its output may come before it is there. */
async function settledEip(machine: Machine): Promise<number> {
  for (let before = await currentEip(machine); ; ) {
    const now = await currentEip(machine);
    if (now === before) return now;
    before = now;
  }
}

/** Runs `use` on a started machine and closes it, whatever happens. */
async function running(machine: Machine, use: () => Promise<void>): Promise<void> {
  await machine.start();
  try {
    await use();
  } finally {
    await machine.close();
  }
}

for (const name of MACHINE_NAMES) {
  describe(`machine ${name}`, { skip: skipReason(name) }, () => {
    it("carries the serial line both ways, and reports the status after all output", async () => {
      const kernel = tinyKernel(
        print("ready\n"),
        ECHO,
        print("\nbye\n"),
        debugLine("some note"),
        debugLine("exit 7"),
        out(0xf4, 0),
        HALT,
      );
      const machine = openMachine(name, boot(kernel));
      await running(machine, async () => {
        await machine.serial.waitFor("ready\n");
        machine.serial.send("x");
        assert.deepEqual(await machine.ended, { kind: "exit", status: 7 });
        assert.equal(machine.serial.text(), "ready\nx\nbye\n");
      });
    });

    it("shows memory, registers and screen, while it runs and after the end", async () => {
      const marks = [...store16(MARK, 0xbeef), ...poke(0, 0, 0x48), ...poke(1, 0, 0x69)];
      const ending = [ECHO, debugLine("panic no more frames"), HALT];
      const machine = openMachine(name, boot(tinyKernel(marks, print("set"), ...ending)));
      await running(machine, async () => {
        await machine.serial.waitFor("set");
        await machine.inspect(({ memory, registers }) => {
          assert.equal(memory.size, 16 << 20);
          assert.equal((memory.word(MARK) ?? 0) & 0xffff, 0xbeef);
          assert.equal(memory.word(16 << 20), undefined);
          assert.equal(registers.cpl, 0);
          assert.equal(registers.esp, 0x90000);
          assert.equal(registers.cr0 & 1, 1);
        });
        assert.match((await machine.screen())[0] ?? "", /^Hi/);
        machine.serial.send("!");
        assert.deepEqual(await machine.ended, { kind: "panic", text: "no more frames" });
        const after = await machine.inspect(({ memory }) => memory.word(MARK));
        assert.equal((after ?? 0) & 0xffff, 0xbeef);
      });
    });

    it("finds a moment that satisfies a condition, and gives up on others", async () => {
      const machine = openMachine(name, boot(tinyKernel(print("go"), SPIN)));
      await running(machine, async () => {
        await machine.serial.waitFor("go");
        const eip = await settledEip(machine);
        let looks = 0;
        const third = await machine.inspectWhen(
          (registers) => registers.eip === eip,
          ({ registers }) => (++looks === 3 ? registers.eip : undefined),
          HANG_MS,
        );
        assert.equal(third, eip);
        assert.equal(looks, 3);
        const never = await machine.inspectWhen(
          (registers) => registers.cpl === 3,
          () => "found",
          100,
        );
        assert.equal(never, undefined);
      });
    });

    it("stops and resumes", async () => {
      const machine = openMachine(name, boot(tinyKernel(print("a"), ECHO, print("b"), SPIN)));
      await running(machine, async () => {
        await machine.serial.waitFor("a");
        await machine.stop();
        machine.serial.send("x");
        await new Promise((resolve) => setTimeout(resolve, 60));
        assert.equal(machine.serial.text(), "a");
        await machine.resume();
        await machine.serial.waitFor("axb");
      });
    });

    it("steps by instructions, and runs to an address", async () => {
      const nops = Array.from({ length: 8 }, () => 0x90);
      const kernel = tinyKernel(print("a"), ECHO, nops, SPIN);
      const machine = openMachine(name, boot(kernel), { gdb: true });
      await running(machine, async () => {
        await machine.serial.waitFor("a");
        await machine.stop();
        assert.equal(machine.capabilities.singleStep, true);
        const firstNop = await machine.inspect(({ memory }) =>
          Buffer.from(memory.bytes).indexOf(Buffer.from(nops), 0x10_0000),
        );
        machine.serial.send("x");
        assert.equal(await machine.runTo(firstNop), true);
        assert.equal(await currentEip(machine), firstNop);
        for (let i = 1; i <= 3; i++) {
          assert.equal(await machine.step(), 1);
          assert.equal(await currentEip(machine), firstNop + i);
        }
        assert.equal(await machine.step(4), 4);
        assert.equal(await currentEip(machine), firstNop + 7);
        assert.equal(await machine.runTo(firstNop + 8), true);
        // The loop jumps to itself: the next time that it is there.
        assert.equal(await machine.runTo(firstNop + 8), true);
        await machine.resume();
        assert.equal(await machine.serial.waitFor("x"), "ax");
      });
    });

    it("says that it did not get to an address if the run ends before", async () => {
      const kernel = tinyKernel(print("a"), ECHO, debugLine("exit 3"), HALT);
      const machine = openMachine(name, boot(kernel), { gdb: true });
      await running(machine, async () => {
        await machine.serial.waitFor("a");
        await machine.stop();
        machine.serial.send("x");
        assert.equal(await machine.runTo(0x20_0000), false);
        assert.deepEqual(await machine.ended, { kind: "exit", status: 3 });
      });
    });

    it("reports a processor that shut down as a crash", async () => {
      const machine = openMachine(name, boot(tinyKernel(print("a"), TRIPLE_FAULT)));
      await running(machine, async () => {
        const ending = await machine.ended;
        assert.equal(ending.kind, "crash");
        assert.equal(machine.serial.text(), "a");
      });
    });

    it("passes the command line and the module to the kernel", async () => {
      // Sends the bytes that the information structure points to: command line, then module.
      const send = [
        ...[0x66, 0xba, 0xf8, 0x03], // mov dx, 0x3f8
        ...[0x8b, 0x73, 0x10], // mov esi, [ebx + 16]
        ...[0xac, 0xee, 0x84, 0xc0, 0x75, 0xfa], // again: lodsb; out dx, al; test al, al; jnz again
        ...[0x8b, 0x5b, 0x18, 0x8b, 0x33], // mov ebx, [ebx + 24]; mov esi, [ebx]
        ...[0x8b, 0x4b, 0x04, 0x29, 0xf1], // mov ecx, [ebx + 4]; sub ecx, esi
        ...[0xf3, 0x6e], // rep outsb
      ];
      const options = boot(tinyKernel([0xfc], send, debugLine("exit 0"), HALT), {
        commandLine: "a=%24b -- prog %",
        initramfs: Buffer.from("module!"),
      });
      const machine = openMachine(name, options);
      await running(machine, async () => {
        assert.deepEqual(await machine.ended, { kind: "exit", status: 0 });
        const [line, module] = machine.serial.text().split("\0");
        assert.match(line ?? "", /(^| )a=%24b -- prog % ?$/);
        assert.equal(module, "module!");
      });
    });

    it("ends with `closed`, and waiters fail, when it is closed while running", async () => {
      const machine = openMachine(name, boot(tinyKernel(SPIN)));
      await machine.start();
      const waiting = machine.serial.waitFor("never");
      const failed = assert.rejects(waiting, /the machine ended/);
      await machine.close();
      await machine.close();
      await failed;
      assert.deepEqual(await machine.ended, { kind: "closed" });
    });
  });
}

describe("QEMU alone", { skip: skipReason("qemu") }, () => {
  it("steps by instructions and stops at breakpoints through GDB's protocol", async () => {
    const nops = Array.from({ length: 8 }, () => 0x90);
    const options = boot(tinyKernel(print("a"), ECHO, nops, SPIN));
    const machine = new QemuMachine("qemu", options, { gdb: true }, bootDirectly);
    await running(machine, async () => {
      await machine.serial.waitFor("a");
      await machine.stop();
      const loop = await currentEip(machine);
      const start = loop & ~0xff;
      const code = await machine.gdb().readMemory(start, 0x200);
      const firstNop = start + Buffer.from(code).indexOf(Buffer.from(nops));
      await machine.gdb().setBreakpoint(firstNop);
      machine.serial.send("x");
      await machine.gdb().continue();
      assert.equal((await machine.gdb().registers()).eip, firstNop);
      await machine.gdb().clearBreakpoint(firstNop);
      for (let i = 1; i <= 3; i++) {
        await machine.step();
        assert.equal(await currentEip(machine), firstNop + i);
      }
      await machine.gdb().writeRegister("eax", 0xdeadbeef);
      assert.equal(await machine.inspect(({ registers }) => registers.eax), 0xdeadbeef);
    });
  });

  it("says what QEMU complained about when it does not start", async () => {
    const options = boot(tinyKernel(SPIN));
    const machine = openMachine("qemu", options, { extraArguments: ["-no-such-option"] });
    await assert.rejects(machine.start(), { code: "MACH005", message: /no-such-option/ });
  });

  it("that finds out late that it cannot run says so, too", async () => {
    const extraArguments = ["-m", "16M,slots=1,maxmem=128G"];
    const machine = openMachine("qemu", boot(tinyKernel(HALT)), { extraArguments });
    await assert.rejects(machine.start(), { code: "MACH005", message: /phys-bits too low/ });
  });

  it("does not outlive its parent, even if that is killed", async () => {
    const script = `
      const { openMachine } = await import("./src/machine/open-machine.ts");
      const { tinyKernel, SPIN } = await import("./test/machine/tiny-kernel.ts");
      const options = { kernel: tinyKernel(SPIN), commandLine: "", memoryMiB: 16 };
      const extraArguments = ["-name", process.env.MARK];
      await openMachine("qemu", options, { extraArguments }).start();
      process.kill(process.pid, "SIGKILL");`;
    const mark = `isthmus-orphan-${process.pid}`;
    assert.throws(
      () =>
        execFileSync(
          process.execPath,
          ["--import", "./bin/loader.js", "--input-type=module", "--eval", script],
          { env: { ...process.env, MARK: mark }, stdio: "ignore" },
        ),
      { signal: "SIGKILL" },
    );
    const listing = () => execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
    const deadline = Date.now() + HANG_MS;
    while (listing().includes(mark) && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.ok(!listing().includes(mark), "QEMU is still running");
  });
});

describe("a missing program", () => {
  const path = process.env.PATH;
  before(() => {
    process.env.PATH = "/nowhere";
  });
  after(() => {
    process.env.PATH = path;
  });

  it("is named together with its Debian package", async () => {
    const machine = openMachine("qemu", boot(tinyKernel(SPIN)));
    await assert.rejects(machine.start(), {
      code: "MACH004",
      message: /qemu-system-i386/,
      remedy: /apt-get install qemu-system-x86/,
    });
  });
});
