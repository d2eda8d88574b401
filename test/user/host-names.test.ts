// Names of a JavaScript host that AssemblyScript's programs may use: the same program as a process
// of Linux and of our kernel.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type CompileInput, readCompileInput } from "../../src/cli/compile-input";
import { linkProgram } from "../../src/cli/link-program";
import { loadProgramRuntime, type ProgramRuntime } from "../../src/cli/program-runtime";
import { compileModule } from "../../src/compile/compile";
import { elfFile } from "../../src/link/output/elf-files";
import { fileEntry } from "../../src/machine/initramfs";
import { cannotRun } from "../compile/native/native";
import { runProgram } from "../kernel/booted-kernel";
import { skipReason } from "../machine/installed";

const SOURCE = `
trace("started");
trace("numbers", 5, 1, -2.5, 1e21, 0.1, NaN);
console.time("whole");
export function main(): i32 {
  console.time();
  console.time();
  console.log(process.argv.length.toString() + " " + process.argv.slice(1).join(","));
  let sum = 0.0;
  for (let i = 0; i < 1000; i++) {
    const number = Math.random();
    if (number < 0 || number >= 1) return 1;
    sum += number;
  }
  console.log((sum > 400 && sum < 600).toString());
  console.log("first " + Math.random().toString());
  console.timeEnd("nothing");
  console.timeLog("whole");
  console.timeEnd("whole");
  console.timeEnd("whole");
  console.timeEnd();
  return 0;
}
`;

/** What it prints, on both outputs, with its times left out. */
const EXPECTED = `trace: started
trace: numbers 1, -2.5, 1e+21, 0.1, NaN
Warning: Label 'default' already exists for console.time()
3 one,two words
true
first RANDOM
Warning: No such label 'nothing' for console.timeEnd()
whole: TIME
whole: TIME
Warning: No such label 'whole' for console.timeEnd()
default: TIME
`;

function withoutTimes(text: string): string {
  return text
    .replace(/: \d+(\.\d+)?m?s$/gm, ": TIME")
    .replace(/first 0\.\d+(e-\d)?/, "first RANDOM");
}

describe("names of a host", () => {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-names-"));
  after(() => rmSync(folder, { recursive: true }));
  let input: CompileInput;
  let runtime: ProgramRuntime;

  before(async () => {
    const file = join(folder, "names.ts");
    writeFileSync(file, SOURCE);
    runtime = await loadProgramRuntime();
    input = await readCompileInput(file, "linux", 1, runtime);
  });

  function executable(target: "linux" | "isthmus"): Uint8Array {
    const object = compileModule(input.module, { ...input.options, name: "names", level: 1 });
    return elfFile(linkProgram(object, input, runtime, target, "names"));
  }

  it("mean in a process of Linux what they mean in Node", { skip: cannotRun() }, () => {
    const program = join(folder, "names");
    writeFileSync(program, executable("linux"), { mode: 0o755 });
    const both = ["-c", `exec "$0" "$@" 2>&1`, program, "one", "two words"];
    const runs = [1, 2].map(() => spawnSync("sh", both, { encoding: "utf8" }));
    for (const { status, stdout } of runs) {
      assert.equal(withoutTimes(stdout), EXPECTED);
      assert.equal(status, 0);
    }
    const [first, second] = runs.map(({ stdout }) => /first (.*)/.exec(stdout)?.[1]);
    assert.notEqual(first, second);
  });

  it("mean the same on our kernel", { skip: skipReason("v86") }, async () => {
    const files = [fileEntry("bin/names", executable("isthmus"), 0o755)];
    const words = ["names", "one", "two words"];
    const { ending, output } = await runProgram("v86", words, { files, memoryMiB: 32 });
    assert.equal(withoutTimes(output), EXPECTED);
    assert.deepEqual(ending, { kind: "exit", status: 0 });
  });
});
