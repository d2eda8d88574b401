// Cases about addresses that the kernel is given: it must return EFAULT and touch nothing.

import {
  E2BIG,
  EBADF,
  ECHILD,
  EFAULT,
  EINVAL,
  ENAMETOOLONG,
  ENOENT,
  ENOSYS,
  ESRCH,
} from "../../src/abi/errno";
import { O_RDONLY } from "../../src/abi/files";
import { SystemCall } from "../../src/abi/linux/i386";
import { GUARD_END, PAGE_SIZE, PAGE_TABLES, USER_END } from "../../src/abi/memory-map";
import { TCGETS, TIOCGWINSZ } from "../../src/abi/termios";
import { int80, load32, store8, store32 } from "../../src/abi/x86";
import { print, printHex, printSigned, STANDARD_OUTPUT } from "../runtime/output";
import { brk, exit, fork, open, read, waitpid, write } from "../runtime/system-calls";
import { AbuseCase } from "./case";
import { EXITS } from "./outcome";
import * as symbols from "./symbols";

export function pointerCases(): AbuseCase[] {
  return [
    new AbuseCase("write-from-bad-addresses", EXITS, writeFromBad),
    new AbuseCase("write-straddling-the-end-of-memory", EXITS, writeStraddling),
    new AbuseCase("write-wrapping-past-4-gib", EXITS, writeWrapping),
    new AbuseCase("read-to-bad-addresses", EXITS, readToBad),
    new AbuseCase("read-to-own-text", EXITS, readToText),
    new AbuseCase("read-up-to-the-end-of-memory", EXITS, readToTheEnd),
    new AbuseCase("paths-at-bad-addresses", EXITS, badPaths),
    new AbuseCase("path-without-an-end", EXITS, endlessPath),
    new AbuseCase("results-to-bad-addresses", EXITS, badResults),
    new AbuseCase("wait-status-to-bad-addresses", EXITS, badWaitStatus),
    new AbuseCase("vectors-at-bad-addresses", EXITS, badVectors),
    new AbuseCase("program-arguments-at-bad-addresses", EXITS, badArguments),
    new AbuseCase("too-many-program-arguments", EXITS, tooManyArguments),
    new AbuseCase("unknown-calls", EXITS, unknownCalls),
    new AbuseCase("bad-descriptors", EXITS, badDescriptors),
    new AbuseCase("bad-ends-of-the-heap", EXITS, badBreaks),
    new AbuseCase("bad-times-and-processes", EXITS, badTimes),
  ];
}

/** Addresses that a user must not be able to make the kernel use. */
const bad: StaticArray<u32> = [
  0,
  4,
  PAGE_SIZE - 1,
  0x80000000,
  0xc0000000,
  PAGE_TABLES,
  USER_END,
  GUARD_END,
  GUARD_END + PAGE_SIZE,
  0xfffff000,
  0xffffffff,
];

const words: usize = memory.data(64, 4);

/** Reports a result other than the expected one; returns the number of failures, 0 or 1. */
function expect(what: string, argument: u32, result: i32, wanted: i32): i32 {
  if (result === wanted) return 0;
  print("  ");
  print(what);
  print(" ");
  printHex(argument);
  print(": result ");
  printSigned(result);
  print(", not ");
  printSigned(wanted);
  print("\n");
  return 1;
}

/** The first byte past the heap, once that has grown by `pages` pages. */
function endOfMemory(pages: u32): usize {
  const end = (brk(0) + PAGE_SIZE - 1 + pages * PAGE_SIZE) & ~(PAGE_SIZE - 1);
  brk(end);
  return end;
}

function writeFromBad(): i32 {
  let failures = 0;
  for (let i = 0; i < bad.length; i++) {
    failures += expect("write", bad[i], write(STANDARD_OUTPUT, bad[i], 16), -EFAULT);
  }
  return failures;
}

/** Eight bytes are mapped, the next eight are not. */
function writeStraddling(): i32 {
  const start = endOfMemory(1) - 8;
  memory.copy(start, cstr("partial\n"), 8);
  const result = write(STANDARD_OUTPUT, start, 16);
  return result === 8 || result === -EFAULT ? 0 : expect("write", start, result, -EFAULT);
}

function writeWrapping(): i32 {
  let failures = expect("write", 0xfffffff0, write(STANDARD_OUTPUT, 0xfffffff0, 0x20), -EFAULT);
  failures += expect("size", 0xffffffff, write(STANDARD_OUTPUT, words, 0xffffffff), -EFAULT);
  failures += expect("size", <u32>-words, write(STANDARD_OUTPUT, words, -words), -EFAULT);
  return failures + expect("write", 0, write(STANDARD_OUTPUT, words, 0), 0);
}

