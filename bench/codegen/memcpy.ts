// Copies between places of every alignment, in lengths from a few bytes to a page.

import { mix, nextRandom } from "./random";

const SIZE: u32 = 65536;

/** Bytes up to an aligned destination, four words at a time, words, the bytes that are left. */
function copy(target: usize, source: usize, size: u32): void {
  let to = target;
  let from = source;
  let count = size;
  while (count !== 0 && (to & 3) !== 0) {
    store<u8>(to++, load<u8>(from++));
    count--;
  }
  for (; count >= 16; count -= 16) {
    store<u32>(to, load<u32>(from));
    store<u32>(to, load<u32>(from, 4), 4);
    store<u32>(to, load<u32>(from, 8), 8);
    store<u32>(to, load<u32>(from, 12), 12);
    to += 16;
    from += 16;
  }
  for (; count >= 4; count -= 4) {
    store<u32>(to, load<u32>(from));
    to += 4;
    from += 4;
  }
  while (count !== 0) {
    store<u8>(to++, load<u8>(from++));
    count--;
  }
}

export function run(arena: usize, rounds: u32): u32 {
  const source = arena;
  const target = arena + SIZE;
  let random: u32 = 1;
  for (let i: u32 = 0; i < SIZE; i += 4) {
    random = nextRandom(random);
    store<u32>(source + i, random);
  }
  let checksum: u32 = 0;
  for (let round: u32 = 0; round < rounds; round++) {
    for (let i: u32 = 0; i < 256; i++) {
      random = nextRandom(random);
      const count = (i & 15) === 0 ? random >> 20 : random >> 26;
      const from = (random >> 4) % (SIZE - 4096);
      const to = (random >> 12) % (SIZE - 4096);
      copy(target + to, source + from, count);
    }
    for (let i: u32 = 0; i < SIZE; i += 1020) checksum = mix(checksum, load<u32>(target + i));
  }
  return checksum;
}
