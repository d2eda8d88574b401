// Times for programs made by `npx isthmus compile`: nanoseconds since some moment, and a number
// that differs each time a program runs.

import { AT_NULL, AT_RANDOM } from "../../src/abi/auxiliary";
import { SystemCall } from "../../src/abi/linux/i386";
import { int80 } from "../../src/abi/x86";
import { program_arguments } from "./symbols";

const CLOCK_REALTIME: u32 = 0;
const CLOCK_MONOTONIC: u32 = 1;
const SECOND: u64 = 1_000_000_000;

/** Seconds and nanoseconds, a word each. */
const time: usize = memory.data(8, 4);

function read(clock: u32): u64 {
  int80(SystemCall.clock_gettime, clock, time, 0, 0, 0, 0);
  return load<u32>(time) * SECOND + load<u32>(time, 4);
}

/** Nanoseconds on a clock that only goes forward. */
export function nanoseconds(): u64 {
  return read(CLOCK_MONOTONIC);
}

/** What Math.random begins with: any 64 bits. */
export function seed(): f64 {
  const bytes = randomBytes();
  if (bytes !== 0) return load<f64>(bytes);
  return reinterpret<f64>(read(CLOCK_REALTIME) ^ (read(CLOCK_MONOTONIC) << 20));
}

/** The random bytes that the kernel has left for this program; 0 if it has left none. */
function randomBytes(): usize {
  let at = pastEnd(pastEnd(load<usize>(program_arguments())));
  for (; load<u32>(at) !== AT_NULL; at += 8) {
    if (load<u32>(at) === AT_RANDOM) return load<usize>(at, 4);
  }
  return 0;
}

/**
 * What comes after a list of addresses that ends with 0: the environment's, the auxiliary vector.
 */
function pastEnd(list: usize): usize {
  let at = list;
  while (load<usize>(at) !== 0) at += sizeof<usize>();
  return at + sizeof<usize>();
}
