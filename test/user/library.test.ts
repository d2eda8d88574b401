// The standard library with its garbage collector: the same WebAssembly module in Node, as a Linux
// process and as process 1 of our kernel writes the same.
//
// The programs are in library/. In Node their system calls are played by this file: `write` to
// standard output is all that they need.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { SystemCall } from "../../src/abi/syscalls";
import { type CompileInput, readCompileInput } from "../../src/cli/compile-input";
import { linkProgram } from "../../src/cli/link-program";
import { loadProgramRuntime, type ProgramRuntime } from "../../src/cli/program-runtime";
import { compileModule } from "../../src/compile/compile";
import { elfFile } from "../../src/link/elf-files";
import { fileEntry } from "../../src/machine/initramfs";
import { cannotRun } from "../compile/native";
import { runProgram } from "../kernel/booted-kernel";
import { skipReason } from "../machine/installed";

const PROGRAM = "test/user/library/main.ts";
const ENOSYS = 38;

/** What the module writes when Node runs it. */
function runInNode(wasm: Uint8Array): string {
  const output: Buffer[] = [];
  const int80 = (number: number, descriptor: number, from: number, size: number): number => {
    if (number !== SystemCall.write || descriptor !== 1) return -ENOSYS;
    // The memory may have grown since: its buffer is another one then.
    const { buffer } = exports.memory as WebAssembly.Memory;
    output.push(Buffer.from(buffer.slice(from >>> 0, (from >>> 0) + size)));
    return size;
  };
  const module = new WebAssembly.Module(wasm);
  const { exports } = new WebAssembly.Instance(module, { x86: { int80 } });
  (exports._initialize as () => void)();
  (exports.main as () => void)();
  (exports._finish as () => void)();
  return Buffer.concat(output).toString();
}

describe("the standard library", () => {
  let input: CompileInput;
  let runtime: ProgramRuntime;
  let expected = "";

  before(async () => {
    runtime = await loadProgramRuntime();
    input = await readCompileInput(PROGRAM, "isthmus", 2, runtime);
    expected = runInNode(input.wasm);
  });

  function executable(target: "linux" | "isthmus"): Uint8Array {
    const object = compileModule(input.module, { ...input.options, name: "library" });
    return elfFile(linkProgram(object, input, runtime, target, "library"));
  }

  it("writes something worth comparing", () => {
    assert.ok(expected.split("\n").length > 150, expected);
    assert.doesNotMatch(expected, /abort/);
  });

  it("writes in a process of Linux what it writes in Node", { skip: cannotRun() }, () => {
    const folder = mkdtempSync(join(tmpdir(), "isthmus-library-"));
    try {
      const file = join(folder, "library");
      writeFileSync(file, executable("linux"));
      chmodSync(file, 0o755);
      const { status, stdout } = spawnSync(file, { encoding: "utf8", timeout: 60_000 });
      assert.equal(stdout, expected);
      assert.equal(status, 0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  for (const machine of ["v86", "qemu"] as const) {
    it(`writes on our kernel in ${machine} what it writes in Node`, {
      skip: skipReason(machine),
    }, async () => {
      const files = [fileEntry("bin/library", executable("isthmus"), 0o755)];
      const { ending, output } = await runProgram(machine, ["library"], { files, memoryMiB: 32 });
      assert.equal(output, expected);
      assert.deepEqual(ending, { kind: "exit", status: 0 });
    });
  }
});
