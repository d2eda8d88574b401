// maps DIRECTORY: checks that the system calls about memory, and about processes that share it,
// answer as Linux does.
//
// DIRECTORY can be written. What is expected here is what Linux does on i386; the tests also run
// this very program on the host's Linux (test/kernel/syscall/system-calls.test.ts).

import {
  EACCES,
  EAGAIN,
  EBADF,
  EBUSY,
  EEXIST,
  EFAULT,
  EINVAL,
  ENODEV,
  ENOEXEC,
  ENOMEM,
  EPERM,
  ESRCH,
} from "../src/abi/errno";
import { O_CREAT, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY, SEEK_SET } from "../src/abi/files";
import { CLONE_CHILD_SETTID, CLONE_THREAD, CLONE_VFORK, CLONE_VM } from "../src/abi/linux/clone";
import { SystemCall } from "../src/abi/linux/i386";
import { RLIMIT_AS, RLIMIT_MEMLOCK, RLIMIT_STACK, RLIMITS } from "../src/abi/linux/resource";
import {
  USER_DESC_32BIT,
  USER_DESC_ANY,
  USER_DESC_BASE,
  USER_DESC_EMPTY,
  USER_DESC_FLAGS,
  USER_DESC_IN_PAGES,
  USER_DESC_LIMIT,
  USER_DESC_NOT_PRESENT,
  USER_DESC_SIZE,
} from "../src/abi/linux/user-desc";
import {
  MADV_DONTFORK,
  MADV_DONTNEED,
  MADV_POPULATE_WRITE,
  MADV_WIPEONFORK,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_GROWSDOWN,
  MAP_LOCKED,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MCL_CURRENT,
  MCL_FUTURE,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  MS_ASYNC,
  MS_INVALIDATE,
  MS_SYNC,
  PROT_EXEC,
  PROT_GROWSDOWN,
  PROT_READ,
  PROT_WRITE,
} from "../src/abi/mman";
import { SIGBUS, SIGCHLD, SIGSEGV } from "../src/abi/signals";
import * as x86 from "../src/abi/x86";
import { call, expect, fork, report, statusOf } from "./runtime/answers";
import { argument, wantsHelp } from "./runtime/arguments";
import { printLine } from "./runtime/output";

const USAGE = `usage: maps DIRECTORY
Checks what the system calls about memory answer, in a directory that can be written.`;

const PAGE: i32 = 4096;
const RW: i32 = PROT_READ | PROT_WRITE;
const ANONYMOUS: i32 = MAP_PRIVATE | MAP_ANONYMOUS;
const SHARED: i32 = MAP_SHARED | MAP_ANONYMOUS;
/** The last word of the 15 bytes that are kept: "is-", and a NUL. */
const NAME_END: i32 = 0x002d7369;
const buffer: usize = memory.data(256, 8);
const words: usize = memory.data(64, 8);

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  if (argc !== 2) {
    printLine(USAGE);
    return 2;
  }
  expect(cstr("chdir"), call(SystemCall.chdir, argument(argv, 1)), 0);
  anonymous();
  refusals();
  files();
  sharing();
  protection();
  moving();
  advice();
  residency();
  locks();
  segments();
  borrowing();
  limits();
  identity();
  scripts();
  call(SystemCall.unlink, cstr("map"));
  return report();
}

function map(size: i32, prot: i32, flags: i32, file: i32 = -1, page: i32 = 0, at: i32 = 0): i32 {
  return call(SystemCall.mmap2, at, size, prot, flags, file, page);
}

/** The signal that ends a process which reads from (or writes to) an address; 0: none. */
function signalOf(address: u32, writes: bool): i32 {
  const child = fork();
  if (child === 0) {
    if (writes) x86.store32(address, 1);
    else x86.load32(address);
    call(SystemCall.exit_group, 0);
  }
  return statusOf(child) & 0x7f;
}

