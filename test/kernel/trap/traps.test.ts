// A program of WebAssembly whose call through a table finds the wrong function ends on our kernel
// as on any: by the signal of an undefined instruction. Not every emulator knows `ud1`, so each is
// asked.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { readCompileInput } from "../../../src/cli/compile-input";
import { linkProgram } from "../../../src/cli/link-program";
import { loadProgramRuntime } from "../../../src/cli/program-runtime";
import { compileModule } from "../../../src/compile/compile";
import { elfFile } from "../../../src/link/output/elf-files";
import { fileEntry } from "../../../src/machine/initramfs";
import { body, section, text, vector, wasm } from "../../compile/wasm/wasm-bytes";
import { skipReason } from "../../machine/installed";
import { runProgram } from "../booted-kernel";

const I32 = 0x7f;

/** `main` calls entry 0, `(i32) -> i32`, as `() -> i32`. */
const MISMATCH = wasm(
  section(1, vector([0x60, 0, 1, I32], [0x60, 1, I32, 1, I32])),
  section(3, vector([1], [0])),
  section(4, vector([0x70, 0, 1])),
  section(7, vector([...text("main"), 0, 1])),
  section(9, vector([0, 0x41, 0, 0x0b, ...vector([0])])),
  section(10, vector(body(0x20, 0, 0x0b), body(0x41, 0, 0x11, 0, 0, 0x0b))),
);

const folder = mkdtempSync(join(tmpdir(), "isthmus-traps-"));
after(() => rmSync(folder, { recursive: true }));

async function program(): Promise<Uint8Array> {
  const file = join(folder, "mismatch.wasm");
  writeFileSync(file, MISMATCH);
  const runtime = await loadProgramRuntime();
  const input = await readCompileInput(file, "isthmus", 2, runtime);
  const options = { ...input.options, name: "mismatch", checksCalls: true };
  const object = compileModule(input.module, options);
  return elfFile(linkProgram(object, input, runtime, "isthmus", "mismatch"));
}

for (const machine of ["v86", "qemu"] as const) {
  describe(`on ${machine}`, { skip: skipReason(machine) }, () => {
    it("a failed check of a call is SIGILL", async () => {
      const files = [fileEntry("bin/mismatch", await program(), 0o755)];
      const { output } = await runProgram(machine, ["mismatch"], { files });
      assert.match(output, /mismatch\[\d+\] killed by SIGILL/);
    });
  });
}
