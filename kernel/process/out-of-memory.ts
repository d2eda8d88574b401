// What happens when a page of process 1 is due and there is no memory for it.
//
// Everybody else who needs a page that is not there is ended (fault.ts). Process 1 is what the
// machine was started for, so another one makes room for it: the youngest, which has done the least
// work and can be started again. Only if there is no other one does it end itself.

import { SIGKILL } from "../../src/abi/signals";
import { print } from "../log/log";
import { yieldProcessor } from "../thread/schedule";
import { current, firstProcess, Process, ProcessState } from "./process";
import { sendSignal } from "./signal";

/**
 * Ends another process and lets it go, if the current one is process 1 and there is one; whoever
 * needed memory tries again. False: nobody can make room.
 */
export function makeRoomForFirst(): bool {
  if (current.pid !== 1) return false;
  const victim = youngestOther();
  if (victim === null) return false;
  if (victim.pendingSignal !== SIGKILL) {
    print(cstr("%s[%u] killed by SIGKILL: "), <u32>victim.name, victim.pid);
    print(cstr("out of memory, makes room for process 1\n"));
    sendSignal(victim, SIGKILL);
  }
  yieldProcessor();
  return true;
}

function youngestOther(): Process | null {
  let youngest: Process | null = null;
  let process = firstProcess();
  while (process !== null) {
    const lives = process.pid !== 1 && process.state !== ProcessState.zombie;
    if (lives && (youngest === null || process.pid > youngest.pid)) youngest = process;
    process = process.next;
  }
  return youngest;
}
