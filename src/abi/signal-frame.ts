// What a signal handler finds on its stack, as Linux puts it there on i386.
//
//   a handler without SA_SIGINFO            with SA_SIGINFO
//     0  return address                       0  return address
//     4  signal                               4  signal
//     8  sigcontext (88)                      8  address of siginfo
//    96  unused (112)                        12  address of ucontext
//   208  mask, upper word                    16  siginfo (128)
//   212  code of old programs (8)           144  ucontext (116)
//                                           260  code of old programs (8)
//
//   sigcontext                              siginfo
//     0  gs, fs, es, ds   u32 each            0  signal   4  errno (0)   8  code
//    16  edi, esi, ebp, esp                  12  pid      16  user       20  value, or status
//    32  ebx, edx, ecx, eax                  12  address of a fault
//    48  vector, error code
//    56  eip, cs, eflags, esp, ss          ucontext
//    76  address of floating-point state      0  flags    4  link (0)
//    80  mask, lower word                     8  alternative stack: address, flags, size
//    84  cr2                                 20  sigcontext
//                                           108  mask (8)
//
//   floating-point state
//     0  control, status, tag, 4 words about the last operand, 8 registers of 10 bytes: of FSAVE
//   108  status u16, 110 magic u16: 0, there is the state of FXSAVE, too
//   112  FXSAVE (512)
//
// Source: Linux's arch/x86/include/asm/sigframe.h and uapi/asm/sigcontext.h.

export const SIGCONTEXT_SIZE: u32 = 88;
export const CONTEXT_EDI: u32 = 16;
export const CONTEXT_ESI: u32 = 20;
export const CONTEXT_EBP: u32 = 24;
export const CONTEXT_ESP: u32 = 28;
export const CONTEXT_EBX: u32 = 32;
export const CONTEXT_EDX: u32 = 36;
export const CONTEXT_ECX: u32 = 40;
export const CONTEXT_EAX: u32 = 44;
export const CONTEXT_VECTOR: u32 = 48;
export const CONTEXT_ERROR: u32 = 52;
export const CONTEXT_EIP: u32 = 56;
export const CONTEXT_CS: u32 = 60;
export const CONTEXT_EFLAGS: u32 = 64;
export const CONTEXT_USER_ESP: u32 = 68;
export const CONTEXT_SS: u32 = 72;
export const CONTEXT_FPSTATE: u32 = 76;
export const CONTEXT_OLD_MASK: u32 = 80;
export const CONTEXT_CR2: u32 = 84;

export const SIGFRAME_CONTEXT: u32 = 8;
export const SIGFRAME_HIGH_MASK: u32 = 208;
export const SIGFRAME_SIZE: u32 = 220;

export const RT_SIGFRAME_INFO: u32 = 16;
export const RT_SIGFRAME_UCONTEXT: u32 = 144;
export const RT_SIGFRAME_SIZE: u32 = 268;

export const UCONTEXT_STACK: u32 = 8;
export const UCONTEXT_CONTEXT: u32 = 20;
export const UCONTEXT_MASK: u32 = 108;

export const SIGINFO_SIZE: u32 = 128;
export const SIGINFO_CODE: u32 = 8;
export const SIGINFO_PID: u32 = 12;
export const SIGINFO_ADDRESS: u32 = 12;
export const SIGINFO_USER: u32 = 16;
export const SIGINFO_VALUE: u32 = 20;

export const FPSTATE_FXSAVE: u32 = 112;
export const FPSTATE_SIZE: u32 = 624;
