// Limits of a process's resources: a soft and a hard one for each.
//
//   a limit   0  soft: what holds   4  hard: how far the soft one can be raised
//
// Those of memory hold in the process's space (memory/space.ts), others where they are asked for;
// the rest is remembered, and reported, for programs that ask.

import {
  RLIM_INFINITY,
  RLIMIT_AS,
  RLIMIT_CORE,
  RLIMIT_DATA,
  RLIMIT_MEMLOCK,
  RLIMIT_MSGQUEUE,
  RLIMIT_NICE,
  RLIMIT_NOFILE,
  RLIMIT_NPROC,
  RLIMIT_RTPRIO,
  RLIMIT_SIGPENDING,
  RLIMIT_STACK,
  RLIMITS,
} from "../../src/abi/linux/resource";
import { LARGEST_COUNT, USUAL_COUNT } from "../file/file-table";
import { AddressSpace, STACK_LIMIT } from "../memory/space";

const LIMIT_SHIFT: u32 = 3;
const HARD: usize = 4;
export const LIMITS_SIZE: u32 = RLIMITS << LIMIT_SHIFT;

const PROCESSES: u32 = 32767;
const LOCKED_MEMORY: u32 = 8 << 20;
const QUEUE_BYTES: u32 = 819200;

/** Fills the LIMITS_SIZE bytes at `limits` with what process 1 begins with. */
export function startLimits(limits: usize): void {
  for (let i: u32 = 0; i < RLIMITS; i++) setLimit(limits, i, RLIM_INFINITY, RLIM_INFINITY);
  setLimit(limits, RLIMIT_STACK, STACK_LIMIT, RLIM_INFINITY);
  setLimit(limits, RLIMIT_CORE, 0, RLIM_INFINITY);
  setLimit(limits, RLIMIT_NPROC, PROCESSES, PROCESSES);
  setLimit(limits, RLIMIT_NOFILE, USUAL_COUNT, LARGEST_COUNT);
  setLimit(limits, RLIMIT_MEMLOCK, LOCKED_MEMORY, LOCKED_MEMORY);
  setLimit(limits, RLIMIT_SIGPENDING, PROCESSES, PROCESSES);
  setLimit(limits, RLIMIT_MSGQUEUE, QUEUE_BYTES, QUEUE_BYTES);
  setLimit(limits, RLIMIT_NICE, 0, 0);
  setLimit(limits, RLIMIT_RTPRIO, 0, 0);
}

export function softLimit(limits: usize, resource: u32): u32 {
  return load<u32>(limits + (resource << LIMIT_SHIFT));
}

export function hardLimit(limits: usize, resource: u32): u32 {
  return load<u32>(limits + (resource << LIMIT_SHIFT), HARD);
}

export function setLimit(limits: usize, resource: u32, soft: u32, hard: u32): void {
  store<u32>(limits + (resource << LIMIT_SHIFT), soft);
  store<u32>(limits + (resource << LIMIT_SHIFT), hard, HARD);
}

/** Makes those of memory hold in `space`. */
export function applyLimits(limits: usize, space: AddressSpace): void {
  space.stackLimit = softLimit(limits, RLIMIT_STACK);
  space.sizeLimit = softLimit(limits, RLIMIT_AS);
  space.dataLimit = softLimit(limits, RLIMIT_DATA);
}
