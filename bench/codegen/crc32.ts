// CRC-32 of Ethernet and ZIP, byte by byte with a table of 256 words.

import { mix, nextRandom } from "./random";

const SIZE: u32 = 32768;
const POLYNOMIAL: u32 = 0xedb88320;

function makeTable(table: usize): void {
  for (let i: u32 = 0; i < 256; i++) {
    let value = i;
    for (let bit: u32 = 0; bit < 8; bit++) {
      value = value & 1 ? (value >> 1) ^ POLYNOMIAL : value >> 1;
    }
    store<u32>(table + (i << 2), value);
  }
}

function crc32(table: usize, data: usize, length: u32): u32 {
  let crc: u32 = ~0;
  for (let i: u32 = 0; i < length; i++) {
    crc = load<u32>(table + (((crc ^ load<u8>(data + i)) & 255) << 2)) ^ (crc >> 8);
  }
  return ~crc;
}

export function run(arena: usize, rounds: u32): u32 {
  const table = arena;
  const data = arena + 1024;
  let random: u32 = 3;
  for (let i: u32 = 0; i < SIZE; i++) {
    random = nextRandom(random);
    store<u8>(data + i, random);
  }
  let checksum: u32 = 0;
  for (let round: u32 = 0; round < rounds; round++) {
    makeTable(table);
    checksum = mix(checksum, crc32(table, data, SIZE));
    const at = data + (round & (SIZE - 1));
    store<u8>(at, load<u8>(at) ^ checksum);
  }
  return checksum;
}
