// The addresses that kernel, user programs and tools agree on.
//
//            kernel space                              user space
// 4 GiB      +----------------------------+            +----------------------------+
//            | trampoline RX, RO, RW      | == same == | trampoline, supervisor     |
// GUARD_END  +----------------------------+            +----------------------------+ TRAMPOLINE
//            | guard page, unmapped       |            | guard page, unmapped       |
// USER_END   +----------------------------+            +----------------------------+ WINDOW_END
//            | 16 windows                 |            | stack, grows down          |
// WINDOWS    +----------------------------+            |                            |
//            | kernel stacks, heap        |            |                            |
//            |   (page tables, linear,    |            |                            |
//            |    at PAGE_TABLES)         |            | mmap                       |
//            | heap                       |            | heap (brk)                 |
//            +----------------------------+            |                            |
//            | list of physical frames    |            | data, from USER_DATA       |
// KERNEL     | kernel image               |            |                            |
//            | low memory, identity       |            | text, from USER            |
// PAGE_SIZE  +----------------------------+            +----------------------------+ PAGE_SIZE
// 0          | page 0, unmapped           |            | page 0, unmapped           |
//
// Invariants
//   - No size of the trampoline is written here: the linker parks it (kernel/layout.ts), and
//     GUARD_END only states the limit that the linker asserts.
//   - Ranges are half-open.

export const PAGE_SHIFT: u32 = 12;
export const PAGE_SIZE: u32 = 4096;
export const PAGE_MASK: u32 = 4095;

/**
 * Where the kernel image is linked, and loaded unless the loader moves it: the first address that
 * every PC has as RAM.
 */
export const KERNEL: u32 = 0x00100000;
/** The kernel can be moved up by a multiple of this. */
export const KERNEL_ALIGNMENT: u32 = 0x00100000;
/** Where the kernel's static data lies; asc bakes data addresses into the code, so it is fixed. */
export const KERNEL_DATA: u32 = 0x00101000;

/** The kernel's own page tables seen as one array of PTEs (the page directories map themselves). */
export const PAGE_TABLES: u32 = 0xff000000;
export const PAGE_TABLES_END: u32 = 0xff800000;

/** kmap: the only places where the kernel sees frames that belong to a process. */
export const WINDOWS: u32 = 0xfffec000;
export const WINDOW_COUNT: u32 = 16;
export const WINDOW_END: u32 = 0xffffc000;

/** The first address that user programs cannot have: the guard page below the trampoline. */
export const USER_END: u32 = 0xffffc000;
/** The lowest address that the trampoline may occupy: it has three pages at the most. */
export const GUARD_END: u32 = 0xffffd000;

/** Where user programs are linked, and where their static data lies unless they need more text. */
export const USER: u32 = 0x00001000;
export const USER_DATA: u32 = 0x00100000;
