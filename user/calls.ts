// calls FILE [CHAIN]: checks that each system call answers as Linux does, above all to mistakes.
//
// What is expected here is what Linux does on i386; the tests also run this very program on the
// host's Linux (test/kernel/syscall/system-calls.test.ts). FILE is any executable; its own will do.
// CHAIN leads to a file through as many symbolic links as Linux follows, CHAINx through one more.
// Bad pointers are left to `abuse`.

import {
  EACCES,
  EBADF,
  ECHILD,
  EEXIST,
  EFAULT,
  EINVAL,
  EISDIR,
  ELOOP,
  ENAMETOOLONG,
  ENOENT,
  ENOSYS,
  ENOTDIR,
  ENOTTY,
  EPERM,
  ERANGE,
  ESRCH,
  ETXTBSY,
} from "../src/abi/errno";
import {
  AT_EMPTY_PATH,
  AT_SYMLINK_NOFOLLOW,
  F_DUPFD,
  F_GETFD,
  F_GETFL,
  F_SETFD,
  FD_CLOEXEC,
  O_ACCMODE,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
  R_OK,
  S_IFCHR,
  S_IFMT,
  S_IFREG,
  SEEK_CUR,
  SEEK_END,
  SEEK_SET,
  STAT_MODE,
  STAT_RDEV,
  STAT_SIZE,
  W_OK,
  X_OK,
} from "../src/abi/files";
import { CLONE_FILES, CLONE_FS } from "../src/abi/linux/clone";
import { SystemCall } from "../src/abi/linux/i386";
import { PAGE_SIZE } from "../src/abi/memory-map";
import { SIGABRT, SIGALRM, SIGCONT, SIGKILL, SIGTERM, WNOHANG } from "../src/abi/signals";
import { TCGETS } from "../src/abi/termios";
import { call, expect, fork, report, statusOf } from "./runtime/answers";
import { argument, wantsHelp } from "./runtime/arguments";
import { awaitSleep } from "./runtime/await-sleep";
import { printLine } from "./runtime/output";

/** What this program says to one that starts it without a name. */
const STATUS_NAMELESS: i32 = 3;
const USAGE = `usage: calls FILE [CHAIN]
Checks what the system calls answer. FILE is an executable to read, CHAIN a chain of 40 links.`;

const SECOND: i32 = 1000000000;
/** Above the largest number that a process of Linux can have. */
const NO_PROCESS: i32 = 1 << 24;
/** What Linux transfers at most at once. */
const LARGEST_TRANSFER: i32 = 0x7ffff000;
const BUFFER_SIZE: u32 = 8192;
const buffer: usize = memory.data(8192, 8);
const word: usize = memory.data(8, 8);
const pair: usize = memory.data(8, 8);
/** Three iovecs. */
const vectorsOfOthers: usize = memory.data(24, 8);

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  if (argc === 0) return STATUS_NAMELESS;
  if (argc !== 2 && argc !== 3) {
    printLine(USAGE);
    return 2;
  }
  const path = argument(argv, 1);
  descriptors();
  devices();
  regularFile(path);
  directories(path);
  openFlags(path);
  if (argc === 3) links(argument(argv, 2));
  vectors();
  programs(path);
  children();
  signals();
  groups();
  time();
  longTimes();
  identity();
  ioPriorities();
  comparisons();
  others();
  memoryCalls();
  machine();
  return report();
}

function descriptors(): void {
  expect(cstr("write, closed"), call(SystemCall.write, 9, buffer, 1), -EBADF);
  expect(cstr("write, negative"), call(SystemCall.write, -1, buffer, 1), -EBADF);
  expect(cstr("write, nothing"), call(SystemCall.write, 1, 0, 0), 0);
  expect(cstr("read, closed"), call(SystemCall.read, 9, buffer, 1), -EBADF);
  expect(cstr("close, closed"), call(SystemCall.close, 9), -EBADF);
  expect(cstr("dup, closed"), call(SystemCall.dup, 9), -EBADF);
  expect(cstr("dup2, closed"), call(SystemCall.dup2, 9, 5), -EBADF);
  expect(cstr("dup2, to -1"), call(SystemCall.dup2, 1, -1), -EBADF);
  expect(cstr("dup2, to itself"), call(SystemCall.dup2, 1, 1), 1);
  expect(cstr("dup2, beyond the table"), call(SystemCall.dup2, 1, 70), 70);
  expect(cstr("fcntl, next one"), call(SystemCall.fcntl64, 1, F_DUPFD, 70), 71);
  expect(cstr("fcntl, from -1"), call(SystemCall.fcntl64, 1, F_DUPFD, -1), -EINVAL);
  expect(cstr("fcntl, from far"), call(SystemCall.fcntl64, 1, F_DUPFD, i32.MAX_VALUE), -EINVAL);
  expect(cstr("close, copy"), call(SystemCall.close, 71), 0);
  expect(cstr("close, copy"), call(SystemCall.close, 70), 0);
  expect(cstr("close, twice"), call(SystemCall.close, 70), -EBADF);
  expect(cstr("ioctl, closed"), call(SystemCall.ioctl, 9, TCGETS, buffer), -EBADF);
}

