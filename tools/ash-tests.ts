// Runs busybox's own tests of its shell here and on the host, and says which of those that the host
// passes fail here.
//
//   node --import ./bin/loader.js tools/ash-tests.ts TESTS BUSYBOX
//
// TESTS is shell/ash_test of busybox's sources (Debian: `apt-get source busybox`), BUSYBOX a static
// binary for i386, of the same version (Debian's busybox-static). A test is a script, NAME.tests,
// and what it is to print, NAME.right. The host's side is chroot, so it takes the superuser; three
// small programs of the tests' own are compiled by `gcc -m32`. One machine runs all tests.

import "./report-errors";
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { makeDevices } from "../src/cli/host-run";

/** Seconds for a test: none takes as many on an idle machine. */
const LIMIT = 60;
/** Busybox says that it runs without its configuration; the tests' own runner drops it, too. */
const REMARK = /^ash: using fallback suid method\n/gm;
const PATH = "PATH=/tests:/bin";

interface Test {
  readonly folder: string;
  readonly name: string;
}

const [tests, busybox] = process.argv.slice(2);
if (tests === undefined || busybox === undefined) {
  console.log("usage: ash-tests TESTS BUSYBOX");
  process.exit(2);
}
const scratch = mkdtempSync(join(tmpdir(), "isthmus-ash-"));
try {
  report(runBoth(resolve(tests), resolve(busybox)));
} finally {
  rmSync(scratch, { recursive: true });
}

/** What each test printed, on the host and here. */
function runBoth(source: string, binary: string) {
  const found = listTests(source);
  const root = join(scratch, "root");
  const out = join(scratch, "out");
  fillRoot(root, source, binary, found);
  mkdirSync(out);
  const isthmus = [join(import.meta.dirname, "..", "bin", "isthmus.js"), "run"];
  const words = ["--machine", "qemu", "--root", root, "--bind", `${out}:/out`, "--save", out];
  spawnSync(process.execPath, [...isthmus, ...words, "--env", PATH, "--", "/tests/all"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  mkdirSync(join(root, "out"));
  makeDevices(root);
  spawnSync("/usr/sbin/chroot", [root, "/tests/all"], {
    env: Object.fromEntries([PATH.split("=")]),
    stdio: "ignore",
  });
  return found.map((test, index) => {
    const right = readFileSync(join(source, test.folder, `${test.name}.right`), "latin1");
    const passes = (folder: string) => outputOf(join(folder, String(index))) === right;
    return { test, host: passes(join(root, "out")), here: passes(out) };
  });
}

function outputOf(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1").replace(REMARK, "");
  } catch {
    return undefined; // It was never begun.
  }
}

function listTests(source: string): Test[] {
  const folders = readdirSync(source)
    .filter((name) => name.startsWith("ash-"))
    .sort();
  return folders.flatMap((folder) => {
    const names = new Set(readdirSync(join(source, folder)));
    return [...names]
      .filter((name) => name.endsWith(".tests"))
      .map((name) => ({ folder, name: name.slice(0, -".tests".length) }))
      .filter(({ name }) => names.has(`${name}.right`))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  });
}

function fillRoot(root: string, source: string, binary: string, found: readonly Test[]): void {
  for (const folder of ["bin", "dev", "proc", "tmp"]) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  cpSync(binary, join(root, "bin", "busybox"));
  chmodSync(join(root, "bin", "busybox"), 0o755);
  const applets = execFileSync(binary, ["--list"], { encoding: "utf8" }).trim().split("\n");
  for (const name of applets) {
    if (name !== "busybox") symlinkSync("busybox", join(root, "bin", name));
  }
  cpSync(source, join(root, "tests"), { recursive: true });
  for (const name of ["printenv", "recho", "zecho"]) {
    const [input, output] = [join(source, `${name}.c`), join(root, "tests", name)];
    execFileSync("gcc", ["-m32", "-static", "-w", "-O2", "-o", output, input]);
  }
  symlinkSync("/bin/busybox", join(root, "tests", "ash"));
  const runs = found.map(({ folder, name }, index) => {
    const run = `timeout -s KILL ${LIMIT} /tests/ash ./${name}.tests`;
    return `cd /tests/${folder}; ${run} >/out/${index} 2>&1 </dev/null`;
  });
  const script = `#!/bin/sh\nexport THIS_SH=/tests/ash\n${runs.join("\n")}\nexit 0\n`;
  writeFileSync(join(root, "tests", "all"), script, { mode: 0o755 });
}

function report(results: ReturnType<typeof runBoth>): void {
  const onHost = results.filter(({ host }) => host);
  const failed = onHost.filter(({ here }) => !here);
  for (const { test } of failed) console.log(`fails here: ${test.folder}/${test.name}`);
  for (const { test } of results.filter(({ host, here }) => !host && here)) {
    console.log(`fails on the host alone: ${test.folder}/${test.name}`);
  }
  const here = onHost.length - failed.length;
  console.log(
    `${results.length} tests; the host passes ${onHost.length}, and ${here} of these pass here`,
  );
}
