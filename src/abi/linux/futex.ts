// Linux's futex(2): operations, and the words that robust locks are made of.
//
// See include/uapi/linux/futex.h.

export const FUTEX_WAIT: u32 = 0;
export const FUTEX_WAKE: u32 = 1;
export const FUTEX_REQUEUE: u32 = 3;
export const FUTEX_CMP_REQUEUE: u32 = 4;
export const FUTEX_WAKE_OP: u32 = 5;
export const FUTEX_WAIT_BITSET: u32 = 9;
export const FUTEX_WAKE_BITSET: u32 = 10;

/** The word is of this process alone. */
export const FUTEX_PRIVATE: u32 = 128;
/** A time is of CLOCK_REALTIME. */
export const FUTEX_REALTIME: u32 = 256;
export const FUTEX_ANY: u32 = 0xffffffff;

/** A lock's word: the thread that has it, whether others wait, and whether its owner has died. */
export const FUTEX_OWNER: u32 = 0x3fffffff;
export const FUTEX_OWNER_DIED: u32 = 0x40000000;
export const FUTEX_WAITERS: u32 = 0x80000000;

/** struct robust_list_head: next, offset of the word from a list's entry, lock that is changing. */
export const ROBUST_LIST_OFFSET: u32 = 4;
export const ROBUST_LIST_PENDING: u32 = 8;
export const ROBUST_LIST_SIZE: u32 = 12;
/** In the address of an entry: the lock inherits priorities. */
export const ROBUST_LIST_PI: u32 = 1;
/** Entries of a longer list are left alone. */
export const ROBUST_LIST_LIMIT: u32 = 2048;
