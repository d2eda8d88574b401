// What mount(2) and umount2(2) are told. The numbers are those of Linux's uapi/linux/mount.h.

export const MS_RDONLY: u32 = 1;
export const MS_NOSUID: u32 = 2;
export const MS_NODEV: u32 = 4;
export const MS_NOEXEC: u32 = 8;
export const MS_REMOUNT: u32 = 32;
export const MS_BIND: u32 = 4096;
export const MS_MOVE: u32 = 8192;
export const MS_REC: u32 = 16384;
export const MS_SILENT: u32 = 32768;
export const MS_UNBINDABLE: u32 = 1 << 17;
export const MS_PRIVATE: u32 = 1 << 18;
export const MS_SLAVE: u32 = 1 << 19;
export const MS_SHARED: u32 = 1 << 20;
/** Old programs put this into the high half: it says nothing. */
export const MS_MGC_VAL: u32 = 0xc0ed0000;
export const MS_MGC_MSK: u32 = 0xffff0000;

export const MNT_FORCE: u32 = 1;
export const MNT_DETACH: u32 = 2;
export const MNT_EXPIRE: u32 = 4;
export const UMOUNT_NOFOLLOW: u32 = 8;
