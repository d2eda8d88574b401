// isthmus diff-run: runs a program here and on the host's Linux, and compares output and calls
//
//   npx isthmus diff-run --root DIR [--bind HOST:GUEST] [--env A=B] [--cwd D] [--machine v86|qemu]
//                        [--memory MIB] [--timeout S] [--strings N] [--all] [--json]
//                        [--] PROGRAM ARGS…
//
// Runs an unmodified Linux program for i386 twice, with the files of the folder DIR: in a guest, as
// `isthmus run --root` does, and on this computer, in a copy of the folder that becomes its root.
// Both times it has no terminal, reads nothing, and is process 2 or thereabouts. Then status and
// output are compared, and, if strace is installed, the system calls of each process, side by side:
//
//   =  the same but for addresses and process numbers (with --all)
//   !  the same call with other arguments or another result
//   <  on the host only       >  in the guest only
//
// The host's part needs Linux and the superuser. DIR itself stays as it is. Calls may well differ
// where nothing is wrong (random numbers, times, a newer kernel), so they do not count in the
// status.
//
// Options
//   --root DIR         the files of both, as for `isthmus run`
//   --bind HOST:GUEST  puts the host's file or folder HOST at GUEST; may be repeated
//   --env A=B          sets a variable, or takes it as it is here: --env A; may be repeated
//   --cwd D            the directory to start in; default /
//   --machine NAME     v86 (default) or qemu: where the guest runs
//   --memory MIB       the guest's memory; default as needed
//   --timeout S        ends each of the two after S seconds, and the comparison with it
//   --strings N        compares N bytes of what calls read and write; default 32
//   --all              shows calls and lines of output that are the same, too
//   --json             prints one JSON document: status and output of both, rows of calls
//
// Example
//   $ sudo npx isthmus diff-run --root rootfs -- /bin/busybox printf 'hi\n'
//   status  0, the same
//   output  1 line, the same
//   calls   18 the same, 1 different, 0 on the host only, 0 in the guest only
//
//   ! getrandom("\xb3\xe1\x5f\x05", 4, GRND_NONBLOCK) = 4
//     getrandom("\x7f\x80\x1a\x2c", 4, GRND_NONBLOCK) = 4
//
// Exit status: 0 status and output are the same; 1 they are not; 2 usage or unusable input, or the
// program did not come to its end.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TRACE_STRING_SIZE, TRACE_STRING_SIZE_MAX } from "../abi/trace-event";
import { countText } from "../base/count-text";
import { openMachine } from "../machine/open-machine";
import { compareLists, type Row } from "../trace/compare-lists";
import { parseTrace, type TracedCall } from "../trace/parse-trace";
import { Tracer } from "../trace/tracer";
import { bootSettings } from "./boot-settings";
import { type Command, type CommandLine, UsageError } from "./command";
import { type RunResult, requireHost, runOnHost, unfinished } from "./host-run";
import { RootRun } from "./root-run";
import { outputWidth, print, printJson, progress } from "./terminal";
import { readCallKinds } from "./trace-run";

const TIMEOUT_LIMITS = { min: 1, max: 86_400 };
const STRING_LIMITS = { min: 0, max: TRACE_STRING_SIZE_MAX };
const MARKS = { same: "=", different: "!", left: "<", right: ">" } as const;
const STATUS_DIFFERENT = 1;
/** Columns of a terminal that has room for two calls beside each other. */
const WIDE = 100;

export const command: Command = {
  options: {
    root: { type: "string" },
    bind: { type: "string", repeats: true },
    env: { type: "string", repeats: true },
    cwd: { type: "string" },
    machine: { type: "string", choices: ["v86", "qemu"] },
    memory: { type: "string" },
    timeout: { type: "string" },
    strings: { type: "string" },
    all: { type: "boolean" },
    json: { type: "boolean" },
  },
  takesProgram: true,
  run: diffRun,
};

