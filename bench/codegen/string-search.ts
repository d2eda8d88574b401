// Searches a text for words by Horspool's algorithm, and for lines by their lengths.

import { mix, nextRandom } from "./random";

const TEXT: u32 = 32768;
const NOT_FOUND: u32 = 0xffffffff;
const NEWLINE: u32 = 10;
const LETTER_A: u32 = 97;

function makeSkips(skips: usize, word: usize, length: u32): void {
  for (let i: u32 = 0; i < 256; i++) store<u8>(skips + i, length);
  for (let i: u32 = 0; i + 1 < length; i++) {
    store<u8>(skips + load<u8>(word + i), length - 1 - i);
  }
}

/** Where `word` is in the text from `start` on. */
function search(text: usize, start: u32, word: usize, length: u32, skips: usize): u32 {
  let at = start;
  const last: u32 = load<u8>(word + (length - 1));
  while (at + length <= TEXT) {
    const found: u32 = load<u8>(text + (at + length - 1));
    if (found === last) {
      let i: u32 = 0;
      while (i < length - 1 && load<u8>(text + at + i) === load<u8>(word + i)) i++;
      if (i === length - 1) return at;
    }
    at += load<u8>(skips + found);
  }
  return NOT_FOUND;
}

/** The length of the longest line. */
function longestLine(text: usize): u32 {
  let longest: u32 = 0;
  let start: u32 = 0;
  for (let i: u32 = 0; i < TEXT; i++) {
    if (load<u8>(text + i) !== NEWLINE) continue;
    if (i - start > longest) longest = i - start;
    start = i + 1;
  }
  return longest;
}

export function run(arena: usize, rounds: u32): u32 {
  const text = arena;
  const skips = arena + TEXT;
  let random: u32 = 11;
  let checksum: u32 = 0;
  for (let i: u32 = 0; i < TEXT; i++) {
    random = nextRandom(random);
    store<u8>(text + i, (random & 63) === 0 ? NEWLINE : LETTER_A + ((random >> 8) & 7));
  }
  for (let round: u32 = 0; round < rounds; round++) {
    for (let i: u32 = 0; i < 8; i++) {
      random = nextRandom(random);
      const word = text + ((random >> 8) % (TEXT - 16));
      const length = i + 3;
      let count: u32 = 0;
      makeSkips(skips, word, length);
      let at = search(text, 0, word, length, skips);
      while (at !== NOT_FOUND) {
        count++;
        checksum = mix(checksum, at);
        at = search(text, at + 1, word, length, skips);
      }
      checksum = mix(checksum, count);
    }
    checksum = mix(checksum, longestLine(text));
  }
  return checksum;
}
