// Flags of Linux's clone(2): what parent and child share, and what the child is given. The low byte
// is the signal that the parent gets when the child ends.
//
// See include/uapi/linux/sched.h.

export const CLONE_SIGNAL: u32 = 0xff;
export const CLONE_VM: u32 = 0x100;
export const CLONE_FS: u32 = 0x200;
export const CLONE_FILES: u32 = 0x400;
export const CLONE_SIGHAND: u32 = 0x800;
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
