// What the trampoline saves at every entry to the kernel: offsets in bytes from the frame's start.
//
//   offset   pushed by
//   0   edi  \
//   4   esi   |
//   8   ebp   |
//   12  (esp) | pusha: the esp in it is meaningless, popa skips it
//   16  ebx   |
//   20  edx   |
//   24  ecx   |
//   28  eax  /
//   32  vector      the stub of the vector
//   36  error code  the processor, or the stub: 0, or EAX for a system call
//   40  eip  \
//   44  cs    | the processor
//   48  eflags/
//   52  esp  \  the processor, only when it came from ring 3: a frame of the kernel's own ends at
//   56  ss   /  FRAME_KERNEL_SIZE
//
// kernel/machine/i686/trap-frame.ts asserts that its TrapFrame class has these offsets.

export const FRAME_EDI: u32 = 0;
export const FRAME_ESI: u32 = 4;
export const FRAME_EBP: u32 = 8;
export const FRAME_EBX: u32 = 16;
export const FRAME_EDX: u32 = 20;
export const FRAME_ECX: u32 = 24;
export const FRAME_EAX: u32 = 28;
export const FRAME_VECTOR: u32 = 32;
export const FRAME_ERROR: u32 = 36;
export const FRAME_EIP: u32 = 40;
export const FRAME_CS: u32 = 44;
export const FRAME_EFLAGS: u32 = 48;
export const FRAME_KERNEL_SIZE: u32 = 52;
export const FRAME_ESP: u32 = 52;
export const FRAME_SS: u32 = 56;
export const FRAME_SIZE: u32 = 60;
