// proc DIRECTORY: checks that /proc says of processes and of the machine what is true, before and
// after a change, and to nobody whom it does not concern.
//
// DIRECTORY is empty and can be written. What is expected here is what Linux answers to the
// superuser; the tests also run this very program on the host's Linux
// (test/kernel/syscall/system-calls.test.ts).

import { EACCES, EINVAL, EIO, ENOENT, ENXIO, EPERM, ESRCH } from "../src/abi/errno";
import {
  DIRENT_INO,
  DIRENT_LENGTH,
  DIRENT_NAME,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  SEEK_SET,
  STAT_INO,
  STAT_INO_LOW,
  STAT_MODE,
  STAT_UID,
} from "../src/abi/files";
import { SystemCall } from "../src/abi/linux/i386";
import { RLIMIT_NOFILE } from "../src/abi/linux/resource";
import { AF_UNIX, SOCK_STREAM } from "../src/abi/linux/socket";
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from "../src/abi/mman";
import { SIG_BLOCK, SIG_IGN, SIGKILL, SIGUSR1, SIGUSR2 } from "../src/abi/signals";
import { call, expect, fork, report, statusOf } from "./runtime/answers";
import { argument, wantsHelp } from "./runtime/arguments";
import { printLine } from "./runtime/output";
import {
  after,
  numberAt,
  numberOf,
  procNumberPath,
  procPath,
  readOpen,
  readText,
  statField,
  text,
} from "./runtime/proc-text";

const USAGE = `usage: proc DIRECTORY
Checks what /proc says, with an empty directory that can be written.`;

const PAGE: i32 = 4096;
const RW: i32 = PROT_READ | PROT_WRITE;
const PR_SET_NAME: i32 = 15;
const PR_GET_NAME: i32 = 16;
const CLOCK_MONOTONIC: i32 = 1;
const PROC_MAGIC: i32 = 0x9fa0;
const NOBODY: i32 = 65534;
const buffer: usize = memory.data(16384, 8);
const BUFFER_SIZE: i32 = 16384;
const status: usize = memory.data(256, 8);
const words: usize = memory.data(64, 8);
const name: usize = memory.data(64);
let self: u32 = 0;

export function main(argc: i32, argv: usize, envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  if (argc !== 2) {
    printLine(USAGE);
    return 2;
  }
  expect(cstr("chdir"), call(SystemCall.chdir, argument(argv, 1)), 0);
  self = <u32>call(SystemCall.getpid);
  links(argument(argv, 1));
  names();
  startOf(argv, envp);
  statuses();
  memoryMaps();
  memoryFile();
  descriptors();
  directories();
  reading();
  changing();
  limits();
  children();
  strangers();
  machine();
  return report();
}

function links(folder: usize): void {
  expect(cstr("self, type"), typeOf(cstr("/proc/self")), S_IFLNK);
  const size = call(SystemCall.readlink, cstr("/proc/self"), buffer, 100);
  store<u8>(buffer + size, 0);
  expect(cstr("self"), numberAt(buffer), self);
  expect(cstr("self, number"), inodeAt(cstr("/proc/self/")), inodeAt(procPath(self, cstr(""))));
  expect(cstr("thread-self"), linkEnds(cstr("/proc/thread-self"), cstr("/task/")), 1);
  expect(cstr("cwd"), linkIs(procPath(self, cstr("cwd")), folder), 1);
  expect(cstr("cwd, file"), call(SystemCall.mkdir, cstr("gone"), 0o755), 0);
  expect(cstr("cwd, chdir"), call(SystemCall.chdir, cstr("gone")), 0);
  expect(cstr("cwd, changed"), linkEnds(cstr("/proc/self/cwd"), cstr("/gone")), 1);
  expect(cstr("cwd, up"), inodeAt(cstr("/proc/self/cwd/..")), inodeAt(cstr("..")));
  expect(cstr("cwd, removed"), call(SystemCall.rmdir, cstr("../gone")), 0);
  expect(cstr("cwd, deleted"), linkEnds(cstr("/proc/self/cwd"), cstr("/gone (deleted)")), 1);
  expect(cstr("cwd, back"), call(SystemCall.chdir, cstr("..")), 0);
  expect(cstr("root"), linkIs(cstr("/proc/self/root"), cstr("/")), 1);
  expect(cstr("exe"), linkEnds(cstr("/proc/self/exe"), cstr("/proc")), 1);
  const program = call(SystemCall.open, cstr("/proc/self/exe"), O_RDONLY);
  expect(cstr("exe, read"), call(SystemCall.read, program, words, 4), 4);
  expect(cstr("exe, magic"), load<u32>(words), 0x464c457f);
  call(SystemCall.close, program);
  expect(cstr("link, cut off"), call(SystemCall.readlink, cstr("/proc/self/root"), buffer, 1), 1);
}

