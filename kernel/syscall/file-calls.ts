// The system calls about files: see table.ts.

import {
  ACCESS_FLAGS,
  ACCESS_MODE,
  ADDRESS,
  AT_FLAGS,
  DEVICE,
  DEVICE_ARGUMENT,
  DEVICE_COMMAND,
  DIRECTORY,
  ENTRIES,
  FILE,
  FILE_ADVICE,
  FILE_ARGUMENT,
  FILE_COMMAND,
  FILE_FLAGS,
  FILE_SYSTEM,
  FILE_SYSTEM64,
  FILE_TIMES,
  FILES_FILLED,
  FLAGS,
  INPUT,
  INTEGER,
  LOCK_COMMAND,
  MODE,
  OFFSET_FILLED,
  OFFSET_HIGH,
  OFFSET_LOW,
  OLD_STATUS,
  OPEN_FLAGS,
  OTHER_HALF,
  OUTPUT,
  PATH,
  RENAME_FLAGS,
  SIZE,
  STATUS,
  STATX,
  STATX_FIELDS,
  TWO_TIMES,
  TWO_TIMES64,
  TWO_TIMEVALS,
  UNLINK_FLAGS,
  USER,
  VECTORS,
  VECTORS_FILLED,
  WHENCE,
  WORD_FILLED,
} from "../../src/abi/linux/argument-kinds";
import { SystemCall } from "../../src/abi/linux/i386";
import {
  access,
  chmod,
  chown16,
  chown32,
  faccessat,
  faccessat2,
  fchmod,
  fchmodat,
  fchown16,
  fchown32,
  fchownat,
  fstat,
  fstat64,
  fstatat64,
  fstatfs,
  fstatfs64,
  futimesat,
  lchown16,
  lchown32,
  lstat,
  lstat64,
  stat,
  stat64,
  statfs,
  statfs64,
  statx,
  umask,
  utime,
  utimensat,
  utimensatTime64,
  utimes,
} from "./attribute";
import { call } from "./call-rows";
import { copyFileRange, sendfile, sendfile64, splice, tee, vmsplice } from "./copy";
import {
  close,
  closeRange,
  creat,
  dup,
  dup2,
  dup3,
  fcntl64,
  open,
  openat,
  pipe,
  pipe2,
} from "./descriptor";
import { chdir, chroot, fchdir, getcwd, getdents, getdents64 } from "./directory";
import {
  fgetxattr,
  flistxattr,
  fremovexattr,
  fsetxattr,
  getxattr,
  lgetxattr,
  listxattr,
  llistxattr,
  lremovexattr,
  lsetxattr,
  removexattr,
  setxattr,
} from "./extended-attribute";
import {
  fadvise64,
  fadvise64Long,
  fallocate,
  flock,
  fsync,
  ftruncate,
  ftruncate64,
  ioctl,
  llseek,
  lseek,
  pread64,
  preadv,
  preadv2,
  pwrite64,
  pwritev,
  pwritev2,
  read,
  readahead,
  readv,
  sync,
  syncFileRange,
  syncfs,
  truncate,
  truncate64,
  write,
  writev,
} from "./file";
import { memfdCreate } from "./memory-file";
import { mount, umount, umount2 } from "./mount";
import {
  link,
  linkat,
  mkdir,
  mkdirat,
  mknod,
  mknodat,
  readlink,
  readlinkat,
  rename,
  renameat,
  renameat2,
  rmdir,
  symlink,
  symlinkat,
  unlink,
  unlinkat,
} from "./name";

