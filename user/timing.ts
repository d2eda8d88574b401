// timing [set]: checks whose processor time is counted as what, the timers that count it, and
// who may set the clock. With a word it sets it, which no host should have done to it.
//
// What is expected here is what Linux does, which tells a program's time from the kernel's by
// samples, too; the tests also run this very program on the host's Linux
// (test/kernel/syscall/system-calls.test.ts).

import { EFAULT, EINVAL, EOPNOTSUPP, EPERM } from "../src/abi/errno";
import { O_CREAT, O_RDONLY, STAT_MTIME } from "../src/abi/files";
import { SystemCall } from "../src/abi/linux/i386";
import {
  RUSAGE_CHILDREN,
  RUSAGE_SELF,
  RUSAGE_SYSTEM,
  RUSAGE_THREAD,
} from "../src/abi/linux/resource";
import { SIG_BLOCK, SIGPROF, SIGVTALRM } from "../src/abi/signals";
import { call, expect, fork, report, statusOf } from "./runtime/answers";
import { wantsHelp } from "./runtime/arguments";

const USAGE = `usage: timing [set]
Checks how processor time is counted, and who may set the clock; with a word, setting it.`;

const ITIMER_VIRTUAL: i32 = 1;
const ITIMER_PROF: i32 = 2;
/** Microseconds: as much as a piece of work takes. */
const WORK: i32 = 200000;
const SOON: i32 = 60000;
/** More than all work takes. */
const LONG: i32 = 1000;
const MICROSECONDS: i32 = 1000000;
/** Hundredths of a second. */
const TICK: i32 = 10000;
const SIZE: u32 = 65536;
/**
 * Samples are few in a piece of work, and a machine that stands still during one makes much of it:
 * shares are asked for again after another piece, as they are right in the end.
 */
const MOST_PIECES: i32 = 50;

const buffer: usize = memory.data(65536, 8);
const usage: usize = memory.data(72, 8);
const earlier: usize = memory.data(72, 8);
const times: usize = memory.data(16, 8);
const timer: usize = memory.data(32, 8);
const text: usize = memory.data(1024, 8);

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  shares();
  tellings();
  ofTheMachine();
  badTimers();
  expect(cstr("virtual timer"), endOf(inUserMode, ITIMER_VIRTUAL), SIGVTALRM);
  expect(cstr("profiling timer"), endOf(inUserMode, ITIMER_PROF), SIGPROF);
  expect(cstr("profiling timer, system"), endOf(inTheKernel, ITIMER_PROF), SIGPROF);
  expect(cstr("virtual timer, system"), virtualTimeStands(), 1);
  repetition();
  badSettings();
  if (argc > 1) settings();
  return report();
}

function microseconds(at: usize): i32 {
  return load<i32>(at) * MICROSECONDS + load<i32>(at, 4);
}

function usedBy(who: i32): i32 {
  call(SystemCall.getrusage, who, usage);
  return microseconds(usage) + microseconds(usage + RUSAGE_SYSTEM);
}

/** Whether neither share goes back. */
let goesOn: bool = true;
let lastUser: i32 = 0;
let lastSystem: i32 = 0;

function hasWorked(since: i32): bool {
  const used = usedBy(RUSAGE_SELF) - since;
  const user = microseconds(usage);
  const system = microseconds(usage + RUSAGE_SYSTEM);
  if (user < lastUser || system < lastSystem) goesOn = false;
  lastUser = user;
  lastSystem = system;
  return used >= WORK;
}

function inUserMode(): void {
  const since = usedBy(RUSAGE_SELF);
  do for (let i = 0; i < 50000; i++) store<i32>(text, load<i32>(text) + i);
  while (!hasWorked(since));
}

function inTheKernel(): void {
  const since = usedBy(RUSAGE_SELF);
  const file = call(SystemCall.open, cstr("/dev/zero"), O_RDONLY);
  do for (let i = 0; i < 4; i++) call(SystemCall.read, file, buffer, SIZE);
  while (!hasWorked(since));
  call(SystemCall.close, file);
}