function anonymous(): void {
  const at = map(3 * PAGE, RW, ANONYMOUS);
  expect(cstr("mmap, aligned"), at & (PAGE - 1), 0);
  expect(cstr("mmap, zeros"), load<u32>(at + PAGE), 0);
  store<u32>(at + PAGE, 7);
  expect(cstr("mmap, written"), load<u32>(at + PAGE), 7);
  expect(cstr("munmap, middle"), call(SystemCall.munmap, at + PAGE, PAGE), 0);
  expect(cstr("munmap, gone"), signalOf(at + PAGE, false), SIGSEGV);
  expect(cstr("munmap, rest"), signalOf(at + 2 * PAGE, true), 0);
  expect(cstr("mmap, fixed"), map(PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0, at + PAGE), at + PAGE);
  expect(cstr("mmap, fixed, zeros"), load<u32>(at + PAGE), 0);
  const noReplace = ANONYMOUS | MAP_FIXED_NOREPLACE;
  expect(cstr("mmap, taken"), map(PAGE, RW, noReplace, -1, 0, at + PAGE), -EEXIST);
  call(SystemCall.munmap, at, PAGE);
  expect(cstr("mmap, hint"), map(PAGE, RW, ANONYMOUS, -1, 0, at), at);
  expect(cstr("mmap, populated"), map(PAGE, RW, ANONYMOUS | MAP_POPULATE) & (PAGE - 1), 0);
  expect(cstr("munmap, all"), call(SystemCall.munmap, at, 3 * PAGE), 0);
  expect(cstr("munmap, nothing"), call(SystemCall.munmap, at, 3 * PAGE), 0);
}

function refusals(): void {
  const at = map(PAGE, RW, ANONYMOUS);
  expect(cstr("mmap, no length"), map(0, RW, ANONYMOUS), -EINVAL);
  expect(cstr("mmap, huge"), map(-PAGE, RW, ANONYMOUS), -ENOMEM);
  expect(cstr("mmap, wrapping"), map(-1, RW, ANONYMOUS), -ENOMEM);
  expect(cstr("mmap, no type"), map(PAGE, RW, MAP_ANONYMOUS), -EINVAL);
  expect(cstr("mmap, no file"), map(PAGE, RW, MAP_PRIVATE, 99), -EBADF);
  expect(cstr("mmap, odd"), map(PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0, at + 1), -EINVAL);
  expect(cstr("mmap, shared stack"), map(PAGE, RW, SHARED | MAP_GROWSDOWN), -EINVAL);
  expect(cstr("munmap, odd"), call(SystemCall.munmap, at + 1, PAGE), -EINVAL);
  expect(cstr("munmap, no length"), call(SystemCall.munmap, at, 0), -EINVAL);
  expect(cstr("munmap, wrapping"), call(SystemCall.munmap, at, -PAGE), -EINVAL);
  expect(cstr("old mmap, bad"), call(SystemCall.mmap, 16), -EFAULT);
  for (let i = 0; i < 6; i++) store<i32>(words + 4 * i, i === 1 ? PAGE : 0);
  store<i32>(words, RW, 8);
  store<i32>(words, ANONYMOUS, 12);
  expect(cstr("old mmap"), call(SystemCall.mmap, words) & (PAGE - 1), 0);
  store<i32>(words, 1, 20);
  expect(cstr("old mmap, odd offset"), call(SystemCall.mmap, words), -EINVAL);
  call(SystemCall.munmap, at, PAGE);
}

/** A file of a page and a half that begins with "file". */
function makeFile(): i32 {
  const file = call(SystemCall.open, cstr("map"), O_CREAT | O_RDWR | O_TRUNC, 0o755);
  call(SystemCall.write, file, cstr("file"), 4);
  call(SystemCall.ftruncate, file, PAGE + PAGE / 2);
  return file;
}

