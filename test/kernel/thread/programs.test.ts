import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileEntry } from "../../../src/machine/initramfs";
import type { MachineName } from "../../../src/machine/machine";
import { HANG_MS } from "../../hang-guard";
import { skipReason } from "../../machine/installed";
import { nativeMissing } from "../../user/native-program";
import { runProgram } from "../booted-kernel";

// Programs of POSIX threads, in C and with the host's C library: unmodified Linux programs.

const SOURCES = "test/kernel/thread/programs";
/** Each with what it ends with. */
const PROGRAMS = [
  ["primitives", 0],
  ["producers", 7],
  ["ends", 9],
] as const;
/** What the kernel says of a process that it ends. */
const KILLED = /^\w+\[\d+\] killed by .*\n {2}at .*\n/gm;

function compile(folder: string, name: string): void {
  const options = ["-m32", "-static", "-O1", "-s", "-o", join(folder, name)];
  execFileSync("gcc", [...options, `${SOURCES}/${name}.c`, "-lpthread"], { stdio: "pipe" });
}

/** Why such programs cannot be made here, or false. */
function missing(): string | false {
  const probe = ["-m32", "-static", "-x", "c", "-", "-o", "/dev/null"];
  const { status } = spawnSync("gcc", probe, { input: "int main(void) { return 0; }" });
  if (status === 0 || process.env.CI === "true") return nativeMissing();
  return "no gcc for static i386 programs";
}

describe("programs with threads", { skip: missing() }, () => {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-threads-"));
  const onHost = new Map<string, string>();

  before(() => {
    for (const [name] of PROGRAMS) compile(folder, name);
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const [name, status] of PROGRAMS) {
    it(`${name}: run on the host's Linux`, () => {
      const run = spawnSync(join(folder, name), [], { encoding: "utf8", timeout: HANG_MS });
      assert.equal(run.status, status, run.stderr);
      assert.doesNotMatch(run.stdout, /not so/);
      onHost.set(name, run.stdout);
    });
  }

  for (const machine of ["qemu", "v86"] as const satisfies readonly MachineName[]) {
    for (const [name, status] of PROGRAMS) {
      it(`${name}: do the same on ${machine}`, { skip: skipReason(machine) }, async () => {
        const file = fileEntry(`bin/${name}`, readFileSync(join(folder, name)), 0o755);
        const { ending, output } = await runProgram(machine, [`/bin/${name}`], { files: [file] });
        assert.equal(output.replace(KILLED, ""), onHost.get(name));
        assert.deepEqual(ending, { kind: "exit", status });
      });
    }
  }
});
