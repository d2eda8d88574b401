// The files of a thread: its file table and its file context.
//
// Threads of a process mostly share both, but need not (clone(2), unshare(2)), so each thread has
// a reference of its own. A thread that has ended has neither.

import { FileContext } from "../file/file-context";
import { FileTable } from "../file/file-table";
import { currentThread, Thread } from "../thread/thread";
import { Process } from "./process";

/** The file table of the running thread. */
export function currentFiles(): FileTable {
  return changetype<FileTable>(currentThread.files);
}

/** The root, current directory and umask of the running thread. */
export function currentContext(): FileContext {
  return changetype<FileContext>(currentThread.context);
}

export function filesOf(thread: Thread): FileTable | null {
  return changetype<FileTable | null>(thread.files);
}

export function contextOf(thread: Thread): FileContext | null {
  return changetype<FileContext | null>(thread.context);
}

/** What a process's files are to others: those of its oldest thread that lives; null: a zombie. */
export function filesOfProcess(process: Process): FileTable | null {
  let thread: Thread | null = process.thread;
  while (thread !== null && thread.files === 0) thread = thread.nextThread;
  return thread === null ? null : filesOf(thread);
}

/** As filesOfProcess(). */
export function contextOfProcess(process: Process): FileContext | null {
  let thread: Thread | null = process.thread;
  while (thread !== null && thread.context === 0) thread = thread.nextThread;
  return thread === null ? null : contextOf(thread);
}

/** Gives a thread that has none a file table and a context; the references pass. */
export function giveFiles(
  thread: Thread,
  files: FileTable | null,
  context: FileContext | null,
): void {
  thread.files = changetype<usize>(files);
  thread.context = changetype<usize>(context);
}

/** The thread needs its files no more: the last that has them closes them. */
export function releaseFiles(thread: Thread): void {
  const files = filesOf(thread);
  const context = contextOf(thread);
  giveFiles(thread, null, null);
  if (files !== null) files.release();
  if (context !== null) context.release();
}

/** The running thread has a file table that no other has. False when out of memory. */
export function unshareFiles(): bool {
  const shared = currentFiles();
  if (shared.references === 1) return true;
  const own = shared.duplicate();
  if (own === null) return false;
  currentThread.files = changetype<usize>(own);
  shared.release();
  return true;
}

/** The running thread has a file context that no other has. False when out of memory. */
export function unshareContext(): bool {
  const shared = currentContext();
  if (shared.references === 1) return true;
  const own = shared.duplicate();
  if (own === null) return false;
  currentThread.context = changetype<usize>(own);
  shared.release();
  return true;
}