function names(): void {
  call(SystemCall.prctl, PR_SET_NAME, cstr("first"));
  expect(cstr("comm"), readText(cstr("/proc/self/comm")), 6);
  expect(cstr("comm, text"), after(cstr("first\n")) !== 0 ? 1 : 0, 1);
  const file = call(SystemCall.open, cstr("/proc/self/comm"), O_WRONLY | O_TRUNC);
  expect(cstr("comm, write"), call(SystemCall.write, file, cstr("se) cond"), 8), 8);
  call(SystemCall.close, file);
  call(SystemCall.prctl, PR_GET_NAME, words);
  expect(cstr("comm, written"), load<u32>(words), 0x20296573);
  readText(cstr("/proc/self/stat"));
  expect(cstr("stat, name"), after(cstr(" (se) cond) R ")) !== 0 ? 1 : 0, 1);
  readText(cstr("/proc/self/status"));
  expect(cstr("status, name"), after(cstr("Name:\tse) cond\n")) !== 0 ? 1 : 0, 1);
}

/** What it was started with. */
function startOf(argv: usize, envp: usize): void {
  expect(cstr("cmdline"), bytesAre(cstr("/proc/self/cmdline"), argv), 1);
  if (load<usize>(envp) !== 0)
    expect(cstr("environ"), bytesAre(cstr("/proc/self/environ"), envp), 1);
}

/** Whether the file has the strings of the vector, each with its NUL. */
function bytesAre(path: usize, vector: usize): i32 {
  const size = readText(path);
  let at: i32 = 0;
  for (let i: usize = 0; load<usize>(vector + i) !== 0; i += 4) {
    const word = load<usize>(vector + i);
    let length: u32 = 0;
    do {
      if (load<u8>(text + at++) !== load<u8>(word + length)) return 0;
    } while (load<u8>(word + length++) !== 0);
  }
  return at === size ? 1 : 0;
}

function statuses(): void {
  readText(procPath(self, cstr("stat")));
  expect(cstr("stat, id"), numberAt(text), self);
  expect(cstr("stat, parent"), numberAt(statField(4)), call(SystemCall.getppid));
  expect(cstr("stat, group"), numberAt(statField(5)), call(SystemCall.getpgrp));
  expect(cstr("stat, session"), numberAt(statField(6)), call(SystemCall.getsid, 0));
  expect(cstr("stat, threads"), numberAt(statField(20)), 1);
  readText(cstr("/proc/self/status"));
  expect(cstr("status, id"), numberOf(cstr("\nPid:")), self);
  expect(cstr("status, process"), numberOf(cstr("\nTgid:")), self);
  expect(cstr("status, parent"), numberOf(cstr("\nPPid:")), call(SystemCall.getppid));
  expect(cstr("status, threads"), numberOf(cstr("\nThreads:")), 1);
  const before = call(SystemCall.umask, 0o027);
  readText(cstr("/proc/self/status"));
  expect(cstr("status, umask"), numberOf(cstr("\nUmask:"), 8), 0o027);
  call(SystemCall.umask, before);
  store<u64>(words, (<u64>1) << (SIGUSR1 - 1));
  call(SystemCall.rt_sigprocmask, SIG_BLOCK, words, 0, 8);
  call(SystemCall.kill, self, SIGUSR1);
  store<u32>(words, SIG_IGN);
  memory.fill(words + 4, 0, 16);
  call(SystemCall.rt_sigaction, SIGUSR2, words, 0, 8);
  readText(cstr("/proc/self/status"));
  expect(cstr("status, blocked"), numberOf(cstr("\nSigBlk:"), 16), 1 << (SIGUSR1 - 1));
  expect(cstr("status, pending"), numberOf(cstr("\nShdPnd:"), 16), 1 << (SIGUSR1 - 1));
  const ignored = numberOf(cstr("\nSigIgn:"), 16);
  expect(cstr("status, ignored"), ignored & (1 << (SIGUSR2 - 1)), 1 << (SIGUSR2 - 1));
  readText(procNumberPath(self, cstr("task"), self));
  expect(cstr("task"), typeOf(procNumberPath(self, cstr("task"), self)), S_IFDIR);
  expect(cstr("task, other"), typeOf(procNumberPath(self, cstr("task"), 1 << 24)), -ENOENT);
}