/** Declares those calls, by number. */
export function declareFileCalls(): void {
  call(SystemCall.read, read.index, FILE, OUTPUT, SIZE);
  call(SystemCall.write, write.index, FILE, INPUT, SIZE);
  call(SystemCall.open, open.index, PATH, OPEN_FLAGS, MODE);
  call(SystemCall.close, close.index, FILE);
  call(SystemCall.creat, creat.index, PATH, MODE);
  call(SystemCall.link, link.index, PATH, PATH);
  call(SystemCall.unlink, unlink.index, PATH);
  call(SystemCall.chdir, chdir.index, PATH);
  call(SystemCall.mknod, mknod.index, PATH, MODE, DEVICE);
  call(SystemCall.chmod, chmod.index, PATH, MODE);
  call(SystemCall.lseek, lseek.index, FILE, INTEGER, WHENCE);
  call(SystemCall.utime, utime.index, PATH, FILE_TIMES);
  call(SystemCall.access, access.index, PATH, ACCESS_MODE);
  call(SystemCall.sync, sync.index);
  call(SystemCall.rename, rename.index, PATH, PATH);
  call(SystemCall.mkdir, mkdir.index, PATH, MODE);
  call(SystemCall.rmdir, rmdir.index, PATH);
  call(SystemCall.dup, dup.index, FILE);
  call(SystemCall.pipe, pipe.index, FILES_FILLED);
  call(SystemCall.ioctl, ioctl.index, FILE, DEVICE_COMMAND, DEVICE_ARGUMENT);
  call(SystemCall.fcntl, fcntl64.index, FILE, FILE_COMMAND, FILE_ARGUMENT);
  call(SystemCall.umask, umask.index, MODE);
  call(SystemCall.chroot, chroot.index, PATH);
  call(SystemCall.mount, mount.index, PATH, PATH, PATH, FLAGS, PATH);
  call(SystemCall.umount, umount.index, PATH);
  call(SystemCall.umount2, umount2.index, PATH, FLAGS);
  call(SystemCall.dup2, dup2.index, FILE, FILE);
  call(SystemCall.symlink, symlink.index, PATH, PATH);
  call(SystemCall.readlink, readlink.index, PATH, OUTPUT, SIZE);
  call(SystemCall.truncate, truncate.index, PATH, INTEGER);
  call(SystemCall.ftruncate, ftruncate.index, FILE, INTEGER);
  call(SystemCall.fchmod, fchmod.index, FILE, MODE);
  call(SystemCall.statfs, statfs.index, PATH, FILE_SYSTEM);
  call(SystemCall.fstatfs, fstatfs.index, FILE, FILE_SYSTEM);
  call(SystemCall.stat, stat.index, PATH, OLD_STATUS);
  call(SystemCall.lstat, lstat.index, PATH, OLD_STATUS);
  call(SystemCall.fstat, fstat.index, FILE, OLD_STATUS);
  call(SystemCall.fsync, fsync.index, FILE);
  call(SystemCall.fchdir, fchdir.index, FILE);
  call(SystemCall._llseek, llseek.index, FILE, OFFSET_HIGH, OTHER_HALF, OFFSET_FILLED, WHENCE);
  call(SystemCall.readv, readv.index, FILE, VECTORS_FILLED, INTEGER);
  call(SystemCall.writev, writev.index, FILE, VECTORS, INTEGER);
  call(SystemCall.flock, flock.index, FILE, LOCK_COMMAND);
  call(SystemCall.fdatasync, fsync.index, FILE);
  call(SystemCall.getdents, getdents.index, FILE, ADDRESS, SIZE);
  call(SystemCall.sendfile, sendfile.index, FILE, FILE, WORD_FILLED, SIZE);
  call(SystemCall.sendfile64, sendfile64.index, FILE, FILE, OFFSET_FILLED, SIZE);
  call(SystemCall.splice, splice.index, FILE, OFFSET_FILLED, FILE, OFFSET_FILLED, SIZE, FLAGS);
  call(SystemCall.tee, tee.index, FILE, FILE, SIZE, FLAGS);
  call(SystemCall.vmsplice, vmsplice.index, FILE, VECTORS, INTEGER, FLAGS);
  call(SystemCall.memfd_create, memfdCreate.index, PATH, FLAGS);
  call(
    SystemCall.copy_file_range,
    copyFileRange.index,
    FILE,
    OFFSET_FILLED,
    FILE,
    OFFSET_FILLED,
    SIZE,
    FLAGS,
  );
  call(SystemCall.pread64, pread64.index, FILE, OUTPUT, SIZE, OFFSET_LOW, OTHER_HALF);
  call(SystemCall.pwrite64, pwrite64.index, FILE, INPUT, SIZE, OFFSET_LOW, OTHER_HALF);
  call(SystemCall.getcwd, getcwd.index, OUTPUT, SIZE);
  call(SystemCall.truncate64, truncate64.index, PATH, OFFSET_LOW, OTHER_HALF);
  call(SystemCall.ftruncate64, ftruncate64.index, FILE, OFFSET_LOW, OTHER_HALF);
  call(SystemCall.stat64, stat64.index, PATH, STATUS);
  call(SystemCall.lstat64, lstat64.index, PATH, STATUS);
  call(SystemCall.fstat64, fstat64.index, FILE, STATUS);
  call(SystemCall.lchown, lchown16.index, PATH, USER, USER);
  call(SystemCall.fchown, fchown16.index, FILE, USER, USER);
  call(SystemCall.chown, chown16.index, PATH, USER, USER);
  call(SystemCall.lchown32, lchown32.index, PATH, USER, USER);
  call(SystemCall.fchown32, fchown32.index, FILE, USER, USER);
  call(SystemCall.chown32, chown32.index, PATH, USER, USER);
  call(SystemCall.getdents64, getdents64.index, FILE, ENTRIES, SIZE);
  call(SystemCall.fcntl64, fcntl64.index, FILE, FILE_COMMAND, FILE_ARGUMENT);
  call(SystemCall.fadvise64, fadvise64.index, FILE, OFFSET_LOW, OTHER_HALF, SIZE, FILE_ADVICE);
  call(SystemCall.statfs64, statfs64.index, PATH, SIZE, FILE_SYSTEM64);
  call(SystemCall.fstatfs64, fstatfs64.index, FILE, SIZE, FILE_SYSTEM64);
  call(SystemCall.utimes, utimes.index, PATH, TWO_TIMEVALS);
  call(
    SystemCall.fadvise64_64,
    fadvise64Long.index,
    FILE,
    OFFSET_LOW,
    OTHER_HALF,
    OFFSET_LOW,
    OTHER_HALF,
    FILE_ADVICE,
  );
  call(SystemCall.openat, openat.index, DIRECTORY, PATH, OPEN_FLAGS, MODE);
  call(SystemCall.mkdirat, mkdirat.index, DIRECTORY, PATH, MODE);
  call(SystemCall.mknodat, mknodat.index, DIRECTORY, PATH, MODE, DEVICE);
  call(SystemCall.fchownat, fchownat.index, DIRECTORY, PATH, USER, USER, AT_FLAGS);
  call(SystemCall.futimesat, futimesat.index, DIRECTORY, PATH, TWO_TIMEVALS);
  call(SystemCall.fstatat64, fstatat64.index, DIRECTORY, PATH, STATUS, AT_FLAGS);
  call(SystemCall.unlinkat, unlinkat.index, DIRECTORY, PATH, UNLINK_FLAGS);
  call(SystemCall.renameat, renameat.index, DIRECTORY, PATH, DIRECTORY, PATH);
  call(SystemCall.linkat, linkat.index, DIRECTORY, PATH, DIRECTORY, PATH, AT_FLAGS);
  call(SystemCall.symlinkat, symlinkat.index, PATH, DIRECTORY, PATH);
  call(SystemCall.readlinkat, readlinkat.index, DIRECTORY, PATH, OUTPUT, SIZE);
  call(SystemCall.fchmodat, fchmodat.index, DIRECTORY, PATH, MODE);
  call(SystemCall.faccessat, faccessat.index, DIRECTORY, PATH, ACCESS_MODE);
  call(SystemCall.utimensat, utimensat.index, DIRECTORY, PATH, TWO_TIMES, AT_FLAGS);
  call(
    SystemCall.fallocate,
    fallocate.index,
    FILE,
    FLAGS,
    OFFSET_LOW,
    OTHER_HALF,
    OFFSET_LOW,
    OTHER_HALF,
  );
  call(SystemCall.dup3, dup3.index, FILE, FILE, FILE_FLAGS);
  call(SystemCall.pipe2, pipe2.index, FILES_FILLED, FILE_FLAGS);
  call(SystemCall.preadv, preadv.index, FILE, VECTORS_FILLED, INTEGER, OFFSET_LOW, OTHER_HALF);
  call(SystemCall.pwritev, pwritev.index, FILE, VECTORS, INTEGER, OFFSET_LOW, OTHER_HALF);
  call(SystemCall.readahead, readahead.index, FILE, OFFSET_LOW, OTHER_HALF, SIZE);
  call(
    SystemCall.sync_file_range,
    syncFileRange.index,
    FILE,
    OFFSET_LOW,
    OTHER_HALF,
    OFFSET_LOW,
    OTHER_HALF,
    FLAGS,
  );
  call(SystemCall.syncfs, syncfs.index, FILE);
  call(SystemCall.renameat2, renameat2.index, DIRECTORY, PATH, DIRECTORY, PATH, RENAME_FLAGS);
  call(
    SystemCall.preadv2,
    preadv2.index,
    FILE,
    VECTORS_FILLED,
    INTEGER,
    OFFSET_LOW,
    OTHER_HALF,
    FLAGS,
  );
  call(SystemCall.pwritev2, pwritev2.index, FILE, VECTORS, INTEGER, OFFSET_LOW, OTHER_HALF, FLAGS);
  call(SystemCall.statx, statx.index, DIRECTORY, PATH, AT_FLAGS, STATX_FIELDS, STATX);
  call(SystemCall.utimensat_time64, utimensatTime64.index, DIRECTORY, PATH, TWO_TIMES64, AT_FLAGS);
  call(SystemCall.close_range, closeRange.index, INTEGER, INTEGER, FLAGS);
  call(SystemCall.faccessat2, faccessat2.index, DIRECTORY, PATH, ACCESS_MODE, ACCESS_FLAGS);
  call(SystemCall.setxattr, setxattr.index, PATH, PATH, ADDRESS, SIZE, FLAGS);
  call(SystemCall.getxattr, getxattr.index, PATH, PATH, ADDRESS, SIZE);
  call(SystemCall.listxattr, listxattr.index, PATH, ADDRESS, SIZE);
  call(SystemCall.removexattr, removexattr.index, PATH, PATH);
  call(SystemCall.lsetxattr, lsetxattr.index, PATH, PATH, ADDRESS, SIZE, FLAGS);
  call(SystemCall.lgetxattr, lgetxattr.index, PATH, PATH, ADDRESS, SIZE);
  call(SystemCall.llistxattr, llistxattr.index, PATH, ADDRESS, SIZE);
  call(SystemCall.lremovexattr, lremovexattr.index, PATH, PATH);
  call(SystemCall.fsetxattr, fsetxattr.index, FILE, PATH, ADDRESS, SIZE, FLAGS);
  call(SystemCall.fgetxattr, fgetxattr.index, FILE, PATH, ADDRESS, SIZE);
  call(SystemCall.flistxattr, flistxattr.index, FILE, ADDRESS, SIZE);
  call(SystemCall.fremovexattr, fremovexattr.index, FILE, PATH);
}
