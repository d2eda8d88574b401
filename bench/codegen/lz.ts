// Compresses a text by references to what came before, and expands it again.
//
//   token   literals (4 bits) | match length - 4 (4 bits); 15: bytes follow that are added, up to
//           the first that is not 255
//   then    the literals, then the distance of the match as 16 bits; the last token has no match

import { mix, nextRandom } from "./random";

const SIZE: u32 = 32768;
const HASHES: u32 = 4096;
const SHORTEST: u32 = 4;

function hash(word: u32): u32 {
  return (word * 2654435761) >> 20;
}

function putLength(target: usize, length: u32): usize {
  let to = target;
  let rest = length;
  while (rest >= 255) {
    store<u8>(to++, 255);
    rest -= 255;
  }
  store<u8>(to++, rest);
  return to;
}

/** One token with its literals; a match of length 0 is none. */
function putToken(target: usize, literals: usize, count: u32, match: u32, distance: u32): usize {
  let to = target;
  const length: u32 = match === 0 ? 0 : match - SHORTEST;
  store<u8>(to++, ((count < 15 ? count : 15) << 4) | (length < 15 ? length : 15));
  if (count >= 15) to = putLength(to, count - 15);
  for (let i: u32 = 0; i < count; i++) store<u8>(to++, load<u8>(literals + i));
  if (match === 0) return to;
  store<u16>(to, distance);
  to += 2;
  return length >= 15 ? putLength(to, length - 15) : to;
}

function compress(from: usize, size: u32, target: usize, places: usize): u32 {
  let to = target;
  let at: u32 = 0;
  let literals: u32 = 0;
  for (let i: u32 = 0; i < HASHES; i++) store<u16>(places + (i << 1), 0);
  while (at + 8 < size) {
    const word = load<u32>(from + at);
    const slot = places + (hash(word) << 1);
    const candidate: u32 = load<u16>(slot);
    store<u16>(slot, at);
    if (candidate >= at || load<u32>(from + candidate) !== word) {
      at++;
      continue;
    }
    let length = SHORTEST;
    while (
      at + length < size &&
      load<u8>(from + candidate + length) === load<u8>(from + at + length)
    ) {
      length++;
    }
    to = putToken(to, from + literals, at - literals, length, at - candidate);
    at += length;
    literals = at;
  }
  to = putToken(to, from + literals, size - literals, 0, 0);
  return to - target;
}

function expand(source: usize, size: u32, target: usize): u32 {
  let from = source;
  let to = target;
  const end = source + size;
  while (true) {
    const token: u32 = load<u8>(from++);
    let count = token >> 4;
    if (count === 15) {
      while (load<u8>(from) === 255) count += load<u8>(from++);
      count += load<u8>(from++);
    }
    for (; count > 0; count--) store<u8>(to++, load<u8>(from++));
    if (from === end) return to - target;
    let match = to - load<u16>(from);
    from += 2;
    count = (token & 15) + SHORTEST;
    if (count === 15 + SHORTEST) {
      while (load<u8>(from) === 255) count += load<u8>(from++);
      count += load<u8>(from++);
    }
    for (; count > 0; count--) store<u8>(to++, load<u8>(match++));
  }
}

export function run(arena: usize, rounds: u32): u32 {
  const text = arena;
  const packed = arena + SIZE;
  const result = arena + 3 * SIZE;
  const places = arena + 4 * SIZE;
  let random: u32 = 21;
  let checksum: u32 = 0;
  for (let i: u32 = 0; i < SIZE; i++) {
    random = nextRandom(random);
    const back = ((random >> 8) & 1023) + 1;
    const at = text + i;
    if ((random & 15) !== 0 && back <= i) store<u8>(at, load<u8>(at - back + u32(back > 16)));
    else store<u8>(at, random >> 20);
    if ((random & 3) !== 0 && i >= 48) store<u8>(at, load<u8>(at - 48));
  }
  for (let round: u32 = 0; round < rounds; round++) {
    const size = compress(text, SIZE, packed, places);
    const length = expand(packed, size, result);
    checksum = mix(checksum, size);
    for (let i: u32 = 0; i < length; i += 64) checksum = mix(checksum, load<u32>(result + i));
    const at = text + (round & (SIZE - 1));
    store<u8>(at, load<u8>(at) ^ round);
  }
  return checksum;
}