function memoryMaps(): void {
  const at = map(3 * PAGE, PROT_READ);
  expect(cstr("maps"), isMapped(at, at + 3 * PAGE, cstr(" r--p 00000000 00:00 0")), 1);
  call(SystemCall.mprotect, at + PAGE, PAGE, RW);
  expect(cstr("maps, changed"), isMapped(at + PAGE, at + 2 * PAGE, cstr(" rw-p ")), 1);
  call(SystemCall.munmap, at, 3 * PAGE);
  expect(cstr("maps, gone"), isMapped(at + PAGE, at + 2 * PAGE, cstr(" rw-p ")), 0);
  const file = call(SystemCall.open, cstr("file"), O_RDWR | O_CREAT, 0o644);
  call(SystemCall.ftruncate, file, 2 * PAGE);
  const shown = call(SystemCall.mmap2, 0, PAGE, PROT_READ, 1, file, 1);
  call(SystemCall.close, file);
  expect(cstr("maps, file"), isMapped(shown, shown + PAGE, cstr(" r--s 00001000 ")), 1);
  expect(cstr("maps, path"), after(cstr("/file\n")) !== 0 ? 1 : 0, 1);
  call(SystemCall.unlink, cstr("file"));
  readText(cstr("/proc/self/maps"));
  expect(cstr("maps, deleted"), after(cstr("/file (deleted)\n")) !== 0 ? 1 : 0, 1);
  expect(cstr("maps, stack"), after(cstr("[stack]\n")) !== 0 ? 1 : 0, 1);
  call(SystemCall.munmap, shown, PAGE);
  sizes();
}

/** Sizes of memory, before and after there is more of it. */
function sizes(): void {
  const pages: u32 = 64;
  readText(cstr("/proc/self/statm"));
  const size = numberAt(text);
  const resident = numberAt(statmField(2));
  const at = map(pages * PAGE, RW);
  readText(cstr("/proc/self/statm"));
  expect(cstr("statm, size"), numberAt(text) - size, pages);
  for (let i: u32 = 0; i < pages; i++) store<u8>(at + i * PAGE, 1);
  readText(cstr("/proc/self/statm"));
  const more = numberAt(statmField(2)) - resident;
  expect(cstr("statm, resident"), more >= pages && more < 2 * pages ? 1 : 0, 1);
  readText(cstr("/proc/self/stat"));
  expect(cstr("stat, size"), numberAt(statField(23)) / PAGE - size, pages);
  readText(cstr("/proc/self/status"));
  expect(cstr("status, size"), numberOf(cstr("\nVmSize:")) / 4 - size, pages);
  call(SystemCall.munmap, at, pages * PAGE);
  readText(cstr("/proc/self/statm"));
  expect(cstr("statm, less"), numberAt(text), size);
}

function statmField(index: u32): usize {
  let at = text;
  for (let field: u32 = 1; field < index; field++) {
    while (load<u8>(at) !== 0x20) at++;
    at++;
  }
  return at;
}

