// System calls about the thread itself: its id, its own segments, what its library registers.

import { TLS_ENTRIES, TLS_FIRST } from "../../src/abi/descriptors";
import { EFAULT, EINVAL, ENOSYS, EPERM, ESRCH } from "../../src/abi/errno";
import { ROBUST_LIST_SIZE } from "../../src/abi/linux/futex";
import {
  USER_DESC_32BIT,
  USER_DESC_ANY,
  USER_DESC_BASE,
  USER_DESC_CONTENTS_MASK,
  USER_DESC_CONTENTS_SHIFT,
  USER_DESC_EMPTY,
  USER_DESC_FLAGS,
  USER_DESC_LIMIT,
  USER_DESC_NOT_PRESENT,
  USER_DESC_SIZE,
} from "../../src/abi/linux/user-desc";
import { TrapFrame } from "../machine/i686/trap-frame";
import { UserSegments } from "../machine/i686/user-segments";
import {
  copyIn,
  copyOut,
  readWord,
  UserPointer,
  userPointer,
  writeWord,
} from "../memory/user-memory";
import { findThread } from "../process/thread-group";
import { currentCredentials } from "../thread/credentials";
import { currentOwner, currentThread, Thread, ThreadState } from "../thread/thread";

const descriptor: usize = memory.data(USER_DESC_SIZE, 4);
const entryNumber: usize = memory.data(4, 4);

/** set_thread_area(user_desc): an entry number of -1 becomes that of a free one. */
export function setThreadArea(frame: TrapFrame): i32 {
  const from = userPointer(frame.arg0);
  const segments = currentThread.segments;
  const result = readDescriptor(from);
  if (result !== 0) return result;
  let index = load<u32>(descriptor);
  if (index === USER_DESC_ANY) {
    index = segments.freeIndex();
    if (index === 0) return -ESRCH;
    if (writeWord(from, index) !== 0) return -EFAULT;
  }
  if (index - TLS_FIRST >= TLS_ENTRIES) return -EINVAL;
  segments.save();
  describe(segments, index);
  segments.load();
  return 0;
}

/** get_thread_area(user_desc): the entry number says which. */
export function getThreadArea(frame: TrapFrame): i32 {
  const to = userPointer(frame.arg0);
  if (readWord(to, entryNumber) !== 0) return -EFAULT;
  const index = load<u32>(entryNumber);
  if (index - TLS_FIRST >= TLS_ENTRIES) return -EINVAL;
  const segments = currentThread.segments;
  store<u32>(descriptor, index);
  store<u32>(descriptor, segments.baseOf(index), USER_DESC_BASE);
  store<u32>(descriptor, segments.limitOf(index), USER_DESC_LIMIT);
  store<u32>(descriptor, segments.flagsOf(index), USER_DESC_FLAGS);
  return copyOut(to, descriptor, USER_DESC_SIZE);
}

/** Gives a thread that is being made the segment of a user_desc, for clone: 0, -EFAULT, -EINVAL. */
export function setChildSegment(segments: UserSegments, from: UserPointer): i32 {
  const result = readDescriptor(from);
  if (result !== 0) return result;
  const index = load<u32>(descriptor);
  if (index - TLS_FIRST >= TLS_ENTRIES) return -EINVAL;
  describe(segments, index);
  return 0;
}

/** Copies a user_desc in: 0, -EFAULT, or -EINVAL for a segment that no thread may have. */
function readDescriptor(from: UserPointer): i32 {
  if (copyIn(from, descriptor, USER_DESC_SIZE) !== 0) return -EFAULT;
  if (isEmpty()) return 0;
  const flags = load<u32>(descriptor, USER_DESC_FLAGS);
  const contents = (flags >> USER_DESC_CONTENTS_SHIFT) & USER_DESC_CONTENTS_MASK;
  if ((flags & USER_DESC_32BIT) === 0 || contents > 1) return -EINVAL;
  return (flags & USER_DESC_NOT_PRESENT) !== 0 ? -EINVAL : 0;
}

/** Whether it stands for no segment. */
function isEmpty(): bool {
  const flags = load<u32>(descriptor, USER_DESC_FLAGS);
  if ((load<u32>(descriptor, USER_DESC_BASE) | load<u32>(descriptor, USER_DESC_LIMIT)) !== 0) {
    return false;
  }
  return flags === 0 || flags === USER_DESC_EMPTY;
}

function describe(segments: UserSegments, index: u32): void {
  segments.describe(
    index,
    load<u32>(descriptor, USER_DESC_BASE),
    load<u32>(descriptor, USER_DESC_LIMIT),
    load<u32>(descriptor, USER_DESC_FLAGS),
  );
}

export function gettid(_frame: TrapFrame): i32 {
  return <i32>currentThread.id;
}

/** set_tid_address(word): set to 0 when the thread ends; returns the thread's id. */
export function setTidAddress(frame: TrapFrame): i32 {
  currentThread.clearTid = frame.arg0;
  return <i32>currentThread.id;
}

/** set_robust_list(head, size) */
export function setRobustList(frame: TrapFrame): i32 {
  if (frame.arg1 !== ROBUST_LIST_SIZE) return -EINVAL;
  currentThread.robustList = frame.arg0;
  return 0;
}

/** get_robust_list(thread, head, size): 0 is the caller. */
export function getRobustList(frame: TrapFrame): i32 {
  const thread = frame.arg0 === 0 ? currentThread : findThread(frame.arg0);
  if (thread === null || thread.state === ThreadState.ended) return -ESRCH;
  if (!mayInspect(thread)) return -EPERM;
  if (writeWord(userPointer(frame.arg2), ROBUST_LIST_SIZE) !== 0) return -EFAULT;
  return writeWord(userPointer(frame.arg1), thread.robustList);
}

/** Whether the caller may know what another thread's addresses are. */
function mayInspect(thread: Thread): bool {
  const caller = currentCredentials();
  const user = thread.credentials.user;
  if (caller.effectiveUser === 0 || thread.owner === currentOwner) return true;
  return caller.user === user && user === thread.credentials.savedUser;
}

/** What libraries ask for and do without: the log need not say that it is missing. */
export function notThere(_frame: TrapFrame): i32 {
  return -ENOSYS;
}