function devices(): void {
  const nothing = call(SystemCall.open, cstr("/dev/null"), O_RDWR);
  expect(cstr("null, read"), call(SystemCall.read, nothing, buffer, 10), 0);
  expect(cstr("null, write"), call(SystemCall.write, nothing, buffer, 10), 10);
  expect(cstr("null, write from nowhere"), call(SystemCall.write, nothing, 0, 10), 10);
  expect(
    cstr("null, write most"),
    call(SystemCall.write, nothing, buffer, i32.MAX_VALUE),
    LARGEST_TRANSFER,
  );
  expect(cstr("null, ioctl"), call(SystemCall.ioctl, nothing, TCGETS, buffer), -ENOTTY);
  expect(cstr("null, status"), call(SystemCall.fstat64, nothing, buffer), 0);
  expect(cstr("null, type"), load<u32>(buffer, STAT_MODE) & S_IFMT, S_IFCHR);
  expect(cstr("null, device"), load<u32>(buffer, STAT_RDEV), 0x103);
  expect(cstr("fcntl, flags"), call(SystemCall.fcntl64, nothing, F_GETFL) & O_ACCMODE, O_RDWR);
  expect(cstr("fcntl, not close-on-exec"), call(SystemCall.fcntl64, nothing, F_GETFD), 0);
  call(SystemCall.fcntl64, nothing, F_SETFD, FD_CLOEXEC);
  expect(cstr("fcntl, close-on-exec"), call(SystemCall.fcntl64, nothing, F_GETFD), FD_CLOEXEC);
  expect(cstr("fcntl, unknown"), call(SystemCall.fcntl64, nothing, 77), -EINVAL);
  call(SystemCall.close, nothing);

  const input = call(SystemCall.open, cstr("/dev/null"), O_RDONLY);
  expect(cstr("write, read-only"), call(SystemCall.write, input, buffer, 1), -EBADF);
  call(SystemCall.close, input);
  const output = call(SystemCall.open, cstr("/dev/null"), O_WRONLY);
  expect(cstr("read, write-only"), call(SystemCall.read, output, buffer, 1), -EBADF);
  call(SystemCall.close, output);

  const zeros = call(SystemCall.open, cstr("/dev/zero"), O_RDONLY);
  memory.fill(buffer, 7, BUFFER_SIZE);
  expect(cstr("zero, read"), call(SystemCall.read, zeros, buffer + 1, 5000), 5000);
  expect(cstr("zero, before"), load<u8>(buffer), 7);
  expect(cstr("zero, first"), load<u8>(buffer, 1), 0);
  expect(cstr("zero, last"), load<u8>(buffer, 5000), 0);
  expect(cstr("zero, behind"), load<u8>(buffer, 5001), 7);
  call(SystemCall.close, zeros);
}

function regularFile(path: usize): void {
  const file = call(SystemCall.open, path, O_RDONLY);
  expect(cstr("read, size 0"), call(SystemCall.read, file, 0, 0), 0);
  expect(cstr("read, magic"), call(SystemCall.read, file, buffer, 4), 4);
  expect(cstr("magic"), load<u32>(buffer), 0x464c457f);
  expect(cstr("seek, where"), call(SystemCall.lseek, file, 0, SEEK_CUR), 4);
  expect(cstr("seek, back"), call(SystemCall.lseek, file, -1, SEEK_CUR), 3);
  expect(cstr("seek, before the start"), call(SystemCall.lseek, file, -4, SEEK_CUR), -EINVAL);
  expect(cstr("seek, from the start"), call(SystemCall.lseek, file, 1, SEEK_SET), 1);
  expect(cstr("seek, unknown"), call(SystemCall.lseek, file, 0, 77), -EINVAL);
  expect(cstr("read, there"), call(SystemCall.read, file, buffer, 1), 1);
  expect(cstr("what is there"), load<u8>(buffer), 0x45);
  call(SystemCall.fstat64, file, buffer);
  const size = load<u32>(buffer, STAT_SIZE);
  expect(cstr("type"), load<u32>(buffer, STAT_MODE) & S_IFMT, S_IFREG);
  expect(cstr("seek, end"), call(SystemCall.lseek, file, 0, SEEK_END), size);
  expect(cstr("read, at the end"), call(SystemCall.read, file, buffer, 4), 0);
  call(SystemCall.lseek, file, -3, SEEK_END);
  expect(cstr("read, up to the end"), call(SystemCall.read, file, buffer, 100), 3);
  expect(cstr("llseek, far"), call(SystemCall._llseek, file, 1, 2, word, SEEK_SET), 0);
  expect(cstr("llseek, high"), load<u32>(word, 4), 1);
  expect(cstr("llseek, low"), load<u32>(word), 2);
  expect(cstr("llseek, < 0"), call(SystemCall._llseek, file, -1, -1, word, SEEK_SET), -EINVAL);
  expect(cstr("read, far behind"), call(SystemCall.read, file, buffer, 4), 0);
  expect(cstr("write, to a program"), call(SystemCall.write, file, buffer, 1), -EBADF);
  expect(cstr("list, no directory"), call(SystemCall.getdents64, file, buffer, 500), -ENOTDIR);
  call(SystemCall.close, file);
  expect(cstr("access"), call(SystemCall.access, path, R_OK | X_OK), 0);
}

