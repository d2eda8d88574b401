// A child process that never outlives this one, not even when this one is killed.
//
// On POSIX systems the program is started by a shell that also waits, in the background, for the
// end of a pipe whose other end only this process holds. When this process ends, for whatever
// reason, the system closes the pipe and the shell kills the program. Elsewhere the program is an
// ordinary child, killed when this process exits normally.

import { type ChildProcess, spawn } from "node:child_process";

/** File descriptor 3 is the pipe; the program itself must not hold it open. */
const GUARD_SCRIPT = `
"$@" 3<&- & child=$!
{ read -r line <&3; kill -KILL $child; } 2>/dev/null & guard=$!
wait $child 2>/dev/null; status=$?
kill $guard 2>/dev/null
exit $status
`;

export interface GuardedProcess {
  /** Resolves with the exit status (128 + signal if killed) and what it wrote to stderr. */
  readonly exited: Promise<{ status: number; errors: string }>;
  kill(): void;
}

/** Starts `program`; its standard input and output are /dev/null. */
export function startGuarded(program: string, parameters: readonly string[]): GuardedProcess {
  if (process.platform === "win32") return startPlain(program, parameters);
  const child = spawn("/bin/sh", ["-c", GUARD_SCRIPT, "sh", program, ...parameters], {
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  const lifeline = child.stdio[3];
  lifeline?.on("error", () => {});
  return { exited: exitOf(child), kill: () => lifeline?.destroy() };
}

function startPlain(program: string, parameters: readonly string[]): GuardedProcess {
  const child = spawn(program, parameters, { stdio: ["ignore", "ignore", "pipe"] });
  const kill = () => void child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("exit", () => process.removeListener("exit", kill));
  return { exited: exitOf(child), kill };
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
