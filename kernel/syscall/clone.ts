// System calls that make a process or a thread with more to say than fork: vfork, clone and clone3.

import { E2BIG, EFAULT, EINVAL, isErrno } from "../../src/abi/errno";
import {
  CLONE_ARGS_CHILD_TID,
  CLONE_ARGS_END_SIGNAL,
  CLONE_ARGS_FLAGS,
  CLONE_ARGS_PARENT_TID,
  CLONE_ARGS_PIDFD,
  CLONE_ARGS_SET_TID,
  CLONE_ARGS_SET_TID_SIZE,
  CLONE_ARGS_SIZE,
  CLONE_ARGS_SIZE_FIRST,
  CLONE_ARGS_STACK,
  CLONE_ARGS_STACK_SIZE,
  CLONE_ARGS_TLS,
  CLONE_CHILD_CLEARTID,
  CLONE_CHILD_SETTID,
  CLONE_CLEAR_SIGHAND_HIGH,
  CLONE_DETACHED,
  CLONE_FILES,
  CLONE_FS,
  CLONE_IO,
  CLONE_PARENT,
  CLONE_PARENT_SETTID,
  CLONE_PIDFD,
  CLONE_PTRACE,
  CLONE_SETTLS,
  CLONE_SIGHAND,
  CLONE_SIGNAL,
  CLONE_SYSVSEM,
  CLONE_THREAD,
  CLONE_UNTRACED,
  CLONE_VFORK,
  CLONE_VM,
} from "../../src/abi/linux/clone";
import { PAGE_SIZE } from "../../src/abi/memory-map";
import { SIGCHLD, SIGNAL_MAX } from "../../src/abi/signals";
import { TrapFrame } from "../machine/i686/trap-frame";
import {
  copyIn,
  copyOutTo,
  isUserRange,
  UserPointer,
  userPointer,
  writeWord,
} from "../memory/user-memory";
import { copyProcess, copyThread, discardCopy, lendSpace, startCopy } from "../process/fork";
import { currentProcess } from "../process/process";
import { resetSignalActions } from "../process/signal-actions";
import { processOf } from "../process/thread-group";
import { Thread } from "../thread/thread";
import { giveProcessFile } from "./process-file";
import { setChildSegment } from "./thread";

/** What clone can give a child. Nobody traces here, and there are no semaphores to undo. */
const CLONE_KNOWN: u32 =
  CLONE_SIGNAL |
  CLONE_VM |
  CLONE_FS |
  CLONE_FILES |
  CLONE_SIGHAND |
  CLONE_PIDFD |
  CLONE_PTRACE |
  CLONE_VFORK |
  CLONE_PARENT |
  CLONE_THREAD |
  CLONE_SYSVSEM |
  CLONE_SETTLS |
  CLONE_PARENT_SETTID |
  CLONE_CHILD_CLEARTID |
  CLONE_DETACHED |
  CLONE_UNTRACED |
  CLONE_CHILD_SETTID |
  CLONE_IO;
/** Most ids that clone3's set_tid may have: one for each namespace. */
const MOST_IDS: u64 = 32;

const args: usize = memory.data(CLONE_ARGS_SIZE, 8);
const extra: usize = memory.data(4, 4);
const childId: usize = memory.data(4, 4);

/** What a new thread or process is to be like; the next call has the same record. */
@unmanaged
class Wanted {
  flags: u32 = 0;
  stack: u32 = 0;
  endSignal: u32 = 0;
  parentWord: u32 = 0;
  /** Gets the descriptor of CLONE_PIDFD. */
  fileWord: u32 = 0;
  childWord: u32 = 0;
  segment: u32 = 0;
  forgetsHandlers: bool = false;
}

const wanted = changetype<Wanted>(memory.data(offsetof<Wanted>(), 4));

/** vfork(): the child has the caller's space until execve or its end, and the caller waits. */
export function vfork(_frame: TrapFrame): i32 {
  memory.fill(changetype<usize>(wanted), 0, offsetof<Wanted>());
  wanted.flags = CLONE_VM | CLONE_VFORK;
  wanted.endSignal = SIGCHLD;
  return makeChild();
}

/** clone(flags, stack, parent's word, user_desc, child's word) */
export function clone(frame: TrapFrame): i32 {
  wanted.flags = frame.arg0;
  wanted.stack = frame.arg1;
  wanted.endSignal = frame.arg0 & CLONE_SIGNAL;
  wanted.parentWord = frame.arg2;
  wanted.fileWord = frame.arg2;
  // One word cannot have both.
  if ((frame.arg0 & CLONE_PIDFD) !== 0 && (frame.arg0 & CLONE_PARENT_SETTID) !== 0) return -EINVAL;
  wanted.segment = frame.arg3;
  wanted.childWord = frame.arg4;
  wanted.forgetsHandlers = false;
  return makeChild();
}

/** clone3(clone_args, size) */
export function clone3(frame: TrapFrame): i32 {
  const result = readArguments(userPointer(frame.arg0), frame.arg1);
  return result !== 0 ? result : makeChild();
}

