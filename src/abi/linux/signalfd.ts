// What a read of a signalfd gives for each signal. Source: Linux's include/uapi/linux/signalfd.h.
//
//   struct signalfd_siginfo   0  signal   4  errno (0)   8  code   12  pid   16  user   24  timer
//                             32  overrun   40  status   44  int   48  ptr (8)   72  address (8)

export const SIGNALFD_SIZE: u32 = 128;
export const SIGNALFD_CODE: u32 = 8;
export const SIGNALFD_PID: u32 = 12;
export const SIGNALFD_USER: u32 = 16;
export const SIGNALFD_TIMER: u32 = 24;
export const SIGNALFD_OVERRUN: u32 = 32;
export const SIGNALFD_STATUS: u32 = 40;
export const SIGNALFD_INT: u32 = 44;
export const SIGNALFD_POINTER: u32 = 48;
export const SIGNALFD_ADDRESS: u32 = 72;
