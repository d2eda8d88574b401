// Which process ids are free.
//
// The search goes up from id to id, so that an id comes back as late as possible, and skips those
// that were taken when it last began at the bottom:
//
//   1 2 …        last                       PID_LIMIT
//   |  handed out |  free, but for what is in `taken`  |
//
// No id above `last` can become taken but by being handed out: a group has the id of a process that
// was there before it. So a whole round of the search asks the list of processes once.

/** Process ids are below this, as on Linux by default. */
export const PID_LIMIT: u32 = 32768;
/** Where the search begins again: 1 is the first process's for good. */
const LOWEST_PID: u32 = 2;
const BYTE_SHIFT: u32 = 3;
const BIT_MASK: u32 = 7;

/** A bit for each id. */
const taken: usize = memory.data(PID_LIMIT >> BYTE_SHIFT, 4);
let last: u32 = 0;

/** The next free id; 0: there is none up to the limit, see restartSearch(). */
export function nextFreeId(): u32 {
  while (last < PID_LIMIT - 1) {
    last++;
    if (((load<u8>(taken + (last >> BYTE_SHIFT)) >> (last & BIT_MASK)) & 1) === 0) return last;
  }
  return 0;
}

/** The id that was found last. */
export function lastHandedOut(): u32 {
  return last;
}

/** Begins at the bottom again; the caller then notes all ids that are taken. */
export function restartSearch(): void {
  memory.fill(taken, 0, PID_LIMIT >> BYTE_SHIFT);
  last = LOWEST_PID - 1;
}

/** Notes that a process or a group has that id. */
export function noteTaken(id: u32): void {
  const byte = taken + (id >> BYTE_SHIFT);
  store<u8>(byte, <u8>(<u32>load<u8>(byte) | (1 << (id & BIT_MASK))));
}
