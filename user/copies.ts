// copies DIRECTORY: checks calls that copy between files, and files without names, against Linux.
//
// DIRECTORY is empty and can be written. The tests also run this very program on the host's Linux
// (test/kernel/syscall/system-calls.test.ts).

import {
  EAGAIN,
  EBADF,
  EBUSY,
  EEXIST,
  EFAULT,
  EFBIG,
  EINVAL,
  EISDIR,
  ENOENT,
  ENOTDIR,
  EPERM,
  EPIPE,
  ESPIPE,
  EXDEV,
} from "../src/abi/errno";
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_SYMLINK_FOLLOW,
  F_ADD_SEALS,
  F_GET_SEALS,
  F_GETFD,
  F_SEAL_FUTURE_WRITE,
  F_SEAL_GROW,
  F_SEAL_SEAL,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  FALLOC_FL_ZERO_RANGE,
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
  O_APPEND,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  O_RDWR,
  O_TMPFILE,
  O_WRONLY,
  S_IFIFO,
  SEEK_CUR,
  SEEK_SET,
  SPLICE_F_NONBLOCK,
  STAT_NLINK,
  STAT_SIZE,
} from "../src/abi/files";
import { CLONE_FILES } from "../src/abi/linux/clone";
import { SystemCall } from "../src/abi/linux/i386";
import { RLIMIT_AS, RLIMIT_FSIZE } from "../src/abi/linux/resource";
import { MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE } from "../src/abi/mman";
import { SIGCHLD, SIGPIPE, SIGXFSZ } from "../src/abi/signals";
import { FIONREAD } from "../src/abi/termios";
import { call, expect, fork, report, statusOf } from "./runtime/answers";
import { argument, refuse, wantsHelp } from "./runtime/arguments";
import { awaitSleep } from "./runtime/await-sleep";

const USAGE = "usage: copies DIRECTORY\nChecks calls that copy between files.";
const BAD: i32 = 0x10;
const SIZE: i32 = 20000;
const buffer: usize = memory.data(SIZE, 8);
const other: usize = memory.data(SIZE, 8);
const status: usize = memory.data(128, 8);
const offset: usize = memory.data(8, 8);
const second: usize = memory.data(8, 8);
const ends: usize = memory.data(16, 8);
const path: usize = memory.data(32, 4);

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  if (argc !== 2) return refuse(argv, 0, USAGE);
  if (call(SystemCall.chdir, argument(argv, 1)) !== 0) return 1;
  call(SystemCall.umask, 0o022);
  for (let i = 0; i < SIZE; i++) store<u8>(buffer + i, pattern(i));
  sending();
  ranges();
  splicing();
  keeping();
  teeing();
  closedMeanwhile(false);
  closedMeanwhile(true);
  vectors();
  memoryFiles();
  seals();
  unnamed();
  holes();
  oldListing();
  return report();
}

function pattern(index: i32): u8 {
  return <u8>(index * 7 + (index >> 8));
}

function open(name: usize, flags: i32): i32 {
  return call(SystemCall.open, name, flags, 0o666);
}

function close(file: i32): void {
  call(SystemCall.close, file);
}

/** A file with the first `size` bytes of the pattern, open for both, at its beginning. */
function filled(name: usize, size: i32): i32 {
  const file = open(name, O_RDWR | O_CREAT);
  call(SystemCall.write, file, buffer, size);
  seek(file, 0);
  return file;
}

function seek(file: i32, to: i32): i32 {
  return call(SystemCall.lseek, file, to, SEEK_SET);
}

function positionOf(file: i32): i32 {
  return call(SystemCall.lseek, file, 0, SEEK_CUR);
}

/** 0: `file` has from `at` on what the pattern has from `from` on, `size` bytes. */
function differs(file: i32, at: i32, from: i32, size: i32): i32 {
  if (call(SystemCall.pread64, file, other, size, at, 0) !== size) return -1;
  return memory.compare(other, buffer + from, size);
}

/** How many of `size` bytes from `at` on are not 0. */
function notZero(file: i32, at: i32, size: i32): i32 {
  const got = call(SystemCall.pread64, file, other, size, at, 0);
  let count = got === size ? 0 : -1;
  for (let i = 0; i < got; i++) if (load<u8>(other + i) !== 0) count++;
  return count;
}

function pipe(flags: i32): void {
  call(SystemCall.pipe2, ends, flags);
}

