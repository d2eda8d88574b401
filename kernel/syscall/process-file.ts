// System calls about files that stand for processes: pidfd_open(2), pidfd_send_signal(2),
// pidfd_getfd(2). waitid and clone know them, too.

import { EBADF, EFAULT, EINVAL, EPERM, ESRCH, isErrno } from "../../src/abi/errno";
import { O_CLOEXEC, O_NONBLOCK } from "../../src/abi/files";
import { SIGNAL_MAX } from "../../src/abi/signals";
import { openProcessFile, processOfFile } from "../filesystem/event/process-file";
import { processOfDirectory } from "../filesystem/proc/directory";
import { TrapFrame } from "../machine/i686/trap-frame";
import { UserPointer, userAddress, userPointer, writeWord } from "../memory/user-memory";
import { mayInspect } from "../process/access";
import { findProcess, Process } from "../process/process";
import { currentFiles, filesOfProcess } from "../process/thread-files";
import { findThread } from "../process/thread-group";
import { addDescriptor, describe, fileArgument } from "./descriptor";
import { killOne, queueSignal } from "./signal";

/** pidfd_open(process, flags) */
export function pidfdOpen(frame: TrapFrame): i32 {
  const pid = frame.arg0;
  if ((frame.arg1 & ~O_NONBLOCK) !== 0 || <i32>pid <= 0) return -EINVAL;
  const process = findProcess(pid);
  if (process === null) return findThread(pid) === null ? -ESRCH : -EINVAL;
  return open(process, frame.arg1);
}

/** pidfd_send_signal(file, signal, info, flags): the file may be a directory of /proc as well. */
export function pidfdSendSignal(frame: TrapFrame): i32 {
  if (frame.arg3 !== 0) return -EINVAL;
  const file = fileArgument(frame.arg0);
  if (file === null) return -EBADF;
  let found = processOfFile(file);
  if (<i32>found === -EBADF) found = processOfDirectory(file);
  if (isErrno(<u32>found)) return <i32>found;
  if (frame.arg1 > SIGNAL_MAX) return -EINVAL;
  const pid = changetype<Process>(found).pid;
  const info = userPointer(frame.arg2);
  if (userAddress(info) === 0) return killOne(pid, frame.arg1);
  return queueSignal(pid, frame.arg1, info, true);
}

/** pidfd_getfd(file, descriptor, flags): a descriptor for what the process has open there. */
export function pidfdGetfd(frame: TrapFrame): i32 {
  if (frame.arg2 !== 0) return -EINVAL;
  const found = processArgument(frame.arg0);
  if (isErrno(<u32>found)) return <i32>found;
  const process = changetype<Process>(found);
  if (!mayInspect(process)) return -EPERM;
  const files = filesOfProcess(process);
  const file = files !== null ? files.get(frame.arg1) : null;
  if (file === null) return -EBADF;
  file.retain();
  return addDescriptor(file, O_CLOEXEC);
}

/** The process that a descriptor stands for: its record, -EBADF or -ESRCH. */
export function processArgument(descriptor: u32): usize {
  const file = fileArgument(descriptor);
  return file === null ? -EBADF : processOfFile(file);
}

/** Gives the caller a descriptor that stands for `process`, and tells it at `to`: 0 or -errno. */
export function giveProcessFile(process: Process, to: UserPointer): i32 {
  const descriptor = open(process, 0);
  if (descriptor < 0) return descriptor;
  if (writeWord(to, descriptor) === 0) return 0;
  currentFiles().close(descriptor);
  return -EFAULT;
}

function open(process: Process, flags: u32): i32 {
  return describe(openProcessFile(process, flags), O_CLOEXEC);
}