function openZeros(): i32 {
  return open(cstr("/dev/zero"), O_RDONLY, 0);
}

function readToBad(): i32 {
  const zeros = openZeros();
  let failures = 0;
  for (let i = 0; i < bad.length; i++) {
    failures += expect("read", bad[i], read(zeros, bad[i], 16), -EFAULT);
  }
  failures += expect("read", 0xfffffff0, read(zeros, 0xfffffff0, 0x20), -EFAULT);
  return failures;
}

function readToText(): i32 {
  const text = symbols.interrupts();
  const before = load32(text);
  const failures = expect("read", text, read(openZeros(), text, 4), -EFAULT);
  return failures + expect("text", text, load32(text), before);
}

function readToTheEnd(): i32 {
  const zeros = openZeros();
  const end = endOfMemory(2);
  store32(end - 4, 1);
  let failures = expect("read", end - 16, read(zeros, end - 16, 16), 16);
  failures += expect("last word", end - 4, load32(end - 4), 0);
  const result = read(zeros, end - 8, 16);
  return failures + (result === 8 ? 0 : expect("read", end - 8, result, -EFAULT));
}

function badPaths(): i32 {
  let failures = 0;
  for (let i = 0; i < bad.length; i++) {
    const at = bad[i];
    failures += expect("open", at, open(at, O_RDONLY, 0), -EFAULT);
    failures += expect("chdir", at, int80(SystemCall.chdir, at, 0, 0, 0, 0, 0), -EFAULT);
    failures += expect("stat64", at, int80(SystemCall.stat64, at, words, 0, 0, 0, 0), -EFAULT);
    failures += expect("access", at, int80(SystemCall.access, at, 0, 0, 0, 0, 0), -EFAULT);
    failures += expect("execve", at, int80(SystemCall.execve, at, 0, 0, 0, 0, 0), -EFAULT);
  }
  return failures;
}

/** A path that runs off the end of memory, and one that is longer than the limit. */
function endlessPath(): i32 {
  const end = endOfMemory(3);
  memory.fill(end - 3 * PAGE_SIZE, 0x61, 3 * PAGE_SIZE);
  const failures = expect("open", end - 8, open(end - 8, O_RDONLY, 0), -EFAULT);
  const start = end - 2 * PAGE_SIZE;
  return failures + expect("open", start, open(start, O_RDONLY, 0), -ENAMETOOLONG);
}

function badResults(): i32 {
  const root = open(cstr("/"), O_RDONLY, 0);
  const console = open(cstr("/dev/console"), O_RDONLY, 0);
  let failures = 0;
  for (let i = 0; i < bad.length; i++) {
    const at = bad[i];
    failures += faults("stat64", SystemCall.stat64, cstr("/"), at, at);
    failures += faults("fstat64", SystemCall.fstat64, root, at, at);
    failures += faults("getdents64", SystemCall.getdents64, root, at, at, 512);
    failures += faults("getcwd", SystemCall.getcwd, at, 64, at);
    failures += faults("sysinfo", SystemCall.sysinfo, at, 0, at);
    failures += faults("uname", SystemCall.uname, at, 0, at);
    failures += faults("nanosleep", SystemCall.nanosleep, at, 0, at);
    failures += faults("clock_gettime", SystemCall.clock_gettime, 0, at, at);
    failures += faults("TCGETS", SystemCall.ioctl, console, TCGETS, at, at);
    failures += faults("TIOCGWINSZ", SystemCall.ioctl, console, TIOCGWINSZ, at, at);
    if (at !== 0) failures += faults("gettimeofday", SystemCall.gettimeofday, at, 0, at);
    if (at !== 0) failures += faults("time", SystemCall.time, at, 0, at);
  }
  return failures;
}

function faults(name: string, call: u32, a: u32, b: u32, at: u32, c: u32 = 0): i32 {
  return expect(name, at, int80(call, a, b, c, 0, 0, 0), -EFAULT);
}

function badWaitStatus(): i32 {
  let failures = 0;
  for (let i = 0; i < bad.length; i++) {
    if (bad[i] === 0) continue;
    const child = fork();
    if (child === 0) exit(0);
    failures += expect("waitpid", bad[i], waitpid(child, bad[i], 0), -EFAULT);
    waitpid(child, words, 0);
  }
  return failures;
}

