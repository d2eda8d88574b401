// Limits of resources, and what was used, as Linux numbers them. See getrlimit(2), getrusage(2).

export const RLIMIT_CPU: u32 = 0;
export const RLIMIT_FSIZE: u32 = 1;
export const RLIMIT_DATA: u32 = 2;
export const RLIMIT_STACK: u32 = 3;
export const RLIMIT_CORE: u32 = 4;
export const RLIMIT_RSS: u32 = 5;
export const RLIMIT_NPROC: u32 = 6;
export const RLIMIT_NOFILE: u32 = 7;
export const RLIMIT_MEMLOCK: u32 = 8;
export const RLIMIT_AS: u32 = 9;
export const RLIMIT_LOCKS: u32 = 10;
export const RLIMIT_SIGPENDING: u32 = 11;
export const RLIMIT_MSGQUEUE: u32 = 12;
export const RLIMIT_NICE: u32 = 13;
export const RLIMIT_RTPRIO: u32 = 14;
export const RLIMIT_RTTIME: u32 = 15;
export const RLIMITS: u32 = 16;
/** No limit: in a word. */
export const RLIM_INFINITY: u32 = 0xffffffff;
/** What the oldest call says instead: it knows only signed words. */
export const OLD_RLIM_INFINITY: u32 = 0x7fffffff;

export const RUSAGE_SELF: i32 = 0;
export const RUSAGE_CHILDREN: i32 = -1;
export const RUSAGE_THREAD: i32 = 1;
/** Bytes of struct rusage: two times, then fourteen words. */
export const RUSAGE_SIZE: u32 = 72;
export const RUSAGE_SYSTEM: u32 = 8;
export const RUSAGE_MAXRSS: u32 = 16;
