// Which threads a process has, for /proc/PID/task, and which of them a file is about.

import { FileContext } from "../../file/file-context";
import { FileTable } from "../../file/file-table";
import { Process } from "../../process/process";
import { contextOf, contextOfProcess, filesOf, filesOfProcess } from "../../process/thread-files";
import { threadOf } from "../../process/thread-group";
import { Thread } from "../../thread/thread";

/** The lowest id of a thread of `process` from `from` on, or -1. */
export function nextThread(process: Process, _subject: u32, from: u32): i32 {
  let lowest: u32 = u32.MAX_VALUE;
  let thread: Thread | null = process.thread;
  for (; thread !== null; thread = thread.nextThread) {
    if (thread.id >= from) lowest = min(lowest, thread.id);
  }
  return <i32>lowest;
}

/** The thread of that id; 0, or one that is gone, stands for the first. */
export function subjectThread(process: Process, id: u32): Thread {
  if (id === 0) return process.thread;
  const thread = threadOf(process, id);
  if (thread === null) return process.thread;
  return thread;
}

/** The file table of a thread, or of the process; null: it has none any more. */
export function subjectFiles(process: Process, id: u32): FileTable | null {
  return id === 0 ? filesOfProcess(process) : filesOf(subjectThread(process, id));
}

/** The file context of a thread, or of the process; null: it has none any more. */
export function subjectContext(process: Process, id: u32): FileContext | null {
  return id === 0 ? contextOfProcess(process) : contextOf(subjectThread(process, id));
}
