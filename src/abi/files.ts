// Files as Linux on i386 shows them to programs: modes, open flags, stat64 and directory entries.
//
//   stat64      0  dev       u64     dirent64   0  ino     u64
//               12 __ino     u32                8  offset  u64, of the next entry
//               16 mode      u32                16 length  u16, of this record, a multiple of 8
//               20 nlink     u32                18 type    u8, DT_...
//               24 uid, 28 gid                  19 name    ends in NUL
//               32 rdev      u64
//               44 size      u64
//               52 blksize   u32
//               56 blocks    u64, of 512 bytes
//               64 atime, 72 mtime, 80 ctime    seconds u32, nanoseconds u32
//               88 ino       u64
//
// See stat(2), open(2), getdents(2), arch/x86/include/uapi/asm/stat.h.

export const S_IFMT: u32 = 0xf000;
export const S_IFIFO: u32 = 0x1000;
export const S_IFCHR: u32 = 0x2000;
export const S_IFDIR: u32 = 0x4000;
export const S_IFBLK: u32 = 0x6000;
export const S_IFREG: u32 = 0x8000;
export const S_IFLNK: u32 = 0xa000;
export const S_IFSOCK: u32 = 0xc000;
export const S_ISUID: u32 = 0o4000;
export const S_ISGID: u32 = 0o2000;
/** In a directory: only owners remove names. */
export const S_ISVTX: u32 = 0o1000;
/** What chmod(2) changes. */
export const S_PERMISSIONS: u32 = 0o7777;
/** The group's execute permission. */
export const S_IXGRP: u32 = 0o010;
/** Any of the three execute permissions. */
export const S_IX: u32 = 0o111;

export const O_ACCMODE: u32 = 0o3;
export const O_RDONLY: u32 = 0;
export const O_WRONLY: u32 = 0o1;
export const O_RDWR: u32 = 0o2;
export const O_CREAT: u32 = 0o100;
export const O_EXCL: u32 = 0o200;
export const O_TRUNC: u32 = 0o1000;
export const O_APPEND: u32 = 0o2000;
export const O_NOCTTY: u32 = 0o400;
export const O_NONBLOCK: u32 = 0o4000;
export const O_DSYNC: u32 = 0o10000;
export const O_ASYNC: u32 = 0o20000;
export const O_DIRECT: u32 = 0o40000;
export const O_LARGEFILE: u32 = 0o100000;
export const O_DIRECTORY: u32 = 0o200000;
export const O_NOFOLLOW: u32 = 0o400000;
export const O_NOATIME: u32 = 0o1000000;
export const O_CLOEXEC: u32 = 0o2000000;
export const O_SYNC: u32 = 0o4010000;
/** A descriptor that only names the file. */
export const O_PATH: u32 = 0o10000000;
/** A regular file without a name in the directory that the path names. */
export const O_TMPFILE: u32 = 0o20200000;

export const SEEK_SET: u32 = 0;
export const SEEK_CUR: u32 = 1;
export const SEEK_END: u32 = 2;

export const F_DUPFD: u32 = 0;
export const F_GETFD: u32 = 1;
export const F_SETFD: u32 = 2;
export const F_GETFL: u32 = 3;
export const F_SETFL: u32 = 4;
export const F_DUPFD_CLOEXEC: u32 = 1030;
export const F_SETPIPE_SZ: u32 = 1031;
export const F_GETPIPE_SZ: u32 = 1032;
export const F_ADD_SEALS: u32 = 1033;
export const F_GET_SEALS: u32 = 1034;
export const FD_CLOEXEC: u32 = 1;

/** What cannot be done with a file of memfd_create(2) any more: see fcntl(2). */
export const F_SEAL_SEAL: u32 = 0x01;
export const F_SEAL_SHRINK: u32 = 0x02;
export const F_SEAL_GROW: u32 = 0x04;
export const F_SEAL_WRITE: u32 = 0x08;
export const F_SEAL_FUTURE_WRITE: u32 = 0x10;

/** fallocate(2). */
export const FALLOC_FL_KEEP_SIZE: u32 = 0x01;
export const FALLOC_FL_PUNCH_HOLE: u32 = 0x02;
export const FALLOC_FL_ZERO_RANGE: u32 = 0x10;

/** memfd_create(2). */
export const MFD_CLOEXEC: u32 = 1;
export const MFD_ALLOW_SEALING: u32 = 2;

