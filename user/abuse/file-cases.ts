// Cases about files: a file system that is full, a program that is removed and written while it is
// executed, and what /proc shows of others and of the kernel.

import {
  EACCES,
  EFBIG,
  EIO,
  ENOENT,
  ENOMEM,
  ENOSPC,
  EPERM,
  ESRCH,
  ETXTBSY,
} from "../../src/abi/errno";
import { O_CREAT, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } from "../../src/abi/files";
import { SystemCall } from "../../src/abi/linux/i386";
import { GUARD_END, PAGE_TABLES, USER_END } from "../../src/abi/memory-map";
import { call, fork } from "../runtime/answers";
import { print, printC, printLine, printSigned } from "../runtime/output";
import { AbuseCase } from "./case";
import { EXITS } from "./outcome";

const ROUNDS: i32 = 60;
const LARGEST: i32 = 65536;
/** 256 MiB. */
const MOST_WRITES: i32 = 4096;
const NOBODY: i32 = 65534;
const buffer: usize = memory.data(65536, 16);
const status: usize = memory.data(4, 4);
const words: usize = memory.data(8, 4);

export function fileCases(): AbuseCase[] {
  return [
    new AbuseCase("full-file-system", EXITS, fullFileSystem),
    new AbuseCase("exec-beside-unlink", EXITS, execBesideUnlink),
    new AbuseCase("peeking-through-proc", EXITS, peekThroughProc),
    new AbuseCase("memory-through-proc", EXITS, memoryThroughProc),
  ];
}

function complain(what: usize, answer: i32): i32 {
  print("  ");
  printC(what);
  print(": ");
  printSigned(answer);
  printLine("");
  return 1;
}

/** Writes until there is no room: an error says so, and what was written can be removed. */
function fullFileSystem(): i32 {
  const name = cstr("/tmp/full");
  const file = call(SystemCall.open, name, O_RDWR | O_CREAT, 0o600);
  let result = LARGEST;
  let written = 0;
  for (; result > 0 && written < MOST_WRITES; written++) {
    result = call(SystemCall.write, file, buffer, LARGEST);
  }
  const other = call(SystemCall.mkdir, cstr("/tmp/full-too"), 0o700);
  if (other === 0) call(SystemCall.rmdir, cstr("/tmp/full-too"));
  call(SystemCall.unlink, name);
  call(SystemCall.close, file);
  const isSaid = result === -ENOSPC || result === -ENOMEM || result === -EFBIG;
  // A machine with more memory than that is not filled.
  return isSaid || written === MOST_WRITES
    ? 0
    : complain(cstr("write to a full file system"), result);
}

/** One process executes a program that another removes, writes anew, and truncates. */
function execBesideUnlink(): i32 {
  const name = cstr("/tmp/program");
  const source = call(SystemCall.open, cstr("/bin/true"), O_RDONLY);
  const size = call(SystemCall.read, source, buffer, LARGEST);
  const writer = fork();
  if (writer === 0) {
    for (let i = 0; i < ROUNDS; i++) rewrite(name, size);
    call(SystemCall.exit_group, 0);
  }
  let failures = 0;
  for (let i = 0; i < ROUNDS; i++) failures += executes(name);
  call(SystemCall.waitpid, writer, status, 0);
  call(SystemCall.unlink, name);
  return failures;
}

function rewrite(name: usize, size: i32): void {
  call(SystemCall.unlink, name);
  const file = call(SystemCall.open, name, O_WRONLY | O_CREAT | O_TRUNC, 0o755);
  call(SystemCall.write, file, buffer, size);
  call(SystemCall.sched_yield);
  call(SystemCall.ftruncate, file, size / 2);
  call(SystemCall.pwrite64, file, buffer + size / 2, size - size / 2, size / 2, 0);
  call(SystemCall.close, file);
  call(SystemCall.sched_yield);
}

/** 0: the program ran, or was refused, or was cut short under its feet and ended by a signal. */
function executes(name: usize): i32 {
  const child = fork();
  if (child === 0) {
    store<usize>(words, name);
    const result = call(SystemCall.execve, name, words, 0);
    call(SystemCall.exit_group, result === -ENOENT || result === -ETXTBSY ? 0 : -result);
  }
  call(SystemCall.waitpid, child, status, 0);
  const ending = load<i32>(status);
  // A file that is half written is no program: ENOEXEC, EIO, EACCES and their like are answers.
  return ending < 0 ? complain(cstr("a program that is removed"), ending) : 0;
}

/** A user without rights sees nothing of process 1 that is its own, and nothing of the kernel's. */
function peekThroughProc(): i32 {
  call(SystemCall.setresuid32, NOBODY, NOBODY, NOBODY);
  return (
    isShut(cstr("/proc/1/mem")) +
    isShut(cstr("/proc/1/maps")) +
    isShut(cstr("/proc/1/environ")) +
    isShut(cstr("/proc/1/fd/0")) +
    isShut(cstr("/proc/1/exe")) +
    isShut(cstr("/proc/1/root/etc")) +
    isShut(cstr("/proc/isthmus"))
  );
}

/** Opens it and reads: 0 if either is refused. */
function isShut(name: usize): i32 {
  const file = call(SystemCall.open, name, O_RDONLY);
  if (file === -EACCES || file === -EPERM || file === -ENOENT) return 0;
  const got = call(SystemCall.read, file, buffer, 64);
  call(SystemCall.close, file);
  if (got === -EACCES || got === -EPERM || got === -ESRCH || got === 0) return 0;
  return complain(name, got);
}

/** A process's own memory, at addresses that are not its: neither read nor written. */
function memoryThroughProc(): i32 {
  const file = call(SystemCall.open, cstr("/proc/self/mem"), O_RDWR);
  let failures = 0;
  for (let i = 0; i < 6; i++) {
    const at = outside(i);
    const read = call(SystemCall.pread64, file, buffer, 4, at, 0);
    if (read !== -EIO) failures += complain(cstr("read of memory that is nobody's"), read);
    const written = call(SystemCall.pwrite64, file, buffer, 4, at, 0);
    if (written !== -EIO) failures += complain(cstr("write to memory that is nobody's"), written);
  }
  return failures;
}

function outside(index: i32): u32 {
  switch (index) {
    case 0:
      return 0;
    case 1:
      return PAGE_TABLES;
    case 2:
      return USER_END;
    case 3:
      return GUARD_END;
    case 4:
      return 0xfffff000;
    default:
      return 0x00100000 - 4096;
  }
}