function files(): void {
  const file = makeFile();
  const reader = call(SystemCall.open, cstr("map"), O_RDONLY);
  const writer = call(SystemCall.open, cstr("map"), O_WRONLY);
  const directory = call(SystemCall.open, cstr("."), O_RDONLY);
  expect(cstr("mmap, directory"), map(PAGE, PROT_READ, MAP_PRIVATE, directory), -ENODEV);
  expect(cstr("mmap, write-only"), map(PAGE, PROT_WRITE, MAP_SHARED, writer), -EACCES);
  expect(cstr("mmap, read-only"), map(PAGE, RW, MAP_SHARED, reader), -EACCES);
  expect(cstr("mmap, file, no type"), map(PAGE, RW, 0, file), -EINVAL);

  const shown = map(PAGE, PROT_READ, MAP_SHARED, reader);
  const refused = call(SystemCall.mprotect, shown, PAGE, RW);
  expect(cstr("mprotect, read-only file"), refused, -EACCES);
  const shared = map(3 * PAGE, RW, MAP_SHARED, file);
  const copy = map(2 * PAGE, RW, MAP_PRIVATE, reader);
  expect(cstr("mmap, contents"), load<u32>(shared), 0x656c6966);
  store<u8>(copy, 0x41);
  expect(cstr("mmap, own copy"), load<u32>(shared), 0x656c6966);
  store<u8>(shared + 1, 0x49);
  call(SystemCall.lseek, file, 0, SEEK_SET);
  call(SystemCall.read, file, buffer, 4);
  expect(cstr("mmap, read back"), load<u32>(buffer), 0x656c4966);
  expect(cstr("mmap, seen"), load<u32>(shown), 0x656c4966);
  expect(cstr("mmap, copy stays"), load<u32>(copy), 0x656c6941);
  expect(cstr("mmap, tail"), load<u32>(shared + PAGE + PAGE / 2), 0);
  expect(cstr("mmap, past the end"), signalOf(shared + 2 * PAGE, false), SIGBUS);
  expect(cstr("mmap, past, written"), signalOf(shared + 2 * PAGE, true), SIGBUS);

  call(SystemCall.ftruncate, file, 10);
  expect(cstr("truncated, gone"), signalOf(shared + PAGE, false), SIGBUS);
  expect(cstr("truncated, copy gone"), signalOf(copy + PAGE, false), SIGBUS);
  call(SystemCall.ftruncate, file, 3 * PAGE);
  expect(cstr("grown"), load<u32>(shared + 2 * PAGE), 0);
  expect(cstr("grown, kept"), load<u32>(shared), 0x656c4966);
  const second = map(PAGE, PROT_READ, MAP_SHARED, file, 2);
  store<u32>(shared + 2 * PAGE, 99);
  expect(cstr("mmap, from page 2"), load<u32>(second), 99);
  for (let each = file; each <= directory; each++) call(SystemCall.close, each);
  expect(cstr("closed, still there"), load<u32>(shared), 0x656c4966);
  const sync = call(SystemCall.msync, shared, 3 * PAGE, MS_SYNC);
  expect(cstr("msync"), sync, 0);
  expect(cstr("msync, both"), call(SystemCall.msync, shared, PAGE, MS_SYNC | MS_ASYNC), -EINVAL);
  expect(cstr("msync, odd"), call(SystemCall.msync, shared + 1, PAGE, MS_SYNC), -EINVAL);
  call(SystemCall.munmap, shared, 3 * PAGE);
  expect(cstr("msync, hole"), call(SystemCall.msync, shared, PAGE, MS_SYNC), -ENOMEM);
  call(SystemCall.munmap, copy, 2 * PAGE);
  call(SystemCall.munmap, shown, PAGE);
  call(SystemCall.munmap, second, PAGE);
}

/** What a fork shares and what not. */
function sharing(): void {
  const shared = map(PAGE, RW, SHARED);
  const own = map(PAGE, RW, ANONYMOUS);
  store<u32>(own, 1);
  const child = fork();
  if (child === 0) {
    store<u32>(shared, 5);
    store<u32>(own, 6);
    call(SystemCall.exit_group, load<u32>(own));
  }
  expect(cstr("child, own"), statusOf(child), 6 << 8);
  expect(cstr("shared, seen"), load<u32>(shared), 5);
  expect(cstr("own, not seen"), load<u32>(own), 1);
  call(SystemCall.munmap, shared, PAGE);
  call(SystemCall.munmap, own, PAGE);
}

