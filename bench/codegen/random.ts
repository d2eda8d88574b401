// What all TypeScript programs of this folder share: bench.h in AssemblyScript.

/** Pseudo-random numbers: xorshift32. The state must not be 0. */
export function nextRandom(state: u32): u32 {
  let x = state;
  x ^= x << 13;
  x ^= x >> 17;
  return x ^ (x << 5);
}

/** Adds a result to a checksum, so that its order counts. */
export function mix(checksum: u32, value: u32): u32 {
  return rotl(checksum + value, 5);
}
