// Linux's struct user_desc: a segment of a thread's own, for set_thread_area and clone.
//
//   0  entry number   index in the GDT, 6 to 8; -1: any that is free
//   4  base           8  limit, of 20 bits      12  flags
//
// See set_thread_area(2) and arch/x86/include/uapi/asm/ldt.h.

export const USER_DESC_SIZE: u32 = 16;
export const USER_DESC_BASE: u32 = 4;
export const USER_DESC_LIMIT: u32 = 8;
export const USER_DESC_FLAGS: u32 = 12;

export const USER_DESC_32BIT: u32 = 1 << 0;
/** 0: data, 1: data that expands down, 2 and 3: code. */
export const USER_DESC_CONTENTS_SHIFT: u32 = 1;
export const USER_DESC_CONTENTS_MASK: u32 = 3;
export const USER_DESC_READ_ONLY: u32 = 1 << 3;
export const USER_DESC_IN_PAGES: u32 = 1 << 4;
export const USER_DESC_NOT_PRESENT: u32 = 1 << 5;
export const USER_DESC_USEABLE: u32 = 1 << 6;
/** What stands, with no base and limit, for no segment at all; so does 0. */
export const USER_DESC_EMPTY: u32 = USER_DESC_READ_ONLY | USER_DESC_NOT_PRESENT;
/** An entry number: the kernel chooses. */
export const USER_DESC_ANY: u32 = 0xffffffff;