function reader(): i32 {
  return load<i32>(ends);
}

function writer(): i32 {
  return load<i32>(ends, 4);
}

function sending(): void {
  const from = filled(cstr("from"), SIZE);
  const to = open(cstr("to"), O_RDWR | O_CREAT);
  expect(cstr("sendfile"), call(SystemCall.sendfile, to, from, 0, 9000), 9000);
  expect(cstr("sendfile, content"), differs(to, 0, 0, 9000), 0);
  expect(cstr("sendfile, moves the source"), positionOf(from), 9000);
  // It takes nothing of the caller's own space, of which no more may be mapped.
  call(SystemCall.getrlimit, RLIMIT_AS, second);
  store<u32>(offset, SIZE);
  store<u32>(offset, load<u32>(second, 4), 4);
  call(SystemCall.setrlimit, RLIMIT_AS, offset);
  expect(cstr("sendfile, no space"), call(SystemCall.sendfile, to, from, 0, 1000), 1000);
  call(SystemCall.setrlimit, RLIMIT_AS, second);
  expect(cstr("sendfile, to the end"), call(SystemCall.sendfile64, to, from, 0, SIZE), 10000);
  expect(cstr("sendfile, at the end"), call(SystemCall.sendfile64, to, from, 0, SIZE), 0);
  store<u64>(offset, 100);
  expect(cstr("sendfile64, at"), call(SystemCall.sendfile64, to, from, offset, 50), 50);
  expect(cstr("sendfile64, offset"), load<i32>(offset), 150);
  expect(cstr("sendfile64, position stays"), positionOf(from), SIZE);
  expect(cstr("sendfile64, content"), differs(to, SIZE, 100, 50), 0);
  store<u32>(offset, 7);
  expect(cstr("sendfile, at"), call(SystemCall.sendfile, to, from, offset, 3), 3);
  expect(cstr("sendfile, offset"), load<i32>(offset), 10);
  store<u64>(offset, -1);
  expect(cstr("sendfile64, negative"), call(SystemCall.sendfile64, to, from, offset, 3), -EINVAL);
  expect(cstr("sendfile, bad offset"), call(SystemCall.sendfile, to, from, BAD, 3), -EFAULT);
  expect(cstr("sendfile, nothing"), call(SystemCall.sendfile, to, from, 0, 0), 0);
  expect(cstr("sendfile, no source"), call(SystemCall.sendfile, to, 99, 0, 1), -EBADF);
  const readOnly = open(cstr("from"), O_RDONLY);
  expect(cstr("sendfile, read-only"), call(SystemCall.sendfile, readOnly, from, 0, 1), -EBADF);
  pipe(0);
  store<u64>(offset, 0);
  expect(
    cstr("sendfile, offset in a pipe"),
    call(SystemCall.sendfile64, to, reader(), offset, 1),
    -ESPIPE,
  );
  expect(
    cstr("sendfile, to a pipe"),
    call(SystemCall.sendfile64, writer(), from, offset, 300),
    300,
  );
  expect(cstr("sendfile, in the pipe"), call(SystemCall.read, reader(), other, 1000), 300);
  expect(cstr("sendfile, pipe content"), memory.compare(other, buffer, 300), 0);
  for (let file = from; file <= writer(); file++) close(file);
}