/** In page faults, of which user mode sees one instruction each. */
function inFaults(): void {
  const since = usedBy(RUSAGE_SELF);
  const end = call(SystemCall.brk, 0);
  do {
    call(SystemCall.brk, end + 0x100000);
    for (let page = 0; page < 256; page++) store<u8>(<usize>end + (page << 12), 1);
    call(SystemCall.brk, end);
  } while (!hasWorked(since));
}

/** Whether what work takes is the kernel's in the end, three parts of four. */
function isSystem(work: () => void): i32 {
  return isMainly(work, RUSAGE_SYSTEM, 0);
}

function isMainly(work: () => void, wanted: usize, other: usize): i32 {
  usedBy(RUSAGE_SELF);
  const before = microseconds(usage + wanted);
  const beforeOther = microseconds(usage + other);
  for (let i = 0; i < MOST_PIECES; i++) {
    work();
    usedBy(RUSAGE_SELF);
    const share = microseconds(usage + wanted) - before;
    if (share > 3 * (microseconds(usage + other) - beforeOther)) return 1;
  }
  return 0;
}

function shares(): void {
  expect(cstr("user mode"), isMainly(inUserMode, 0, RUSAGE_SYSTEM), 1);
  expect(cstr("system mode"), isSystem(inTheKernel), 1);
  expect(cstr("neither goes back"), goesOn ? 1 : 0, 1);
  expect(cstr("no children"), usedBy(RUSAGE_CHILDREN), 0);
  const child = fork();
  if (child === 0) call(SystemCall.exit, isSystem(inFaults));
  call(SystemCall.wait4, child, text, 0, usage);
  expect(cstr("faults"), load<i32>(text), 1 << 8);
  const user = microseconds(usage);
  const system = microseconds(usage + RUSAGE_SYSTEM);
  usedBy(RUSAGE_CHILDREN);
  expect(cstr("children, user"), microseconds(usage), user);
  expect(cstr("children, system"), microseconds(usage + RUSAGE_SYSTEM), system);
  usedBy(RUSAGE_THREAD);
  expect(cstr("thread, user"), microseconds(usage) > 0 ? 1 : 0, 1);
  expect(cstr("thread, system"), microseconds(usage + RUSAGE_SYSTEM) > 0 ? 1 : 0, 1);
}

/** times(2) and /proc say the same. */
function tellings(): void {
  call(SystemCall.getrusage, RUSAGE_SELF, earlier);
  call(SystemCall.times, times);
  readText(cstr("/proc/self/stat"));
  usedBy(RUSAGE_SELF);
  expect(cstr("times, user"), isBetween(load<i32>(times), 0), 1);
  expect(cstr("times, system"), isBetween(load<i32>(times, 4), RUSAGE_SYSTEM), 1);
  expect(cstr("stat, user"), isBetween(field(14), 0), 1);
  expect(cstr("stat, system"), isBetween(field(15), RUSAGE_SYSTEM), 1);
  usedBy(RUSAGE_CHILDREN);
  memory.copy(earlier, usage, 16);
  expect(cstr("times, children"), isBetween(load<i32>(times, 8), 0), 1);
  expect(cstr("times, theirs"), isBetween(load<i32>(times, 12), RUSAGE_SYSTEM), 1);
  expect(cstr("stat, children"), isBetween(field(16), 0), 1);
  expect(cstr("stat, theirs"), isBetween(field(17), RUSAGE_SYSTEM), 1);
}

/** Whether that many ticks are between the two last readings of a time. Some Linux rounds to 2. */
function isBetween(ticks: i32, time: usize): i32 {
  const first = microseconds(earlier + time) / TICK - 1;
  return ticks >= first && ticks <= microseconds(usage + time) / TICK ? 1 : 0;
}

function ofTheMachine(): void {
  expect(cstr("machine, system"), hasGrown(RUSAGE_SYSTEM, inTheKernel), 1);
  expect(cstr("machine, user"), hasGrown(0, inUserMode), 1);
}

