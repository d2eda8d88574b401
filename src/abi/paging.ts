// Page tables with Physical Address Extension: entries of 64 bits, three levels.
//
//   linear address  |31 30|29      21|20      12|11         0|
//                   |PDPT |directory |  table   |   offset   |
//                     2 b     9 b        9 b        12 b
//
//   PTE and PDE     |63|62        32|31            12|11  9|8|7 |6|5|4  |3  |2  |1  |0|
//                   |NX| frame, high|  frame, low    | AVL |G|PS|D|A|PCD|PWT|U/S|R/W|P|
//
// Every i686 but the Pentium M has PAE, and only PAE has the NX bit; one format for all machines
// keeps the kernel and the audit to one walk. A PDPT entry has only P and the frame: R/W and U/S
// are reserved.
// See Intel SDM vol. 3A, 4.4 (PAE paging).

export const ENTRY_P: u32 = 1 << 0;
export const ENTRY_RW: u32 = 1 << 1;
export const ENTRY_US: u32 = 1 << 2;
export const ENTRY_PWT: u32 = 1 << 3;
export const ENTRY_PCD: u32 = 1 << 4;
export const ENTRY_A: u32 = 1 << 5;
export const ENTRY_D: u32 = 1 << 6;
export const ENTRY_PS: u32 = 1 << 7;
/** In an entry for 4 KiB: chooses the upper four kinds of memory of MSR_PAT. */
export const ENTRY_PAT: u32 = 1 << 7;
export const ENTRY_G: u32 = 1 << 8;
/**
 * Available to software, and P is not set: a user page that allows no access now, but keeps its
 * frame. The bits of the frame are inverted, those in the high word within ENTRY_HIDDEN_HIGH.
 */
export const ENTRY_HIDDEN: u32 = 1 << 9;
/** Where no memory is, whatever the processor: the frame's highest bits, inverted. */
export const ENTRY_HIDDEN_HIGH: u32 = 0x000fffff;

/** Bit 63, as a bit of the high word. */
export const ENTRY_NX_HIGH: u32 = 0x80000000;
export const ENTRY_FRAME: u32 = 0xfffff000;
/** In the high word: the bits of the frame's name, of which ENTRY_FRAME has the others. */
export const ENTRY_FRAME_HIGH: u32 = 0x00000fff;

export const ENTRY_SIZE: u32 = 8;
export const ENTRIES_PER_TABLE: u32 = 512;
export const PDPT_ENTRIES: u32 = 4;
export const PDPT_SHIFT: u32 = 30;
export const DIRECTORY_SHIFT: u32 = 21;

// CR0, CR4 and EFER bits. SDM vol. 3A, 2.5 and 2.2.1.
export const CR0_PE: u32 = 1 << 0;
export const CR0_MP: u32 = 1 << 1;
export const CR0_EM: u32 = 1 << 2;
export const CR0_TS: u32 = 1 << 3;
export const CR0_NE: u32 = 1 << 5;
export const CR0_WP: u32 = 1 << 16;
export const CR0_AM: u32 = 1 << 18;
export const CR0_PG: u32 = 0x80000000;
export const CR4_PSE: u32 = 1 << 4;
export const CR4_PAE: u32 = 1 << 5;
export const CR4_PGE: u32 = 1 << 7;
/** FXSAVE, and with it SSE, can be used. */
export const CR4_OSFXSR: u32 = 1 << 9;
/** Unmasked exceptions of SSE raise #XM instead of #UD. */
export const CR4_OSXMMEXCPT: u32 = 1 << 10;
export const CR4_UMIP: u32 = 1 << 11;
export const CR4_SMEP: u32 = 1 << 20;
export const CR4_SMAP: u32 = 1 << 21;
export const MSR_EFER: u32 = 0xc0000080;
/** Eight kinds of memory, a byte each. SDM vol. 3A, 11.12. */
export const MSR_PAT: u32 = 0x277;
/** Long mode is active: read-only. */
export const EFER_LMA: u32 = 1 << 10;
export const EFER_NXE: u32 = 1 << 11;

// The error code of a page fault. SDM vol. 3A, 4.7.
export const FAULT_P: u32 = 1 << 0;
export const FAULT_WRITE: u32 = 1 << 1;
export const FAULT_USER: u32 = 1 << 2;
export const FAULT_RESERVED: u32 = 1 << 3;
export const FAULT_FETCH: u32 = 1 << 4;
