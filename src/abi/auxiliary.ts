// The auxiliary vector: what the kernel tells a program at its start, after the environment.
//
// Pairs of words (type, value) that end with AT_NULL. See getauxval(3) and uapi/linux/auxvec.h.

export const AT_NULL: u32 = 0;
export const AT_PHDR: u32 = 3;
export const AT_PHENT: u32 = 4;
export const AT_PHNUM: u32 = 5;
export const AT_PAGESZ: u32 = 6;
export const AT_BASE: u32 = 7;
export const AT_FLAGS: u32 = 8;
export const AT_ENTRY: u32 = 9;
export const AT_UID: u32 = 11;
export const AT_EUID: u32 = 12;
export const AT_GID: u32 = 13;
export const AT_EGID: u32 = 14;
export const AT_PLATFORM: u32 = 15;
export const AT_HWCAP: u32 = 16;
export const AT_CLKTCK: u32 = 17;
export const AT_SECURE: u32 = 23;
export const AT_RANDOM: u32 = 25;
export const AT_EXECFN: u32 = 31;