function directories(path: usize): void {
  expect(cstr("open, not there"), call(SystemCall.open, cstr("/none"), O_RDONLY), -ENOENT);
  expect(cstr("open, empty"), call(SystemCall.open, cstr(""), O_RDONLY), -ENOENT);
  expect(cstr("open, through it"), call(SystemCall.open, cstr("/none/x"), O_RDONLY), -ENOENT);
  expect(cstr("open, to write"), call(SystemCall.open, cstr("/dev"), O_WRONLY), -EISDIR);
  expect(cstr("open, device/"), call(SystemCall.open, cstr("/dev/null/x"), O_RDONLY), -ENOTDIR);
  expect(cstr("open, as one"), call(SystemCall.open, path, O_DIRECTORY), -ENOTDIR);
  memory.fill(buffer, 0x61, 5000);
  store<u8>(buffer, 0x2f);
  store<u8>(buffer, 0, 4999);
  expect(cstr("open, long path"), call(SystemCall.open, buffer, O_RDONLY), -ENAMETOOLONG);
  store<u8>(buffer, 0, 300);
  expect(cstr("open, long name"), call(SystemCall.open, buffer, O_RDONLY), -ENAMETOOLONG);

  const file = call(SystemCall.open, cstr("/dev"), O_RDONLY | O_DIRECTORY);
  expect(cstr("read, directory"), call(SystemCall.read, file, buffer, 10), -EISDIR);
  expect(cstr("write, directory"), call(SystemCall.write, file, buffer, 10), -EBADF);
  expect(cstr("list, no room"), call(SystemCall.getdents64, file, buffer, 10), -EINVAL);
  expect(cstr("list, unmapped"), call(SystemCall.getdents64, file, 0, 100), -EFAULT);
  expect(cstr("ioctl, directory"), call(SystemCall.ioctl, file, TCGETS, buffer), -ENOTTY);
  const again = call(SystemCall.open, cstr("/dev"), O_RDONLY | O_DIRECTORY);
  for (let part = 0; part < 3; part++) {
    // Two lists of one folder do not disturb each other.
    const half = buffer + BUFFER_SIZE / 2;
    const size = call(SystemCall.getdents64, file, buffer, 60);
    expect(cstr("list, beside another"), call(SystemCall.getdents64, again, half, 60), size);
    expect(cstr("list, the same"), memory.compare(buffer, half, max(size, 0)), 0);
  }
  call(SystemCall.close, again);
  call(SystemCall.close, file);

  expect(cstr("chdir, not there"), call(SystemCall.chdir, cstr("/none")), -ENOENT);
  expect(cstr("chdir, no directory"), call(SystemCall.chdir, cstr("/dev/null")), -ENOTDIR);
  expect(cstr("chdir"), call(SystemCall.chdir, cstr("/dev")), 0);
  expect(cstr("getcwd"), call(SystemCall.getcwd, buffer, 100), 5);
  expect(cstr("getcwd, text"), load<u32>(buffer), 0x7665642f);
  expect(cstr("getcwd, no room"), call(SystemCall.getcwd, buffer, 4), -ERANGE);
  expect(cstr("getcwd, unmapped"), call(SystemCall.getcwd, 0, 100), -EFAULT);
  expect(cstr("access, relative"), call(SystemCall.access, cstr("./null"), R_OK | W_OK), 0);
  expect(cstr("access, X"), call(SystemCall.access, cstr("null"), X_OK), -EACCES);
  expect(cstr("access, unknown"), call(SystemCall.access, cstr("null"), 8), -EINVAL);
  expect(cstr("chdir, up"), call(SystemCall.chdir, cstr("..")), 0);
  expect(cstr("getcwd, root"), call(SystemCall.getcwd, buffer, 2), 2);
  expect(cstr("stat, not there"), call(SystemCall.stat64, cstr("/none"), buffer), -ENOENT);
  expect(cstr("stat, unmapped"), call(SystemCall.stat64, cstr("/dev"), 0), -EFAULT);
  expect(cstr("fstat, closed"), call(SystemCall.fstat64, 9, buffer), -EBADF);
}

function openFlags(path: usize): void {
  const create = O_CREAT | O_WRONLY;
  expect(cstr("create, device"), openAndClose(cstr("/dev/null"), create | O_TRUNC), 0);
  expect(cstr("create, new one"), openAndClose(cstr("/dev/null"), create | O_EXCL), -EEXIST);
  expect(cstr("create, new folder"), openAndClose(cstr("/dev"), O_CREAT | O_EXCL), -EEXIST);
  expect(cstr("create, folder"), openAndClose(cstr("/dev"), O_CREAT), -EISDIR);
  expect(cstr("create, root"), openAndClose(cstr("/"), O_CREAT), -EISDIR);
  expect(cstr("create, nowhere"), openAndClose(cstr("/none/x"), create), -ENOENT);
  expect(cstr("create, no name"), openAndClose(cstr(""), create), -ENOENT);
  expect(cstr("create, in a device"), openAndClose(cstr("/dev/null/x"), create), -ENOTDIR);
  expect(cstr("truncate, device"), openAndClose(cstr("/dev/null"), O_TRUNC), 0);
  expect(cstr("truncate, folder"), openAndClose(cstr("/dev"), O_TRUNC), -EISDIR);
  expect(cstr("truncate, this"), openAndClose(path, O_TRUNC), -ETXTBSY);
  expect(cstr("truncate, path of this"), call(SystemCall.truncate, path, 0), -ETXTBSY);
}