function ranges(): void {
  const from = filled(cstr("range"), SIZE);
  const to = open(cstr("copy"), O_RDWR | O_CREAT);
  const copy = SystemCall.copy_file_range;
  expect(cstr("copy_file_range"), call(copy, from, 0, to, 0, 5000, 0), 5000);
  expect(cstr("copy_file_range, positions"), positionOf(from) + positionOf(to), 10000);
  store<u64>(offset, 10000);
  store<u64>(second, 1);
  expect(cstr("copy_file_range, offsets"), call(copy, from, offset, to, second, 70, 0), 70);
  expect(cstr("copy_file_range, first"), load<i32>(offset), 10070);
  expect(cstr("copy_file_range, second"), load<i32>(second), 71);
  expect(cstr("copy_file_range, content"), differs(to, 1, 10000, 70), 0);
  expect(cstr("copy_file_range, around"), differs(to, 71, 71, 4929), 0);
  expect(cstr("copy_file_range, flags"), call(copy, from, 0, to, 0, 1, 1), -EINVAL);
  expect(cstr("copy_file_range, no file"), call(copy, from, 0, 99, 0, 1, 0), -EBADF);
  store<u64>(offset, 0);
  store<u64>(second, 50);
  expect(cstr("copy_file_range, overlap"), call(copy, from, offset, from, second, 51, 0), -EINVAL);
  expect(cstr("copy_file_range, in itself"), call(copy, from, offset, from, second, 50, 0), 50);
  expect(cstr("copy_file_range, itself"), differs(from, 50, 0, 50), 0);
  expect(cstr("copy_file_range, bad"), call(copy, from, BAD, to, 0, 1, 0), -EFAULT);
  const directory = open(cstr("."), O_RDONLY | O_DIRECTORY);
  expect(cstr("copy_file_range, directory"), call(copy, directory, 0, to, 0, 1, 0), -EISDIR);
  const appended = open(cstr("copy"), O_WRONLY | O_APPEND);
  expect(cstr("copy_file_range, append"), call(copy, from, 0, appended, 0, 1, 0), -EBADF);
  pipe(0);
  expect(cstr("copy_file_range, pipe"), call(copy, from, 0, writer(), 0, 1, 0), -EINVAL);
  for (let file = from; file <= writer(); file++) close(file);
}

function splicing(): void {
  const from = filled(cstr("spliced"), SIZE);
  const to = open(cstr("received"), O_RDWR | O_CREAT);
  const splice = SystemCall.splice;
  pipe(0);
  expect(cstr("splice, in"), call(splice, from, 0, writer(), 0, 9000, 0), 9000);
  expect(cstr("splice, position"), positionOf(from), 9000);
  store<u64>(second, 100);
  expect(cstr("splice, out"), call(splice, reader(), 0, to, second, 8000, 0), 8000);
  expect(cstr("splice, offset"), load<i32>(second), 8100);
  expect(cstr("splice, content"), differs(to, 100, 0, 8000), 0);
  expect(cstr("splice, the rest"), call(splice, reader(), 0, to, 0, SIZE, 0), 1000);
  expect(cstr("splice, rest"), differs(to, 0, 8000, 1000), 0);
  const now = SPLICE_F_NONBLOCK;
  expect(cstr("splice, empty"), call(splice, reader(), 0, to, 0, 10, now), -EAGAIN);
  expect(cstr("splice, no pipe"), call(splice, from, 0, to, 0, 10, 0), -EINVAL);
  expect(cstr("splice, pipe offset"), call(splice, reader(), offset, to, 0, 10, 0), -ESPIPE);
  expect(cstr("splice, flags"), call(splice, reader(), 0, to, 0, 10, 16), -EINVAL);
  expect(cstr("splice, none"), call(splice, reader(), 0, 99, 0, 10, 0), -EBADF);
  expect(cstr("splice, nothing"), call(splice, 99, 0, 99, 0, 0, 0), 0);
  expect(cstr("splice, itself"), call(splice, reader(), 0, writer(), 0, 10, 0), -EINVAL);
  call(SystemCall.mknod, cstr("fifo"), S_IFIFO | 0o600, 0);
  const path = open(cstr("fifo"), O_PATH);
  expect(cstr("splice, from a path"), call(splice, path, 0, to, 0, 10, now), -EBADF);
  expect(cstr("splice, to a path"), call(splice, from, 0, path, 0, 10, now), -EBADF);
  expect(cstr("tee, from a path"), call(SystemCall.tee, path, writer(), 10, now), -EBADF);
  close(path);
  const child = fork();
  if (child === 0) {
    call(SystemCall.write, writer(), buffer, 5);
    call(SystemCall.exit_group, 0);
  }
  expect(cstr("splice, waits"), call(splice, reader(), 0, to, 0, 10, 0), 5);
  statusOf(child);
  close(writer());
  expect(cstr("splice, at the end"), call(splice, reader(), 0, to, 0, 10, 0), 0);
  for (let file = from; file <= writer(); file++) close(file);
}