/** Whether the machine's time has grown by half of what is ours of it, at least. */
function hasGrown(time: usize, work: () => void): i32 {
  const before = machineTime(time);
  usedBy(RUSAGE_SELF);
  const own = microseconds(usage + time);
  for (let i = 0; i < MOST_PIECES; i++) {
    work();
    usedBy(RUSAGE_SELF);
    const more = microseconds(usage + time) - own;
    if (more > WORK / 2 && (machineTime(time) - before) * TICK > more / 2) return 1;
  }
  return 0;
}

/** /proc/stat: cpu, user, nice, system. Who runs nicely is counted apart on Linux. */
function machineTime(time: usize): i32 {
  readText(cstr("/proc/stat"));
  return time === 0 ? field(2) + field(3) : field(4);
}

function readText(path: usize): void {
  const file = call(SystemCall.open, path, O_RDONLY);
  memory.fill(text, 0, 1024);
  call(SystemCall.read, file, text, 1023);
  call(SystemCall.close, file);
}

/** The number that is the text's word of that place, counted from 1. */
function field(place: i32): i32 {
  let at = text;
  for (let i = 1; i < place; i++) {
    while (load<u8>(at) !== 0x20) at++;
    while (load<u8>(at) === 0x20) at++;
  }
  let value = 0;
  for (; load<u8>(at) >= 0x30; at++) value = value * 10 + load<u8>(at) - 0x30;
  return value;
}

/** Expires in so many microseconds, and again after `interval`. */
function setTimer(which: i32, first: i32, interval: i32): i32 {
  memory.fill(timer, 0, 16);
  store<i32>(timer, interval, 4);
  store<i32>(timer, first, 12);
  return call(SystemCall.setitimer, which, timer, timer + 16);
}

function badTimers(): void {
  expect(cstr("no such timer"), setTimer(3, 1, 0), -EINVAL);
  expect(cstr("timer, microseconds"), setTimer(ITIMER_PROF, MICROSECONDS, 0), -EINVAL);
  expect(cstr("timer, bad place"), call(SystemCall.setitimer, ITIMER_PROF, 8, 0), -EFAULT);
  expect(cstr("timer, get bad"), call(SystemCall.getitimer, 3, timer), -EINVAL);
  expect(cstr("timer, none"), call(SystemCall.getitimer, ITIMER_VIRTUAL, timer), 0);
  expect(cstr("timer, nothing left"), load<i32>(timer, 8) | load<i32>(timer, 12), 0);
  expect(cstr("timer, set"), setTimer(ITIMER_VIRTUAL, 900000, 700000), 0);
  expect(cstr("timer, set again"), setTimer(ITIMER_VIRTUAL, 0, 0), 0);
  expect(cstr("timer, interval"), load<i32>(timer, 20), 700000);
  const left = load<i32>(timer, 28);
  expect(cstr("timer, left"), left > 800000 && left <= 900000 + TICK ? 1 : 0, 1);
}

/** The signal that ends a child with a timer, which its own children do not have. */
function endOf(work: () => void, which: i32): i32 {
  const child = fork();
  if (child === 0) {
    setTimer(which, SOON, 0);
    const own = fork();
    if (own === 0) {
      call(SystemCall.getitimer, which, timer);
      call(SystemCall.exit, load<i32>(timer, 12));
    }
    if (statusOf(own) !== 0) call(SystemCall.exit, 1);
    for (let i = 0; i < MOST_PIECES; i++) work();
    call(SystemCall.exit, 0);
  }
  return statusOf(child);
}

/** Whether a timer of user time counts less than half of what is mainly the kernel's. */
function virtualTimeStands(): i32 {
  setTimer(ITIMER_VIRTUAL, 0, 0);
  memory.fill(timer, 0, 16);
  store<i32>(timer, LONG, 8);
  call(SystemCall.setitimer, ITIMER_VIRTUAL, timer, 0);
  const since = usedBy(RUSAGE_SELF);
  for (let i = 0; i < MOST_PIECES; i++) {
    inTheKernel();
    call(SystemCall.getitimer, ITIMER_VIRTUAL, timer);
    const counted = LONG * MICROSECONDS - microseconds(timer + 8);
    if (counted < (usedBy(RUSAGE_SELF) - since) / 2) return 1;
  }
  return 0;
}