function protection(): void {
  const at = map(4 * PAGE, RW, ANONYMOUS);
  store<u32>(at + PAGE, 11);
  expect(cstr("mprotect, read"), call(SystemCall.mprotect, at + PAGE, PAGE, PROT_READ), 0);
  expect(cstr("mprotect, write refused"), signalOf(at + PAGE, true), SIGSEGV);
  expect(cstr("mprotect, beside"), signalOf(at + 2 * PAGE, true), 0);
  expect(cstr("mprotect, none"), call(SystemCall.mprotect, at, 4 * PAGE, 0), 0);
  expect(cstr("mprotect, no read"), signalOf(at + PAGE, false), SIGSEGV);
  expect(cstr("mprotect, back"), call(SystemCall.mprotect, at, 4 * PAGE, RW), 0);
  expect(cstr("mprotect, kept"), load<u32>(at + PAGE), 11);
  store<u32>(at + PAGE, 12);
  const executable = call(SystemCall.mprotect, at, PAGE, PROT_READ | PROT_EXEC);
  expect(cstr("mprotect, execute"), executable, 0);
  expect(cstr("mprotect, odd"), call(SystemCall.mprotect, at + 1, PAGE, RW), -EINVAL);
  expect(cstr("mprotect, nothing"), call(SystemCall.mprotect, at, 0, RW), 0);
  expect(cstr("mprotect, unknown"), call(SystemCall.mprotect, at, PAGE, 0x40), -EINVAL);
  const down = call(SystemCall.mprotect, at, PAGE, RW | PROT_GROWSDOWN);
  expect(cstr("mprotect, no stack"), down, -EINVAL);
  call(SystemCall.munmap, at + 2 * PAGE, PAGE);
  expect(cstr("mprotect, hole"), call(SystemCall.mprotect, at, 4 * PAGE, PROT_READ), -ENOMEM);
  expect(cstr("mprotect, before it"), signalOf(at + PAGE, true), SIGSEGV);
  expect(cstr("mprotect, past it"), signalOf(at + 3 * PAGE, true), 0);
  call(SystemCall.munmap, at, 4 * PAGE);
  const zeros = call(SystemCall.open, cstr("/dev/zero"), O_RDONLY, 0);
  const shown = map(PAGE, PROT_READ, MAP_SHARED, zeros);
  expect(cstr("mprotect, zeros"), call(SystemCall.mprotect, shown, PAGE, RW), -EACCES);
  call(SystemCall.munmap, shown, PAGE);
  call(SystemCall.close, zeros);
}