/** 0 if the file can be opened, else -errno. */
function openAndClose(path: usize, flags: i32): i32 {
  const file = call(SystemCall.open, path, flags);
  return file < 0 ? file : call(SystemCall.close, file);
}

function links(chain: usize): void {
  expect(cstr("open, many links"), openAndClose(chain, O_RDONLY), 0);
  expect(cstr("open, link itself"), openAndClose(chain, O_RDONLY | O_NOFOLLOW), -ELOOP);
  expect(cstr("create, link"), openAndClose(chain, O_CREAT | O_EXCL), -EEXIST);
  let length: usize = 0;
  while (load<u8>(chain + length) !== 0) length++;
  memory.copy(buffer, chain, length);
  store<u16>(buffer + length, 0x78); // x
  expect(cstr("open, too many links"), openAndClose(buffer, O_RDONLY), -ELOOP);
}

function vectors(): void {
  const file = call(SystemCall.open, cstr("/dev/null"), O_WRONLY);
  store<u32>(buffer, buffer);
  store<u32>(buffer, 3, 4);
  store<u32>(buffer, 0, 8);
  store<u32>(buffer, 0, 12);
  store<u32>(buffer, buffer, 16);
  store<u32>(buffer, 2, 20);
  expect(cstr("writev"), call(SystemCall.writev, file, buffer, 3), 5);
  store<u32>(buffer, -1, 20);
  expect(cstr("writev, negative"), call(SystemCall.writev, file, buffer, 3), -EINVAL);
  store<u32>(buffer, i32.MAX_VALUE, 4);
  store<u32>(buffer, i32.MAX_VALUE, 20);
  expect(cstr("writev, most"), call(SystemCall.writev, file, buffer, 3), LARGEST_TRANSFER);
  const end = (call(SystemCall.brk, 0) + 2 * PAGE_SIZE) & ~(PAGE_SIZE - 1);
  call(SystemCall.brk, end);
  store<u32>(end - 8, buffer);
  store<u32>(end - 4, 3);
  expect(cstr("writev, half unmapped"), call(SystemCall.writev, file, end - 8, 2), -EFAULT);
  expect(cstr("writev, none"), call(SystemCall.writev, file, buffer, 0), 0);
  expect(cstr("writev, too many"), call(SystemCall.writev, file, buffer, 5000), -EINVAL);
  expect(cstr("writev, unmapped"), call(SystemCall.writev, file, 0, 1), -EFAULT);
  expect(cstr("writev, closed"), call(SystemCall.writev, 9, buffer, 1), -EBADF);
  call(SystemCall.close, file);
}

function programs(path: usize): void {
  expect(cstr("execve, not there"), call(SystemCall.execve, cstr("/none")), -ENOENT);
  expect(cstr("execve, empty"), call(SystemCall.execve, cstr("")), -ENOENT);
  expect(cstr("execve, directory"), call(SystemCall.execve, cstr("/dev")), -EACCES);
  expect(cstr("execve, device"), call(SystemCall.execve, cstr("/dev/null")), -EACCES);
  expect(cstr("execve, bad argv"), call(SystemCall.execve, path, 1), -EFAULT);
  const child = fork();
  if (child === 0) {
    store<u32>(pair, cstr("calls"));
    store<u32>(pair, cstr("--help"), 4);
    store<u32>(buffer, load<u32>(pair));
    store<u32>(buffer, load<u32>(pair, 4), 4);
    store<u32>(buffer, 0, 8);
    quiet();
    call(SystemCall.execve, path, buffer, 0);
    call(SystemCall.exit, 99);
  }
  expect(cstr("execve, status"), statusOf(child), 0);
  const nameless = fork();
  if (nameless === 0) {
    quiet();
    call(SystemCall.exit, call(SystemCall.execve, path, 0, 0));
  }
  // It has an empty name, and says how it is used.
  expect(cstr("execve, no arguments"), statusOf(nameless), 2 << 8);
  programsAt(path);
}

/** Runs a file by a descriptor. */
function programsAt(path: usize): void {
  const file = call(SystemCall.open, path, O_RDONLY, 0);
  const at = (directory: i32, name: usize, flags: i32): i32 =>
    call(SystemCall.execveat, directory, name, buffer, 0, flags);
  expect(cstr("execveat, flags"), at(file, cstr("x"), 1), -EINVAL);
  expect(cstr("execveat, closed"), at(99, cstr(""), AT_EMPTY_PATH), -EBADF);
  expect(cstr("execveat, no path"), at(file, cstr(""), 0), -ENOENT);
  expect(cstr("execveat, a file"), at(file, cstr("x"), 0), -ENOTDIR);
  const link = at(99, cstr("/proc/self"), AT_SYMLINK_NOFOLLOW);
  expect(cstr("execveat, link"), link, -ELOOP);
  const child = fork();
  if (child === 0) {
    quiet();
    store<u32>(buffer, 0);
    call(SystemCall.exit, at(file, cstr(""), AT_EMPTY_PATH));
  }
  // As above, it says how it is used.
  expect(cstr("execveat"), statusOf(child), 2 << 8);
  call(SystemCall.close, file);
}