/** What a splice reads and cannot write stays where it was. */
function keeping(): void {
  const splice = SystemCall.splice;
  call(SystemCall.signal, SIGPIPE, 1);
  pipe(0);
  const from = reader();
  const input = writer();
  call(SystemCall.write, input, buffer, 5000);
  pipe(O_NONBLOCK);
  const output = reader();
  const to = writer();
  const limits = open(cstr("limited"), O_RDWR | O_CREAT);
  call(SystemCall.getrlimit, RLIMIT_FSIZE, second);
  store<u32>(offset, 10);
  store<u32>(offset, load<u32>(second, 4), 4);
  call(SystemCall.signal, SIGXFSZ, 1);
  call(SystemCall.setrlimit, RLIMIT_FSIZE, offset);
  seek(limits, 10);
  expect(cstr("splice, too large"), call(splice, from, 0, limits, 0, 100, 0), -EFBIG);
  expect(cstr("splice, still there"), waiting(from), 5000);
  call(SystemCall.setrlimit, RLIMIT_FSIZE, second);
  expect(cstr("splice, all of a page"), call(splice, from, 0, to, 0, 4000, 0), 4000);
  expect(cstr("splice, the others"), waiting(from), 1000);
  while (call(SystemCall.write, to, buffer, 4096) > 0);
  while (call(SystemCall.write, to, buffer, 1) > 0);
  const now = SPLICE_F_NONBLOCK;
  expect(cstr("splice, no room"), call(splice, from, 0, to, 0, 1000, now), -EAGAIN);
  expect(cstr("splice, all still there"), waiting(from), 1000);
  call(SystemCall.socketpair, 1, 1, 0, status);
  const near = load<i32>(status);
  const far = load<i32>(status, 4);
  call(SystemCall.write, far, buffer, 300);
  expect(cstr("splice, no room for more"), call(splice, near, 0, to, 0, 300, now), -EAGAIN);
  expect(cstr("splice, still to be read"), call(SystemCall.read, near, other, 1000), 300);
  close(far);
  expect(cstr("splice, nobody there"), call(splice, from, 0, near, 0, 1000, 0), -EPIPE);
  expect(cstr("splice, not lost"), waiting(from), 1000);
  close(output);
  expect(cstr("splice, nobody reads"), call(splice, from, 0, to, 0, 1000, 0), -EPIPE);
  expect(cstr("splice, kept"), call(SystemCall.read, from, other, 1000), 1000);
  expect(cstr("splice, in order"), memory.compare(other, buffer + 4000, 1000), 0);
  for (let file = from; file <= far; file++) close(file);
}

/** How many bytes a pipe holds. */
function waiting(file: i32): i32 {
  store<u32>(path, -1);
  call(SystemCall.ioctl, file, FIONREAD, path);
  return load<i32>(path);
}

