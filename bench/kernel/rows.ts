// What is measured of a kernel: one row for each thing that programs do.
//
// The program that takes the steps (program.ts), the printed table and the names in figures.json
// all come from these rows. A row costs what the kernel executes between the beginning and the end
// of `body`; `before` and `after` are taken around each sample and not measured.

import { O_RDONLY, O_RDWR, S_IFCHR, SEEK_SET } from "../../src/abi/files";
import { CLONE_FILES, CLONE_FS, CLONE_SIGHAND, CLONE_VM } from "../../src/abi/linux/clone";
import { SystemCall } from "../../src/abi/linux/i386";
import { PAGE_SIZE } from "../../src/abi/memory-map";
import { MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, PROT_READ, PROT_WRITE } from "../../src/abi/mman";
import { POLLIN } from "../../src/abi/poll";
import { SIGCHLD, SIGKILL, SIGUSR1 } from "../../src/abi/signals";
import {
  CHILD,
  call,
  fill,
  forever,
  fork,
  handle,
  heap,
  SCRATCH,
  type Step,
  thread,
  touch,
} from "./steps";

export interface CallRow {
  /** Its name in figures.json. */
  readonly id: string;
  readonly what: string;
  /** Instructions, unless it is time that passes in the guest. */
  readonly unit?: "ms";
  readonly before?: readonly Step[];
  readonly body: readonly Step[];
  readonly after?: readonly Step[];
  /** What the last call of `body` must return; absent: anything. */
  readonly result?: number;
  readonly samples?: number;
  /** The most that is acceptable, whatever figures.json says. */
  readonly ceiling?: number;
  /** How much worse than its stored figure it may be; absent: TOLERANCE. */
  readonly tolerance?: number;
}

const MIB = 1 << 20;
/** The files that the program reads and looks up; it opens the first three as 3, 4 and 5. */
export const ZERO = "/dev/zero";
export const NULL = "/dev/null";
export const DATA = "/data";
export const DEEP = "/one/two/three/four";
export const TINY = "/tiny";
const ZERO_FILE = 3;
const NULL_FILE = 4;
const DATA_FILE = 5;
const CONSOLE = 1;
export const DATA_SIZE = MIB;

const CONSOLE_SIZE = 64 << 10;
const NO_CALL = 511;
const MKNOD = 14;
const ENOSYS = 38;
const SELF = 1;
/** Far from the program, its heap and its stack, on either kernel. */
const MAPPING = 0x5000_0000;
const MAPPED_PAGES = 256;
/** The ends of the first pipe and of the second one. */
const [READ_1, WRITE_1, READ_2, WRITE_2] = [6, 7, 8, 9] as const;
const POLLED = 10;
const FUTEX_WAKE = 1;
const CLOCK_MONOTONIC = 1;
const LONG_TIME = [1_000_000, 0];

const exit = call(SystemCall.exit, 0);
const wait = call(SystemCall.waitpid, -1, 0, 0);
const endChild = [call(SystemCall.kill, CHILD, SIGKILL), wait];
const rewind = call(SystemCall.lseek, DATA_FILE, 0, SEEK_SET);
const shrink = call(SystemCall.brk, heap());
const yieldOnce = call(SystemCall.sched_yield);

const grow = (bytes: number) => call(SystemCall.brk, heap(bytes));
const read = (file: number, bytes: number) => call(SystemCall.read, file, SCRATCH, bytes);
const nanosleep = (seconds: number, nanoseconds: number) =>
  call(SystemCall.nanosleep, [seconds, nanoseconds], 0);

const pipe = call(SystemCall.pipe, SCRATCH);
const close = (file: number) => call(SystemCall.close, file);
const readByte = (file: number) => read(file, 1);
const writeByte = (file: number) => call(SystemCall.write, file, SCRATCH, 1);

/** A process with that many more pages forks. */
function forkRow(id: string, what: string, pages: number, ...child: Step[]): CallRow {
  const before = [grow(pages * PAGE_SIZE), touch(pages)];
  return { id, what, before, body: [fork(...child), wait], after: [shrink] };
}

