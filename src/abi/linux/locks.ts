// Locks of files: what fcntl(2) and flock(2) are asked. Source: Linux's
// include/uapi/asm-generic/fcntl.h.
//
//   struct flock     0  type u16   2  whence u16   4  start   8  length   12  process
//   struct flock64   0  type u16   2  whence u16   4  start (8)   12  length (8)   20  process

export const F_GETLK: u32 = 5;
export const F_SETLK: u32 = 6;
export const F_SETLKW: u32 = 7;
export const F_GETLK64: u32 = 12;
export const F_SETLK64: u32 = 13;
export const F_SETLKW64: u32 = 14;
export const F_OFD_GETLK: u32 = 36;
export const F_OFD_SETLK: u32 = 37;
export const F_OFD_SETLKW: u32 = 38;

export const F_RDLCK: u32 = 0;
export const F_WRLCK: u32 = 1;
export const F_UNLCK: u32 = 2;

export const LOCK_SH: u32 = 1;
export const LOCK_EX: u32 = 2;
export const LOCK_NB: u32 = 4;
export const LOCK_UN: u32 = 8;
export const LOCK_MAND: u32 = 32;

export const FLOCK_SIZE: u32 = 16;
export const FLOCK64_SIZE: u32 = 24;
