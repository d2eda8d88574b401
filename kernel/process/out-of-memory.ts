// What happens when a page of process 1 is due and there is no memory for it.
//
// Any other process that needs a page which is not there is ended (trap/fault.ts). Process 1 is
// what the machine was started for, so another one makes room for it: the youngest, which has done
// the least work and can be started again. Only if there is no other process does process 1 end
// itself.

import { SIGKILL } from "../../src/abi/signals";
import { print } from "../log/log";
import { freeSpareTables } from "../memory/page-tables";
import { yieldProcessor } from "../thread/schedule";
import { signalBit } from "./pending-signals";
import { currentProcess, firstProcess, Process } from "./process";
import { sendSignal } from "./signal";

/**
 * Ends another process, if the current one is process 1 and there is another; what needed memory
 * can be tried again. False: no process can make room.
 */
export function makeRoomForFirst(): bool {
  freeSpareTables();
  if (currentProcess().pid !== 1) return false;
  const victim = youngestOther();
  if (victim === null) return false;
  if ((victim.pending & signalBit(SIGKILL)) === 0 && !victim.isEnding) {
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
    const lives = process.pid !== 1 && !process.isZombie;
    if (lives && (youngest === null || process.pid > youngest.pid)) youngest = process;
    process = process.next;
  }
  return youngest;
}
