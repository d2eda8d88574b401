// A program of a folder on the host's Linux, as the guest's would run: the folder is its root, it
// has a namespace for processes of its own, /proc and the usual devices, no terminal.
//
//   unshare (namespaces, /proc) -> strace, if it is installed -> two shells, which are what process
//   1 is in a guest -> unshare (root, directory) -> program
//
// The host's kernel is whichever it is, so not every difference is a fault of ours.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Diagnostic } from "../base/diagnostic";
import { parseTrace, type TracedCall } from "../trace/parse-trace";
import type { Task } from "./root-run";

/** The devices that programs open, by their numbers. */
const DEVICES = { null: 3, zero: 5, full: 7, random: 8, urandom: 9 };
const MEMORY_DEVICES = "1";
const READABLE = "666";
/** The program's parent: what user/init.ts does in a guest. */
const FIRST = 'to=$1; shift; exec 3>&2 2>/dev/null; "$@"; echo $? >"$to"; kill -KILL -1';
/** Between the two, as a shell says of a program that was killed that it was. */
const WITH_ERRORS = 'unset PWD OLDPWD; exec "$@" 2>&3 3>&-';

/** What a run came to, here or there. */
export interface RunResult {
  /** As a shell tells it. */
  readonly status: number;
  readonly output: string;
  /** Undefined: it was not traced. */
  readonly calls: readonly TracedCall[] | undefined;
}

/** @throws Diagnostic CLI014 if this host cannot do it */
export function requireHost(): void {
  if (process.platform !== "linux") {
    throw cannot("this host is not Linux", "Run it on Linux for x86");
  }
  if (process.getuid?.() !== 0) {
    throw cannot("changing a program's root needs the superuser", "Run it as root: sudo …");
  }
  if (find("unshare") === undefined) {
    throw cannot("unshare is not installed", "Install Debian's package util-linux");
  }
}

function cannot(why: string, remedy: string): Diagnostic {
  return new Diagnostic("CLI014", `the host cannot run the program: ${why}`, remedy);
}

/** Where programs of the system are, whatever PATH is: some are not for everybody. */
function find(program: string): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/bin", "/usr/sbin", "/bin"];
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}

export interface HostRun {
  readonly root: string;
  /** A folder for what strace writes. */
  readonly scratch: string;
  /** How many bytes of what calls read and write it shows. */
  readonly shown: number;
  /** When it is ended; undefined: never. */
  readonly seconds: number | undefined;
}

/**
 * Runs the task in `root`, to its end, and ends what it leaves running.
 *
 * @throws Diagnostic CLI015 if it takes longer than it may
 */
export async function runOnHost(
  { program, directory, words, environment }: Task,
  { root, scratch, shown, seconds }: HostRun,
): Promise<RunResult> {
  makeDevices(root);
  const unshare = find("unshare") ?? "unshare";
  const strace = find("strace");
  const trace = join(scratch, "trace");
  const own = words.length > 0 ? words : [program];
  const traced = strace ? [strace, "-f", "-s", String(shown), "-o", trace, "--"] : [];
  const status = join(scratch, "status");
  const output = await collect(
    [
      ...[find("env") ?? "env", "-i", ...environment.map(textOf), unshare],
      ...["--mount", "--pid", "--fork", "--kill-child", `--mount-proc=${join(root, "proc")}`, "--"],
      ...[...traced, "/bin/sh", "-c", FIRST, "sh", status, "/bin/sh", "-c", WITH_ERRORS, "sh"],
      ...[unshare, `--root=${root}`, `--wd=${directory}`, "--", ...own],
    ],
    seconds,
  );
  if (!existsSync(status)) throw unfinished("host");
  return {
    status: Number(readFileSync(status, "latin1")),
    output,
    // Traced are at first two shells and unshare.
    calls: strace ? parseTrace(readFileSync(trace, "latin1"), 3) : undefined,
  };
}

function textOf(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString();
}

/** Makes the devices that programs open, where they are not there, in what becomes a root. */
export function makeDevices(root: string): void {
  mkdirSync(join(root, "dev"), { recursive: true });
  for (const [name, minor] of Object.entries(DEVICES)) {
    const path = join(root, "dev", name);
    if (existsSync(path)) continue;
    spawnSync("mknod", ["-m", READABLE, path, "c", MEMORY_DEVICES, String(minor)]);
  }
}

/** What a program writes, both ways in one pipe. */
function collect(words: readonly string[], seconds: number | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    // Its own session has no terminal.
    const child = spawn("/bin/sh", ["-c", '"$@" 2>&1 </dev/null | cat', "sh", ...words], {
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    const end = () => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    };
    process.once("exit", end);
    const timer = seconds === undefined ? undefined : setTimeout(end, seconds * 1000);
    let output = "";
    child.stdout.setEncoding("latin1");
    child.stdout.on("data", (text: string) => {
      output += text;
    });
    child.on("error", reject);
    child.on("close", () => {
      clearTimeout(timer);
      process.removeListener("exit", end);
      resolve(output);
    });
  });
}

/** @throws Diagnostic CLI015, of either side */
export function unfinished(where: "host" | "guest", how = "timeout"): Diagnostic {
  return new Diagnostic(
    "CLI015",
    `the program did not come to its end on the ${where} (${how}): there is nothing to compare`,
    "See what it does by itself, or give it more time: --timeout S",
  );
}