/** Whether maps has a line that begins with the range and goes on like that. */
function isMapped(start: u32, end: u32, rest: usize): i32 {
  putHex(name, start);
  store<u8>(name + 8, 0x2d);
  putHex(name + 9, end);
  let length: u32 = 0;
  do store<u8>(name + 17 + length, load<u8>(rest + length));
  while (load<u8>(rest + length++) !== 0);
  readText(cstr("/proc/self/maps"));
  return after(name) !== 0 ? 1 : 0;
}

function putHex(to: usize, value: u32): void {
  for (let i: u32 = 0; i < 8; i++) {
    const digit = (value >> (28 - 4 * i)) & 15;
    store<u8>(to + i, digit < 10 ? 0x30 + digit : 0x57 + digit);
  }
}

function memoryFile(): void {
  const file = call(SystemCall.open, cstr("/proc/self/mem"), O_RDWR);
  const at = map(3 * PAGE, RW);
  call(SystemCall.munmap, at + 2 * PAGE, PAGE);
  store<u32>(at + PAGE - 2, 0x12345678);
  expect(cstr("mem, read"), call(SystemCall.pread64, file, words, 4, at + PAGE - 2, 0), 4);
  expect(cstr("mem, what"), load<u32>(words), 0x12345678);
  store<u32>(words, 0x9abcdef0);
  expect(cstr("mem, write"), call(SystemCall.pwrite64, file, words, 4, at + PAGE - 2, 0), 4);
  expect(cstr("mem, written"), load<u32>(at + PAGE - 2), 0x9abcdef0);
  expect(cstr("mem, hole"), call(SystemCall.pread64, file, words, 4, at + 2 * PAGE, 0), -EIO);
  const part = call(SystemCall.pread64, file, buffer, 100, at + 2 * PAGE - 50, 0);
  expect(cstr("mem, up to a hole"), part, 50);
  expect(cstr("mem, beyond"), call(SystemCall.pread64, file, words, 4, 0, 1), -EIO);
  expect(cstr("mem, page 0"), call(SystemCall.pread64, file, words, 4, 16, 0), -EIO);
  call(SystemCall.close, file);
  const child = sleeper();
  const other = call(SystemCall.open, procPath(child, cstr("mem")), O_RDWR);
  store<u32>(words, 1);
  expect(cstr("mem, of a child"), call(SystemCall.pwrite64, other, words, 4, at, 0), 4);
  expect(cstr("mem, ours"), load<u32>(at), 0);
  expect(cstr("mem, read it"), call(SystemCall.pread64, other, words + 4, 4, at, 0), 4);
  expect(cstr("mem, its"), load<u32>(words, 4), 1);
  end(child);
  call(SystemCall.close, other);
  call(SystemCall.munmap, at, 2 * PAGE);
}

/** A file that has one open file of its own: a path leads to it, but opens no other. */
function opensOnce(file: i32): void {
  const path = procNumberPath(call(SystemCall.getpid), cstr("fd"), file);
  expect(cstr("fd, opens once"), call(SystemCall.open, path, O_RDWR), -ENXIO);
  expect(cstr("fd, stat"), call(SystemCall.fstat64, file, buffer), 0);
  call(SystemCall.close, file);
}