/** Who waits for bytes of one pipe has the other, though everybody else has closed it. */
function closedMeanwhile(copies: bool): void {
  pipe(0);
  const from = reader();
  const input = writer();
  pipe(0);
  const to = writer();
  const output = reader();
  const child = call(SystemCall.clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
  if (child === 0) {
    call(SystemCall.signal, SIGPIPE, 1);
    const result = copies
      ? call(SystemCall.tee, from, to, 10, 0)
      : call(SystemCall.splice, from, 0, to, 0, 10, 0);
    call(SystemCall.exit_group, -result);
  }
  awaitSleep(child);
  close(output);
  close(to);
  // Something else is where the pipe was.
  for (let i = 0; i < 50; i++) call(SystemCall.eventfd, -1);
  call(SystemCall.write, input, buffer, 5);
  expect(cstr("splice, closed meanwhile"), statusOf(child), EPIPE << 8);
  for (let file = from; file < from + 60; file++) close(file);
}

function teeing(): void {
  pipe(0);
  const from = reader();
  const input = writer();
  pipe(O_NONBLOCK);
  const to = writer();
  const output = reader();
  call(SystemCall.write, input, buffer, 5000);
  expect(cstr("tee"), call(SystemCall.tee, from, to, 4500, 0), 4500);
  expect(cstr("tee, copied"), call(SystemCall.read, output, other, SIZE), 4500);
  expect(cstr("tee, content"), memory.compare(other, buffer, 4500), 0);
  expect(cstr("tee, still there"), call(SystemCall.read, from, other, SIZE), 5000);
  expect(cstr("tee, same content"), memory.compare(other, buffer, 5000), 0);
  expect(cstr("tee, empty"), call(SystemCall.tee, from, to, 1, SPLICE_F_NONBLOCK), -EAGAIN);
  expect(cstr("tee, nothing"), call(SystemCall.tee, from, to, 0, 0), 0);
  expect(cstr("tee, flags"), call(SystemCall.tee, from, to, 1, 16), -EINVAL);
  expect(cstr("tee, same"), call(SystemCall.tee, from, input, 1, 0), -EINVAL);
  expect(cstr("tee, wrong end"), call(SystemCall.tee, input, to, 1, 0), -EBADF);
  call(SystemCall.write, input, buffer, 1);
  call(SystemCall.signal, SIGPIPE, 1);
  close(output);
  expect(cstr("tee, nobody reads"), call(SystemCall.tee, from, to, 1, 0), -EPIPE);
  close(input);
  call(SystemCall.read, from, other, 1);
  for (let file = from; file <= to; file++) close(file);
}

function vectors(): void {
  pipe(0);
  store<usize>(status, buffer);
  store<u32>(status, 100, 4);
  store<usize>(status, buffer + 100, 8);
  store<u32>(status, 200, 12);
  expect(cstr("vmsplice"), call(SystemCall.vmsplice, writer(), status, 2, 0), 300);
  store<usize>(status, other);
  store<u32>(status, 1000, 4);
  expect(cstr("vmsplice, out"), call(SystemCall.vmsplice, reader(), status, 1, 0), 300);
  expect(cstr("vmsplice, content"), memory.compare(other, buffer, 300), 0);
  const now = SPLICE_F_NONBLOCK;
  expect(cstr("vmsplice, empty"), call(SystemCall.vmsplice, reader(), status, 1, now), -EAGAIN);
  expect(cstr("vmsplice, flags"), call(SystemCall.vmsplice, reader(), status, 1, 16), -EINVAL);
  const file = open(cstr("from"), O_RDWR);
  expect(cstr("vmsplice, file"), call(SystemCall.vmsplice, file, status, 1, 0), -EBADF);
  for (let each = reader(); each <= file; each++) close(each);
}

function memoryFiles(): void {
  const create = SystemCall.memfd_create;
  const file = call(create, cstr("name"), MFD_CLOEXEC);
  expect(cstr("memfd, write"), call(SystemCall.write, file, buffer, 5000), 5000);
  expect(cstr("memfd, content"), differs(file, 0, 0, 5000), 0);
  expect(cstr("memfd, closes"), call(SystemCall.fcntl64, file, F_GETFD, 0), 1);
  expect(cstr("memfd, sealed"), call(SystemCall.fcntl64, file, F_GET_SEALS, 0), F_SEAL_SEAL);
  expect(cstr("memfd, no seals"), addSeals(file, F_SEAL_GROW), -EPERM);
  call(SystemCall.fstat64, file, status);
  expect(cstr("memfd, size"), load<i32>(status, STAT_SIZE), 5000);
  const shared = call(SystemCall.mmap2, 0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  store<u8>(<usize>shared, 0x55);
  expect(cstr("memfd, mapped"), call(SystemCall.pread64, file, other, 1, 0, 0), 1);
  expect(cstr("memfd, written"), load<u8>(other), 0x55);
  call(SystemCall.munmap, shared, 8192);
  linkOf(file);
  expect(
    cstr("memfd, has a name"),
    call(SystemCall.readlink, path, other, 100),
    memory.compare(other, cstr("/memfd:name (deleted)"), 21) === 0 ? 21 : 0,
  );
  expect(cstr("memfd, flags"), call(create, cstr("x"), 0x40), -EINVAL);
  expect(cstr("memfd, bad name"), call(create, BAD, 0), -EFAULT);
  for (let i = 0; i < 300; i++) store<u8>(other + i, 0x61);
  store<u8>(other + 250, 0);
  expect(cstr("memfd, long name"), call(create, other, 0), -EINVAL);
  close(file);
}

function addSeals(file: i32, seals: i32): i32 {
  return call(SystemCall.fcntl64, file, F_ADD_SEALS, seals);
}

function linkOf(file: i32): void {
  memory.copy(path, cstr("/proc/self/fd/"), 14);
  store<u8>(path + 14, file < 10 ? 0x30 + file : 0x30 + file / 10);
  store<u8>(path + 15, file < 10 ? 0 : 0x30 + (file % 10));
  store<u8>(path + 16, 0);
}

function seals(): void {
  const file = call(SystemCall.memfd_create, cstr("sealed"), MFD_ALLOW_SEALING);
  call(SystemCall.ftruncate, file, 8192);
  expect(cstr("seals, none"), call(SystemCall.fcntl64, file, F_GET_SEALS, 0), 0);
  expect(cstr("seals, unknown"), addSeals(file, 0x400), -EINVAL);
  expect(cstr("seals, size"), addSeals(file, F_SEAL_SHRINK | F_SEAL_GROW), 0);
  expect(cstr("seals, shrink"), call(SystemCall.ftruncate, file, 4096), -EPERM);
  expect(cstr("seals, grow"), call(SystemCall.ftruncate, file, 8193), -EPERM);
  expect(cstr("seals, same size"), call(SystemCall.ftruncate, file, 8192), 0);
  // As many as there is room for; then none.
  expect(cstr("seals, write past"), call(SystemCall.pwrite64, file, buffer, 10, 8190, 0), 2);
  expect(cstr("seals, past the end"), call(SystemCall.pwrite64, file, buffer, 9, 8192, 0), -EPERM);
  expect(cstr("seals, write"), call(SystemCall.pwrite64, file, buffer, 10, 8182, 0), 10);
  expect(cstr("seals, allocate"), call(SystemCall.fallocate, file, 0, 0, 0, 8193, 0), -EPERM);
  const both = PROT_READ | PROT_WRITE;
  const shared = call(SystemCall.mmap2, 0, 8192, both, MAP_SHARED, file, 0);
  expect(cstr("seals, mapped"), addSeals(file, F_SEAL_WRITE), -EBUSY);
  call(SystemCall.munmap, shared, 8192);
  expect(cstr("seals, later writes"), addSeals(file, F_SEAL_FUTURE_WRITE), 0);
  expect(cstr("seals, later"), call(SystemCall.pwrite64, file, buffer, 1, 0, 0), -EPERM);
  expect(cstr("seals, writes"), addSeals(file, F_SEAL_WRITE), 0);
  expect(cstr("seals, no write"), call(SystemCall.pwrite64, file, buffer, 1, 0, 0), -EPERM);
  expect(cstr("seals, no map"), call(SystemCall.mmap2, 0, 8192, both, MAP_SHARED, file, 0), -EPERM);
  const hole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  expect(cstr("seals, no hole"), call(SystemCall.fallocate, file, hole, 0, 0, 1, 0), -EPERM);
  const copy = call(SystemCall.mmap2, 0, 8192, both, MAP_PRIVATE, file, 0);
  store<u8>(<usize>copy, 1);
  expect(cstr("seals, copy"), load<u8>(<usize>copy), 1);
  call(SystemCall.munmap, copy, 8192);
  expect(cstr("seals, last"), addSeals(file, F_SEAL_SEAL), 0);
  expect(cstr("seals, no more"), addSeals(file, F_SEAL_SEAL), -EPERM);
  const all = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;
  expect(cstr("seals, all"), call(SystemCall.fcntl64, file, F_GET_SEALS, 0), all);
  pipe(0);
  expect(cstr("seals, pipe"), call(SystemCall.fcntl64, reader(), F_GET_SEALS, 0), -EINVAL);
  for (let each = file; each <= writer(); each++) close(each);
}

/** Gives an open file a name in the current directory. */
function nameFile(file: i32, name: usize): i32 {
  return call(SystemCall.linkat, file, cstr(""), AT_FDCWD, name, AT_EMPTY_PATH);
}

function unnamed(): void {
  const file = open(cstr("."), O_TMPFILE | O_RDWR);
  expect(cstr("O_TMPFILE"), call(SystemCall.write, file, buffer, 100), 100);
  call(SystemCall.fstat64, file, status);
  expect(cstr("O_TMPFILE, links"), load<i32>(status, STAT_NLINK), 0);
  expect(cstr("O_TMPFILE, read-only"), open(cstr("."), O_TMPFILE | O_RDONLY), -EINVAL);
  expect(cstr("O_TMPFILE, file"), open(cstr("from"), O_TMPFILE | O_RDWR), -ENOTDIR);
  expect(cstr("O_TMPFILE, nowhere"), open(cstr("none"), O_TMPFILE | O_RDWR), -ENOENT);
  expect(cstr("O_TMPFILE, named"), nameFile(file, cstr("named")), 0);
  call(SystemCall.stat64, cstr("named"), status);
  expect(cstr("O_TMPFILE, size"), load<i32>(status, STAT_SIZE), 100);
  expect(cstr("O_TMPFILE, taken"), nameFile(file, cstr("named")), -EEXIST);
  close(file);
  const third = open(cstr("."), O_TMPFILE | O_WRONLY);
  linkOf(third);
  expect(
    cstr("O_TMPFILE, by /proc"),
    call(SystemCall.linkat, AT_FDCWD, path, AT_FDCWD, cstr("other"), AT_SYMLINK_FOLLOW),
    0,
  );
  close(third);
  const nameless = open(cstr("."), O_TMPFILE | O_RDWR | O_EXCL);
  expect(cstr("O_TMPFILE, for good"), nameFile(nameless, cstr("never")), -ENOENT);
  close(nameless);
  const gone = open(cstr("gone"), O_RDWR | O_CREAT);
  call(SystemCall.unlink, cstr("gone"));
  expect(cstr("linkat, removed"), nameFile(gone, cstr("again")), -ENOENT);
  const memory = call(SystemCall.memfd_create, cstr("m"), 0);
  expect(cstr("linkat, memfd"), nameFile(memory, cstr("again")), -EXDEV);
  close(memory);
  close(gone);
}

function holes(): void {
  const file = filled(cstr("holes"), SIZE);
  const make = SystemCall.fallocate;
  const hole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  expect(cstr("hole"), call(make, file, hole, 4000, 0, 9000, 0), 0);
  expect(cstr("hole, before"), differs(file, 0, 0, 4000), 0);
  expect(cstr("hole, zeros"), notZero(file, 4000, 9000), 0);
  expect(cstr("hole, after"), differs(file, 13000, 13000, 7000), 0);
  expect(cstr("hole, past the end"), call(make, file, hole, 19990, 0, 9000, 0), 0);
  call(SystemCall.fstat64, file, status);
  expect(cstr("hole, size"), load<i32>(status, STAT_SIZE), SIZE);
  expect(cstr("hole, at the end"), notZero(file, 19990, 10), 0);
  expect(cstr("hole, far"), call(make, file, hole, 0, 200, 9000, 0), 0);
  expect(
    cstr("hole, size kept"),
    call(make, file, FALLOC_FL_PUNCH_HOLE, 0, 0, 1, 0) !== 0 ? 1 : 0,
    1,
  );
  expect(cstr("hole, empty"), call(make, file, hole, 0, 0, 0, 0), -EINVAL);
  const shared = call(SystemCall.mmap2, 0, 8192, PROT_READ, MAP_SHARED, file, 0);
  expect(cstr("hole, mapped before"), load<u8>(<usize>shared + 100), pattern(100));
  expect(cstr("hole, mapped"), call(make, file, hole, 0, 0, 4096, 0), 0);
  expect(cstr("hole, mapped after"), load<u8>(<usize>shared + 100), 0);
  call(SystemCall.munmap, shared, 8192);
  close(file);
  const zeroed = call(SystemCall.memfd_create, cstr("z"), 0);
  call(SystemCall.write, zeroed, buffer, 100);
  expect(
    cstr("zero range, kept"),
    call(make, zeroed, FALLOC_FL_ZERO_RANGE | FALLOC_FL_PUNCH_HOLE, 0, 0, 1, 0) !== 0 ? 1 : 0,
    1,
  );
  close(zeroed);
}

function oldListing(): void {
  call(SystemCall.mkdir, cstr("list"), 0o755);
  close(open(cstr("list/name"), O_RDWR | O_CREAT));
  const directory = open(cstr("list"), O_RDONLY | O_DIRECTORY);
  const size = call(SystemCall.getdents, directory, other, 1000);
  let names = 0;
  let length = 0;
  let types = 0;
  for (let at = 0; at < size; ) {
    const record = other + at;
    const own = <i32>load<u16>(record, 8);
    names++;
    types += load<u8>(record + own - 1);
    for (let name = record + 10; load<u8>(name) !== 0; name++) length++;
    at += own;
  }
  expect(cstr("getdents, names"), names, 3);
  expect(cstr("getdents, bytes of names"), length, 7);
  expect(cstr("getdents, types"), types, 4 + 4 + 8);
  expect(cstr("getdents, size"), size, 16 + 16 + 16);
  expect(cstr("getdents, end"), call(SystemCall.getdents, directory, other, 1000), 0);
  seek(directory, 0);
  expect(cstr("getdents, no room"), call(SystemCall.getdents, directory, other, 5), -EINVAL);
  expect(cstr("getdents, no file"), call(SystemCall.getdents, 99, other, 5), -EBADF);
  close(directory);
}
