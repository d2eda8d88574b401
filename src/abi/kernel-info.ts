// What the kernel tells an inspector that looks at its memory from outside.
//
// The record lies at symbol `kernel_info` (a kernel address). The inspector walks the kernel
// directory to read it, then follows the list of processes. All fields are 32-bit words.
//
//   KERNEL_INFO   0  magic      INFO_MAGIC
//                 4  cr3        the kernel directory: physical address of its PDPT
//                 8  processes  kernel address of the first process record, 0: none
//                 12 current    kernel address of the running process's record, 0: idle
//                 16 features   INFO_NX | INFO_SMEP | ... as the kernel switched them on
//                 20 frames     kernel address of the list of frames
//                 24 frameCount how many frames the list describes
//                 28 freeFrames how many are free
//                 32 entries    how often the trampoline entered the kernel from ring 3
//                 36 nmis       how many non-maskable interrupts came
//                 40 segments   kernel address of the running thread's descriptors, 0: it has none
//                 44 stackTop   kernel address of the end of the running thread's kernel stack
//                 48 offset     how far above its own address the image is in physical memory
//
//   a process     0  next       kernel address of the next record, 0: the last
//                 4  pid
//                 8  cr3        its page directory: physical address of its PDPT, 0: a zombie
//                 12 stackTop   kernel address of the end of its first thread's kernel stack
//                 16 name       16 bytes, NUL-padded
//
//   a frame       0  link       of the kernel's own
//                 4  references 0: free; FRAME_RESERVED: never allocated; else how many mappings

export const INFO_MAGIC: u32 = 0x48545349; // "ISTH"
export const INFO_CR3: u32 = 4;
export const INFO_PROCESSES: u32 = 8;
export const INFO_CURRENT: u32 = 12;
export const INFO_FEATURES: u32 = 16;
export const INFO_FRAMES: u32 = 20;
export const INFO_FRAME_COUNT: u32 = 24;
export const INFO_FREE_FRAMES: u32 = 28;
export const INFO_ENTRIES: u32 = 32;
export const INFO_NMIS: u32 = 36;
export const INFO_SEGMENTS: u32 = 40;
export const INFO_STACK_TOP: u32 = 44;
export const INFO_OFFSET: u32 = 48;
export const INFO_SIZE: u32 = 52;

export const INFO_NX: u32 = 1 << 0;
export const INFO_SMEP: u32 = 1 << 1;
export const INFO_SMAP: u32 = 1 << 2;
export const INFO_UMIP: u32 = 1 << 3;
export const INFO_PGE: u32 = 1 << 4;

export const PROCESS_NEXT: u32 = 0;
export const PROCESS_PID: u32 = 4;
export const PROCESS_CR3: u32 = 8;
export const PROCESS_STACK_TOP: u32 = 12;
export const PROCESS_NAME: u32 = 16;
export const PROCESS_NAME_SIZE: u32 = 16;

export const FRAME_RECORD_SIZE: u32 = 8;
export const FRAME_REFERENCES: u32 = 4;
/** Low memory, the kernel's image, modules, and what is not RAM at all. */
export const FRAME_RESERVED: u32 = 0xffffffff;

/** Bytes at symbol `epitaph`: what the kernel printed when it panicked, NUL-terminated. */
export const EPITAPH_SIZE: u32 = 4096;