function descriptors(): void {
  const file = call(SystemCall.open, cstr("open"), O_RDWR | O_CREAT, 0o644);
  const path = procNumberPath(self, cstr("fd"), file);
  expect(cstr("fd, link"), linkEnds(path, cstr("/open")), 1);
  expect(cstr("fd, mode"), modeOf(path), S_IFLNK | 0o700);
  call(SystemCall.write, file, cstr("text"), 4);
  call(SystemCall.unlink, cstr("open"));
  expect(cstr("fd, deleted"), linkEnds(path, cstr("/open (deleted)")), 1);
  const again = call(SystemCall.open, path, O_RDONLY);
  expect(cstr("fd, again"), call(SystemCall.read, again, words, 4), 4);
  call(SystemCall.close, again);
  call(SystemCall.close, file);
  expect(cstr("fd, closed"), typeOf(path), -ENOENT);
  expect(cstr("fd, no number"), typeOf(procPath(self, cstr("fd/01"))), -ENOENT);
  opensOnce(call(SystemCall.socket, AF_UNIX, SOCK_STREAM, 0));
  opensOnce(call(SystemCall.eventfd, 1));
  opensOnce(call(SystemCall.epoll_create1, 0));
  opensOnce(call(SystemCall.timerfd_create, CLOCK_MONOTONIC, 0));
  store<u64>(words, 0);
  opensOnce(call(SystemCall.signalfd, -1, words, 8));
  call(SystemCall.pipe, words);
  const reader = load<i32>(words);
  const writer = load<i32>(words, 4);
  const pipe = procNumberPath(self, cstr("fd"), reader);
  const size = call(SystemCall.readlink, pipe, buffer, 100);
  store<u8>(buffer + size, 0);
  call(SystemCall.fstat64, reader, status);
  expect(cstr("pipe, number"), numberAt(buffer + 6), load<u32>(status, STAT_INO));
  const third = call(SystemCall.open, pipe, O_RDONLY);
  call(SystemCall.write, writer, cstr("x"), 1);
  expect(cstr("pipe, opened"), call(SystemCall.read, third, buffer, 10), 1);
  expect(cstr("fd, link of it"), linkEnds(procNumberPath(self, cstr("fd"), third), cstr("]")), 1);
  call(SystemCall.close, reader);
  call(SystemCall.close, writer);
  call(SystemCall.close, third);
}

function directories(): void {
  expect(cstr("list, root"), listing(cstr("/proc"), true), 0);
  expect(cstr("list, process"), listing(cstr("/proc/self"), false), 0);
  expect(cstr("list, fd"), listing(cstr("/proc/self/fd"), false), 0);
  expect(cstr("list, task"), listing(cstr("/proc/self/task"), false), 0);
  expect(cstr("list, sys"), listing(cstr("/proc/sys/kernel/random"), false), 0);
  expect(cstr("statfs"), call(SystemCall.statfs, cstr("/proc/self"), buffer), 0);
  expect(cstr("statfs, type"), load<i32>(buffer), PROC_MAGIC);
}

/**
 * How many names of a directory have another number than stat finds; of /proc, where processes come
 * and go, only the own one counts.
 */
function listing(path: usize, isRoot: bool): i32 {
  const directory = call(SystemCall.open, path, O_RDONLY | O_DIRECTORY);
  let wrong = 0;
  let isThere = false;
  while (true) {
    const size = call(SystemCall.getdents64, directory, buffer, 256);
    if (size <= 0) break;
    for (let at: i32 = 0; at < size; at += load<u16>(buffer + at, DIRENT_LENGTH)) {
      const entry = buffer + at;
      const isSelf = numberAt(entry + DIRENT_NAME) === self;
      if (isSelf) isThere = true;
      if ((isRoot && !isSelf) || load<u8>(entry, DIRENT_NAME) === 0x2e) continue;
      const flags = 0x100; // AT_SYMLINK_NOFOLLOW
      call(SystemCall.fstatat64, directory, entry + DIRENT_NAME, status, flags);
      if (load<u64>(entry, DIRENT_INO) !== load<u64>(status, STAT_INO)) wrong++;
    }
  }
  call(SystemCall.close, directory);
  return isRoot && !isThere ? 1000 : wrong;
}

/** A text in pieces is the text. */
function reading(): void {
  const path = cstr("/proc/self/limits");
  const size = readText(path);
  const file = call(SystemCall.open, path, O_RDONLY);
  let count = 0;
  while (call(SystemCall.read, file, buffer + count, 7) > 0) count += 7;
  expect(cstr("pieces"), memory.compare(buffer, text, size), 0);
  expect(cstr("pieces, end"), call(SystemCall.read, file, buffer, 7), 0);
  expect(cstr("seek"), call(SystemCall.lseek, file, 10, SEEK_SET), 10);
  expect(cstr("seek, read"), call(SystemCall.read, file, buffer, 5), 5);
  expect(cstr("seek, what"), memory.compare(buffer, text + 10, 5), 0);
  expect(cstr("pread"), call(SystemCall.pread64, file, buffer, 5, 20, 0), 5);
  expect(cstr("pread, what"), memory.compare(buffer, text + 20, 5), 0);
  call(SystemCall.close, file);
}

