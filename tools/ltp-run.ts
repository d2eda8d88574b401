// Runs tests in machines: as many in each as memory holds, and in a new one what is left after one
// of them has brought its machine down.
//
// QEMU counts instructions (-icount), so that the guest's clock does not depend on what else the
// host has to do, and a test that sleeps costs nothing: the clock jumps to where the next timer is.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildProgram } from "../src/cli/build-program";
import { buildProject } from "../src/cli/build-project";
import { INSTALLATION } from "../src/cli/project";
import { packTree } from "../src/guest/pack-tree";
import { ownFile } from "../src/guest/tree";
import { encodeCommandLine } from "../src/machine/command-line";
import type { Ending } from "../src/machine/machine";
import { openMachine } from "../src/machine/open-machine";
import {
  RUNTIME_ABORT,
  RUNTIME_ENTRY,
  RUNTIME_START,
  START_ASSEMBLY,
  TEST_RUNNER,
} from "../user/programs";
import { completeSystem, environment, type Test, type TestFolder } from "./ltp-tests";

/** As much as Linux had, whose results ours are compared with. */
const MEMORY_MIB = 1500;
/** What the files of one machine may take. */
const FILES_MAX = 220 << 20;
/** Sixteen nanoseconds for an instruction: a machine of 62 MIPS. */
const CLOCK = ["-icount", "shift=4,sleep=off", "-rtc", "clock=vm"];
const RUNNER = "/.test-runner";
const PLAN = "/.test-plan";
/** A machine that says nothing for so long, of this host's time, does nothing any more. */
const SILENCE_MS = 600_000;
const EXECUTABLE = 0o755;

export const STATUSES = ["PASS", "FAIL", "BROK", "CONF", "TIMEOUT"] as const;
export type Status = (typeof STATUSES)[number];

/** What became of a test. */
export interface Result {
  readonly test: string;
  readonly status: Status;
  /** Its exit status, or the signal that has ended it. */
  readonly exit: number | null;
  readonly signal: number | null;
  /** The first line in which it says that something is wrong. */
  readonly reason: string;
  /** Of the guest's time. */
  readonly milliseconds: number;
}

export interface TestRun {
  readonly folder: TestFolder;
  readonly tests: readonly Test[];
  /** Folders with files that the guest has besides. */
  readonly others: readonly string[];
  /** What each test has, of the guest's time. */
  readonly seconds: number;
  /** Called with each result as it comes. */
  readonly tell: (result: Result) => void;
}

/** Runs the tests; every one of them gets a result. */
export async function runTests(run: TestRun): Promise<void> {
  const missing = run.tests.filter((test) => !run.folder.isBuilt(test));
  for (const { name } of missing) run.tell(failed(name, "BROK", "its program was not built"));
  const [kernel, runner] = [await buildKernel(), await buildRunner()];
  let left = run.tests.filter((test) => run.folder.isBuilt(test));
  while (left.length > 0) {
    const batch = firstBatch(run.folder, left);
    left = [...(await runBatch(run, batch, kernel, runner)), ...left.slice(batch.length)];
  }
}

function failed(test: string, status: Status, reason: string): Result {
  return { test, status, exit: null, signal: null, reason, milliseconds: 0 };
}

function firstBatch(folder: TestFolder, tests: readonly Test[]): Test[] {
  let size = 0;
  const end = tests.findIndex((test) => {
    size += folder.sizeOf(test);
    return size > FILES_MAX;
  });
  return end < 0 ? [...tests] : tests.slice(0, Math.max(end, 1));
}

