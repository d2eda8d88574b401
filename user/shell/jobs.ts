// The children of the shell: the program that it waits for, and those in the background.
//
// The shell usually is process 1, and processes whose parents have ended become its children. So it
// always waits for any child, forgets those that it does not know, and reports background programs
// that have ended before the next prompt.

import { shellStatus } from "../../src/abi/signals";
import { flush, print, printDecimal, printLine } from "../runtime/output";
import { lastWaitStatus, reap, takeTerminal, waitForAny } from "./processes";
import { signalName } from "./signal-name";

/** A program in the background. */
class Job {
  hasEnded: bool = false;
  /** Its wait status once it has ended. */
  status: u32 = 0;

  constructor(
    readonly process: i32,
    readonly name: string,
  ) {}
}

export class Jobs {
  private list: Job[] = [];

  add(process: i32, name: string): void {
    this.list.push(new Job(process, name));
  }

  /** Waits for a program, which has the terminal meanwhile; returns its wait status. */
  waitInForeground(process: i32): u32 {
    let ended = waitForAny();
    while (ended !== 0 && ended !== process) {
      this.note(ended);
      ended = waitForAny();
    }
    const status = lastWaitStatus();
    takeTerminal((status & 0x7f) !== 0);
    return status;
  }

  /** Forgets all processes that have ended; if wanted, reports those that are jobs. */
  reapAll(tells: bool): void {
    for (let process = reap(); process !== 0; process = reap()) this.note(process);
    for (let i = this.list.length - 1; i >= 0; i--) {
      if (!this.list[i].hasEnded) continue;
      const job = this.list.splice(i, 1)[0];
      if (tells) printEnding(job);
    }
  }

  /** Waits until every job has ended. */
  waitForAll(): void {
    flush();
    while (this.isAnyRunning()) {
      const process = waitForAny();
      if (process === 0) return;
      this.note(process);
    }
  }

  printAll(): void {
    for (let i = 0; i < this.list.length; i++) {
      if (this.list[i].hasEnded) continue;
      printJob(this.list[i]);
      printLine("running");
    }
  }

  private isAnyRunning(): bool {
    for (let i = 0; i < this.list.length; i++) {
      if (!this.list[i].hasEnded) return true;
    }
    return false;
  }

  /** Notes how a process has ended if it is a job. */
  private note(process: i32): void {
    for (let i = 0; i < this.list.length; i++) {
      const job = this.list[i];
      if (job.process !== process) continue;
      job.hasEnded = true;
      job.status = lastWaitStatus();
    }
  }
}

function printJob(job: Job): void {
  print("[");
  printDecimal(job.process);
  print("] ");
  print(job.name);
  print(": ");
}

function printEnding(job: Job): void {
  const signal = job.status & 0x7f;
  printJob(job);
  if (signal !== 0) printLine(`killed by ${signalName(signal)}`);
  else printLine(`exit status ${shellStatus(job.status)}`);
}