function changing(): void {
  expect(cstr("mkdir"), call(SystemCall.mkdir, cstr("/proc/new"), 0o755), -ENOENT);
  const flags = O_CREAT | O_EXCL | O_WRONLY;
  expect(cstr("make"), call(SystemCall.open, cstr("/proc/self/new"), flags, 0o644), -ENOENT);
  expect(cstr("unlink"), call(SystemCall.unlink, cstr("/proc/version")), -EPERM);
  expect(cstr("chmod"), call(SystemCall.chmod, cstr("/proc/self/stat"), 0o777), -EPERM);
  const file = call(SystemCall.open, cstr("/proc/self/status"), O_WRONLY);
  expect(cstr("write, a text"), call(SystemCall.write, file, buffer, 1), -EINVAL);
  call(SystemCall.close, file);
  expect(cstr("oom, write"), writeTo(cstr("/proc/self/oom_score_adj"), cstr(" 17\n"), 4), 4);
  readText(cstr("/proc/self/oom_score_adj"));
  expect(cstr("oom"), numberAt(text), 17);
  const path = cstr("/proc/self/oom_score_adj");
  expect(cstr("oom, too much"), writeTo(path, cstr("1001"), 4), -EINVAL);
  expect(cstr("oom, no number"), writeTo(path, cstr("1x"), 2), -EINVAL);
  const mounts = call(SystemCall.open, cstr("/proc/mounts"), O_RDONLY);
  expect(cstr("link with a text"), call(SystemCall.close, mounts), 0);
  const most = cstr("/proc/sys/vm/max_map_count");
  const length = readText(most);
  expect(cstr("setting, as it is"), writeTo(most, text, length), length);
  expect(cstr("setting, no number"), writeTo(most, cstr("x"), 1), -EINVAL);
  const child = sleeper();
  readText(procPath(child, cstr("oom_score_adj")));
  expect(cstr("oom, of a child"), numberAt(text), 17);
  end(child);
  expect(cstr("oom, back"), writeTo(path, cstr("0"), 1), 1);
}

function limits(): void {
  call(SystemCall.ugetrlimit, RLIMIT_NOFILE, words);
  store<u32>(words + 8, 123);
  store<u32>(words + 12, load<u32>(words, 4));
  expect(cstr("setrlimit"), call(SystemCall.setrlimit, RLIMIT_NOFILE, words + 8), 0);
  readText(cstr("/proc/self/limits"));
  expect(cstr("limits"), numberOf(cstr("\nMax open files")), 123);
  call(SystemCall.setrlimit, RLIMIT_NOFILE, words);
}

/** Children that end, and are looked at before and after. */
function children(): void {
  const child = sleeper();
  readText(procPath(child, cstr("stat")));
  expect(cstr("child, parent"), numberAt(statField(4)), self);
  const file = call(SystemCall.open, procPath(child, cstr("stat")), O_RDONLY);
  const maps = call(SystemCall.open, procPath(child, cstr("maps")), O_RDONLY);
  const folder = call(SystemCall.open, procPath(child, cstr("")), O_RDONLY | O_DIRECTORY);
  call(SystemCall.kill, child, SIGKILL);
  while (true) {
    readText(procPath(child, cstr("stat")));
    if (load<u8>(statField(3)) === 0x5a) break;
    call(SystemCall.sched_yield);
  }
  expect(cstr("zombie, cmdline"), readText(procPath(child, cstr("cmdline"))), 0);
  expect(cstr("zombie, exe"), readText(procPath(child, cstr("exe"))), -ENOENT);
  expect(cstr("zombie, maps"), readText(procPath(child, cstr("maps"))), 0);
  statusOf(child);
  expect(cstr("gone, path"), readText(procPath(child, cstr("stat"))), -ENOENT);
  expect(cstr("gone, stat"), readOpen(file), -ESRCH);
  expect(cstr("gone, maps"), readOpen(maps), -ESRCH);
  expect(cstr("gone, list"), call(SystemCall.getdents64, folder, buffer, BUFFER_SIZE), -ENOENT);
  const inside = call(SystemCall.openat, folder, cstr("stat"), O_RDONLY);
  expect(cstr("gone, inside"), inside, -ESRCH);
  call(SystemCall.close, file);
  call(SystemCall.close, maps);
  call(SystemCall.close, folder);
}

