// System calls about what a process is called, and what it pretends to be.

import { EFAULT, EINVAL } from "../../src/abi/errno";
import { PROCESS_NAME_SIZE } from "../../src/abi/kernel-info";
import { LAST_CAPABILITY } from "../../src/abi/linux/capability";
import { SIGNAL_MAX } from "../../src/abi/signals";
import { TrapFrame } from "../machine/i686/trap-frame";
import { copyIn, copyInString, copyOut, userPointer, writeWord } from "../memory/user-memory";
import { currentProcess } from "../process/process";
import { setThreadName, threadName } from "../process/thread-group";
import { currentCredentials } from "../thread/credentials";
import { currentThread } from "../thread/thread";

const PR_SET_PDEATHSIG: u32 = 1;
const PR_GET_PDEATHSIG: u32 = 2;
const PR_GET_DUMPABLE: u32 = 3;
const PR_SET_DUMPABLE: u32 = 4;
const PR_GET_KEEPCAPS: u32 = 7;
const PR_SET_KEEPCAPS: u32 = 8;
const PR_SET_NAME: u32 = 15;
const PR_GET_NAME: u32 = 16;
const PR_GET_SECCOMP: u32 = 21;
const PR_CAPBSET_READ: u32 = 23;
const PR_SET_CHILD_SUBREAPER: u32 = 36;
const PR_GET_CHILD_SUBREAPER: u32 = 37;
const PR_SET_NO_NEW_PRIVS: u32 = 38;
const PR_GET_NO_NEW_PRIVS: u32 = 39;
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

/** prctl(command, …): names, and what a process may have and may do. */
export function prctl(frame: TrapFrame): i32 {
  const value = frame.arg1;
  const process = currentProcess();
  const who = currentCredentials();
  switch (frame.arg0) {
    case PR_SET_PDEATHSIG:
      if (value > SIGNAL_MAX) return -EINVAL;
      process.deathSignal = value;
      return 0;
    case PR_GET_PDEATHSIG:
      return writeWord(userPointer(value), process.deathSignal);
    case PR_SET_NAME:
      return setName(value);
    case PR_GET_NAME:
      return copyOut(userPointer(value), threadName(currentThread), PROCESS_NAME_SIZE);
    case PR_GET_DUMPABLE:
      return process.isGuarded ? 0 : 1;
    case PR_SET_DUMPABLE:
      if (value > 1) return -EINVAL;
      process.isGuarded = value === 0;
      return 0;
    case PR_GET_KEEPCAPS:
      return who.keepsCapabilities ? 1 : 0;
    case PR_SET_KEEPCAPS:
      if (value > 1) return -EINVAL;
      who.keepsCapabilities = value === 1;
      return 0;
    case PR_GET_SECCOMP:
      return 0;
    case PR_CAPBSET_READ:
      return value > LAST_CAPABILITY ? -EINVAL : 1;
    case PR_SET_CHILD_SUBREAPER:
      process.isReaper = value !== 0;
      return 0;
    case PR_GET_CHILD_SUBREAPER:
      return writeWord(userPointer(value), process.isReaper ? 1 : 0);
    case PR_SET_NO_NEW_PRIVS:
      if (value !== 1 || hasMore(frame)) return -EINVAL;
      who.gainsNothing = true;
      return 0;
    case PR_GET_NO_NEW_PRIVS:
      if (value !== 0 || hasMore(frame)) return -EINVAL;
      return who.gainsNothing ? 1 : 0;
    default:
      return -EINVAL;
  }
}

/** Whether there are arguments that a command has no use for. */
function hasMore(frame: TrapFrame): bool {
  return (frame.arg2 | frame.arg3 | frame.arg4) !== 0;
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