/** Copies clone_args in, judges them, and fills `wanted`. 0 or -errno. */
function readArguments(from: UserPointer, size: u32): i32 {
  if (size > PAGE_SIZE) return -E2BIG;
  if (size < CLONE_ARGS_SIZE_FIRST) return -EINVAL;
  memory.fill(args, 0, CLONE_ARGS_SIZE);
  if (copyIn(from, args, min<u32>(size, CLONE_ARGS_SIZE)) !== 0) return -EFAULT;
  // What a later version would say must not be asked for.
  for (let at = CLONE_ARGS_SIZE; at < size; at++) {
    if (copyIn(from.plus(at), extra, 1) !== 0) return -EFAULT;
    if (load<u8>(extra) !== 0) return -E2BIG;
  }
  const flags = load<u64>(args, CLONE_ARGS_FLAGS);
  const high = <u32>(flags >> 32);
  const endSignal = load<u64>(args, CLONE_ARGS_END_SIGNAL);
  const stack = load<u64>(args, CLONE_ARGS_STACK);
  const stackSize = load<u64>(args, CLONE_ARGS_STACK_SIZE);
  const ids = load<u64>(args, CLONE_ARGS_SET_TID_SIZE);
  if (ids > MOST_IDS || (ids !== 0) !== (load<u64>(args, CLONE_ARGS_SET_TID) !== 0)) return -EINVAL;
  // There are no namespaces of ids, so nobody may choose one; nor are there control groups.
  if (ids !== 0 || endSignal > SIGNAL_MAX) return -EINVAL;
  if ((high & ~CLONE_CLEAR_SIGHAND_HIGH) !== 0) return -EINVAL;
  wanted.flags = <u32>flags;
  wanted.endSignal = <u32>endSignal;
  wanted.forgetsHandlers = high !== 0;
  if ((wanted.flags & (CLONE_DETACHED | CLONE_SIGNAL)) !== 0) return -EINVAL;
  if (wanted.forgetsHandlers && (wanted.flags & CLONE_SIGHAND) !== 0) return -EINVAL;
  if ((wanted.flags & (CLONE_THREAD | CLONE_PARENT)) !== 0 && endSignal !== 0) return -EINVAL;
  if ((stack === 0) !== (stackSize === 0)) return -EINVAL;
  if ((stack | stackSize) >> 32 !== 0 || !isUserRange(<usize>stack, <u32>stackSize)) return -EINVAL;
  wanted.stack = <u32>(stack + stackSize);
  wanted.parentWord = load<u32>(args, CLONE_ARGS_PARENT_TID);
  wanted.fileWord = load<u32>(args, CLONE_ARGS_PIDFD);
  wanted.childWord = load<u32>(args, CLONE_ARGS_CHILD_TID);
  wanted.segment = load<u32>(args, CLONE_ARGS_TLS);
  return 0;
}

/** Makes what `wanted` says: the id of the new thread, or -errno. */
function makeChild(): i32 {
  const flags = wanted.flags;
  const refusal = cloneRefusal(flags);
  if (refusal !== 0) return refusal;
  const isThread = (flags & CLONE_THREAD) !== 0;
  const copy = isThread
    ? copyThread(flags, wanted.stack)
    : copyProcess(flags, wanted.stack, wanted.endSignal);
  if (isErrno(<u32>copy)) return <i32>copy;
  const child = changetype<Thread>(copy);
  const id = child.id;
  let result = 0;
  if ((flags & CLONE_SETTLS) !== 0) {
    result = setChildSegment(child.segments, userPointer(wanted.segment));
  }
  if (result === 0 && (flags & CLONE_PIDFD) !== 0) {
    result = giveProcessFile(processOf(child), userPointer(wanted.fileWord));
  }
  if (result !== 0) {
    discardCopy(child);
    return result;
  }
  if (wanted.forgetsHandlers) resetSignalActions(processOf(child));
  // As on Linux, a word that cannot be written to is the program's loss.
  if ((flags & CLONE_PARENT_SETTID) !== 0) writeWord(userPointer(wanted.parentWord), id);
  if ((flags & CLONE_CHILD_SETTID) !== 0) {
    store<u32>(childId, id);
    copyOutTo(child.space!, userPointer(wanted.childWord), childId, sizeof<u32>());
  }
  if ((flags & CLONE_CHILD_CLEARTID) !== 0) child.clearTid = wanted.childWord;
  if ((flags & CLONE_VFORK) !== 0) lendSpace(child);
  else startCopy(child);
  return <i32>id;
}

/** Why there cannot be such a child; 0: there can. There are no namespaces. */
function cloneRefusal(flags: u32): i32 {
  const sharesHandlers = (flags & CLONE_SIGHAND) !== 0;
  if ((flags & CLONE_THREAD) !== 0 && !sharesHandlers) return -EINVAL;
  if (sharesHandlers && (flags & CLONE_VM) === 0) return -EINVAL;
  const isNoProcess = (flags & (CLONE_THREAD | CLONE_DETACHED)) !== 0;
  if ((flags & CLONE_PIDFD) !== 0 && isNoProcess) return -EINVAL;
  // Process 1 has no parent to give a child to.
  if ((flags & CLONE_PARENT) !== 0 && currentProcess().parent === null) return -EINVAL;
  return (flags & ~CLONE_KNOWN) !== 0 ? -EINVAL : 0;
}
