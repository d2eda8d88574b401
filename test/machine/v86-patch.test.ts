// The patch that lets v86 step: it changes nothing until it is asked to, and takes one file only.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { V86 } from "v86";
import { linkEntry, readArchive, writeArchive } from "../../src/machine/initramfs";
import type { Machine } from "../../src/machine/machine";
import { V86Machine } from "../../src/machine/v86";
import { DELIVER, LIMIT_CELL, patchV86, STEP_CELL } from "../../src/machine/v86-patch";
import { shippedV86Wasm } from "../../src/machine/v86-wasm";
import { HANG_MS } from "../hang-guard";
import { build, openKernel } from "../kernel/booted-kernel";
import { chainOfLinks } from "../kernel/syscall/chain-of-links";
import { NativePrograms } from "../user/native-program";
import { ECHO, HALT, print, SPIN, tinyKernel } from "./tiny-kernel";

const shipped = Uint8Array.from(readFileSync(shippedV86Wasm()));

function changed(at: number): Uint8Array {
  const copy = Uint8Array.from(shipped);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

describe("the patch of v86", () => {
  it("keeps all that v86's WebAssembly imports and exports, and exports one more", async () => {
    const before = await WebAssembly.compile(shipped);
    const after = await WebAssembly.compile(Uint8Array.from(patchV86(shipped)));
    assert.deepEqual(WebAssembly.Module.exports(after), [
      ...WebAssembly.Module.exports(before),
      { name: DELIVER, kind: "function" },
    ]);
    assert.deepEqual(WebAssembly.Module.imports(after), WebAssembly.Module.imports(before));
  });

  it("refuses every other file, and what it has patched already", () => {
    const others = {
      empty: new Uint8Array(0),
      "not wasm": new TextEncoder().encode("hello"),
      "without its last byte": shipped.subarray(0, -1),
      "with one byte more": Uint8Array.from([...shipped.subarray(0, 64), 0]),
      "another header": changed(4),
      "another code": changed(1_423_929),
      "other debug information": changed(shipped.length - 1),
      "patched already": patchV86(shipped),
    };
    for (const [name, bytes] of Object.entries(others)) {
      assert.throws(() => patchV86(bytes), { code: "MACH007" }, name);
    }
  });

  it("uses cells of memory that v86 as shipped leaves alone", async () => {
    const { kernelFile, initramfs } = await build();
    let memory: WebAssembly.Memory | undefined;
    const emulator = new V86({
      wasm_fn: async (imports) => {
        const module = await WebAssembly.compile(shipped);
        const instance = await WebAssembly.instantiate(module, imports);
        memory = instance.exports.memory as WebAssembly.Memory;
        return instance.exports;
      },
      memory_size: 16 << 20,
      vga_memory_size: 1 << 20,
      multiboot: { buffer: Uint8Array.from(kernelFile).buffer },
      initrd: { buffer: Uint8Array.from(initramfs).buffer },
      cmdline: "quiet -- churn",
      autostart: false,
      disable_keyboard: true,
      disable_mouse: true,
      disable_speaker: true,
      log_level: 0,
    });
    await new Promise<void>((loaded) => emulator.add_listener("emulator-loaded", () => loaded()));
    await emulator.run();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await emulator.stop();
    assert.ok(memory);
    const cells = new Uint8Array(memory.buffer.slice(STEP_CELL, LIMIT_CELL + 4));
    await emulator.destroy();
    assert.deepEqual([...cells], Array(cells.length).fill(0));
  });

  it("changes nothing in what a kernel prints while v86 is not stepped", async (t) => {
    const built = await build();
    const { kernelFile: kernel, initramfs } = built;
    const links = chainOfLinks("calls").map(([name, to]) => linkEntry(`bin/${name}`, to));
    const programs = new NativePrograms();
    await programs.build("calls");
    const files = [programs.entry("calls"), ...links];
    programs.remove();
    const options = {
      kernel,
      initramfs: writeArchive([...readArchive(initramfs), ...files]),
      commandLine: "quiet -- calls /bin/calls /bin/chain",
      memoryMiB: 64,
    };
    const outputs: string[] = [];
    for (const [name, bytes] of Object.entries({ shipped, patched: patchV86(shipped) })) {
      const before = process.cpuUsage();
      outputs.push(await outputOf(new V86Machine(options, async () => bytes)));
      const { user, system } = process.cpuUsage(before);
      t.diagnostic(`${name}: ${Math.round((user + system) / 1000)} ms of CPU time`);
    }
    assert.match(outputs[0] ?? "", /answers, 0 of them wrong/);
    assert.equal(outputs[1], outputs[0]);
  });
});

async function outputOf(machine: Machine): Promise<string> {
  await machine.start();
  try {
    assert.equal((await machine.ended).kind, "exit");
    return machine.serial.text();
  } finally {
    await machine.close();
  }
}

describe("v86, stepping", () => {
  it("refuses to step while it runs, and before it is started", async () => {
    const options = { kernel: tinyKernel(print("a"), SPIN), commandLine: "", memoryMiB: 16 };
    const machine = new V86Machine(options, async () => patchV86(shipped));
    await assert.rejects(machine.step(), /has not been started/);
    await machine.start();
    await machine.serial.waitFor("a");
    await assert.rejects(machine.step(), /stop it first/);
    await assert.rejects(machine.runTo(0x100000), /stop it first/);
    await machine.close();
  });

  it("executes fewer instructions than asked for if the processor waits", async () => {
    const kernel = tinyKernel(print("a"), ECHO, HALT);
    const machine = new V86Machine({ kernel, commandLine: "", memoryMiB: 16 }, async () =>
      patchV86(shipped),
    );
    await machine.start();
    await machine.serial.waitFor("a");
    await machine.stop();
    machine.serial.send("x");
    const done = await machine.step(1000);
    assert.ok(done > 5 && done < 30, `${done} instructions`);
    assert.equal(await machine.inspect(({ registers }) => registers.halted), true);
    await machine.close();
  });

  it("counts no time for the guest's devices, and goes on as if nothing had been", async () => {
    const built = await build();
    const machine = openKernel("v86", built, { program: ["crossing", "100000"] });
    await machine.start();
    await machine.inspectWhen(
      ({ cpl }) => cpl === 3,
      () => true,
      HANG_MS,
    );
    await machine.stop();
    for (let i = 0; i < 50; i++) {
      await machine.step(2000);
      await new Promise((resolve) => setTimeout(resolve, 2));
      const { eip, cpl } = await machine.inspect(({ registers }) => registers);
      assert.ok(cpl === 3 || eip >= 0x100000, "an instruction of the program or the kernel");
    }
    await machine.resume();
    assert.deepEqual(await machine.ended, { kind: "exit", status: 0 });
    assert.match(machine.serial.text(), /every register came back/);
    await machine.close();
  });
});
