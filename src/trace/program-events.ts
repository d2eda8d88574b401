// Of the events of a run with `--root`: those of the program and of what it starts.
//
// Process 1 of such a machine is ours (user/init.ts). It makes ready, forks, and lists what became
// of the folder; its child goes on to be the program with the call of execve that begins a trace of
// strace's as well.

import type { TraceEvent } from "./trace-event";

const FIRST_PROCESS = 1;

export class ProgramEvents {
  /** The child that becomes the program, once it is known. */
  #child: number | undefined;
  #isProgram = false;

  /** Whether the event, the next one of the run, is the program's. */
  includes(event: TraceEvent): boolean {
    if (event.pid === FIRST_PROCESS) return false;
    this.#child ??= event.pid;
    if (this.#isProgram || event.pid !== this.#child) return true;
    this.#isProgram = event.kind === "end" || (event.kind === "call" && event.name === "execve");
    return this.#isProgram;
  }
}