/** The heap grows by that many pages and shrinks again. */
function growRow(id: string, what: string, pages: number, ...between: Step[]): CallRow {
  return { id, what, body: [grow(pages * PAGE_SIZE), ...between, shrink] };
}

export const ROWS: readonly CallRow[] = [
  {
    // Of 81 instructions, one more for each crossing would be less than the tolerance.
    ...{ id: "getppid", what: "getppid, the null call", ceiling: 105, tolerance: 0 },
    body: [call(SystemCall.getppid)],
  },
  { id: "no-call", what: "a call that is not there", body: [call(NO_CALL)], result: -ENOSYS },
  { id: "zero-1", what: "read /dev/zero, 1 byte", body: [read(ZERO_FILE, 1)], result: 1 },
  { id: "zero-4096", what: "read /dev/zero, 4096", body: [read(ZERO_FILE, 4096)], result: 4096 },
  {
    id: "null-1",
    what: "write /dev/null, 1 byte",
    body: [call(SystemCall.write, NULL_FILE, SCRATCH, 1)],
    result: 1,
  },
  { id: "lseek", what: "lseek", body: [rewind], result: 0 },
  { id: "file-1", what: "lseek, read 1 byte", body: [rewind, read(DATA_FILE, 1)], result: 1 },
  {
    id: "file-4096",
    what: "lseek, read 4096",
    body: [rewind, read(DATA_FILE, 4096)],
    result: 4096,
  },
  {
    id: "file-1m",
    what: "lseek, read 1 MiB",
    before: [grow(MIB), touch(MIB / PAGE_SIZE)],
    body: [rewind, call(SystemCall.read, DATA_FILE, heap(), MIB)],
    after: [shrink],
    result: MIB,
  },
  {
    id: "stat-1",
    what: "stat64, 1 component",
    body: [call(SystemCall.stat64, DATA, SCRATCH)],
    result: 0,
  },
  {
    id: "stat-4",
    what: "stat64, 4 components",
    body: [call(SystemCall.stat64, DEEP, SCRATCH)],
    result: 0,
  },
  {
    id: "fstat",
    what: "fstat64",
    body: [call(SystemCall.fstat64, DATA_FILE, SCRATCH)],
    result: 0,
  },
  {
    id: "open",
    what: "open, close",
    body: [call(SystemCall.open, DATA, O_RDONLY), call(SystemCall.close, DATA_FILE + 1)],
    result: 0,
  },
  {
    id: "dup",
    what: "dup, close",
    body: [call(SystemCall.dup, DATA_FILE), call(SystemCall.close, DATA_FILE + 1)],
    result: 0,
  },
  {
    id: "clock-gettime",
    what: "clock_gettime",
    body: [call(SystemCall.clock_gettime, CLOCK_MONOTONIC, SCRATCH)],
    result: 0,
  },
  {
    id: "gettimeofday",
    what: "gettimeofday",
    body: [call(SystemCall.gettimeofday, SCRATCH, 0)],
    result: 0,
  },
  { id: "yield", what: "sched_yield, alone", body: [yieldOnce], result: 0 },
  {
    // Our kernel switches there and back; Linux, which counts time, mostly goes on with the caller.
    id: "yield-pair",
    what: "sched_yield, beside another",
    before: [fork(forever(yieldOnce)), yieldOnce, yieldOnce, yieldOnce],
    body: [yieldOnce],
    after: endChild,
    result: 0,
  },
  growRow("brk-256", "brk: grow 256 pages, touch, shrink", 256, touch(256)),
  growRow("brk", "brk: grow 1 page, shrink", 1),
  growRow("brk-1", "brk: grow 1 page, touch, shrink", 1, touch(1)),
  {
    id: "demand-zero",
    what: "fault: demand zero",
    before: [grow(PAGE_SIZE)],
    body: [touch(1)],
    after: [shrink],
  },
  {
    id: "copy",
    what: "fault: copy on write",
    before: [grow(PAGE_SIZE), touch(1), fork(call(SystemCall.nanosleep, LONG_TIME, 0), exit)],
    body: [touch(1)],
    after: [...endChild, shrink],
  },
  {
    id: "reuse",
    what: "fault: last owner writes",
    before: [grow(PAGE_SIZE), touch(1), fork(exit), wait],
    body: [touch(1)],
    after: [shrink],
  },
  forkRow("fork", "fork, exit, wait: small", 1, exit),
  forkRow("fork-1m", "fork, exit, wait: 1 MiB", 256, exit),
  forkRow("fork-2m", "fork, exit, wait: 2 MiB", 512, exit),
  forkRow(
    "exec",
    "fork, exec, wait: 1 MiB, tiny program",
    256,
    call(SystemCall.execve, TINY, [TINY, 0], [0]),
    call(SystemCall.write, CONSOLE, "failed: execve\n", 15),
    exit,
  ),
  {
    id: "console",
    what: "write 64 KiB to the console",
    before: [grow(CONSOLE_SIZE), rewind, call(SystemCall.read, DATA_FILE, heap(), CONSOLE_SIZE)],
    body: [call(SystemCall.write, CONSOLE, heap(), CONSOLE_SIZE)],
    after: [shrink],
    result: CONSOLE_SIZE,
    samples: 3,
  },
  {
    id: "mmap",
    what: "mmap, touch 256 pages, munmap",
    body: [
      call(SystemCall.mmap, [
        ...[MAPPING, MAPPED_PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE],
        ...[MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0],
      ]),
      touch(MAPPED_PAGES, MAPPING),
      call(SystemCall.munmap, MAPPING, MAPPED_PAGES * PAGE_SIZE),
    ],
    result: 0,
  },
  {
    id: "pipe",
    what: "pipe: there and back between two processes",
    before: [pipe, pipe, fork(forever(readByte(READ_1), writeByte(WRITE_2)))],
    body: [writeByte(WRITE_1), readByte(READ_2)],
    after: [...endChild, ...[READ_1, WRITE_1, READ_2, WRITE_2].map(close)],
    result: 1,
  },
  {
    id: "poll",
    what: "poll, 10 ends of pipes, none ready",
    before: [pipe, fill(Array.from({ length: POLLED }, () => [READ_1, POLLIN]).flat())],
    body: [call(SystemCall.poll, SCRATCH, POLLED, 0)],
    after: [READ_1, WRITE_1].map(close),
    result: 0,
  },
  {
    id: "signal",
    what: "kill: a signal, its handler and the return",
    before: [handle(SIGUSR1)],
    body: [call(SystemCall.kill, SELF, SIGUSR1)],
    result: 0,
  },
  {
    id: "futex-wake",
    what: "futex: wake, nobody waits",
    before: [fill([0])],
    body: [call(SystemCall.futex, SCRATCH, FUTEX_WAKE, 1)],
    result: 0,
  },
  {
    id: "thread",
    what: "clone, exit, wait: memory, files and handlers shared",
    body: [thread(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | SIGCHLD, exit), wait],
  },
  { id: "sleep-1", what: "nanosleep 1 ms", unit: "ms", body: [nanosleep(0, 1e6)], result: 0 },
  { id: "sleep-50", what: "nanosleep 50 ms", unit: "ms", body: [nanosleep(0, 50e6)], result: 0 },
];

/** Makes Linux's device nodes, where they are not there yet, and opens what the rows read. */
export const PREPARATION: readonly Step[] = [
  call(MKNOD, ZERO, S_IFCHR | 0o666, 0x105),
  call(MKNOD, NULL, S_IFCHR | 0o666, 0x103),
  call(SystemCall.open, ZERO, O_RDONLY),
  call(SystemCall.open, NULL, O_RDWR),
  call(SystemCall.open, DATA, O_RDONLY),
];

/**
 * Needs the program, which is not in the repository. What it executes itself, in user mode, is the
 * same on both kernels, and counted.
 */
export const BUSYBOX = "/busybox";
export const BUSYBOX_ROW: CallRow = {
  id: "exec-busybox",
  what: "fork, exec, wait: static busybox",
  body: [
    fork(
      call(SystemCall.execve, BUSYBOX, [BUSYBOX, "true", 0], [0]),
      call(SystemCall.write, CONSOLE, "failed: execve\n", 15),
      exit,
    ),
    wait,
  ],
};

/** What the tiny program does. */
export const TINY_STEPS: readonly Step[] = [exit];
