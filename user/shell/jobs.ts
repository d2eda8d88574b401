// The children of the shell: the program that it waits for, and those in the background.
//
//   foreground <-- fg -- background (runs or is stopped) -- ends --> reported, forgotten
//        '------ ^Z --------^
//
// The shell usually is process 1, and processes whose parents have ended become its children. So it
// always waits for any child, forgets those that it does not know, and reports background programs
// that have ended, or were stopped, before the next prompt.

import { isStopped, shellStatus } from "../../src/abi/signals";
import { flush, print, printDecimal, printLine } from "../runtime/output";
import { continueProgram, lastWaitStatus, reap, takeTerminal, waitForAny } from "./processes";
import { signalName } from "./signal-name";

/** A program in the background. */
class Job {
  hasEnded: bool = false;
  isStopped: bool = false;
  /** The user knows that it is stopped. */
  isKnown: bool = false;
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

  /**
   * Waits for a program, which has the terminal meanwhile, to end or to be stopped, and returns its
   * wait status. One that is stopped is in the background from then on.
   */
  waitInForeground(process: i32, name: string): u32 {
    let found = waitForAny();
    while (found !== 0 && found !== process) {
      this.note(found);
      found = waitForAny();
    }
    const status = lastWaitStatus();
    takeTerminal((status & 0x7f) !== 0);
    if (isStopped(status)) this.addStopped(process, name);
    return status;
  }

  /**
   * The job whose process is `process`, 0: the last that is stopped, or the last; null if there is
   * none.
   */
  find(process: i32): Job | null {
    let found: Job | null = null;
    for (let i = 0; i < this.list.length; i++) {
      const job = this.list[i];
      if (job.hasEnded || (process !== 0 && job.process !== process)) continue;
      if (found === null || job.isStopped || !found.isStopped) found = job;
    }
    return found;
  }

  /** Lets a job run on in the background. */
  resume(job: Job): void {
    job.isStopped = false;
    job.isKnown = false;
    printJob(job);
    printLine("running");
    continueProgram(job.process, false);
  }

  /** Lets a job run on with the terminal, and waits for it: its wait status. */
  bringToForeground(job: Job): u32 {
    this.list.splice(this.list.indexOf(job), 1);
    printLine(job.name);
    continueProgram(job.process, true);
    return this.waitInForeground(job.process, job.name);
  }

  /** Forgets all processes that have ended; if wanted, reports what became of jobs. */
  reapAll(tells: bool): void {
    for (let process = reap(); process !== 0; process = reap()) this.note(process);
    for (let i = this.list.length - 1; i >= 0; i--) {
      const job = this.list[i];
      if (job.isStopped && !job.isKnown && tells) printStopped(job);
      if (!job.hasEnded) continue;
      this.list.splice(i, 1);
      if (tells) printEnding(job);
    }
  }

  /** Waits until every job has ended or is stopped. */
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
      printLine(this.list[i].isStopped ? "stopped" : "running");
    }
  }

  private addStopped(process: i32, name: string): void {
    this.add(process, name);
    const job = this.list[this.list.length - 1];
    job.isStopped = true;
    printLine("");
    printStopped(job);
  }

  private isAnyRunning(): bool {
    for (let i = 0; i < this.list.length; i++) {
      if (!this.list[i].hasEnded && !this.list[i].isStopped) return true;
    }
    return false;
  }

  /** Notes what became of a process if it is a job. */
  private note(process: i32): void {
    for (let i = 0; i < this.list.length; i++) {
      const job = this.list[i];
      if (job.process !== process) continue;
      job.isStopped = isStopped(lastWaitStatus());
      job.hasEnded = !job.isStopped;
      job.status = lastWaitStatus();
      job.isKnown = false;
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

function printStopped(job: Job): void {
  job.isKnown = true;
  printJob(job);
  printLine("stopped");
}

function printEnding(job: Job): void {
  const signal = job.status & 0x7f;
  printJob(job);
  if (signal !== 0) printLine(`killed by ${signalName(signal)}`);
  else printLine(`exit status ${shellStatus(job.status)}`);
}