/** What another user sees, and does not see, of the superuser's process. */
function strangers(): void {
  const child = fork();
  if (child === 0) call(SystemCall.exit, lookAt(self));
  expect(cstr("stranger"), statusOf(child) >> 8, 0);
  expect(cstr("owner"), ownerOf(procPath(self, cstr("environ"))), 0);
}

/** Which of a stranger's looks was answered wrongly; 0: none. */
function lookAt(process: u32): i32 {
  if (call(SystemCall.setresgid32, NOBODY, NOBODY, NOBODY) !== 0) return 1;
  if (call(SystemCall.setresuid32, NOBODY, NOBODY, NOBODY) !== 0) return 2;
  if (readText(procPath(process, cstr("environ"))) !== -EACCES) return 3;
  if (readText(procPath(process, cstr("mem"))) !== -EACCES) return 4;
  if (readText(procPath(process, cstr("maps"))) !== -EACCES) return 5;
  if (call(SystemCall.readlink, procPath(process, cstr("exe")), buffer, 99) !== -EACCES) return 6;
  if (call(SystemCall.readlink, procPath(process, cstr("cwd")), buffer, 99) !== -EACCES) return 7;
  if (call(SystemCall.open, procPath(process, cstr("fd")), O_RDONLY) !== -EACCES) return 8;
  if (readText(procPath(process, cstr("fd/0"))) !== -EACCES) return 9;
  if (readText(procPath(process, cstr("stat"))) <= 0) return 10;
  if (readText(procPath(process, cstr("cmdline"))) <= 0) return 11;
  if (writeTo(procPath(process, cstr("oom_score_adj")), cstr("1"), 1) !== -EACCES) return 12;
  if (readText(cstr("/proc/self/status")) <= 0) return 13;
  if (numberOf(cstr("\nUid:")) !== <u32>NOBODY) return 14;
  if (numberOf(cstr("\nGid:")) !== <u32>NOBODY) return 15;
  return 0;
}