/** What a process shares with another, and with itself. */
function comparisons(): void {
  const self = call(SystemCall.getpid);
  const compare = (other: i32, type: i32, a: i32, b: i32): i32 =>
    call(SystemCall.kcmp, call(SystemCall.getpid), other, type, a, b);
  const file = call(SystemCall.dup, 1);
  expect(cstr("kcmp, one file"), compare(self, 0, 1, file), 0);
  expect(cstr("kcmp, closed"), compare(self, 0, 1, 99), -EBADF);
  expect(cstr("kcmp, memory"), compare(self, 1, 0, 0), 0);
  expect(cstr("kcmp, type"), compare(self, 8, 0, 0), -EINVAL);
  expect(cstr("kcmp, nobody"), compare(4000000, 1, 0, 0), -ESRCH);
  const child = sleeper();
  expect(cstr("kcmp, inherited file"), compare(child, 0, 1, 1), 0);
  let differ = 0;
  for (let type = 1; type <= 4; type++) {
    const order = compare(child, type, 0, 0);
    const back = call(SystemCall.kcmp, child, self, type, 0, 0);
    if ((order === 1 && back === 2) || (order === 2 && back === 1)) differ++;
  }
  expect(cstr("kcmp, forked"), differ, 4);
  expect(cstr("kcmp, no undo list"), compare(child, 6, 0, 0), 0);
  memoryOfOthers(child);
  call(SystemCall.kill, child, SIGKILL);
  statusOf(child);
  call(SystemCall.close, file);
}

/** Bytes that go between this process and a child, which has copies of ours. */
function memoryOfOthers(child: i32): void {
  store<u32>(buffer, 0x11223344, 4000);
  store<u32>(buffer, 0x55667788, 4004);
  // Two pieces here, of 3 and 5 bytes, and one of 8 there.
  vector(0, buffer + 4100, 3);
  vector(1, buffer + 4200, 5);
  vector(2, buffer + 4000, 8);
  const remote = vectorsOfOthers + 16;
  const writes = SystemCall.process_vm_writev;
  const reads = SystemCall.process_vm_readv;
  memory.copy(buffer + 4100, cstr("abc"), 3);
  memory.copy(buffer + 4200, cstr("defgh"), 5);
  expect(cstr("writev to it"), call(writes, child, vectorsOfOthers, 2, remote, 1, 0), 8);
  expect(cstr("not to us"), load<u32>(buffer, 4000), 0x11223344);
  memory.fill(buffer + 4100, 0, 200);
  expect(cstr("readv from it"), call(reads, child, vectorsOfOthers, 2, remote, 1, 0), 8);
  expect(cstr("readv, first"), memory.compare(buffer + 4100, cstr("abc"), 4), 0);
  expect(cstr("readv, second"), memory.compare(buffer + 4200, cstr("defgh"), 5), 0);
  expect(cstr("readv, flags"), call(reads, child, vectorsOfOthers, 2, remote, 1, 1), -EINVAL);
  expect(cstr("readv, too many"), call(reads, child, vectorsOfOthers, 1025, remote, 1, 0), -EINVAL);
  expect(cstr("readv, nobody"), call(reads, 4000000, vectorsOfOthers, 2, remote, 1, 0), -ESRCH);
  expect(cstr("readv, no bytes"), call(reads, 4000000, vectorsOfOthers, 0, remote, 1, 0), 0);
  expect(cstr("readv, unmapped"), call(reads, child, 8, 1, remote, 1, 0), -EFAULT);
  vector(2, 8, 8);
  expect(
    cstr("readv, nothing there"),
    call(reads, child, vectorsOfOthers, 2, remote, 1, 0),
    -EFAULT,
  );
  vector(2, buffer + 4000, -1);
  expect(cstr("readv, size"), call(reads, child, vectorsOfOthers, 2, remote, 1, 0), -EINVAL);
}

function vector(index: i32, address: usize, size: i32): void {
  store<u32>(vectorsOfOthers + 8 * index, address);
  store<i32>(vectorsOfOthers + 8 * index, size, 4);
}

/** File systems by number and name, masks of 32 signals, what is shared no more. */
function others(): void {
  const count = call(SystemCall.sysfs, 3);
  const index = call(SystemCall.sysfs, 1, cstr("proc"));
  expect(cstr("sysfs, index"), index >= 0 && index < count ? 1 : 0, 1);
  expect(cstr("sysfs, name"), call(SystemCall.sysfs, 2, index, buffer), 0);
  expect(cstr("sysfs, which"), memory.compare(buffer, cstr("proc"), 5), 0);
  expect(cstr("sysfs, no such name"), call(SystemCall.sysfs, 1, cstr("pro")), -EINVAL);
  expect(cstr("sysfs, no such index"), call(SystemCall.sysfs, 2, count, buffer), -EINVAL);
  expect(cstr("sysfs, unmapped"), call(SystemCall.sysfs, 1, 8), -EFAULT);
  expect(cstr("sysfs, option"), call(SystemCall.sysfs, 4), -EINVAL);
  expect(cstr("unshare, unknown"), call(SystemCall.unshare, 1), -EINVAL);
  const child = fork();
  if (child === 0) {
    call(SystemCall.exit, call(SystemCall.unshare, CLONE_FILES | CLONE_FS));
  }
  expect(cstr("unshare"), statusOf(child), 0);
}

