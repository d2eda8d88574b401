// Segments and gates: the selectors of our GDT and the bits of a descriptor.
//
//   selector   0x00 null    0x08 kernel code   0x10 kernel data   0x18 user code   0x20 user data
//              0x28 TSS     0x30 to 0x40 three segments of the running thread's own
//              0x48 TSS of the double fault
//
//   segment    |31  24|23|22 |21|20 |19   16|15|14 13|12|11  8|7    0|    high word
//              | base |G |D/B|0 |AVL| limit |P | DPL |S |type |base  |
//              |31                       16|15                    0|     low word
//              |        base 15:0          |       limit 15:0      |
//
//   gate       |31        16|15|14 13|12|11   8|7     5|4     0|          high word
//              |offset 31:16|P | DPL |0 | type |0 0 0  |reserved|
//              |  selector  |           offset 15:0            |          low word
//
// The segments are flat, but for those three: paging alone isolates. See Intel SDM vol. 3A, 3.4.5,
// 6.11 and 7.2.

export const KERNEL_CS: u32 = 0x08;
export const KERNEL_DS: u32 = 0x10;
export const USER_CS: u32 = 0x1b;
export const USER_DS: u32 = 0x23;
export const TSS_SELECTOR: u32 = 0x28;
export const DOUBLE_FAULT_SELECTOR: u32 = 0x48;
export const GDT_SIZE: u32 = 0x50;
/** The indices of a thread's own segments: Linux's on i386. */
export const TLS_FIRST: u32 = 6;
export const TLS_ENTRIES: u32 = 3;
/** In a descriptor's high word. */
export const DESCRIPTOR_PRESENT: u32 = 1 << 15;

// High words of the flat segments, accessed bit set: the processor would otherwise set it, which
// is a write to the GDT.
export const FLAT_LIMIT_LOW: u32 = 0x0000ffff;
export const KERNEL_CODE_HIGH: u32 = 0x00cf9b00;
export const KERNEL_DATA_HIGH: u32 = 0x00cf9300;
export const USER_CODE_HIGH: u32 = 0x00cffb00;
export const USER_DATA_HIGH: u32 = 0x00cff300;

/** An available 32-bit TSS, DPL 0. */
export const TSS_TYPE: u32 = 0x8900;
export const TSS_LIMIT: u32 = 0x67;
export const TSS_SIZE: u32 = 104;

/** A present 32-bit interrupt gate, DPL 0. */
export const GATE_INTERRUPT: u32 = 0x8e00;
/** A present task gate, DPL 0. */
export const GATE_TASK: u32 = 0x8500;
/** Lets ring 3 use the gate with `int n`. */
export const GATE_DPL3: u32 = 0x6000;
export const IDT_ENTRIES: u32 = 256;

// Offsets in a TSS. SDM vol. 3A, figure 7-2.
export const TSS_ESP0: u32 = 4;
export const TSS_SS0: u32 = 8;
export const TSS_CR3: u32 = 28;
export const TSS_EIP: u32 = 32;
export const TSS_EFLAGS: u32 = 36;
export const TSS_EAX: u32 = 40;
export const TSS_ECX: u32 = 44;
export const TSS_EDX: u32 = 48;
export const TSS_EBX: u32 = 52;
export const TSS_ESP: u32 = 56;
export const TSS_EBP: u32 = 60;
export const TSS_ESI: u32 = 64;
export const TSS_EDI: u32 = 68;
export const TSS_ES: u32 = 72;
export const TSS_CS: u32 = 76;
export const TSS_SS: u32 = 80;
export const TSS_DS: u32 = 84;
export const TSS_FS: u32 = 88;
export const TSS_GS: u32 = 92;
export const TSS_IO_MAP: u32 = 102;

// Vectors. SDM vol. 3A, table 6-1.
export const VECTOR_DIVIDE_ERROR: u32 = 0;
export const VECTOR_DEBUG: u32 = 1;
export const VECTOR_NMI: u32 = 2;
export const VECTOR_BREAKPOINT: u32 = 3;
export const VECTOR_OVERFLOW: u32 = 4;
export const VECTOR_BOUND: u32 = 5;
export const VECTOR_INVALID_OPCODE: u32 = 6;
export const VECTOR_DEVICE_NOT_AVAILABLE: u32 = 7;
export const VECTOR_DOUBLE_FAULT: u32 = 8;
export const VECTOR_INVALID_TSS: u32 = 10;
export const VECTOR_SEGMENT_NOT_PRESENT: u32 = 11;
export const VECTOR_STACK_FAULT: u32 = 12;
export const VECTOR_GENERAL_PROTECTION: u32 = 13;
export const VECTOR_PAGE_FAULT: u32 = 14;
export const VECTOR_FLOATING_POINT: u32 = 16;
export const VECTOR_ALIGNMENT_CHECK: u32 = 17;
export const VECTOR_MACHINE_CHECK: u32 = 18;
export const VECTOR_SIMD: u32 = 19;
/** Where the PICs' sixteen lines start. */
export const VECTOR_IRQ: u32 = 0x20;
export const VECTOR_SYSTEM_CALL: u32 = 0x80;

export const EFLAGS_CF: u32 = 1 << 0;
/** Bit 1 is always set. */
export const EFLAGS_FIXED: u32 = 1 << 1;
export const EFLAGS_TF: u32 = 1 << 8;
export const EFLAGS_IF: u32 = 1 << 9;
export const EFLAGS_DF: u32 = 1 << 10;
export const EFLAGS_IOPL: u32 = 3 << 12;
export const EFLAGS_NT: u32 = 1 << 14;
export const EFLAGS_AC: u32 = 1 << 18;
/** Can be changed where there is CPUID. */
export const EFLAGS_ID: u32 = 1 << 21;
/** What of a user's flags goes back to it: CF PF AF ZF SF TF DF OF AC ID. */
export const EFLAGS_USER: u32 = 0x00240dd5;
