// Unmodified Linux programs: what Debian's binaries for i386 print here is what the same binaries
// print on Linux, in the same folder by chroot.
//
// One machine runs them all. Each writes to a file of its own, in a folder that is bound in and
// saved at the end, so that a difference is reported with the name of the program.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { makeDevices } from "../../src/cli/host-run";
import { isthmus } from "../cli/isthmus";
import { newFolder } from "../guest/host-folder";
import { HANG_MS } from "../hang-guard";
import { skipReason } from "../machine/installed";
import { APART, mountingMissing } from "../mount-namespace";
import { chrootMissing, packagesMissing, unpackPackages } from "./debian-packages";
import { type LinuxProgram, MOUNT_PROGRAMS, NEEDLESS, PACKAGES, PROGRAMS } from "./programs";

const ENVIRONMENT = { PATH: "/usr/bin:/bin", LC_ALL: "C", HOME: "/tmp", TERM: "dumb" };
/** By the clock on the wall, so only for what hangs. */
const LIMIT = `/bin/busybox timeout -s KILL ${HANG_MS / 1000}`;
const APPLETS: LinuxProgram = {
  name: "every applet of busybox",
  script: readFileSync("test/linux/applets.sh", "utf8"),
};

/** Runs all programs one after another, each in a directory of its own. */
function driver(programs: readonly LinuxProgram[]): string {
  const runs = programs.map(
    (_, i) => `mkdir /work/${i}; cd /work/${i}
${LIMIT} /bin/bash-static /tests/${i} </dev/null >/out/${i} 2>&1
echo "status $?" >>/out/${i}`,
  );
  return `#!/bin/busybox sh\n${runs.join("\n")}\n`;
}

/** The folder for the guest, with the scripts. */
function fillRoot(
  root: string,
  programs: readonly LinuxProgram[],
  packages: readonly string[],
): void {
  unpackPackages(root, packages);
  for (const path of NEEDLESS) rmSync(join(root, path), { recursive: true, force: true });
  for (const path of ["tests", "work", "out", "tmp", "dev/shm", "proc"]) {
    mkdirSync(join(root, path), { recursive: true });
  }
  mkdirSync(join(root, "etc"), { recursive: true });
  chmodSync(root, 0o755);
  writeFileSync(join(root, "etc", "passwd"), "root:x:0:0:root:/tmp:/bin/sh\n");
  writeFileSync(join(root, "etc", "group"), "root:x:0:\n");
  for (const [index, { script }] of programs.entries()) {
    writeFileSync(join(root, "tests", String(index)), script);
  }
  writeFileSync(join(root, "tests", "all"), driver(programs), { mode: 0o755 });
}

/** What each program writes on Linux. */
function runOnHost(root: string, copy: string): (index: number) => string {
  cpSync(root, copy, { recursive: true, verbatimSymlinks: true });
  makeDevices(copy);
  // What is mounted there is gone with the namespace.
  const apart = mountingMissing() === false ? APART : [];
  const [command = "", ...words] = [...apart, "/usr/sbin/chroot", copy, "/tests/all"];
  const { status } = spawnSync(command, words, {
    env: ENVIRONMENT,
    stdio: "ignore",
  });
  assert.equal(status, 0);
  return (index) => readFileSync(join(copy, "out", String(index)), "latin1");
}

async function runInGuest(
  root: string,
  out: string,
  machine: string,
): Promise<(index: number) => string> {
  const variables = Object.entries(ENVIRONMENT).flatMap(([name, value]) => [
    "--env",
    `${name}=${value}`,
  ]);
  const words = ["--root", root, "--bind", `${out}:/out`, "--save", out, ...variables];
  const run = ["run", "--machine", machine, ...words, "--", "/tests/all"];
  const { status, stdout, stderr } = await isthmus(run);
  assert.equal(status, 0, stdout + stderr);
  return (index) => readFileSync(join(out, String(index)), "latin1");
}

const missing = packagesMissing() || chrootMissing();

function compareAll(
  title: string,
  machine: "qemu" | "v86",
  programs: readonly LinuxProgram[],
  packages: readonly string[],
): void {
  describe(title, { skip: missing || skipReason(machine) }, () => {
    // After hooks of a folder run when its suite ends, so they are made here.
    const [root, copy, out] = [newFolder(), newFolder(), newFolder()];
    let expected: (index: number) => string;
    let found: (index: number) => string;
    before(async () => {
      fillRoot(root, programs, packages);
      expected = runOnHost(root, copy);
      found = await runInGuest(root, out, machine);
    });
    for (const [index, program] of programs.entries()) {
      const skip = MOUNT_PROGRAMS.includes(program) && mountingMissing();
      it(`are as on Linux: ${program.name}`, { skip }, () => {
        assert.match(expected(index), /\nstatus \d+\n$/);
        assert.equal(found(index), expected(index));
      });
    }
  });
}

compareAll("Linux programs in QEMU", "qemu", [...PROGRAMS, APPLETS, ...MOUNT_PROGRAMS], PACKAGES);

const FEW = ["busybox ash", "mksh with musl", "mksh with dietlibc", "mksh with klibc"];
compareAll(
  "Linux programs in v86",
  "v86",
  PROGRAMS.filter(({ name }) => FEW.includes(name)),
  ["busybox-static", "bash-static", "mksh"],
);