function children(): void {
  expect(cstr("waitpid, no child"), call(SystemCall.waitpid, -1, 0, 0), -ECHILD);
  expect(cstr("waitpid, not there"), call(SystemCall.waitpid, NO_PROCESS, 0, 0), -ECHILD);
  expect(cstr("waitpid, own group"), call(SystemCall.waitpid, 0, 0, WNOHANG), -ECHILD);
  expect(cstr("waitpid, INT_MIN"), call(SystemCall.waitpid, i32.MIN_VALUE, 0, 0), -ESRCH);
  store<u32>(buffer, 7);
  expect(cstr("wait4, no child"), call(SystemCall.wait4, -1, 0, 0, buffer), -ECHILD);
  expect(cstr("wait4, usage left"), load<u32>(buffer), 7);
  expect(cstr("waitpid, options"), call(SystemCall.waitpid, -1, 0, 0x1234), -EINVAL);
  const child = fork();
  if (child === 0) call(SystemCall.exit, 0x1ff);
  expect(cstr("exit, status"), statusOf(child), 0xff00);
  expect(cstr("waitpid, twice"), call(SystemCall.waitpid, child, 0, 0), -ECHILD);
  const second = fork();
  if (second === 0) call(SystemCall.exit_group, 3);
  expect(cstr("wait4"), call(SystemCall.wait4, second, word, 0, buffer), second);
  expect(cstr("wait4, status"), load<u32>(word), 0x300);
  // Whatever the time was, it is less than a second.
  expect(cstr("wait4, usage"), load<u32>(buffer), 0);
  const parent = call(SystemCall.getpid);
  const third = fork();
  if (third === 0) call(SystemCall.exit, call(SystemCall.getppid) === parent ? 0 : 1);
  expect(cstr("getppid"), statusOf(third), 0);
}

function signals(): void {
  const child = fork();
  if (child === 0) spin();
  expect(cstr("waitpid, runs on"), call(SystemCall.waitpid, child, 0, WNOHANG), 0);
  store<u32>(buffer, 7);
  expect(cstr("wait4, runs on"), call(SystemCall.wait4, child, 0, WNOHANG, buffer), 0);
  expect(cstr("wait4, usage left"), load<u32>(buffer), 7);
  expect(cstr("kill, nothing"), call(SystemCall.kill, child, 0), 0);
  expect(cstr("kill, unknown"), call(SystemCall.kill, child, 99), -EINVAL);
  expect(cstr("kill, harmless"), call(SystemCall.kill, child, SIGCONT), 0);
  expect(cstr("kill"), call(SystemCall.kill, child, SIGTERM), 0);
  expect(cstr("kill, status"), statusOf(child), SIGTERM);
  expect(cstr("kill, not there"), call(SystemCall.kill, child, SIGTERM), -ESRCH);
  const sleeper = fork();
  if (sleeper === 0) sleep(1000, 0);
  awaitSleep(sleeper);
  call(SystemCall.kill, sleeper, SIGTERM);
  expect(cstr("kill, asleep"), statusOf(sleeper), SIGTERM);
  const self = fork();
  if (self === 0) {
    call(SystemCall.kill, call(SystemCall.getpid), SIGABRT);
    spin();
  }
  expect(cstr("kill, self"), statusOf(self) & 0x7f, SIGABRT);
}

function groups(): void {
  const child = fork();
  if (child === 0) {
    call(SystemCall.setpgid, 0, 0);
    const self = call(SystemCall.getpid);
    call(SystemCall.exit, call(SystemCall.getpgrp) === self ? 0 : 1);
  }
  expect(cstr("setpgid"), statusOf(child), 0);
  const first = sleeper();
  const second = sleeper();
  expect(cstr("setpgid, own"), call(SystemCall.setpgid, first, first), 0);
  expect(cstr("setpgid, joins"), call(SystemCall.setpgid, second, first), 0);
  call(SystemCall.kill, first, SIGTERM);
  statusOf(first);
  expect(cstr("setpgid, leader gone"), call(SystemCall.getpgid, second), first);
  call(SystemCall.kill, second, SIGTERM);
  statusOf(second);
  expect(cstr("setpgid, group gone"), call(SystemCall.setpgid, 0, first), -EPERM);
  expect(cstr("setpgid, no group"), call(SystemCall.setpgid, 0, i32.MAX_VALUE), -EPERM);
  expect(cstr("setpgid, < 0"), call(SystemCall.setpgid, NO_PROCESS, -1), -EINVAL);
  expect(cstr("setpgid, not there"), call(SystemCall.setpgid, NO_PROCESS, 0), -ESRCH);
  expect(cstr("getpgid, not there"), call(SystemCall.getpgid, NO_PROCESS), -ESRCH);
  expect(cstr("getpgid"), call(SystemCall.getpgid, 0), call(SystemCall.getpgrp));
  expect(cstr("kill, no group"), call(SystemCall.kill, -NO_PROCESS, 0), -ESRCH);
}

