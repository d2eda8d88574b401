// Linux's capabilities, as bits: what a process may do that others may not. See capabilities(7).

export const CAP_CHOWN: u32 = 1 << 0;
export const CAP_DAC_OVERRIDE: u32 = 1 << 1;
export const CAP_FOWNER: u32 = 1 << 3;
export const CAP_FSETID: u32 = 1 << 4;
export const CAP_KILL: u32 = 1 << 5;
export const CAP_SETGID: u32 = 1 << 6;
export const CAP_SETUID: u32 = 1 << 7;
export const CAP_SETPCAP: u32 = 1 << 8;
export const CAP_NET_BIND_SERVICE: u32 = 1 << 10;
export const CAP_NET_ADMIN: u32 = 1 << 12;
export const CAP_IPC_LOCK: u32 = 1 << 14;
export const CAP_SYS_CHROOT: u32 = 1 << 18;
export const CAP_SYS_PTRACE: u32 = 1 << 19;
export const CAP_SYS_ADMIN: u32 = 1 << 21;
export const CAP_SYS_BOOT: u32 = 1 << 22;
export const CAP_SYS_NICE: u32 = 1 << 23;
export const CAP_SYS_RESOURCE: u32 = 1 << 24;
export const CAP_SYS_TIME: u32 = 1 << 25;
export const CAP_SYS_TTY_CONFIG: u32 = 1 << 26;
export const CAP_MKNOD: u32 = 1 << 27;

/** The number of the last one of Linux 6.1. */
export const LAST_CAPABILITY: u32 = 40;

/** capget(2): the first has a word for each set, the others two. */
export const CAPABILITY_VERSION_1: u32 = 0x19980330;
export const CAPABILITY_VERSION_2: u32 = 0x20071026;
export const CAPABILITY_VERSION_3: u32 = 0x20080522;