async function diffRun(line: CommandLine): Promise<number> {
  const root = line.value("root");
  if (root === undefined) throw new UsageError("diff-run needs a folder: --root DIR");
  if (line.program.length === 0) throw new UsageError("diff-run needs a program to run");
  const shown = line.count("strings", STRING_LIMITS, TRACE_STRING_SIZE);
  const seconds = line.count("timeout", TIMEOUT_LIMITS, undefined);
  requireHost();
  const files = new RootRun(line, root, false);
  const scratch = mkdtempSync(join(tmpdir(), "isthmus-diff-"));
  let host: RunResult;
  try {
    const copy = join(scratch, "root");
    files.writeTo(copy);
    host = await runOnHost(files.task, { root: copy, scratch, shown, seconds });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const guest = await runInGuest(line, files, { shown, seconds });
  return report(line, host, guest);
}

async function runInGuest(
  line: CommandLine,
  files: RootRun,
  { shown, seconds }: { shown: number; seconds: number | undefined },
): Promise<RunResult> {
  const kernelOptions = ["silent", "noecho", "trace-port", `trace-strings=${shown}`];
  const settings = await bootSettings(line, { kernelOptions, brought: files });
  const machine = openMachine(settings.machine, settings.options, settings.pc ?? {});
  let trace = "";
  const tracer = new Tracer({
    kinds: readCallKinds(settings.project),
    write: (text) => {
      trace += text;
    },
    form: "text",
    isFile: true,
    filter: undefined,
    shown,
    now: () => 0,
    ofProgram: true,
  });
  machine.onDebugLine((each) => tracer.line(each));
  const output: Uint8Array[] = [];
  machine.serial.onOutput((bytes) => output.push(Uint8Array.from(bytes)));
  let timer: NodeJS.Timeout | undefined;
  try {
    await machine.start();
    const expired = new Promise<undefined>((resolve) => {
      if (seconds !== undefined) timer = setTimeout(() => resolve(undefined), seconds * 1000);
    });
    const ending = await Promise.race([machine.ended, expired]);
    tracer.close();
    if (ending?.kind !== "exit") throw unfinished("guest", ending?.kind);
    const text = Buffer.concat(output).toString("latin1");
    return { status: ending.status, output: text, calls: parseTrace(trace) };
  } finally {
    clearTimeout(timer);
    await machine.close();
  }
}

interface Comparison {
  readonly output: readonly Row<string>[];
  /** Undefined: there is no strace. */
  readonly calls: readonly (readonly [process: string, rows: readonly Row<TracedCall>[]])[];
}

function compare(host: RunResult, guest: RunResult): Comparison {
  const isEqual = (one: string, other: string) => one === other;
  const output = compareLists(linesOf(host.output), linesOf(guest.output), isEqual, isEqual);
  if (host.calls === undefined) return { output, calls: [] };
  const [there, here] = [byProcess(host.calls), byProcess(guest.calls ?? [])];
  const inOrder = new Intl.Collator("en", { numeric: true }).compare;
  const processes = [...new Set([...there.keys(), ...here.keys()])].sort(inOrder);
  return {
    output,
    calls: processes.map((each) => [
      each,
      compareLists(
        there.get(each) ?? [],
        here.get(each) ?? [],
        (one, other) => one.name === other.name,
        (one, other) => one.form === other.form,
      ),
    ]),
  };
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

function byProcess(calls: readonly TracedCall[]): Map<string, TracedCall[]> {
  const processes = new Map<string, TracedCall[]>();
  for (const call of calls) {
    const list = processes.get(call.process);
    if (list) list.push(call);
    else processes.set(call.process, [call]);
  }
  return processes;
}

function report(line: CommandLine, host: RunResult, guest: RunResult): number {
  const { output, calls } = compare(host, guest);
  const isSame = host.status === guest.status && host.output === guest.output;
  if (line.flag("json")) {
    printJson({
      same: isSame,
      status: { host: host.status, guest: guest.status },
      output: { host: textOf(host.output), guest: textOf(guest.output) },
      calls: host.calls && calls.flatMap(([process, rows]) => rows.map(jsonRow(process))),
    });
    return isSame ? 0 : STATUS_DIFFERENT;
  }
  const isAll = line.flag("all");
  const both = `${host.status} on the host, ${guest.status} in the guest`;
  print(`status  ${host.status === guest.status ? `${host.status}, the same` : both}`);
  const lines = `${countText(linesOf(host.output).length, "line")}, the same`;
  print(`output  ${host.output === guest.output ? lines : describeCounts(output)}`);
  if (host.calls === undefined) progress("isthmus: strace is not installed, so no calls are shown");
  else print(`calls   ${describeCounts(calls.flatMap(([, rows]) => rows))}`);
  printRows(output.map(mapRow(textOf)), isAll);
  for (const [process, rows] of calls) {
    const shown = rows.map(mapRow(({ text }: TracedCall) => textOf(text)));
    if (calls.length > 1 && shown.some(({ kind }) => isAll || kind !== "same")) {
      print(`\nprocess ${process}`);
    }
    printRows(shown, isAll);
  }
  return isSame ? 0 : STATUS_DIFFERENT;
}

function describeCounts(rows: readonly Row<unknown>[]): string {
  const count = (kind: Row<unknown>["kind"]) => rows.filter((row) => row.kind === kind).length;
  const [same, different] = [count("same"), count("different")];
  const only = `${count("left")} on the host only, ${count("right")} in the guest only`;
  return `${same} the same, ${different} different, ${only}`;
}

/** Bytes as text, as far as they are. */
function textOf(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("utf8");
}

function mapRow<Item>(text: (item: Item) => string): (row: Row<Item>) => Row<string> {
  return ({ kind, left, right }) => ({
    kind,
    ...(left !== undefined && { left: text(left) }),
    ...(right !== undefined && { right: text(right) }),
  });
}

function jsonRow(process: string): (row: Row<TracedCall>) => object {
  return ({ kind, left, right }) => ({
    process,
    kind: { same: "same", different: "different", left: "host", right: "guest" }[kind],
    ...(left && { host: textOf(left.text) }),
    ...(right && { guest: textOf(right.text) }),
  });
}

/** What differs, or all, after an empty line: in two columns if the terminal is wide enough. */
function printRows(rows: readonly Row<string>[], isAll: boolean): void {
  const shown = isAll ? rows : rows.filter(({ kind }) => kind !== "same");
  const width = outputWidth();
  const column = width >= WIDE && width < Infinity ? Math.floor(width / 2) - 3 : undefined;
  if (shown.length > 0) print("");
  for (const row of shown) for (const text of rowLines(row, column)) print(text);
}

function rowLines({ kind, left, right }: Row<string>, column: number | undefined): string[] {
  const mark = MARKS[kind];
  if (column === undefined) {
    return [`${mark} ${left ?? right}`, ...(kind === "different" ? [`  ${right}`] : [])];
  }
  const fit = (text = "") => text.slice(0, column).padEnd(column);
  return [`${fit(left)} ${mark} ${fit(right)}`.trimEnd()];
}
