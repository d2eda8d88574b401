// futex: waiting for a word of user memory, and waking those who wait. See futex(2).
//
// Locks that inherit priorities are not there (-ENOSYS): there are no priorities.

import { EAGAIN, EFAULT, EINTR, EINVAL, ENOSYS, ERESTARTNOHAND } from "../../src/abi/errno";
import {
  FUTEX_ANY,
  FUTEX_CMP_REQUEUE,
  FUTEX_PRIVATE,
  FUTEX_REALTIME,
  FUTEX_REQUEUE,
  FUTEX_WAIT,
  FUTEX_WAIT_BITSET,
  FUTEX_WAKE,
  FUTEX_WAKE_BITSET,
  FUTEX_WAKE_OP,
} from "../../src/abi/linux/futex";
import { TrapFrame } from "../machine/i686/trap-frame";
import { readWord, UserPointer, userAddress, userPointer, writeWord } from "../memory/user-memory";
import { FutexKey, requeueWaiters, waitForWord, wakeWaiters } from "../thread/futex";
import { NEVER } from "../thread/timer";
import { CLOCK_MONOTONIC, CLOCK_REALTIME, uptimeOf } from "./clock";
import { TimeForm, takenTime, takeTime } from "./time-value";
import { interruptedWait, waitDeadlineIn } from "./wait-time";

// The word of FUTEX_WAKE_OP: what is done with the second word, what its old value is compared
// with, and the operands, which have a sign.
const OP_SHIFT: u32 = 28;
const OP_MASK: u32 = 7;
const OP_OPERAND_IS_BIT: u32 = 1 << 31;
const COMPARISON_SHIFT: u32 = 24;
const COMPARISON_MASK: u32 = 15;
const OPERAND_SHIFT: u32 = 12;
const OPERAND_BITS: u32 = 12;
const BIT_MASK: u32 = 31;

const word: usize = memory.data(4, 4);
const first = changetype<FutexKey>(memory.data(offsetof<FutexKey>(), 4));
const second = changetype<FutexKey>(memory.data(offsetof<FutexKey>(), 4));

/** When the wait that is asked for ends, in nanoseconds of uptime: set by readDeadline(). */
let deadline: u64 = 0;

/** futex(word, operation, value, timeout or second value, second word, third value) */
export function futex(frame: TrapFrame): i32 {
  return operate(frame, false);
}

/** futex_time64: as futex, with 64-bit seconds. */
export function futex64(frame: TrapFrame): i32 {
  return operate(frame, true);
}

function operate(frame: TrapFrame, isLong: bool): i32 {
  const operation = frame.arg1 & ~(FUTEX_PRIVATE | FUTEX_REALTIME);
  const isShared = (frame.arg1 & FUTEX_PRIVATE) === 0;
  const isReal = (frame.arg1 & FUTEX_REALTIME) !== 0;
  if (isReal && operation !== FUTEX_WAIT_BITSET) return -ENOSYS;
  switch (operation) {
    case FUTEX_WAKE:
      return wake(frame, isShared, FUTEX_ANY);
    case FUTEX_WAKE_BITSET:
      return wake(frame, isShared, frame.arg5);
    case FUTEX_WAIT: {
      const result = readDeadline(userPointer(frame.arg3), isLong, false, false);
      return result !== 0 ? result : wait(frame, isShared, FUTEX_ANY, false);
    }
    case FUTEX_WAIT_BITSET: {
      const result = readDeadline(userPointer(frame.arg3), isLong, true, isReal);
      return result !== 0 ? result : wait(frame, isShared, frame.arg5, true);
    }
    case FUTEX_REQUEUE:
      return requeue(frame, isShared);
    case FUTEX_CMP_REQUEUE:
      return compareAndRequeue(frame, isShared);
    case FUTEX_WAKE_OP:
      return wakeOperation(frame, isShared);
    default:
      return -ENOSYS;
  }
}

function wait(frame: TrapFrame, isShared: bool, bits: u32, isAbsolute: bool): i32 {
  if (bits === 0) return -EINVAL;
  const end = deadline;
  const result = waitForWord(userPointer(frame.arg0), isShared, frame.arg2, bits, end);
  if (result !== -EINTR) return result;
  return isAbsolute ? -ERESTARTNOHAND : interruptedWait(end);
}