function machine(): void {
  expect(cstr("version"), readText(cstr("/proc/version")) > 0 ? 1 : 0, 1);
  expect(cstr("version, text"), after(cstr("Linux version ")) === text + 14 ? 1 : 0, 1);
  call(SystemCall.sysinfo, buffer);
  const unit = load<u32>(buffer, 52);
  readText(cstr("/proc/meminfo"));
  const total = <u32>((<u64>load<u32>(buffer, 16) * unit) >> 10);
  expect(cstr("meminfo, total"), numberOf(cstr("MemTotal:")), total);
  expect(cstr("meminfo, free"), numberOf(cstr("\nMemFree:")) < total ? 1 : 0, 1);
  readText(cstr("/proc/uptime"));
  const uptime = numberAt(text);
  expect(cstr("uptime"), uptime - load<u32>(buffer) + 1 < 100 ? 1 : 0, 1);
  readText(cstr("/proc/stat"));
  const now = call(SystemCall.time, 0);
  expect(cstr("stat, btime"), <u32>now - uptime - numberOf(cstr("\nbtime")) + 2 < 100 ? 1 : 0, 1);
  const forks = numberOf(cstr("\nprocesses"));
  const switches = numberOf(cstr("\nctxt"));
  end(sleeper());
  readText(cstr("/proc/stat"));
  expect(cstr("stat, processes"), numberOf(cstr("\nprocesses")) > forks ? 1 : 0, 1);
  expect(cstr("stat, switches"), numberOf(cstr("\nctxt")) > switches ? 1 : 0, 1);
  expect(cstr("loadavg"), readText(cstr("/proc/loadavg")) > 0 ? 1 : 0, 1);
  expect(cstr("loadavg, running"), after(cstr("/")) !== 0 ? 1 : 0, 1);
  call(SystemCall.uname, buffer);
  readText(cstr("/proc/sys/kernel/hostname"));
  expect(cstr("hostname"), load<u16>(text), load<u16>(buffer, 65));
  readText(cstr("/proc/sys/kernel/osrelease"));
  expect(cstr("osrelease"), load<u32>(text), load<u32>(buffer, 130));
  expect(cstr("boot_id"), readText(cstr("/proc/sys/kernel/random/boot_id")), 37);
  const first = load<u64>(text);
  readText(cstr("/proc/sys/kernel/random/boot_id"));
  expect(cstr("boot_id, again"), load<u64>(text) === first ? 1 : 0, 1);
  readText(cstr("/proc/self/mounts"));
  expect(cstr("mounts"), after(cstr(" /proc proc rw")) !== 0 ? 1 : 0, 1);
  readText(cstr("/proc/self/mountinfo"));
  expect(cstr("mountinfo"), after(cstr(" / /proc rw")) !== 0 ? 1 : 0, 1);
  readText(cstr("/proc/filesystems"));
  expect(cstr("filesystems"), after(cstr("nodev\tproc\n")) !== 0 ? 1 : 0, 1);
  expect(cstr("cpuinfo"), readText(cstr("/proc/cpuinfo")) > 0 ? 1 : 0, 1);
  expect(cstr("cpu, online"), readText(cstr("/sys/devices/system/cpu/online")) > 0 ? 1 : 0, 1);
  readText(cstr("/proc/sys/kernel/pid_max"));
  expect(cstr("pid_max"), numberAt(text) >= 32768 ? 1 : 0, 1);
}

/** A private range of that size. */
function map(size: i32, prot: i32): u32 {
  return <u32>call(SystemCall.mmap2, 0, size, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/** A child that sleeps until it is ended. */
function sleeper(): u32 {
  const child = fork();
  while (child === 0) {
    store<i32>(words, 1000);
    store<i32>(words, 0, 4);
    call(SystemCall.nanosleep, words, 0);
  }
  return <u32>child;
}

function end(child: u32): void {
  call(SystemCall.kill, child, SIGKILL);
  statusOf(child);
}

/** Opens, writes and closes: how much was written, or the first errno. */
function writeTo(path: usize, from: usize, size: u32): i32 {
  const file = call(SystemCall.open, path, O_WRONLY | O_TRUNC);
  if (file < 0) return file;
  const result = call(SystemCall.write, file, from, size);
  call(SystemCall.close, file);
  return result;
}

function linkIs(path: usize, target: usize): i32 {
  const size = call(SystemCall.readlink, path, buffer, 1000);
  let length = 0;
  while (load<u8>(target + length) !== 0) length++;
  return size === length && memory.compare(buffer, target, length) === 0 ? 1 : 0;
}

/** Whether the link's text ends like that, or, after a slash, has a number there. */
function linkEnds(path: usize, tail: usize): i32 {
  const size = call(SystemCall.readlink, path, buffer, 1000);
  let length = 0;
  while (load<u8>(tail + length) !== 0) length++;
  let end = size;
  if (load<u8>(tail + length - 1) === 0x2f) while (load<u8>(buffer + end - 1) !== 0x2f) end--;
  if (end < length) return 0;
  return memory.compare(buffer + end - length, tail, length) === 0 ? 1 : 0;
}

function modeOf(path: usize): i32 {
  const result = call(SystemCall.lstat64, path, status);
  return result !== 0 ? result : load<i32>(status, STAT_MODE);
}

function typeOf(path: usize): i32 {
  const mode = modeOf(path);
  return mode < 0 ? mode : mode & S_IFMT;
}

function ownerOf(path: usize): i32 {
  call(SystemCall.lstat64, path, status);
  return load<i32>(status, STAT_UID);
}

function inodeAt(path: usize): u32 {
  call(SystemCall.stat64, path, status);
  return load<u32>(status, STAT_INO_LOW);
}
