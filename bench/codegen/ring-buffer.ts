// A terminal's input: keys are edited into lines in a ring, and read from it in portions.

import { mix, nextRandom } from "./random";

const SIZE: u32 = 1024;
const MASK: u32 = SIZE - 1;
const NEWLINE: u32 = 10;
const ERASE: u32 = 8;
const KILL: u32 = 21;

@unmanaged
class Ring {
  read: u32 = 0;
  /** Up to here lines are complete. */
  committed: u32 = 0;
  write: u32 = 0;
  dropped: u32 = 0;
  // SIZE bytes follow.

  /** The address of the byte with that number. */
  @inline byte(index: u32): usize {
    return changetype<usize>(this) + offsetof<Ring>() + (index & MASK);
  }
}

function put(ring: Ring, byte: u32): void {
  switch (byte) {
    case ERASE:
      if (ring.write !== ring.committed) ring.write--;
      break;
    case KILL:
      ring.write = ring.committed;
      break;
    default:
      if (ring.write - ring.read === SIZE - u32(byte !== NEWLINE)) {
        ring.dropped++;
        break;
      }
      store<u8>(ring.byte(ring.write++), byte);
      if (byte === NEWLINE) ring.committed = ring.write;
  }
}

/** At most one line, and at most `room` bytes. */
function read(ring: Ring, to: usize, room: u32): u32 {
  let count: u32 = 0;
  while (count < room && ring.read !== ring.committed) {
    const byte: u32 = load<u8>(ring.byte(ring.read++));
    store<u8>(to + count++, byte);
    if (byte === NEWLINE) break;
  }
  return count;
}

export function run(arena: usize, rounds: u32): u32 {
  const ring = changetype<Ring>(arena);
  const keys = arena + 2 * SIZE;
  const line = arena + 16 * SIZE;
  let random: u32 = 8;
  let checksum: u32 = 0;
  ring.read = ring.committed = ring.write = ring.dropped = 0;
  for (let i: u32 = 0; i < 8 * SIZE; i++) {
    random = nextRandom(random);
    const kind = (random >> 8) & 127;
    const letter = 32 + (random & 63);
    store<u8>(keys + i, kind < 3 ? NEWLINE : kind < 7 ? ERASE : kind === 7 ? KILL : letter);
  }
  for (let round: u32 = 0; round < rounds; round++) {
    for (let i: u32 = 0; i < 8 * SIZE; i++) {
      put(ring, load<u8>(keys + i));
      if ((i & 63) !== 63) continue;
      const count = read(ring, line, 48);
      for (let j: u32 = 0; j < count; j++) checksum = mix(checksum, load<u8>(line + j));
    }
    checksum = mix(checksum, ring.dropped + ring.write - ring.read);
  }
  return checksum;
}