/** Runs tests in one machine; returns those that its end has left over. */
async function runBatch(
  { folder, others, seconds, tell }: TestRun,
  tests: readonly Test[],
  kernel: Uint8Array,
  runner: Uint8Array,
): Promise<Test[]> {
  const tree = folder.treeFor(tests, others);
  completeSystem(tree);
  tree.add(ownFile(RUNNER.slice(1), runner, EXECUTABLE));
  tree.add(ownFile(PLAN.slice(1), planBytes(folder, tests, seconds)));
  const machine = openMachine(
    "qemu",
    {
      kernel,
      initramfs: packTree(tree).archive,
      commandLine: encodeCommandLine(["quiet"], [RUNNER, PLAN]),
      memoryMiB: MEMORY_MIB,
    },
    { extraArguments: CLOCK },
  );
  const names = new Set(tests.map(({ name }) => name));
  let current: string | undefined;
  let heard = () => {};
  const stop = machine.serial.onOutput(
    lines((line) => {
      heard();
      const said = parseLine(line);
      if (said && "start" in said) current = said.start;
      if (!said || !("test" in said) || !names.delete(said.test)) return;
      current = undefined;
      tell(said);
    }),
  );
  try {
    await machine.start();
    const ending = await Promise.race([machine.ended, silence((reset) => (heard = reset))]);
    if (names.size > 0) {
      const lost = current ?? [...names][0] ?? "";
      if (names.delete(lost)) tell(lostTest(lost, ending));
    }
  } finally {
    stop();
    await machine.close();
  }
  return tests.filter(({ name }) => names.has(name));
}

/** What a test is told that has not come to its end. */
function lostTest(test: string, ending: Ending | "silence"): Result {
  if (ending === "silence") return failed(test, "TIMEOUT", "the machine does nothing any more");
  if (ending.kind === "panic") return failed(test, "BROK", `the kernel panicked: ${ending.text}`);
  if (ending.kind === "crash") return failed(test, "BROK", `the machine died: ${ending.text}`);
  return failed(test, "BROK", `the machine ended: ${JSON.stringify(ending)}`);
}

/** Resolves once nothing was heard for long; `keep` gets the function that starts the time anew. */
function silence(keep: (reset: () => void) => void): Promise<"silence"> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve("silence"), SILENCE_MS).unref();
    keep(() => void timer.refresh());
  });
}

/** Calls `each` with every whole line of what comes in pieces. */
function lines(each: (line: string) => void): (bytes: Uint8Array) => void {
  let rest = "";
  return (bytes) => {
    const parts = (rest + Buffer.from(bytes).toString("latin1")).split(/\r?\n/);
    rest = parts.pop() ?? "";
    for (const part of parts) each(part);
  };
}

/** What process 1 says in a line; undefined: it is somebody else's. */
function parseLine(line: string): Result | { readonly start: string } | undefined {
  if (!/^\{"(start|test)":/.test(line)) return undefined;
  try {
    return JSON.parse(line) as Result | { readonly start: string };
  } catch {
    return undefined; // The kernel had something to say in the middle of it.
  }
}

function planBytes(folder: TestFolder, tests: readonly Test[], seconds: number): Uint8Array {
  const list = (strings: readonly string[]) => [...strings, ""];
  const strings = [
    String(seconds),
    ...list(environment(seconds)),
    ...tests.flatMap((test) => list([test.name, ...folder.command(test)])),
    "",
  ];
  return new TextEncoder().encode(strings.map((each) => `${each}\0`).join(""));
}

async function buildKernel(): Promise<Uint8Array> {
  const project = { root: INSTALLATION, output: join(INSTALLATION, "build") };
  return readFileSync((await buildProject(project, { force: false })).kernel);
}

/** Process 1; nothing else has a use for it, so it is no part of a build. */
async function buildRunner(): Promise<Uint8Array> {
  const { name, entry, runtime } = TEST_RUNNER;
  const output = mkdtempSync(join(tmpdir(), "isthmus-ltp-"));
  try {
    await buildProgram(
      { root: INSTALLATION, output },
      {
        name,
        entries: [entry, RUNTIME_ENTRY],
        assembly: [START_ASSEMBLY],
        runtime,
        abort: RUNTIME_ABORT,
        start: RUNTIME_START,
      },
    );
    return readFileSync(join(output, "user", name));
  } finally {
    rmSync(output, { recursive: true });
  }
}
