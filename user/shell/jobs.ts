// The programs that run in the background.
//
// The shell is process 1 of the machine as a rule: processes whose parents have ended become its
// children, so it waits for all children, not only for those that it started.

import { shellStatus } from "../../src/abi/signals";
import { print, printDecimal, printLine } from "../runtime/output";
import { lastWaitStatus, reap, waitForAny } from "./processes";
import { signalName } from "./signal-name";

class Job {
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

  /** Forgets all processes that have ended; tells of those that the user knows, if wanted. */
  reapAll(tells: bool): void {
    for (let process = reap(); process != 0; process = reap()) this.end(process, tells);
  }

  /** Waits until every job has ended. */
  waitForAll(tells: bool): void {
    while (this.list.length != 0) {
      const process = waitForAny();
      if (process == 0) this.list = [];
      else this.end(process, tells);
    }
  }

  printAll(): void {
    for (let i = 0; i < this.list.length; i++) {
      printJob(this.list[i]);
      printLine("running");
    }
  }

  private end(process: i32, tells: bool): void {
    for (let i = 0; i < this.list.length; i++) {
      if (this.list[i].process != process) continue;
      const job = this.list.splice(i, 1)[0];
      if (tells) printEnding(job);
      return;
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
  const status = lastWaitStatus();
  const signal = status & 0x7f;
  printJob(job);
  if (signal != 0) printLine(`killed by ${signalName(signal)}`);
  else printLine(`exit status ${shellStatus(status)}`);
}
