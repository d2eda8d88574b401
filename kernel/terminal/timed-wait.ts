// Waiting in a queue, but no longer than until a deadline.

import { ENOMEM, ERESTARTSYS } from "../../src/abi/errno";
import { leaveQueues, pollWait, startCollecting, stopCollecting } from "../thread/poll-table";
import { sleepOn, sleepUntil } from "../thread/schedule";
import { currentTick, TICKS_PER_SECOND } from "../thread/ticks";
import { WaitQueue } from "../thread/wait-queue";

const TICKS_PER_TENTH: u32 = TICKS_PER_SECOND / 10;

/** The deadline of a wait that has none. */
export const NEVER: u64 = u64.MAX_VALUE;

/** The deadline that many tenths of a second from now. */
export function tenthsFromNow(tenths: u32): u64 {
  return currentTick() + <u64>(tenths * TICKS_PER_TENTH);
}

export function hasPassed(deadline: u64): bool {
  return deadline <= currentTick();
}

/** Blocks until the queue is woken or the deadline has passed: 0, -ERESTARTSYS or -ENOMEM. */
export function sleepOnUntil(queue: WaitQueue, deadline: u64): i32 {
  if (deadline === NEVER) return sleepOn(queue);
  startCollecting();
  pollWait(queue);
  const hasAll = stopCollecting();
  const result = hasAll ? sleepUntil(deadline) : -ENOMEM;
  leaveQueues();
  return result === 0 || !hasAll ? result : -ERESTARTSYS;
}