/** splice(2) and its relatives. */
export const SPLICE_F_MOVE: u32 = 1;
export const SPLICE_F_NONBLOCK: u32 = 2;
export const SPLICE_F_MORE: u32 = 4;
export const SPLICE_F_GIFT: u32 = 8;

/** In place of a directory's descriptor: the current directory. */
export const AT_FDCWD: u32 = 0xffffff9c;
export const AT_SYMLINK_NOFOLLOW: u32 = 0x100;
/** faccessat(2): with the effective ids. */
export const AT_EACCESS: u32 = 0x200;
/** unlinkat(2): a directory. */
export const AT_REMOVEDIR: u32 = 0x200;
export const AT_SYMLINK_FOLLOW: u32 = 0x400;
export const AT_NO_AUTOMOUNT: u32 = 0x800;
/** An empty path names the file of the descriptor. */
export const AT_EMPTY_PATH: u32 = 0x1000;
/** statx(2): how fresh the answer is to be. */
export const AT_STATX_SYNC_TYPE: u32 = 0x6000;

export const RENAME_NOREPLACE: u32 = 1;
export const RENAME_EXCHANGE: u32 = 2;

/** access(2): may it be read (4), written (2), executed (1); 0: is it there. */
export const R_OK: u32 = 4;
export const W_OK: u32 = 2;
export const X_OK: u32 = 1;

export const STAT_DEV: u32 = 0;
export const STAT_PAD: u32 = 8;
export const STAT_INO_LOW: u32 = 12;
export const STAT_MODE: u32 = 16;
export const STAT_NLINK: u32 = 20;
export const STAT_UID: u32 = 24;
export const STAT_GID: u32 = 28;
export const STAT_RDEV: u32 = 32;
export const STAT_PAD_2: u32 = 40;
export const STAT_SIZE: u32 = 44;
export const STAT_BLKSIZE: u32 = 52;
export const STAT_BLOCKS: u32 = 56;
export const STAT_ATIME: u32 = 64;
export const STAT_MTIME: u32 = 72;
export const STAT_CTIME: u32 = 80;
export const STAT_INO: u32 = 88;
export const STAT_BYTES: u32 = 96;

/** struct statx: see statx(2) and include/uapi/linux/stat.h. */
export const STATX_MASK: u32 = 0;
export const STATX_BLKSIZE: u32 = 4;
export const STATX_NLINK: u32 = 16;
export const STATX_UID: u32 = 20;
export const STATX_GID: u32 = 24;
export const STATX_MODE: u32 = 28;
export const STATX_INO: u32 = 32;
export const STATX_SIZE: u32 = 40;
export const STATX_BLOCKS: u32 = 48;
/** Times: seconds u64, nanoseconds u32, 4 bytes of nothing. */
export const STATX_ATIME: u32 = 64;
export const STATX_CTIME: u32 = 96;
export const STATX_MTIME: u32 = 112;
export const STATX_RDEV_MAJOR: u32 = 128;
export const STATX_RDEV_MINOR: u32 = 132;
export const STATX_DEV_MAJOR: u32 = 136;
export const STATX_DEV_MINOR: u32 = 140;
export const STATX_BYTES: u32 = 256;
/** The mask of all fields that stat(2) has as well. */
export const STATX_BASIC_STATS: u32 = 0x7ff;
export const STATX_RESERVED: u32 = 0x80000000;

/** In place of nanoseconds in utimensat(2): the current time, or no change. */
export const UTIME_NOW: u32 = 0x3fffffff;
export const UTIME_OMIT: u32 = 0x3ffffffe;

export const DIRENT_INO: u32 = 0;
export const DIRENT_OFFSET: u32 = 8;
export const DIRENT_LENGTH: u32 = 16;
export const DIRENT_TYPE: u32 = 18;
export const DIRENT_NAME: u32 = 19;

export const DT_CHR: u32 = 2;
export const DT_DIR: u32 = 4;
export const DT_REG: u32 = 8;
export const DT_LNK: u32 = 10;

/** The longest path, its NUL included. */
export const PATH_MAX: u32 = 4096;
/** The longest name in a directory, without a NUL. */
export const NAME_MAX: u32 = 255;

// What ioctl does with every file, whatever its kind: FIONBIO takes the address of a word.
export const FIONCLEX: u32 = 0x5450;
export const FIOCLEX: u32 = 0x5451;
export const FIONBIO: u32 = 0x5421;
