// System calls that make a process with more to say than fork: vfork and clone.

import { EAGAIN, EINVAL, isErrno } from "../../src/abi/errno";
import {
  CLONE_CHILD_CLEARTID,
  CLONE_CHILD_SETTID,
  CLONE_DETACHED,
  CLONE_FS,
  CLONE_IO,
  CLONE_PARENT_SETTID,
  CLONE_SETTLS,
  CLONE_SIGHAND,
  CLONE_SIGNAL,
  CLONE_SYSVSEM,
  CLONE_THREAD,
  CLONE_UNTRACED,
  CLONE_VFORK,
  CLONE_VM,
} from "../../src/abi/linux/clone";
import { SIGNAL_MAX } from "../../src/abi/signals";
import { TrapFrame } from "../machine/i686/trap-frame";
import { copyOutTo, userPointer, writeWord } from "../memory/user-memory";
import { copyProcess, discardCopy, lendSpace, startCopy } from "../process/fork";
import { Process } from "../process/process";
import { setChildSegment } from "./thread";

/** What clone can give a child. */
const CLONE_KNOWN: u32 =
  CLONE_SIGNAL |
  CLONE_VM |
  CLONE_FS |
  CLONE_SIGHAND |
  CLONE_VFORK |
  CLONE_SYSVSEM |
  CLONE_SETTLS |
  CLONE_PARENT_SETTID |
  CLONE_CHILD_CLEARTID |
  CLONE_DETACHED |
  CLONE_UNTRACED |
  CLONE_CHILD_SETTID |
  CLONE_IO;
const childId: usize = memory.data(4, 4);

/** vfork(): the child has the caller's space until execve or its end, and the caller waits. */
export function vfork(_frame: TrapFrame): i32 {
  const copy = copyProcess(CLONE_VM, 0);
  if (isErrno(<u32>copy)) return <i32>copy;
  const child = changetype<Process>(copy);
  const pid = <i32>child.pid;
  lendSpace(child);
  return pid;
}

/** clone(flags, stack, parent's word, user_desc, child's word) */
export function clone(frame: TrapFrame): i32 {
  const flags = frame.arg0;
  const refusal = cloneRefusal(flags);
  if (refusal !== 0) return refusal;
  const copy = copyProcess(flags, frame.arg1);
  if (isErrno(<u32>copy)) return <i32>copy;
  const child = changetype<Process>(copy);
  const pid = child.pid;
  const thread = child.thread;
  if ((flags & CLONE_SETTLS) !== 0) {
    const result = setChildSegment(thread.segments, userPointer(frame.arg3));
    if (result !== 0) {
      discardCopy(child);
      return result;
    }
  }
  // As on Linux, a word that cannot be written to is the program's loss.
  if ((flags & CLONE_PARENT_SETTID) !== 0) writeWord(userPointer(frame.arg2), pid);
  if ((flags & CLONE_CHILD_SETTID) !== 0) {
    store<u32>(childId, pid);
    copyOutTo(child.space!, userPointer(frame.arg4), childId, sizeof<u32>());
  }
  if ((flags & CLONE_CHILD_CLEARTID) !== 0) thread.clearTid = frame.arg4;
  if ((flags & CLONE_VFORK) !== 0) lendSpace(child);
  else startCopy(child);
  return <i32>pid;
}

/** Why there cannot be such a child; 0: there can. Threads, and shared files, are not there yet. */
function cloneRefusal(flags: u32): i32 {
  const sharesHandlers = (flags & CLONE_SIGHAND) !== 0;
  if ((flags & CLONE_THREAD) !== 0 && !sharesHandlers) return -EINVAL;
  if (sharesHandlers && (flags & CLONE_VM) === 0) return -EINVAL;
  if ((flags & CLONE_SIGNAL) > SIGNAL_MAX) return -EINVAL;
  if ((flags & CLONE_THREAD) !== 0) return -EAGAIN;
  return (flags & ~CLONE_KNOWN) !== 0 ? -EINVAL : 0;
}
