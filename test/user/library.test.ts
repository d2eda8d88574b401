// The standard library with its garbage collector: the same WebAssembly module in Node, as a Linux
// process and as process 1 of our kernel writes the same.
//
// The programs are in library/.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { type CompileInput, readCompileInput } from "../../src/cli/compile-input";
import { linkProgram } from "../../src/cli/link-program";
import { loadProgramRuntime, type ProgramRuntime } from "../../src/cli/program-runtime";
import { compileModule } from "../../src/compile/compile";
import { elfFile } from "../../src/link/output/elf-files";
import { fileEntry } from "../../src/machine/initramfs";
import { cannotRun } from "../compile/native/native";
import { HANG_MS } from "../hang-guard";
import { runProgram } from "../kernel/booted-kernel";
import { skipReason } from "../machine/installed";
import { runProgramInNode } from "./program-in-node";

const PROGRAM = "test/user/library/main.ts";

describe("the standard library", () => {
  let input: CompileInput;
  let runtime: ProgramRuntime;
  let expected = "";

  before(async () => {
    runtime = await loadProgramRuntime();
    input = await readCompileInput(PROGRAM, "isthmus", 2, runtime);
    expected = runProgramInNode(input.wasm).output;
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
      const { status, stdout } = spawnSync(file, { encoding: "utf8", timeout: HANG_MS });
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
