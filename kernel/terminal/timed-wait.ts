// How long reads of a terminal wait: VTIME counts tenths of a second.

import { ERESTARTSYS } from "../../src/abi/errno";
import { sleepOnUntil } from "../thread/schedule";
import { readUptime } from "../thread/uptime";
import { WaitQueue } from "../thread/wait-queue";

const NANOSECONDS_PER_TENTH: u64 = 100000000;

/** The deadline that many tenths of a second from now. */
export function tenthsFromNow(tenths: u32): u64 {
  return readUptime() + <u64>tenths * NANOSECONDS_PER_TENTH;
}

export function hasPassed(deadline: u64): bool {
  return deadline <= readUptime();
}

/** Blocks until the queue is woken or the deadline has passed: 0 or -ERESTARTSYS. */
export function waitUntil(queue: WaitQueue, deadline: u64): i32 {
  return sleepOnUntil(queue, deadline) === 0 ? 0 : -ERESTARTSYS;
}
