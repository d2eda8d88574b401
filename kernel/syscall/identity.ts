// System calls about what a process is called, and what it pretends to be.

import { EFAULT, EINVAL } from "../../src/abi/errno";
import { PROCESS_NAME_SIZE } from "../../src/abi/kernel-info";
import { TrapFrame } from "../machine/i686/trap-frame";
import { copyIn, copyInString, copyOut, userPointer } from "../memory/user-memory";
import { currentProcess } from "../process/process";
import { setThreadName, threadName } from "../process/thread-group";
import { currentThread } from "../thread/thread";

const PR_GET_DUMPABLE: u32 = 3;
const PR_SET_DUMPABLE: u32 = 4;
const PR_SET_NAME: u32 = 15;
const PR_GET_NAME: u32 = 16;
const PR_CAPBSET_READ: u32 = 23;
/** The last capability of Linux 6.1. */
const LAST_CAPABILITY: u32 = 40;
/** personality(2): asks only. */
const ASK: u32 = 0xffffffff;

const name: usize = memory.data(PROCESS_NAME_SIZE, 4);

/** personality(flags): what it was before; the flags change nothing here. */
export function personality(frame: TrapFrame): i32 {
  const process = currentProcess();
  const before = process.personality;
  if (frame.arg0 !== ASK) process.personality = frame.arg0;
  return <i32>before;
}

/** prctl(command, …): names, and what every process here answers alike. */
export function prctl(frame: TrapFrame): i32 {
  const value = frame.arg1;
  switch (frame.arg0) {
    case PR_SET_NAME:
      return setName(value);
    case PR_GET_NAME:
      return copyOut(userPointer(value), threadName(currentThread), PROCESS_NAME_SIZE);
    case PR_GET_DUMPABLE:
      return 1;
    case PR_SET_DUMPABLE:
      return value > 1 ? -EINVAL : 0;
    case PR_CAPBSET_READ:
      return value > LAST_CAPABILITY ? -EINVAL : 1;
    default:
      return -EINVAL;
  }
}

function setName(from: u32): i32 {
  const length = copyInString(userPointer(from), name, PROCESS_NAME_SIZE);
  // A longer name is cut off.
  if (length === -EFAULT) return -EFAULT;
  const kept = length < 0 ? PROCESS_NAME_SIZE - 1 : <u32>length;
  if (length < 0 && copyIn(userPointer(from), name, PROCESS_NAME_SIZE) !== 0) return -EFAULT;
  setThreadName(currentThread, name, kept);
  return 0;
}
