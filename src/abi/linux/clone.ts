// Flags of Linux's clone(2): what parent and child share, and what the child is given. The low byte
// is the signal that the parent gets when the child ends.
//
// See include/uapi/linux/sched.h.

export const CLONE_SIGNAL: u32 = 0xff;
export const CLONE_VM: u32 = 0x100;
export const CLONE_FS: u32 = 0x200;
export const CLONE_FILES: u32 = 0x400;
export const CLONE_SIGHAND: u32 = 0x800;
export const CLONE_PIDFD: u32 = 0x1000;
export const CLONE_PTRACE: u32 = 0x2000;
export const CLONE_VFORK: u32 = 0x4000;
export const CLONE_PARENT: u32 = 0x8000;
export const CLONE_THREAD: u32 = 0x10000;
export const CLONE_SYSVSEM: u32 = 0x40000;
export const CLONE_SETTLS: u32 = 0x80000;
export const CLONE_PARENT_SETTID: u32 = 0x100000;
export const CLONE_CHILD_CLEARTID: u32 = 0x200000;
export const CLONE_DETACHED: u32 = 0x400000;
export const CLONE_UNTRACED: u32 = 0x800000;
export const CLONE_CHILD_SETTID: u32 = 0x1000000;
export const CLONE_IO: u32 = 0x80000000;
/** Of clone3 alone: bits of the upper word of its flags. */
export const CLONE_CLEAR_SIGHAND_HIGH: u32 = 1;

/** struct clone_args of clone3: double words. */
export const CLONE_ARGS_FLAGS: u32 = 0;
export const CLONE_ARGS_PIDFD: u32 = 8;
export const CLONE_ARGS_CHILD_TID: u32 = 16;
export const CLONE_ARGS_PARENT_TID: u32 = 24;
export const CLONE_ARGS_END_SIGNAL: u32 = 32;
export const CLONE_ARGS_STACK: u32 = 40;
export const CLONE_ARGS_STACK_SIZE: u32 = 48;
export const CLONE_ARGS_TLS: u32 = 56;
export const CLONE_ARGS_SET_TID: u32 = 64;
export const CLONE_ARGS_SET_TID_SIZE: u32 = 72;
/** Sizes: of the first version, and of the longest that is known. */
export const CLONE_ARGS_SIZE_FIRST: u32 = 64;
export const CLONE_ARGS_SIZE: u32 = 88;
