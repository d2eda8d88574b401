// capget and capset: which capabilities a thread has. See capabilities(7).
//
//   header   0 version   4 pid
//   data     0 effective   4 permitted   8 inheritable; once more for the upper 32 bits

import { EFAULT, EINVAL, EPERM, ESRCH } from "../../src/abi/errno";
import {
  CAP_SETPCAP,
  CAPABILITY_VERSION_1,
  CAPABILITY_VERSION_2,
  CAPABILITY_VERSION_3,
} from "../../src/abi/linux/capability";
import { TrapFrame } from "../machine/i686/trap-frame";
import {
  copyIn,
  copyOut,
  UserPointer,
  userAddress,
  userPointer,
  writeWord,
} from "../memory/user-memory";
import { currentProcess, findProcess } from "../process/process";
import { ALL_CAPABILITIES, currentCredentials } from "../thread/credentials";

const HEADER_SIZE: u32 = 8;
const SET_SIZE: u32 = 12;
const HALF: u32 = 32;
const header: usize = memory.data(HEADER_SIZE, 4);
const sets: usize = memory.data(2 * SET_SIZE, 4);

/** capget(header, data): without data it asks for the version. */
export function capget(frame: TrapFrame): i32 {
  const to = userPointer(frame.arg1);
  const size = readHeader(userPointer(frame.arg0));
  if (size < 0) return size === -EINVAL && userAddress(to) === 0 ? 0 : size;
  const pid = load<i32>(header, 4);
  if (pid < 0) return -EINVAL;
  const process = pid === 0 ? currentProcess() : findProcess(<u32>pid);
  if (process === null) return -ESRCH;
  if (userAddress(to) === 0) return 0;
  const who = process.thread.credentials;
  putSets(ALL_CAPABILITIES & ~who.ineffective, 0);
  putSets(ALL_CAPABILITIES & ~who.unpermitted, 4);
  putSets(who.inheritable, 8);
  return copyOut(to, sets, <u32>size);
}

/** capset(header, data): of the caller alone, who gives up what it names no more. */
export function capset(frame: TrapFrame): i32 {
  const size = readHeader(userPointer(frame.arg0));
  if (size < 0) return size;
  const pid = load<i32>(header, 4);
  if (pid !== 0 && pid !== <i32>currentProcess().pid) return -EPERM;
  memory.fill(sets, 0, 2 * SET_SIZE);
  if (copyIn(userPointer(frame.arg1), sets, <u32>size) !== 0) return -EFAULT;
  const effective = setAt(0);
  const permitted = setAt(4);
  const inheritable = setAt(8);
  const who = currentCredentials();
  const had = ALL_CAPABILITIES & ~who.unpermitted;
  const mayInherit = who.has(CAP_SETPCAP) ? ALL_CAPABILITIES : who.inheritable | had;
  if ((inheritable & ~mayInherit) !== 0) return -EPERM;
  if ((permitted & ~had) !== 0 || (effective & ~permitted) !== 0) return -EPERM;
  who.ineffective = ALL_CAPABILITIES & ~effective;
  who.unpermitted = ALL_CAPABILITIES & ~permitted;
  who.inheritable = inheritable;
  return 0;
}

/** Reads the header: the size of its data, -EINVAL (and the version is put right) or -EFAULT. */
function readHeader(from: UserPointer): i32 {
  if (copyIn(from, header, HEADER_SIZE) !== 0) return -EFAULT;
  const version = load<u32>(header);
  if (version === CAPABILITY_VERSION_1) return <i32>SET_SIZE;
  if (version === CAPABILITY_VERSION_2 || version === CAPABILITY_VERSION_3) return 2 * SET_SIZE;
  return writeWord(from, CAPABILITY_VERSION_3) !== 0 ? -EFAULT : -EINVAL;
}

function putSets(set: u64, offset: u32): void {
  store<u32>(sets + offset, <u32>set);
  store<u32>(sets + offset + SET_SIZE, <u32>(set >> HALF));
}

function setAt(offset: u32): u64 {
  const high = <u64>load<u32>(sets + offset + SET_SIZE);
  return ((high << HALF) | <u64>load<u32>(sets + offset)) & ALL_CAPABILITIES;
}