function repetition(): void {
  const set = times;
  store<u64>(set, (<u64>1) << (SIGPROF - 1));
  call(SystemCall.rt_sigprocmask, SIG_BLOCK, set, 0, 8);
  setTimer(ITIMER_PROF, SOON, SOON);
  memory.fill(timer, 0, 16);
  for (let i = 0; i < 3; i++) {
    let used = 0;
    do {
      for (let j = 0; j < 50000; j++) store<i32>(text, load<i32>(text) + j);
      used = call(SystemCall.rt_sigtimedwait, set, 0, timer, 8);
    } while (used < 0);
    expect(cstr("profiling timer, again"), used, <i32>SIGPROF);
  }
  setTimer(ITIMER_PROF, 0, 0);
}

const SOMEBODY: i32 = 2000;
const CLOCK_REALTIME: i32 = 0;
const CLOCK_MONOTONIC: i32 = 1;
const CLOCK_THREAD_CPUTIME: i32 = 3;
const ADJ_SETOFFSET: i32 = 0x100;
const TIME_ERROR: i32 = 5;
const timex: usize = memory.data(208, 8);

/** What Linux answers before it looks at who asks. */
function badSettings(): void {
  expect(cstr("settime, no clock"), call(SystemCall.clock_settime, 99, timer), -EINVAL);
  expect(cstr("settime, monotonic"), call(SystemCall.clock_settime, 1, timer), -EINVAL);
  expect(cstr("settime, CPU"), call(SystemCall.clock_settime, CLOCK_THREAD_CPUTIME, 8), -EINVAL);
  expect(cstr("settime, own CPU"), call(SystemCall.clock_settime, -2, timer), -EPERM);
  expect(cstr("settime, bad place"), call(SystemCall.clock_settime, CLOCK_REALTIME, 8), -EFAULT);
  expect(cstr("settime64, no clock"), call(SystemCall.clock_settime64, 99, timer), -EINVAL);
  expect(cstr("settimeofday, nothing"), call(SystemCall.settimeofday, 0, 0), 0);
  expect(cstr("settimeofday, bad place"), call(SystemCall.settimeofday, 8, 0), -EFAULT);
  store<i32>(timer, 1000);
  store<i32>(timer, MICROSECONDS + 1, 4);
  expect(cstr("settimeofday, microseconds"), call(SystemCall.settimeofday, timer, 0), -EINVAL);
  expect(cstr("settimeofday, zone"), call(SystemCall.settimeofday, 0, 8), -EFAULT);
  store<i32>(timer, 5000);
  expect(cstr("settimeofday, far zone"), call(SystemCall.settimeofday, 0, timer), -EINVAL);
  expect(cstr("stime, bad place"), call(SystemCall.stime, 8), -EFAULT);
  expect(cstr("adjtimex, bad place"), call(SystemCall.adjtimex, 8), -EFAULT);
  memory.fill(timex, 0, 208);
  expect(cstr("adjtime, no clock"), call(SystemCall.clock_adjtime, 99, timex), -EINVAL);
  expect(
    cstr("adjtime, monotonic"),
    call(SystemCall.clock_adjtime, CLOCK_MONOTONIC, timex),
    -EOPNOTSUPP,
  );
  const state = call(SystemCall.adjtimex, timex);
  expect(cstr("adjtimex"), state >= 0 && state <= TIME_ERROR ? 1 : 0, 1);
  expect(cstr("adjtimex, tick"), load<i32>(timex, 44), 10000);
  const difference = call(SystemCall.time, 0) - load<i32>(timex, 36);
  // time(2) may lag behind, and others may run in between.
  expect(cstr("adjtimex, time"), difference >= -1 && difference < 100 ? 1 : 0, 1);
  call(SystemCall.clock_adjtime64, CLOCK_REALTIME, timex);
  expect(cstr("adjtimex, tick64"), load<i32>(timex, 88), 10000);
  const child = fork();
  if (child === 0) call(SystemCall.exit, withoutRight());
  expect(cstr("without the right"), statusOf(child), 0);
}

