// kcmp: whether two processes share what they have.

import { EBADF, EINVAL, EOPNOTSUPP, EPERM, ESRCH } from "../../src/abi/errno";
import { TrapFrame } from "../machine/i686/trap-frame";
import { mayInspect } from "../process/access";
import { contextOf, filesOf } from "../process/thread-files";
import { findThread, processOf } from "../process/thread-group";
import { Thread } from "../thread/thread";

const KCMP_FILE: u32 = 0;
const KCMP_VM: u32 = 1;
const KCMP_FILES: u32 = 2;
const KCMP_FS: u32 = 3;
const KCMP_SIGHAND: u32 = 4;
const KCMP_IO: u32 = 5;
const KCMP_SYSVSEM: u32 = 6;
const KCMP_EPOLL_TFD: u32 = 7;

const LESS: i32 = 1;
const GREATER: i32 = 2;

/** kcmp(one, another, type, index, index): 0 the same, 1 less, 2 greater in an order of its own. */
export function kcmp(frame: TrapFrame): i32 {
  const one = findThread(frame.arg0);
  const another = findThread(frame.arg1);
  if (one === null || another === null) return -ESRCH;
  if (!mayInspect(processOf(one)) || !mayInspect(processOf(another))) return -EPERM;
  const type = frame.arg2;
  if (type === KCMP_EPOLL_TFD) return -EOPNOTSUPP;
  if (type > KCMP_EPOLL_TFD) return -EINVAL;
  const a = identityOf(one, type, frame.arg3);
  const b = identityOf(another, type, frame.arg4);
  if (type === KCMP_FILE && (a === 0 || b === 0)) return -EBADF;
  if (a === b) return 0;
  return a < b ? LESS : GREATER;
}

/** A number that only those have who share the thing; 0: there is none. */
function identityOf(thread: Thread, type: u32, index: u32): usize {
  const process = processOf(thread);
  const files = filesOf(thread);
  switch (type) {
    case KCMP_FILE:
      return files === null ? 0 : changetype<usize>(files.get(index));
    case KCMP_VM:
      return changetype<usize>(process.space);
    case KCMP_FILES:
      return changetype<usize>(files);
    case KCMP_FS:
      return changetype<usize>(contextOf(thread));
    case KCMP_SIGHAND:
      // A process that has set no action has no record of them.
      return process.actions !== 0 ? process.actions : changetype<usize>(process);
    default:
      // Nobody has anything of KCMP_IO, KCMP_SYSVSEM.
      return 0;
  }
}

if (KCMP_IO >= KCMP_EPOLL_TFD || KCMP_SYSVSEM >= KCMP_EPOLL_TFD) ERROR("those that nobody has");
