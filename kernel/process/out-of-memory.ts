// What happens when a page is due and there is no memory for it.
//
// Some process makes room: the one that has most, where `oomAdjustment` counts as thousandths of
// all memory more or less; one with -1000 never. Process 1 is what the machine was started for, so
// it is chosen only if there is no other, and it asked itself. Who has borrowed the victim's space
// goes with it, for else nothing would become free. Who asks waits for that, so the victim becomes
// as urgent: it must run to end.

import { SIGKILL } from "../../src/abi/signals";
import { print } from "../log/log";
import { totalFrameCount } from "../memory/frames";
import { freeSpareTables, spareTableCount } from "../memory/page-tables";
import { setUrgency, yieldProcessor } from "../thread/schedule";
import { currentThread, Thread } from "../thread/thread";
import { signalBit } from "./pending-signals";
import { currentProcess, firstProcess, Process } from "./process";
import { sendSignal } from "./signal";

/** An adjustment that spares a process, and how far adjustments go. */
export const OOM_SPARED: i32 = -1000;
export const OOM_MOST: i32 = 1000;
const THOUSAND: u32 = 1000;

/**
 * Makes room for a page of the current process. True: it can be tried again. False: the process
 * itself is the one to go.
 */
export function makeRoom(): bool {
  if (spareTableCount() !== 0) {
    freeSpareTables();
    return true;
  }
  const victim = largest();
  if (victim === null || victim === currentProcess()) return false;
  const space = victim.space;
  for (let process = firstProcess(); process !== null; process = process!.next) {
    if (space !== null && process.space === space && process.pid !== 1) end(process);
  }
  yieldProcessor();
  return true;
}

/** How much there is to gain from the end of a process: thousandths of all memory, adjusted. */
export function oomScore(process: Process): i32 {
  const space = process.space;
  if (space === null || process.pid === 1 || process.oomAdjustment === OOM_SPARED) {
    return OOM_SPARED;
  }
  return <i32>((space.residentPages * THOUSAND) / totalFrameCount()) + process.oomAdjustment;
}

/** The process to end, or null. Of two that are alike, the younger one has done less. */
function largest(): Process | null {
  let chosen: Process | null = null;
  for (let process = firstProcess(); process !== null; process = process!.next) {
    if (oomScore(process) === OOM_SPARED) continue;
    if (chosen === null || isLarger(process, chosen)) chosen = process;
  }
  return chosen;
}

function isLarger(process: Process, other: Process): bool {
  const score = oomScore(process);
  const otherScore = oomScore(other);
  if (score !== otherScore) return score > otherScore;
  return pagesOf(process) >= pagesOf(other);
}

function pagesOf(process: Process): u32 {
  const space = process.space;
  return space === null ? 0 : space.residentPages;
}

function end(process: Process): void {
  hurry(process);
  if ((process.pending & signalBit(SIGKILL)) !== 0 || process.isEnding) return;
  print(cstr("%s[%u] killed by SIGKILL: "), <u32>process.name, process.pid);
  print(
    cstr("out of memory, makes room for %s[%u]\n"),
    <u32>currentProcess().name,
    currentProcess().pid,
  );
  sendSignal(process, SIGKILL);
}

/** Lets a process run before those that are less urgent than the current one. */
function hurry(process: Process): void {
  const urgency = currentThread.urgency;
  let thread: Thread | null = process.thread;
  for (; thread !== null; thread = thread.nextThread) {
    if (thread.urgency < urgency) setUrgency(thread, urgency);
  }
}
