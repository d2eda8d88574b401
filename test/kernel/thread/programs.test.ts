import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileEntry } from "../../../src/machine/initramfs";
import type { MachineName } from "../../../src/machine/machine";
import { HANG_MS } from "../../hang-guard";
import { packagesMissing, unpackPackages } from "../../linux/debian-packages";
import { skipReason } from "../../machine/installed";
import { nativeMissing } from "../../user/native-program";
import { runProgram } from "../booted-kernel";

// Programs of POSIX threads, in C, static, with glibc and with musl: unmodified Linux programs. One
// machine runs them all, and they say and end with the same as on the host's Linux.

const SOURCES = "test/kernel/thread/programs";
/** Each with what it ends with. */
const PROGRAMS = [
  ["primitives", 0],
  ["producers", 7],
  ["ends", 9],
] as const;
const LIBRARIES = ["glibc", "musl"] as const;
/** What the kernel says of a process that it ends. */
const KILLED = /^\S+\[\d+\] killed by .*\n {2}at .*\n/gm;
const SCRIPT = "etc/threads";

function gcc(...options: string[]): string {
  return execFileSync("gcc", ["-m32", ...options], { encoding: "utf8", stdio: "pipe" }).trim();
}

function compile(folder: string, library: (typeof LIBRARIES)[number], name: string): void {
  const [source, file] = [`${SOURCES}/${name}.c`, join(folder, nameOf(library, name))];
  if (library === "musl") compileWithMusl(join(folder, "musl", "usr"), source, file);
  else gcc("-static", "-O1", "-s", "-o", file, source, "-lpthread");
}

/** As Debian's musl-gcc does on i386, with the package unpacked anywhere. */
function compileWithMusl(usr: string, source: string, file: string): void {
  const part = (name: string) => join(usr, "lib", "i386-linux-musl", name);
  const include = join(usr, "include", "i386-linux-musl");
  gcc(
    ...["-static", "-O1", "-s", "-fno-pie", "-no-pie", "-fno-stack-protector"],
    ...["-nostdinc", "-isystem", include, "-isystem", gcc("-print-file-name=include")],
    ...["-nostdlib", "-o", file, part("crt1.o"), part("crti.o"), source, part("libc.a")],
    ...[gcc("-print-libgcc-file-name"), part("crtn.o")],
  );
}

function nameOf(library: string, name: string): string {
  return `${name}-${library}`;
}

/** Why such programs cannot be made here, or false. */
function missing(): string | false {
  const probe = ["-m32", "-static", "-x", "c", "-", "-o", "/dev/null"];
  const { status } = spawnSync("gcc", probe, { input: "int main(void) { return 0; }" });
  if (status === 0 || process.env.CI === "true") return nativeMissing() || packagesMissing();
  return "no gcc for static i386 programs";
}

describe("programs with threads", { skip: missing() }, () => {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-threads-"));
  const names: string[] = [];
  let expected = "";

  before(() => {
    unpackPackages(join(folder, "musl"), ["musl-dev"]);
    for (const library of LIBRARIES) {
      for (const [name] of PROGRAMS) {
        compile(folder, library, name);
        names.push(nameOf(library, name));
      }
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const library of LIBRARIES) {
    for (const [name, status] of PROGRAMS) {
      it(`${nameOf(library, name)}: run on the host's Linux`, () => {
        const path = join(folder, nameOf(library, name));
        const run = spawnSync(path, [], { encoding: "utf8", timeout: HANG_MS });
        assert.equal(run.status, status, run.stderr);
        assert.doesNotMatch(run.stdout, /not so/);
        expected += `${run.stdout}${nameOf(library, name)} ended with ${status}\n`;
      });
    }
  }

  for (const machine of ["qemu", "v86"] as const satisfies readonly MachineName[]) {
    it(`do the same on ${machine}`, { skip: skipReason(machine) }, async () => {
      const script = names.map((name) => `/bin/${name}; echo ${name} ended with $?\n`).join("");
      const files = [
        ...names.map((name) => fileEntry(`bin/${name}`, readFileSync(join(folder, name)), 0o755)),
        fileEntry(SCRIPT, Buffer.from(script), 0o644),
      ];
      const { ending, output } = await runProgram(machine, ["shell", `/${SCRIPT}`], { files });
      assert.equal(output.replace(KILLED, ""), expected);
      assert.deepEqual(ending, { kind: "exit", status: 0 });
    });
  }
});
