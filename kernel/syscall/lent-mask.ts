// The signal mask that a program gives a call that waits, for the time of that call.

import { EFAULT, EINTR, EINVAL, ERESTARTNOHAND } from "../../src/abi/errno";
import { copyIn, UserPointer, userAddress } from "../memory/user-memory";
import { lendSignalMask, returnSignalMask } from "../process/signal";

/** The bytes of a set of signals. */
export const SET_SIZE: u32 = 8;
const set: usize = memory.data(SET_SIZE, 8);

/** Gives the thread another mask, unless the pointer is 0. 0, -EINVAL or -EFAULT. */
export function lendMask(from: UserPointer, size: u32): i32 {
  if (userAddress(from) === 0) return 0;
  if (size !== SET_SIZE) return -EINVAL;
  if (copyIn(from, set, SET_SIZE) !== 0) return -EFAULT;
  lendSignalMask(load<u64>(set));
  return 0;
}

/** If a signal ended the wait, its handler runs with the lent mask; then the old one is back. */
export function takeMaskBack(result: i32): i32 {
  if (result !== -EINTR && result !== -ERESTARTNOHAND) returnSignalMask();
  return result;
}