function withoutRight(): i32 {
  call(SystemCall.setuid32, SOMEBODY);
  memory.fill(timer, 0, 16);
  if (call(SystemCall.clock_settime, CLOCK_REALTIME, timer) !== -EPERM) return 1;
  if (call(SystemCall.clock_settime64, CLOCK_REALTIME, timer) !== -EPERM) return 2;
  if (call(SystemCall.settimeofday, timer, 0) !== -EPERM) return 3;
  if (call(SystemCall.settimeofday, 0, timer) !== -EPERM) return 4;
  if (call(SystemCall.stime, timer) !== -EPERM) return 5;
  store<i32>(timex, ADJ_SETOFFSET);
  if (call(SystemCall.adjtimex, timex) !== -EPERM) return 6;
  store<i32>(timex, 0);
  return call(SystemCall.adjtimex, timex) >= 0 ? 0 : 7;
}

/** Nanoseconds by a clock, since 1970 or the start. */
function nanoseconds(clock: i32): u64 {
  call(SystemCall.clock_gettime, clock, timer);
  return <u64>load<u32>(timer) * 1000000000 + load<u32>(timer, 4);
}

/** Whether it is that time, or later by no more than what has passed since `before`. */
function isNow(time: u64, before: u64): i32 {
  const more = nanoseconds(CLOCK_REALTIME) - time;
  return more <= nanoseconds(CLOCK_MONOTONIC) - before ? 1 : 0;
}

function settings(): void {
  const before = nanoseconds(CLOCK_MONOTONIC);
  store<u32>(timer, 1500000000);
  store<u32>(timer, 999999000, 4);
  expect(cstr("settime"), call(SystemCall.clock_settime, CLOCK_REALTIME, timer), 0);
  expect(cstr("set"), isNow(1500000000999999000, before), 1);
  expect(cstr("monotonic goes on"), nanoseconds(CLOCK_MONOTONIC) >= before ? 1 : 0, 1);
  store<u64>(timer, 1600000000);
  store<u64>(timer, 0, 8);
  expect(cstr("settime64"), call(SystemCall.clock_settime64, CLOCK_REALTIME, timer), 0);
  expect(cstr("set, 64"), isNow(1600000000000000000, before), 1);
  store<u32>(timer, 1400000000);
  expect(cstr("stime"), call(SystemCall.stime, timer), 0);
  expect(cstr("stime, set"), isNow(1400000000000000000, before), 1);
  store<u32>(timer, 1300000000);
  store<u32>(timer, 700000, 4);
  store<i32>(text, -60);
  store<i32>(text, 3, 4);
  expect(cstr("settimeofday"), call(SystemCall.settimeofday, timer, text), 0);
  expect(cstr("settimeofday, set"), isNow(1300000000700000000, before), 1);
  call(SystemCall.gettimeofday, timer, text + 8);
  expect(cstr("zone"), load<u64>(text, 8) === load<u64>(text) ? 1 : 0, 1);
  memory.fill(timex, 0, 128);
  store<i32>(timex, ADJ_SETOFFSET);
  store<i32>(timex, -100, 36);
  store<i32>(timex, 900000, 40);
  expect(cstr("adjtimex, offset"), call(SystemCall.adjtimex, timex), TIME_ERROR);
  expect(cstr("adjtimex, set"), isNow(1299999901600000000, before), 1);
  store<u32>(timer, 0);
  expect(cstr("before the start"), call(SystemCall.stime, timer), -EINVAL);
  // What is made now is that old.
  const file = call(SystemCall.open, cstr("/tmp/clock"), O_CREAT, 0o600);
  call(SystemCall.fstat64, file, text);
  const age = call(SystemCall.time, 0) - load<i32>(text, STAT_MTIME);
  expect(cstr("a file"), load<i32>(text, STAT_MTIME) >= 1299999901 && age >= 0 ? 1 : 0, 1);
}