function time(): void {
  expect(cstr("nanosleep, too long"), sleep(0, SECOND), -EINVAL);
  expect(cstr("nanosleep, < 0"), sleep(-1, 0), -EINVAL);
  expect(cstr("nanosleep, unmapped"), call(SystemCall.nanosleep, 0, 0), -EFAULT);
  const before = milliseconds();
  expect(cstr("nanosleep"), sleep(0, 30000000), 0);
  expect(cstr("nanosleep, long enough"), milliseconds() - before >= 30 ? 1 : 0, 1);
  expect(cstr("clock, unknown"), call(SystemCall.clock_gettime, 77, pair), -EINVAL);
  expect(cstr("clock, unknown"), call(SystemCall.clock_gettime, 10, pair), -EINVAL);
  clocks();
  expect(cstr("clock, unmapped"), call(SystemCall.clock_gettime, 1, 0), -EFAULT);
  expect(cstr("time, unmapped"), call(SystemCall.time, 1), -EFAULT);
  const now = call(SystemCall.time, 0);
  expect(cstr("gettimeofday"), call(SystemCall.gettimeofday, pair, 0), 0);
  expect(cstr("gettimeofday, time"), isSoon(load<i32>(pair) - now), 1);
  expect(cstr("gettimeofday, nothing"), call(SystemCall.gettimeofday, 0, 0), 0);
  expect(cstr("sched_yield"), call(SystemCall.sched_yield), 0);
}

/**
 * Whether the later of two times, in seconds, is not much later: others may have run in between. It
 * may be a second earlier, as time(2) lags behind the other clocks of Linux.
 */
function isSoon(seconds: i32): i32 {
  return seconds >= -1 && seconds < 100 ? 1 : 0;
}

/** The calls with 64-bit seconds, and those that name a clock. */
function longTimes(): void {
  expect(cstr("clock64"), call(SystemCall.clock_gettime64, 1, buffer), 0);
  call(SystemCall.clock_gettime, 1, pair);
  expect(cstr("clock64, time"), isSoon(load<i32>(pair) - load<i32>(buffer)), 1);
  expect(cstr("clock64, upper word"), load<i32>(buffer, 4), 0);
  expect(cstr("clock64, unknown"), call(SystemCall.clock_gettime64, 77, buffer), -EINVAL);
  expect(cstr("getres"), call(SystemCall.clock_getres, 0, 0), 0);
  expect(cstr("getres, unknown"), call(SystemCall.clock_getres, 77, 0), -EINVAL);
  store<u64>(buffer, 0);
  store<u64>(buffer, 30000000, 8);
  const before = milliseconds();
  const asleep = call(SystemCall.clock_nanosleep_time64, 1, 0, buffer, 0);
  expect(cstr("clock_nanosleep"), asleep, 0);
  expect(cstr("clock_nanosleep, enough"), milliseconds() - before >= 30 ? 1 : 0, 1);
  expect(cstr("clock_nanosleep, past"), call(SystemCall.clock_nanosleep, 1, 1, buffer, 0), 0);
  const unknown = call(SystemCall.clock_nanosleep, 77, 0, buffer, 0);
  expect(cstr("clock_nanosleep, unknown"), unknown, -EINVAL);
  const child = fork();
  if (child === 0) {
    call(SystemCall.alarm, 1);
    sleep(0, 1000000);
    const left = call(SystemCall.alarm, 1);
    if (left !== 1) call(SystemCall.exit, 1);
    sleep(5, 0);
    call(SystemCall.exit, 2);
  }
  expect(cstr("alarm"), statusOf(child), SIGALRM);
  const timer = fork();
  if (timer === 0) {
    memory.fill(buffer, 0, 16);
    store<i32>(buffer, 50000, 12);
    if (call(SystemCall.setitimer, 0, buffer, 0) !== 0) call(SystemCall.exit, 1);
    call(SystemCall.getitimer, 0, buffer);
    if (load<i32>(buffer, 8) !== 0 || load<i32>(buffer, 12) === 0) call(SystemCall.exit, 2);
    sleep(5, 0);
  }
  expect(cstr("setitimer"), statusOf(timer), SIGALRM);
  expect(cstr("setitimer, which"), call(SystemCall.setitimer, 7, buffer, 0), -EINVAL);
  expect(cstr("getrandom"), call(SystemCall.getrandom, buffer, 11, 0), 11);
  expect(cstr("getrandom, flags"), call(SystemCall.getrandom, buffer, 11, 99), -EINVAL);
  expect(cstr("getrandom, unmapped"), call(SystemCall.getrandom, 8, 11, 0), -EFAULT);
}

/** Who one is: whoever starts this, the real and the effective ids are the same. */
function identity(): void {
  const user = call(SystemCall.getuid32);
  expect(cstr("geteuid"), call(SystemCall.geteuid32), user);
  expect(cstr("getresuid"), call(SystemCall.getresuid32, word, word + 4, pair), 0);
  expect(cstr("getresuid, saved"), load<i32>(pair), user);
  expect(cstr("getresuid, unmapped"), call(SystemCall.getresuid32, 8, word, pair), -EFAULT);
  expect(cstr("setuid, the same"), call(SystemCall.setuid32, user), 0);
  expect(cstr("setuid, -1"), call(SystemCall.setuid32, -1), -EINVAL);
  expect(cstr("setresuid, nothing"), call(SystemCall.setresuid32, -1, -1, -1), 0);
  const child = fork();
  if (child === 0) call(SystemCall.exit, loseRights() ? 0 : 1);
  expect(cstr("setuid, for good"), user === 0 ? statusOf(child) : 0, 0);
  if (user !== 0) statusOf(child);
}