function badVectors(): i32 {
  let failures = 0;
  for (let i = 0; i < bad.length; i++) {
    const at = bad[i];
    failures += faults("writev", SystemCall.writev, STANDARD_OUTPUT, at, at, 1);
    store32(words, at);
    store32(words + 4, 16);
    failures += faults("iovec", SystemCall.writev, STANDARD_OUTPUT, words, at, 1);
  }
  const count = int80(SystemCall.writev, STANDARD_OUTPUT, words, 0xffffffff, 0, 0, 0);
  return failures + expect("writev", 0xffffffff, count, -EINVAL);
}

function badArguments(): i32 {
  const program = cstr("/bin/true");
  let failures = 0;
  for (let i = 0; i < bad.length; i++) {
    const at = bad[i];
    if (at === 0) continue;
    failures += faults("argv", SystemCall.execve, program, at, at);
    store32(words, at);
    store32(words + 4, 0);
    failures += faults("argv[0]", SystemCall.execve, program, words, at);
    failures += faults("envp", SystemCall.execve, program, 0, at, at);
  }
  const end = endOfMemory(1);
  store32(end - 4, program);
  return failures + faults("argv without an end", SystemCall.execve, program, end - 4, end);
}

function tooManyArguments(): i32 {
  const count: u32 = 100_000;
  const argv = endOfMemory((count * 4) / PAGE_SIZE + 1) - 4 * (count + 1);
  for (let i: u32 = 0; i < count; i++) store32(argv + 4 * i, cstr("argument"));
  store32(argv + 4 * count, 0);
  const result = int80(SystemCall.execve, cstr("/bin/true"), argv, 0, 0, 0, 0);
  return expect("execve", count, result, -E2BIG);
}

function unknownCalls(): i32 {
  const numbers: StaticArray<u32> = [0x1ff, 0x200, 0x1000, 0x7fffffff, 0x80000000, 0xffffffff];
  let failures = 0;
  for (let i = 0; i < numbers.length; i++) {
    failures += expect("call", numbers[i], int80(numbers[i], 1, 2, 3, 4, 5, 6), -ENOSYS);
  }
  return failures;
}

function badDescriptors(): i32 {
  const files: StaticArray<u32> = [3, 255, 256, 1024, 0x7fffffff, 0x80000000, 0xffffffff];
  let failures = 0;
  for (let i = 0; i < files.length; i++) {
    const file = files[i];
    failures += expect("read", file, read(file, words, 4), -EBADF);
    failures += expect("write", file, write(file, words, 4), -EBADF);
    failures += expect("close", file, int80(SystemCall.close, file, 0, 0, 0, 0, 0), -EBADF);
    failures += expect("dup", file, int80(SystemCall.dup, file, 0, 0, 0, 0, 0), -EBADF);
    failures += expect("dup2", file, int80(SystemCall.dup2, file, 1, 0, 0, 0, 0), -EBADF);
    failures += expect("fstat64", file, int80(SystemCall.fstat64, file, words, 0, 0, 0, 0), -EBADF);
  }
  for (let i = 3; i < files.length; i++) {
    const result = int80(SystemCall.dup2, 1, files[i], 0, 0, 0, 0);
    failures += expect("dup2 to", files[i], result, -EBADF);
  }
  return failures;
}

/** A heap cannot end below its start, in the stack, or past user space. */
function badBreaks(): i32 {
  const ends: StaticArray<u32> = [0, 1, PAGE_SIZE, USER_END, GUARD_END, 0xffffffff];
  const before = brk(0);
  let failures = 0;
  for (let i = 0; i < ends.length; i++) {
    failures += expect("brk", ends[i], brk(ends[i]), before);
  }
  store8(brk(before + 1) - 1, 1);
  return failures + expect("brk", before + 1, brk(0), before + 1);
}

function badTimes(): i32 {
  store32(words, 0);
  store32(words + 4, 1_000_000_000);
  let failures = expect(
    "nanoseconds",
    0,
    int80(SystemCall.nanosleep, words, 0, 0, 0, 0, 0),
    -EINVAL,
  );
  store32(words, -1);
  store32(words + 4, 0);
  failures += expect("seconds", 0, int80(SystemCall.nanosleep, words, 0, 0, 0, 0, 0), -EINVAL);
  failures += expect("waitpid", 0, waitpid(-1, words, 0), -ECHILD);
  failures += expect("waitpid", 1, waitpid(1, words, 0), -ECHILD);
  failures += expect("waitpid", 0x10, waitpid(-1, words, 0x10), -EINVAL);
  failures += expect("kill", 30_000, int80(SystemCall.kill, 30_000, 9, 0, 0, 0, 0), -ESRCH);
  failures += expect("signal", 200, int80(SystemCall.kill, 1, 200, 0, 0, 0, 0), -EINVAL);
  return failures + expect("open", 0, open(cstr("/no/such"), O_RDONLY, 0), -ENOENT);
}
