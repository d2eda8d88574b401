// Numbers for AT_RANDOM: stack-protector canaries and hash seeds of C programs.
//
// xorshift32, stirred with the processor's cycle counter each time. Good enough to differ from run
// to run; not for keys.

import { rdtsc } from "../../src/abi/x86";

let state: u32 = 0x9e3779b9;

/** Fills `size` bytes, a multiple of 4, at `to`. */
export function fillRandom(to: usize, size: u32): void {
  for (let offset: u32 = 0; offset < size; offset += 4) store<u32>(to + offset, randomWord());
}

function randomWord(): u32 {
  state ^= <u32>rdtsc();
  if (state === 0) state = 0x9e3779b9; // xorshift never leaves 0
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}