/** For the superuser alone. */
function ioPriorities(): void {
  const ofClass = 1 << 13;
  expect(cstr("ioprio, whose"), call(SystemCall.ioprio_get, 4, 0), -EINVAL);
  expect(cstr("ioprio, nobody"), call(SystemCall.ioprio_get, 1, 4000000), -ESRCH);
  expect(cstr("ioprio, class"), call(SystemCall.ioprio_set, 1, 0, 4 * ofClass), -EINVAL);
  expect(cstr("ioprio, of no class"), call(SystemCall.ioprio_set, 1, 0, 4), -EINVAL);
  expect(cstr("ioprio, set nobody's"), call(SystemCall.ioprio_set, 1, 4000000, 0), -ESRCH);
  expect(cstr("ioprio, set"), call(SystemCall.ioprio_set, 1, 0, 2 * ofClass + 7), 0);
  expect(cstr("ioprio"), call(SystemCall.ioprio_get, 1, 0), 2 * ofClass + 7);
  const child = fork();
  if (child === 0) call(SystemCall.exit, call(SystemCall.ioprio_get, 1, 0) & 0xff);
  expect(cstr("ioprio, inherited"), statusOf(child), 7 << 8);
}

function loseRights(): bool {
  call(SystemCall.setresgid32, 1000, 1000, 1000);
  if (call(SystemCall.setuid32, 1000) !== 0) return false;
  if (call(SystemCall.setuid32, 0) !== -EPERM) return false;
  if (call(SystemCall.setresuid32, -1, 0, -1) !== -EPERM) return false;
  if (call(SystemCall.setfsuid32, 0) !== 1000) return false;
  if (call(SystemCall.setfsuid32, -1) !== 1000) return false;
  return call(SystemCall.geteuid32) === 1000 && call(SystemCall.getegid32) === 1000;
}

/** Every clock that Linux has on every machine goes at its pace. */
function clocks(): void {
  for (let clock: i32 = 4; clock <= 11; clock++) {
    // 8 and 9 need hardware that wakes the machine; there is no 10.
    if (clock >= 8 && clock <= 10) continue;
    const isReal = clock === 5 || clock === 11;
    const drift = milliseconds(clock) - milliseconds(isReal ? 0 : 1);
    expect(cstr("clock, pace"), drift > -60000 && drift < 60000 ? 1 : 0, 1);
  }
  for (let clock: i32 = 2; clock <= 3; clock++) {
    // A host that stops the machine adds to both clocks, so that only their difference is sure.
    const began = milliseconds();
    const used = milliseconds(clock);
    sleep(0, 50000000);
    const worked = milliseconds(clock) - used;
    expect(cstr("clock, asleep"), milliseconds() - began - worked >= 49 ? 1 : 0, 1);
    const deadline = milliseconds() + 10000;
    while (milliseconds(clock) < used + 30 && milliseconds() < deadline) {}
    expect(cstr("clock, at work"), milliseconds(clock) - used >= 30 ? 1 : 0, 1);
  }
}

function memoryCalls(): void {
  const start = call(SystemCall.brk, 0);
  expect(cstr("brk, up"), call(SystemCall.brk, start + 5000), start + 5000);
  store<u8>(start + 4999, 1);
  expect(cstr("brk, down"), call(SystemCall.brk, start), start);
  expect(cstr("brk, below the start"), call(SystemCall.brk, 0x1000), start);
  call(SystemCall.brk, start + 5000);
  expect(cstr("brk, zero again"), load<u8>(start + 4999), 0);
}

function machine(): void {
  expect(cstr("uname, unmapped"), call(SystemCall.uname, 0), -EFAULT);
  expect(cstr("uname"), call(SystemCall.uname, buffer), 0);
  expect(cstr("sysinfo, unmapped"), call(SystemCall.sysinfo, 0), -EFAULT);
  expect(cstr("sysinfo"), call(SystemCall.sysinfo, buffer), 0);
  expect(cstr("no call"), call(-1), -ENOSYS);
  expect(cstr("no call"), call(0x40000000), -ENOSYS);
}

function sleep(seconds: i32, nanoseconds: i32): i32 {
  store<i32>(pair, seconds);
  store<i32>(pair, nanoseconds, 4);
  return call(SystemCall.nanosleep, pair, 0);
}

/** What a clock shows; without one, the time since the start. */
function milliseconds(clock: i32 = 1): i32 {
  if (call(SystemCall.clock_gettime, clock, pair) !== 0) return -1;
  return load<i32>(pair) * 1000 + load<i32>(pair, 4) / 1000000;
}

/** Standard output to nowhere. */
function quiet(): void {
  call(SystemCall.dup2, call(SystemCall.open, cstr("/dev/null"), O_WRONLY), 1);
}

/** A child that sleeps until it is killed. */
function sleeper(): i32 {
  const child = fork();
  while (child === 0) sleep(1000, 0);
  return child;
}

function spin(): void {
  while (call(SystemCall.getpid) !== 0) {}
}
