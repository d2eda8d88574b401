// Ids of users and groups in the calls that are older than 32-bit ids.

const SHORT_MASK: u32 = 0xffff;
/** In place of an id: leave it as it is. */
export const SAME: u32 = 0xffffffff;
/** What stands for an id that does not fit. */
const OVERFLOW_ID: u32 = 65534;

/** What 16 bits stand for: -1 is -1. */
export function longId(id: u32): u32 {
  return (id & SHORT_MASK) === SHORT_MASK ? SAME : id & SHORT_MASK;
}

/** What an id is in 16 bits. */
export function shortId(id: u32): i32 {
  return <i32>(id <= SHORT_MASK ? id : OVERFLOW_ID);
}
