// Allocates bits of a bitmap, alone and in runs: the frames of a machine, the blocks of a disk.

import { mix, nextRandom } from "./random";

const BITS: u32 = 32768;
const WORDS: u32 = BITS / 32;
const LIVE: u32 = 1024;
const NONE: u32 = 0xffffffff;

@unmanaged
class Bitmap {
  hint: u32 = 0;
  free: u32 = 0;
  // The words follow.

  /** The address of the word with that index. */
  @inline word(index: u32): usize {
    return changetype<usize>(this) + offsetof<Bitmap>() + (index << 2);
  }
}

/** The first free bit from the hint on. */
function allocate(map: Bitmap): u32 {
  if (map.free === 0) return NONE;
  let index = map.hint;
  while (load<u32>(map.word(index)) === 0xffffffff) index = index + 1 === WORDS ? 0 : index + 1;
  const bit = ctz(~load<u32>(map.word(index)));
  store<u32>(map.word(index), load<u32>(map.word(index)) | (1 << bit));
  map.hint = index;
  map.free--;
  return index * 32 + bit;
}

function release(map: Bitmap, bit: u32): void {
  const word = map.word(bit >> 5);
  store<u32>(word, load<u32>(word) & ~(1 << (bit & 31)));
  map.free++;
}

/** The first run of `count` free bits, taken. */
function allocateRun(map: Bitmap, count: u32): u32 {
  let length: u32 = 0;
  for (let bit: u32 = 0; bit < BITS; bit++) {
    const word = load<u32>(map.word(bit >> 5));
    if ((bit & 31) === 0 && word === 0xffffffff) {
      length = 0;
      bit += 31;
      continue;
    }
    if ((word >> (bit & 31)) & 1) {
      length = 0;
      continue;
    }
    if (++length < count) continue;
    const start = bit + 1 - count;
    for (let i = start; i <= bit; i++) {
      const word = map.word(i >> 5);
      store<u32>(word, load<u32>(word) | (1 << (i & 31)));
    }
    map.free -= count;
    return start;
  }
  return NONE;
}

function countFree(map: Bitmap): u32 {
  let count: u32 = 0;
  for (let i: u32 = 0; i < WORDS; i++) {
    for (let word = ~load<u32>(map.word(i)); word !== 0; word &= word - 1) count++;
  }
  return count;
}

export function run(arena: usize, rounds: u32): u32 {
  const map = changetype<Bitmap>(arena);
  const taken = map.word(WORDS);
  let random: u32 = 12345;
  let checksum: u32 = 0;
  map.hint = 0;
  map.free = BITS;
  for (let i: u32 = 0; i < WORDS; i++) {
    random = nextRandom(random);
    store<u32>(map.word(i), random | (random << 7));
    map.free -= popcnt(load<u32>(map.word(i)));
  }
  for (let round: u32 = 0; round < rounds; round++) {
    for (let i: u32 = 0; i < LIVE; i++) {
      store<u32>(taken + (i << 2), allocate(map));
      checksum = mix(checksum, load<u32>(taken + (i << 2)));
    }
    for (let i: u32 = 0; i < 8; i++) {
      const start = allocateRun(map, 3 + i);
      checksum = mix(checksum, start);
      if (start === NONE) continue;
      for (let j: u32 = 0; j < 3 + i; j++) release(map, start + j);
    }
    checksum = mix(checksum, countFree(map) ^ map.free);
    for (let i: u32 = 0; i < LIVE; i++) {
      const bit = load<u32>(taken + (i << 2));
      if (bit !== NONE) release(map, bit);
    }
    map.hint = 0;
  }
  return checksum;
}
