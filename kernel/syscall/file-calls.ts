// The system calls about files: see table.ts.

import {
  FILE,
  FLAGS,
  INPUT,
  INTEGER,
  OUTPUT,
  PATH,
  POINTER,
  SIZE,
} from "../../src/abi/linux/argument-kinds";
import { SystemCall } from "../../src/abi/linux/i386";
import {
  access,
  chmod,
  chown32,
  faccessat,
  faccessat2,
  fchmod,
  fchmodat,
  fchown32,
  fchownat,
  fstat,
  fstat64,
  fstatat64,
  fstatfs,
  fstatfs64,
  futimesat,
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
import { chdir, chroot, fchdir, getcwd, getdents64 } from "./directory";
import {
  fadvise64,
  fallocate,
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
  readv,
  sync,
  truncate,
  truncate64,
  write,
  writev,
} from "./file";
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
  call(SystemCall.open, open.index, PATH, FLAGS, FLAGS);
  call(SystemCall.close, close.index, FILE);
  call(SystemCall.creat, creat.index, PATH, FLAGS);
  call(SystemCall.link, link.index, PATH, PATH);
  call(SystemCall.unlink, unlink.index, PATH);
  call(SystemCall.chdir, chdir.index, PATH);
  call(SystemCall.mknod, mknod.index, PATH, FLAGS, FLAGS);
  call(SystemCall.chmod, chmod.index, PATH, FLAGS);
  call(SystemCall.lseek, lseek.index, FILE, INTEGER, INTEGER);
  call(SystemCall.utime, utime.index, PATH, POINTER);
  call(SystemCall.access, access.index, PATH, FLAGS);
  call(SystemCall.sync, sync.index);
  call(SystemCall.rename, rename.index, PATH, PATH);
  call(SystemCall.mkdir, mkdir.index, PATH, FLAGS);
  call(SystemCall.rmdir, rmdir.index, PATH);
  call(SystemCall.dup, dup.index, FILE);
  call(SystemCall.pipe, pipe.index, POINTER);
  call(SystemCall.ioctl, ioctl.index, FILE, FLAGS, FLAGS);
  call(SystemCall.fcntl, fcntl64.index, FILE, FLAGS, FLAGS);
  call(SystemCall.umask, umask.index, FLAGS);
  call(SystemCall.chroot, chroot.index, PATH);
  call(SystemCall.dup2, dup2.index, FILE, FILE);
  call(SystemCall.symlink, symlink.index, PATH, PATH);
  call(SystemCall.readlink, readlink.index, PATH, OUTPUT, SIZE);
  call(SystemCall.truncate, truncate.index, PATH, INTEGER);
  call(SystemCall.ftruncate, ftruncate.index, FILE, INTEGER);
  call(SystemCall.fchmod, fchmod.index, FILE, FLAGS);
  call(SystemCall.statfs, statfs.index, PATH, POINTER);
  call(SystemCall.fstatfs, fstatfs.index, FILE, POINTER);
  call(SystemCall.stat, stat.index, PATH, POINTER);
  call(SystemCall.lstat, lstat.index, PATH, POINTER);
  call(SystemCall.fstat, fstat.index, FILE, POINTER);
  call(SystemCall.fsync, fsync.index, FILE);
  call(SystemCall.fchdir, fchdir.index, FILE);
  call(SystemCall._llseek, llseek.index, FILE, FLAGS, FLAGS, POINTER, INTEGER);
  call(SystemCall.readv, readv.index, FILE, POINTER, INTEGER);
  call(SystemCall.writev, writev.index, FILE, POINTER, INTEGER);
  call(SystemCall.fdatasync, fsync.index, FILE);
  call(SystemCall.pread64, pread64.index, FILE, OUTPUT, SIZE, FLAGS, FLAGS);
  call(SystemCall.pwrite64, pwrite64.index, FILE, INPUT, SIZE, FLAGS, FLAGS);
  call(SystemCall.getcwd, getcwd.index, OUTPUT, SIZE);
  call(SystemCall.truncate64, truncate64.index, PATH, FLAGS, FLAGS);
  call(SystemCall.ftruncate64, ftruncate64.index, FILE, FLAGS, FLAGS);
  call(SystemCall.stat64, stat64.index, PATH, POINTER);
  call(SystemCall.lstat64, lstat64.index, PATH, POINTER);
  call(SystemCall.fstat64, fstat64.index, FILE, POINTER);
  call(SystemCall.lchown32, lchown32.index, PATH, INTEGER, INTEGER);
  call(SystemCall.fchown32, fchown32.index, FILE, INTEGER, INTEGER);
  call(SystemCall.chown32, chown32.index, PATH, INTEGER, INTEGER);
  call(SystemCall.getdents64, getdents64.index, FILE, OUTPUT, SIZE);
  call(SystemCall.fcntl64, fcntl64.index, FILE, FLAGS, FLAGS);
  call(SystemCall.fadvise64, fadvise64.index, FILE, FLAGS, FLAGS, SIZE, INTEGER);
  call(SystemCall.statfs64, statfs64.index, PATH, SIZE, POINTER);
  call(SystemCall.fstatfs64, fstatfs64.index, FILE, SIZE, POINTER);
  call(SystemCall.utimes, utimes.index, PATH, POINTER);
  call(SystemCall.fadvise64_64, fadvise64.index, FILE, FLAGS, FLAGS, FLAGS, FLAGS, INTEGER);
  call(SystemCall.openat, openat.index, FILE, PATH, FLAGS, FLAGS);
  call(SystemCall.mkdirat, mkdirat.index, FILE, PATH, FLAGS);
  call(SystemCall.mknodat, mknodat.index, FILE, PATH, FLAGS, FLAGS);
  call(SystemCall.fchownat, fchownat.index, FILE, PATH, INTEGER, INTEGER, FLAGS);
  call(SystemCall.futimesat, futimesat.index, FILE, PATH, POINTER);
  call(SystemCall.fstatat64, fstatat64.index, FILE, PATH, POINTER, FLAGS);
  call(SystemCall.unlinkat, unlinkat.index, FILE, PATH, FLAGS);
  call(SystemCall.renameat, renameat.index, FILE, PATH, FILE, PATH);
  call(SystemCall.linkat, linkat.index, FILE, PATH, FILE, PATH, FLAGS);
  call(SystemCall.symlinkat, symlinkat.index, PATH, FILE, PATH);
  call(SystemCall.readlinkat, readlinkat.index, FILE, PATH, OUTPUT, SIZE);
  call(SystemCall.fchmodat, fchmodat.index, FILE, PATH, FLAGS);
  call(SystemCall.faccessat, faccessat.index, FILE, PATH, FLAGS);
  call(SystemCall.utimensat, utimensat.index, FILE, PATH, POINTER, FLAGS);
  call(SystemCall.fallocate, fallocate.index, FILE, FLAGS, FLAGS, FLAGS, FLAGS, FLAGS);
  call(SystemCall.dup3, dup3.index, FILE, FILE, FLAGS);
  call(SystemCall.pipe2, pipe2.index, POINTER, FLAGS);
  call(SystemCall.preadv, preadv.index, FILE, POINTER, INTEGER, FLAGS, FLAGS);
  call(SystemCall.pwritev, pwritev.index, FILE, POINTER, INTEGER, FLAGS, FLAGS);
  call(SystemCall.syncfs, fsync.index, FILE);
  call(SystemCall.renameat2, renameat2.index, FILE, PATH, FILE, PATH, FLAGS);
  call(SystemCall.preadv2, preadv2.index, FILE, POINTER, INTEGER, FLAGS, FLAGS, FLAGS);
  call(SystemCall.pwritev2, pwritev2.index, FILE, POINTER, INTEGER, FLAGS, FLAGS, FLAGS);
  call(SystemCall.statx, statx.index, FILE, PATH, FLAGS, FLAGS, POINTER);
  call(SystemCall.utimensat_time64, utimensatTime64.index, FILE, PATH, POINTER, FLAGS);
  call(SystemCall.close_range, closeRange.index, INTEGER, INTEGER, FLAGS);
  call(SystemCall.faccessat2, faccessat2.index, FILE, PATH, FLAGS, FLAGS);
}
