// Random numbers: AT_RANDOM of programs (stack-protector canaries, hash seeds), getrandom(2) and
// /dev/urandom.
//
// xorshift32, stirred with the processor's cycle counter each time. Good enough to differ from run
// to run; not for keys.

import { rdtsc } from "../../src/abi/x86";

let state: u32 = 0x9e3779b9;

/** Fills `size` bytes at `to`. */
export function fillRandom(to: usize, size: u32): void {
  let offset: u32 = 0;
  for (; offset + 4 <= size; offset += 4) store<u32>(to + offset, randomWord());
  for (let rest = randomWord(); offset < size; offset++, rest >>= 8) store<u8>(to + offset, rest);
}

function randomWord(): u32 {
  state ^= <u32>rdtsc();
  if (state === 0) state = 0x9e3779b9; // xorshift never leaves 0
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}
