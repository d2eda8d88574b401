// Files that a call still uses after it has blocked.
//
// Another thread with the same file table may close a file meanwhile, and the last reference with
// it. So a call that blocks holds the file first. It is let go of when the thread returns to user
// mode, or ends: trap/trap.ts and process/exit.ts see to that. A table that no other thread has
// needs none of this.
//
// Invariant: a thread in user mode holds no file.

import {
  isPreemptionDue,
  requestUserReturnWork,
  sleepOn,
  yieldProcessor,
} from "../thread/schedule";
import { currentThread } from "../thread/thread";
import { WaitQueue } from "../thread/wait-queue";
import { FileTable } from "./file-table";
import { OpenFile } from "./open-file";

/** As sleepOn(); the file is there afterwards. */
export function sleepHolding(file: OpenFile, queue: WaitQueue): i32 {
  holdFile(file);
  return sleepOn(queue);
}

/** As preemptionPoint(); the file is there afterwards. */
export function preemptHolding(file: OpenFile): void {
  if (!isPreemptionDue()) return;
  holdFile(file);
  yieldProcessor();
}

/** The file stays until the running thread returns to user mode. No call uses more than two. */
export function holdFile(file: OpenFile): void {
  const thread = currentThread;
  if (changetype<FileTable>(thread.files).references === 1) return;
  const address = changetype<usize>(file);
  if (thread.heldFile === address || thread.secondHeldFile === address) return;
  file.retain();
  thread.secondHeldFile = thread.heldFile;
  thread.heldFile = address;
  requestUserReturnWork();
}

/** The call that the running thread was in has ended. */
export function releaseHeldFiles(): void {
  const thread = currentThread;
  const first = changetype<OpenFile | null>(thread.heldFile);
  const second = changetype<OpenFile | null>(thread.secondHeldFile);
  thread.heldFile = 0;
  thread.secondHeldFile = 0;
  if (first !== null) first.release();
  if (second !== null) second.release();
}