function moving(): void {
  const at = map(4 * PAGE, RW, ANONYMOUS);
  store<u32>(at, 21);
  store<u32>(at + 3 * PAGE, 24);
  expect(cstr("mremap, smaller"), call(SystemCall.mremap, at, 4 * PAGE, 2 * PAGE, 0), at);
  expect(cstr("mremap, gone"), signalOf(at + 3 * PAGE, false), SIGSEGV);
  expect(cstr("mremap, larger"), call(SystemCall.mremap, at, 2 * PAGE, 4 * PAGE, 0), at);
  expect(cstr("mremap, zeros"), load<u32>(at + 3 * PAGE), 0);
  const stay = call(SystemCall.mremap, at, PAGE, 2 * PAGE, 0);
  expect(cstr("mremap, no room"), stay, -ENOMEM);
  const moved = call(SystemCall.mremap, at, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
  expect(cstr("mremap, moved"), load<u32>(moved), 21);
  expect(cstr("mremap, left"), signalOf(at, false), SIGSEGV);
  const fixed = MREMAP_MAYMOVE | MREMAP_FIXED;
  expect(cstr("mremap, to"), call(SystemCall.mremap, moved, PAGE, PAGE, fixed, at), at);
  expect(cstr("mremap, there"), load<u32>(at), 21);
  expect(cstr("mremap, onto"), call(SystemCall.mremap, at, PAGE, PAGE, fixed, at), -EINVAL);
  expect(cstr("mremap, flags"), call(SystemCall.mremap, at, PAGE, PAGE, 8), -EINVAL);
  expect(cstr("mremap, fixed only"), call(SystemCall.mremap, at, PAGE, PAGE, 2, at), -EINVAL);
  expect(cstr("mremap, odd"), call(SystemCall.mremap, at + 1, PAGE, PAGE, 0), -EINVAL);
  expect(cstr("mremap, none"), call(SystemCall.mremap, at, PAGE, 0, 0), -EINVAL);
  call(SystemCall.munmap, at, 4 * PAGE);
  call(SystemCall.munmap, moved, 2 * PAGE);
  expect(cstr("mremap, nothing"), call(SystemCall.mremap, at, PAGE, PAGE, 0), -EFAULT);
}

function advice(): void {
  const at = map(3 * PAGE, RW, ANONYMOUS);
  store<u32>(at, 31);
  store<u32>(at + PAGE, 32);
  expect(cstr("madvise"), call(SystemCall.madvise, at, PAGE, MADV_DONTNEED), 0);
  expect(cstr("madvise, zeros"), load<u32>(at), 0);
  expect(cstr("madvise, beside"), load<u32>(at + PAGE), 32);
  expect(cstr("madvise, unknown"), call(SystemCall.madvise, at, PAGE, 999), -EINVAL);
  expect(cstr("madvise, odd"), call(SystemCall.madvise, at + 1, PAGE, 0), -EINVAL);
  expect(cstr("madvise, nothing"), call(SystemCall.madvise, at, 0, 0), 0);
  expect(cstr("madvise, wipe"), call(SystemCall.madvise, at + PAGE, PAGE, MADV_WIPEONFORK), 0);
  const child = fork();
  if (child === 0) call(SystemCall.exit_group, load<u32>(at + PAGE));
  expect(cstr("madvise, wiped"), statusOf(child), 0);
  call(SystemCall.madvise, at + 2 * PAGE, PAGE, MADV_DONTFORK);
  expect(cstr("madvise, not inherited"), signalOf(at + 2 * PAGE, false), SIGSEGV);
  const populated = call(SystemCall.madvise, at, PAGE, MADV_POPULATE_WRITE);
  if (populated !== -EINVAL) expect(cstr("madvise, populate"), populated, 0); // since Linux 5.14
  call(SystemCall.munmap, at + PAGE, PAGE);
  expect(cstr("madvise, hole"), call(SystemCall.madvise, at, 3 * PAGE, MADV_DONTNEED), -ENOMEM);
  call(SystemCall.munmap, at, 3 * PAGE);
}

function residency(): void {
  const at = map(3 * PAGE, RW, ANONYMOUS);
  store<u32>(at + PAGE, 1);
  expect(cstr("mincore"), call(SystemCall.mincore, at, 3 * PAGE, buffer), 0);
  const bits = (load<u32>(buffer) >> 8) & 1;
  expect(cstr("mincore, touched"), bits, 1);
  expect(cstr("mincore, not touched"), load<u8>(buffer) & 1, 0);
  expect(cstr("mincore, odd"), call(SystemCall.mincore, at + 1, PAGE, buffer), -EINVAL);
  expect(cstr("mincore, to nowhere"), call(SystemCall.mincore, at, PAGE, 16), -EFAULT);
  call(SystemCall.munmap, at, 3 * PAGE);
  expect(cstr("mincore, hole"), call(SystemCall.mincore, at, PAGE, buffer), -ENOMEM);
}

function locks(): void {
  const at = map(PAGE, RW, ANONYMOUS);
  expect(cstr("mlock"), call(SystemCall.mlock, at, PAGE), 0);
  expect(cstr("munlock"), call(SystemCall.munlock, at, PAGE), 0);
  expect(cstr("mlock2, flags"), call(SystemCall.mlock2, at, PAGE, 2), -EINVAL);
  expect(cstr("mlockall, none"), call(SystemCall.mlockall, 0), -EINVAL);
  call(SystemCall.munmap, at, PAGE);
  expect(cstr("mlock, hole"), call(SystemCall.mlock, at, PAGE), -ENOMEM);
  const many = map(4 * PAGE, RW, ANONYMOUS);
  call(SystemCall.mlock, many, 2 * PAGE);
  expect(cstr("mincore, locked"), call(SystemCall.mincore, many, 3 * PAGE, words), 0);
  expect(cstr("mincore, which"), load<u32>(words) & 0xffffff, 0x000101);
  const flags = MS_INVALIDATE;
  expect(cstr("msync, locked"), call(SystemCall.msync, many, PAGE, flags), -EBUSY);
  expect(cstr("msync, not locked"), call(SystemCall.msync, many + 2 * PAGE, PAGE, flags), 0);
  const given = call(SystemCall.madvise, many, PAGE, MADV_DONTNEED);
  expect(cstr("madvise, locked"), given, -EINVAL);
  call(SystemCall.munlock, many, 4 * PAGE);
  expect(cstr("msync, unlocked"), call(SystemCall.msync, many, PAGE, flags), 0);
  const child = fork();
  if (child === 0) call(SystemCall.exit, locksOfUser(many));
  expect(cstr("mlock, limits"), statusOf(child), 0);
}

/** What a user may lock who is not the superuser, of four pages: 0, or the first wrong answer. */
function locksOfUser(at: u32): i32 {
  store<u32>(words, 2 * PAGE);
  store<u32>(words, 2 * PAGE, 4);
  call(SystemCall.setrlimit, RLIMIT_MEMLOCK, words);
  call(SystemCall.setresuid32, 1000, 1000, 1000);
  if (call(SystemCall.mlock, at, 3 * PAGE) !== -ENOMEM) return 1;
  if (call(SystemCall.mlock, at + 1, PAGE) !== 0) return 2;
  if (call(SystemCall.mlock, at, 2 * PAGE) !== 0) return 3;
  if (call(SystemCall.mlock, at + 3 * PAGE, PAGE) !== -ENOMEM) return 4;
  if (map(PAGE, RW, ANONYMOUS | MAP_LOCKED) !== -EAGAIN) return 5;
  if (call(SystemCall.mlockall, MCL_CURRENT) !== -ENOMEM) return 6;
  if (call(SystemCall.mlockall, 8) !== -EINVAL) return 7;
  if (call(SystemCall.mlockall, MCL_FUTURE) !== 0) return 8;
  if (map(PAGE, RW, ANONYMOUS) !== -EAGAIN) return 9;
  if (call(SystemCall.munlockall) !== 0) return 10;
  if (<u32>map(PAGE, RW, ANONYMOUS | MAP_LOCKED) > <u32>-4096) return 11;
  store<u32>(words, 0);
  call(SystemCall.setrlimit, RLIMIT_MEMLOCK, words);
  if (call(SystemCall.mlock, at, PAGE) !== -EPERM) return 12;
  if (call(SystemCall.munlock, at, PAGE) !== 0) return 13;
  return call(SystemCall.mlockall, MCL_CURRENT) === -EPERM ? 0 : 14;
}

function describe(index: u32, base: u32, limit: u32, flags: u32): i32 {
  store<u32>(words, index);
  store<u32>(words, base, USER_DESC_BASE);
  store<u32>(words, limit, USER_DESC_LIMIT);
  store<u32>(words, flags, USER_DESC_FLAGS);
  return call(SystemCall.set_thread_area, words);
}

/** The index of a segment that the call gave; 64-bit kernels begin to count elsewhere. */
function segments(): void {
  const flags = USER_DESC_32BIT | USER_DESC_IN_PAGES;
  expect(cstr("segment"), describe(USER_DESC_ANY, 0x1234000, 0xfffff, flags), 0);
  const index = load<u32>(words);
  memory.fill(words, 0, USER_DESC_SIZE);
  store<u32>(words, index);
  expect(cstr("segment, read"), call(SystemCall.get_thread_area, words), 0);
  expect(cstr("segment, base"), load<u32>(words, USER_DESC_BASE), 0x1234000);
  expect(cstr("segment, limit"), load<u32>(words, USER_DESC_LIMIT), 0xfffff);
  expect(cstr("segment, flags"), load<u32>(words, USER_DESC_FLAGS) & 0x3f, flags);
  expect(cstr("segment, code"), describe(index, 0, 1, flags | (2 << 1)), -EINVAL);
  expect(cstr("segment, 16 bits"), describe(index, 0, 1, USER_DESC_IN_PAGES), -EINVAL);
  const absent = flags | USER_DESC_NOT_PRESENT;
  expect(cstr("segment, absent"), describe(index, 1, 1, absent), -EINVAL);
  expect(cstr("segment, none"), describe(index, 0, 0, USER_DESC_EMPTY), 0);
  expect(cstr("segment, other"), describe(5, 0, 1, flags), -EINVAL);
  expect(cstr("segment, all"), describe(USER_DESC_ANY, 1, 1, flags), 0);
  describe(USER_DESC_ANY, 2, 1, flags);
  describe(USER_DESC_ANY, 3, 1, flags);
  expect(cstr("segment, one more"), describe(USER_DESC_ANY, 4, 1, flags), -ESRCH);
  expect(cstr("segment, bad"), call(SystemCall.set_thread_area, 16), -EFAULT);
}

/** Children that have the parent's space until they end. */
function borrowing(): void {
  store<u32>(words, 0);
  const child = x86.int80(SystemCall.vfork, 0, 0, 0, 0, 0, 0);
  if (child === 0) {
    store<u32>(words, 41);
    x86.int80(SystemCall.exit, 3, 0, 0, 0, 0, 0);
  }
  expect(cstr("vfork, written"), load<u32>(words), 41);
  expect(cstr("vfork, status"), statusOf(child), 3 << 8);

  const stack = map(4 * PAGE, RW, ANONYMOUS);
  const flags = CLONE_VM | CLONE_VFORK | CLONE_CHILD_SETTID | SIGCHLD;
  const own = x86.int80(SystemCall.clone, flags, stack + 4 * PAGE - 16, 0, 0, words, 0);
  if (own === 0) x86.int80(SystemCall.exit, 4, 0, 0, 0, 0, 0);
  expect(cstr("clone, id"), load<u32>(words), own);
  expect(cstr("clone, status"), statusOf(own), 4 << 8);
  expect(cstr("clone, half a thread"), call(SystemCall.clone, CLONE_THREAD), -EINVAL);
  call(SystemCall.munmap, stack, 4 * PAGE);
}

function limits(): void {
  expect(cstr("getrlimit"), call(SystemCall.ugetrlimit, RLIMIT_STACK, words), 0);
  expect(cstr("getrlimit, unknown"), call(SystemCall.ugetrlimit, RLIMITS, words), -EINVAL);
  expect(cstr("getrlimit, bad"), call(SystemCall.ugetrlimit, RLIMIT_STACK, 16), -EFAULT);
  const child = fork();
  if (child === 0) {
    store<u32>(words, 64 << 20);
    store<u32>(words, 64 << 20, 4);
    let wrong = call(SystemCall.setrlimit, RLIMIT_AS, words);
    if (map(128 << 20, RW, ANONYMOUS) !== -ENOMEM) wrong = 1;
    if (map(1 << 20, RW, ANONYMOUS) < 0 && map(1 << 20, RW, ANONYMOUS) > -4096) wrong = 2;
    call(SystemCall.prlimit64, 0, RLIMIT_AS, 0, words);
    if (load<u64>(words) !== 64 << 20) wrong = 3;
    call(SystemCall.exit_group, wrong);
  }
  expect(cstr("limits hold"), statusOf(child), 0);
  store<u32>(words, 2);
  store<u32>(words, 1, 4);
  expect(cstr("setrlimit, wrong"), call(SystemCall.setrlimit, RLIMIT_AS, words), -EINVAL);
  expect(cstr("getrusage"), call(SystemCall.getrusage, 0, buffer), 0);
  expect(cstr("getrusage, of whom"), call(SystemCall.getrusage, 7, buffer), -EINVAL);
}

function identity(): void {
  expect(cstr("gettid"), call(SystemCall.gettid), call(SystemCall.getpid));
  expect(cstr("set_tid_address"), call(SystemCall.set_tid_address, 0), call(SystemCall.getpid));
  expect(cstr("robust list"), call(SystemCall.set_robust_list, words, 12), 0);
  expect(cstr("robust list, size"), call(SystemCall.set_robust_list, words, 13), -EINVAL);
  expect(cstr("prctl, name"), call(SystemCall.prctl, 15, cstr("a-name-that-is-too-long")), 0);
  expect(cstr("prctl, named"), call(SystemCall.prctl, 16, buffer), 0);
  expect(cstr("prctl, cut off"), load<u32>(buffer, 12), NAME_END);
  expect(cstr("prctl, unknown"), call(SystemCall.prctl, 9999), -EINVAL);
  expect(cstr("getrandom"), call(SystemCall.getrandom, buffer, 100, 0), 100);
  expect(cstr("getrandom, flags"), call(SystemCall.getrandom, buffer, 1, 8), -EINVAL);
  expect(cstr("personality"), call(SystemCall.personality, -1) & 0xff, 0);
}

/** Runs the file `map` with these contents: its wait status. */
function statusOfScript(text: usize, length: i32): i32 {
  const file = call(SystemCall.open, cstr("map"), O_CREAT | O_RDWR | O_TRUNC, 0o755);
  call(SystemCall.write, file, text, length);
  call(SystemCall.close, file);
  const child = fork();
  if (child === 0) {
    store<usize>(words, cstr("map"));
    store<usize>(words, 0, 4);
    store<usize>(words, 0, 8);
    call(SystemCall.exit_group, -call(SystemCall.execve, cstr("./map"), words, words + 4));
  }
  return statusOf(child);
}

function scripts(): void {
  expect(cstr("script, no program"), statusOfScript(cstr("#! \n"), 4), ENOEXEC << 8);
  expect(cstr("script, not there"), statusOfScript(cstr("#!/none/x\n"), 10), 2 << 8);
  expect(cstr("script, itself"), statusOfScript(cstr("#!./map\n"), 8), 40 << 8);
  expect(cstr("text"), statusOfScript(cstr("echo\n"), 5), ENOEXEC << 8);
  expect(cstr("empty"), statusOfScript(cstr(""), 0), ENOEXEC << 8);
}
