// A child process that never outlives this one, not even when this one is killed.
//
// On POSIX systems the program is started by a shell that also waits, in the background, for the
// end of a pipe whose other end only this process holds. When this process ends, for whatever
// reason, the system closes the pipe and the shell kills the program. Elsewhere the program is an
// ordinary child, killed when this process exits normally.
//
// Its standard input and output are two streams, so that all it has said can be read although it is
// gone and can be told nothing: a socket for both would be destroyed with what is unread in it when
// a write fails.

import { type ChildProcess, type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

/**
 * File descriptor 3 is the pipe; the program itself must not hold it open. A shell gives what runs
 * in the background an empty input unless it is told otherwise.
 */
const GUARD_SCRIPT = `
exec 4<&0 </dev/null
"$@" 0<&4 3<&- 4<&- & child=$!
exec 4<&- >/dev/null
{ read -r line <&3; kill -KILL $child; } 2>/dev/null & guard=$!
wait $child 2>/dev/null; status=$?
kill $guard 2>/dev/null
exit $status
`;

export interface GuardedProcess {
  readonly input: Writable;
  readonly output: Readable;
  /**
   * Resolves with the exit status (128 + signal if killed) and what it wrote to stderr, when all
   * that it wrote has been read.
   */
  readonly exited: Promise<{ status: number; errors: string }>;
  kill(): void;
}

/** Starts `program`, whose standard input and output are pipes. */
export function startGuarded(program: string, parameters: readonly string[]): GuardedProcess {
  if (process.platform === "win32") return startPlain(program, parameters);
  const child = spawn("/bin/sh", ["-c", GUARD_SCRIPT, "sh", program, ...parameters], {
    stdio: ["pipe", "pipe", "pipe", "pipe"],
  });
  const lifeline = child.stdio[3];
  lifeline?.on("error", () => {});
  return guarded(child, () => lifeline?.destroy());
}

function startPlain(program: string, parameters: readonly string[]): GuardedProcess {
  const child = spawn(program, parameters, { stdio: ["pipe", "pipe", "pipe"] });
  const kill = () => void child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("exit", () => process.removeListener("exit", kill));
  return guarded(child, kill);
}

function guarded(
  child: ChildProcessByStdio<Writable, Readable, Readable>,
  kill: () => void,
): GuardedProcess {
  // Nobody reads any more: the end of the process says so.
  child.stdin.on("error", () => {});
  return { input: child.stdin, output: child.stdout, exited: exitOf(child), kill };
}

function exitOf(child: ChildProcess): Promise<{ status: number; errors: string }> {
  let errors = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    errors = (errors + chunk.toString("utf8")).slice(-4096);
  });
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ status: 127, errors: error.message }));
    child.once("close", (status) => resolve({ status: status ?? 137, errors: errors.trim() }));
  });
}