function wake(frame: TrapFrame, isShared: bool, bits: u32): i32 {
  if (bits === 0) return -EINVAL;
  const result = first.find(userPointer(frame.arg0), isShared);
  return result !== 0 ? result : wakeWaiters(first, <i32>frame.arg2, bits);
}

/** Wakes as many as the value says, and has as many more wait for the second word. */
function requeue(frame: TrapFrame, isShared: bool): i32 {
  const count = <i32>frame.arg2;
  const most = <i32>frame.arg3;
  if (count < 0 || most < 0) return -EINVAL;
  const result = findBoth(frame, isShared);
  return result !== 0 ? result : requeueWaiters(first, second, count, most);
}

/** As requeue(), if the first word is the third value. */
function compareAndRequeue(frame: TrapFrame, isShared: bool): i32 {
  if (<i32>frame.arg2 < 0 || <i32>frame.arg3 < 0) return -EINVAL;
  let result = findBoth(frame, isShared);
  if (result === 0) result = readWord(userPointer(frame.arg0), word);
  if (result !== 0) return result;
  return load<u32>(word) === frame.arg5 ? requeue(frame, isShared) : -EAGAIN;
}

/** Changes the second word, wakes at the first, and at the second if what that was is as asked. */
function wakeOperation(frame: TrapFrame, isShared: bool): i32 {
  let result = findBoth(frame, isShared);
  const to = userPointer(frame.arg4);
  if (result === 0) result = readWord(to, word);
  if (result !== 0) return result;
  const before = load<u32>(word);
  const code = frame.arg5;
  const comparison = (code >> COMPARISON_SHIFT) & COMPARISON_MASK;
  const operation = (code >> OP_SHIFT) & OP_MASK;
  if (operation > 4) return -ENOSYS;
  if (writeWord(to, changed(before, operation, operandOf(code))) !== 0) return -EFAULT;
  if (comparison > 5) return -ENOSYS;
  const woken = wakeWaiters(first, <i32>frame.arg2, FUTEX_ANY);
  if (!isTrue(<i32>before, comparison, signedOperand(code))) return woken;
  return woken + wakeWaiters(second, <i32>frame.arg3, FUTEX_ANY);
}

function operandOf(code: u32): u32 {
  const operand = <u32>signedOperand(code >> OPERAND_SHIFT);
  return (code & OP_OPERAND_IS_BIT) !== 0 ? 1 << (operand & BIT_MASK) : operand;
}

/** The low bits, of which the highest is a sign. */
function signedOperand(bits: u32): i32 {
  return <i32>(bits << (32 - OPERAND_BITS)) >> (32 - OPERAND_BITS);
}

function changed(before: u32, operation: u32, operand: u32): u32 {
  switch (operation) {
    case 0:
      return operand;
    case 1:
      return before + operand;
    case 2:
      return before | operand;
    case 3:
      return before & ~operand;
    default:
      return before ^ operand;
  }
}

function isTrue(before: i32, comparison: u32, operand: i32): bool {
  switch (comparison) {
    case 0:
      return before === operand;
    case 1:
      return before !== operand;
    case 2:
      return before < operand;
    case 3:
      return before <= operand;
    case 4:
      return before > operand;
    default:
      return before >= operand;
  }
}

function findBoth(frame: TrapFrame, isShared: bool): i32 {
  const result = first.find(userPointer(frame.arg0), isShared);
  return result !== 0 ? result : second.find(userPointer(frame.arg4), isShared);
}

/** Reads a timespec into `deadline`; a null pointer is no end. 0, -EFAULT or -EINVAL. */
function readDeadline(from: UserPointer, isLong: bool, isAbsolute: bool, isReal: bool): i32 {
  deadline = NEVER;
  if (userAddress(from) === 0) return 0;
  const result = takeTime(from, isLong ? TimeForm.timespec64 : TimeForm.timespec);
  if (result !== 0) return result;
  const clock = isReal ? CLOCK_REALTIME : CLOCK_MONOTONIC;
  deadline = isAbsolute ? uptimeOf(clock, takenTime) : waitDeadlineIn(takenTime);
  return 0;
}
