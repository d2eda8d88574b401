// Process 1 of `npm run ltp` (tools/ltp.ts): runs programs that test a kernel, one after another,
// whatever they do, and says in a line of JSON what became of each.
//
//   plan -> { {"start":NAME}; fork, setsid, execve; wait; kill and reap the rest; judge; wipe;
//             {"test":NAME,"status":…,"exit":…,"signal":…,"reason":…,"milliseconds":…} } -> exit
//
// The plan is a file of strings that end in NUL: a number of seconds that each test has, variables
// of the environment up to an empty string, and for each test its name and words, the first of
// which is a path, up to an empty string. A test without a name ends it.
//
// A test has a session of its own, /dev/null as its input, a file as its output, and /tmp as its
// directory. At its end, or when its time is over by this machine's clock, everything else that
// runs is killed, which as process 1 we can, and reaped; then /tmp and /dev/shm are emptied. A
// process that does not die would disturb all later tests, so then we end with STATUS_STUCK, and
// the other side starts a new machine for what is left of the plan.
//
// Exit statuses mean what LTP says of them (bits: 1 failed, 2 broken, 4 warned, 32 cannot be tested
// here). The reason is the first line of the output in which the test says so itself.

import { EINTR } from "../src/abi/errno";
import {
  AT_FDCWD,
  AT_REMOVEDIR,
  AT_SYMLINK_NOFOLLOW,
  DIRENT_LENGTH,
  DIRENT_NAME,
  O_APPEND,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  S_IFDIR,
  S_IFMT,
  STAT_BYTES,
  STAT_MODE,
  STAT_SIZE,
} from "../src/abi/files";
import { SystemCall } from "../src/abi/linux/i386";
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from "../src/abi/mman";
import { SIG_SETMASK, SIGCHLD, SIGKILL, WNOHANG } from "../src/abi/signals";
import { TCGETS, TCSETS } from "../src/abi/termios";
import { call } from "./runtime/answers";
import { argument, parseDecimal, STATUS_USAGE } from "./runtime/arguments";
import { afterString, isDots, pointAtStrings } from "./runtime/c-strings";
import {
  print,
  printByte,
  printDecimal,
  printLine,
  printSigned,
  STANDARD_ERROR,
  STANDARD_OUTPUT,
  use,
} from "./runtime/output";
import {
  chdir,
  close,
  dup2,
  execve,
  exit,
  fork,
  getdents,
  ioctl,
  kill,
  open,
  read,
} from "./runtime/system-calls";

const STATUS_NO_PLAN: i32 = 126;
const STATUS_STUCK: i32 = 3;
const STATUS_NOT_STARTED: i32 = 127;

const FAILED: u32 = 1;
const BROKEN: u32 = 2;
const SKIPPED: u32 = 32;

const CLOCK_MONOTONIC: u32 = 1;
const NANOSECONDS: u64 = 1000000000;
/** What killed processes may take to end. */
const DYING: u64 = 10 * NANOSECONDS;
const WORD: u32 = 4;
const DENTS_SIZE: u32 = 8192;
const OUTPUT_KEPT: u32 = 1 << 20;
const REASON_MAX: u32 = 300;

const NEWLINE: u32 = 0x0a;
const BLANK: u32 = 0x20;
const QUOTE: u32 = 0x22;
const BACKSLASH: u32 = 0x5c;
const DELETE: u32 = 0x7f;

/** What the test writes, a path. */
const outputFile: usize = cstr("/.test-output");

const stat: usize = memory.data(STAT_BYTES, 8);
const time: usize = memory.data(16, 8);
const word: usize = memory.data(8, 8);
/** A set of signals: SIGCHLD alone. */
const child: usize = memory.data(8, 8);
/** Of the terminal that we write to, as they were at first. */
const settings: usize = memory.data(64, 8);
const nothing: usize = memory.data(8, 8);
const dents: usize = memory.data(DENTS_SIZE, 8);

/** Of a test: how it has ended. */
let waitStatus: u32 = 0;
let isOverdue: bool = false;

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  const plan = argc === 2 ? readWhole(argument(argv, 1)) : 0;
  if (plan === 0) {
    use(STANDARD_ERROR);
    printLine("usage: test-runner PLAN\nProcess 1 of `npm run ltp`; it is of no other use.");
    return argc === 2 ? STATUS_NO_PLAN : STATUS_USAGE;
  }
  ioctl(STANDARD_OUTPUT, TCGETS, settings);
  // Blocked, it stays pending for rt_sigtimedwait.
  store<u32>(child, 1 << (SIGCHLD - 1));
  call(SystemCall.rt_sigprocmask, SIG_SETMASK, child, 0, 8);
  const limit = <u64>parseDecimal(plan) * NANOSECONDS;
  const environment = afterString(plan);
  for (let test = afterList(environment); load<u8>(test) !== 0; test = afterList(test)) {
    if (!runTest(test, environment, limit)) return STATUS_STUCK;
  }
  return 0;
}

/** Runs one test, and says what became of it; false: some of its processes do not end. */
function runTest(test: usize, environment: usize, limit: u64): bool {
  // A test may have set the terminal to write what nobody can read.
  ioctl(STANDARD_OUTPUT, TCSETS, settings);
  print('\n{"start":');
  printJson(test, afterString(test) - 1);
  printLine("}");
  const began = now();
  const process = fork();
  if (process === 0) becomeTest(test, environment);
  isOverdue = !waitFor(process, began + limit);
  const took = now() - began;
  const isClear = endTheRest();
  tell(test, process < 0, <u32>(took / 1000000));
  empty(cstr("/tmp"));
  empty(cstr("/dev/shm"));
  return isClear;
}

/** The child's part. */
function becomeTest(test: usize, environment: usize): void {
  call(SystemCall.setsid);
  call(SystemCall.rt_sigprocmask, SIG_SETMASK, nothing, 0, 8);
  const input = open(cstr("/dev/null"), O_RDONLY, 0);
  const output = open(outputFile, O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0o644);
  dup2(input, 0);
  dup2(output, 1);
  dup2(output, 2);
  if (input > 2) close(input);
  if (output > 2) close(output);
  chdir(cstr("/tmp"));
  const words = afterString(test);
  const count = countStrings(words);
  const variables = countStrings(environment);
  const room = map((count + variables + 2) * WORD);
  pointAtStrings(room, count, words);
  pointAtStrings(room + (count + 1) * WORD, variables, environment);
  if (room !== 0) {
    const result = execve(words, room, room + (count + 1) * WORD);
    print("TBROK: it cannot be executed: error ");
    printDecimal(<u32>-result);
    printLine("");
  }
  exit(STATUS_NOT_STARTED);
}

/** Waits for a child, and for every orphan that ends before it; false: it did not end in time. */
function waitFor(process: i32, deadline: u64): bool {
  while (true) {
    const ended = waitForAny(deadline);
    if (ended === process) {
      waitStatus = load<u32>(word);
      return true;
    }
    if (ended <= 0) return false;
  }
}

/** Ends what the test has left running; false: some do not end. */
function endTheRest(): bool {
  const deadline = now() + DYING;
  // Those that it sends the signal to may have forked meanwhile.
  while (true) {
    kill(-1, SIGKILL);
    const ended = waitForAny(deadline);
    if (ended < 0) return true;
    if (ended === 0) return false;
  }
}

/** The next child that ends, with its status in `word`; 0: none does; negative: there is none. */
function waitForAny(deadline: u64): i32 {
  while (true) {
    const ended = call(SystemCall.waitpid, -1, word, WNOHANG);
    if (ended !== 0 && ended !== -EINTR) return ended;
    const moment = now();
    if (moment >= deadline) return 0;
    store<u32>(time, <u32>((deadline - moment) / NANOSECONDS));
    store<u32>(time + WORD, <u32>((deadline - moment) % NANOSECONDS));
    call(SystemCall.rt_sigtimedwait, child, 0, time, 8);
  }
}

/** Nanoseconds since the machine's start. */
function now(): u64 {
  call(SystemCall.clock_gettime, CLOCK_MONOTONIC, time);
  return <u64>load<u32>(time) * NANOSECONDS + load<u32>(time + WORD);
}

function tell(test: usize, isUnstarted: bool, milliseconds: u32): void {
  ioctl(STANDARD_OUTPUT, TCSETS, settings);
  const output = readWhole(outputFile);
  const signal = isUnstarted || isOverdue ? 0 : waitStatus & 0x7f;
  const status = isUnstarted ? STATUS_NOT_STARTED : (waitStatus >> 8) & 0xff;
  print('{"test":');
  printJson(test, afterString(test) - 1);
  print(',"status":"');
  print(verdict(status, signal));
  print('","exit":');
  if (isOverdue || signal !== 0) print("null");
  else printSigned(status);
  print(',"signal":');
  if (signal === 0) print("null");
  else printDecimal(signal);
  print(',"reason":');
  const reason = output === 0 ? 0 : reasonIn(output);
  printJson(reason, reason === 0 ? 0 : endOfLine(reason));
  print(',"milliseconds":');
  printDecimal(milliseconds);
  printLine("}");
  if (output !== 0) unmap(output);
}

function verdict(status: u32, signal: u32): string {
  if (isOverdue) return "TIMEOUT";
  if (signal !== 0 || status === STATUS_NOT_STARTED) return "BROK";
  if (status === 0) return "PASS";
  if ((status & FAILED) !== 0) return "FAIL";
  if ((status & BROKEN) !== 0) return "BROK";
  return (status & SKIPPED) !== 0 ? "CONF" : "FAIL";
}

/** The line in which the test says what is wrong; or its last one. 0: it says nothing. */
function reasonIn(output: usize): usize {
  let skipped: usize = 0;
  let last: usize = 0;
  for (let line = output; load<u8>(line) !== 0; line = afterLine(line)) {
    if (has(line, cstr("TFAIL")) || has(line, cstr("TBROK")) || has(line, cstr("TWARN"))) {
      return line;
    }
    if (skipped === 0 && has(line, cstr("TCONF"))) skipped = line;
    if (load<u8>(line) !== NEWLINE) last = line;
  }
  return skipped !== 0 ? skipped : last;
}

function endOfLine(line: usize): usize {
  let end = line;
  while (load<u8>(end) !== 0 && load<u8>(end) !== NEWLINE) end++;
  return end;
}

function afterLine(line: usize): usize {
  const end = endOfLine(line);
  return load<u8>(end) === 0 ? end : end + 1;
}

/** Whether a line contains a word. */
function has(line: usize, wanted: usize): bool {
  const length = afterString(wanted) - wanted - 1;
  const end = endOfLine(line);
  for (let at = line; at + length <= end; at++) {
    if (memory.compare(at, wanted, length) === 0) return true;
  }
  return false;
}

/** Prints bytes as a string of JSON, with ? for what is not ASCII; not too many of them. */
function printJson(from: usize, end: usize): void {
  printByte(QUOTE);
  const last = end - from > REASON_MAX ? from + REASON_MAX : end;
  for (let at = from; at < last; at++) {
    const byte: u32 = load<u8>(at);
    if (byte === QUOTE || byte === BACKSLASH) printByte(BACKSLASH);
    printByte(byte < BLANK ? BLANK : byte >= DELETE ? 0x3f : byte);
  }
  printByte(QUOTE);
}

/** Removes all that is in a directory, as far as it can. */
function empty(path: usize): void {
  emptyAt(AT_FDCWD, path);
}

function emptyAt(directory: i32, name: usize): void {
  const flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  const opened = call(SystemCall.openat, directory, name, flags, 0);
  if (opened < 0) return;
  // What is removed changes what is listed next, so it begins anew until nothing goes.
  while (removeListed(opened)) call(SystemCall.lseek, opened, 0, 0);
  close(opened);
}

/** Removes what a directory lists next; false: there was nothing to remove. */
function removeListed(directory: i32): bool {
  // On the stack of calls, as what is below uses the buffer too.
  const size = getdents(directory, dents, DENTS_SIZE);
  if (size <= 0) return false;
  const copy = map(size);
  if (copy === 0) return false;
  memory.copy(copy, dents, size);
  let removed = false;
  for (let at: u32 = 0; at < <u32>size; at += load<u16>(copy + at + DIRENT_LENGTH)) {
    const name = copy + at + DIRENT_NAME;
    if (!isDots(name) && remove(directory, name)) removed = true;
  }
  unmap(copy);
  return removed;
}

function remove(directory: i32, name: usize): bool {
  if (call(SystemCall.fstatat64, directory, name, stat, AT_SYMLINK_NOFOLLOW) !== 0) return false;
  const isDirectory = (load<u32>(stat + STAT_MODE) & S_IFMT) === S_IFDIR;
  if (!isDirectory) return call(SystemCall.unlinkat, directory, name, 0) === 0;
  emptyAt(directory, name);
  return call(SystemCall.unlinkat, directory, name, AT_REMOVEDIR) === 0;
}

/** A file's bytes with NULs after them, in memory of their own; 0: it cannot be read. */
function readWhole(path: usize): usize {
  const file = open(path, O_RDONLY | O_CLOEXEC, 0);
  if (file < 0) return 0;
  let bytes: usize = 0;
  if (call(SystemCall.fstat64, file, stat) === 0) {
    const size = min<u32>(load<u32>(stat + STAT_SIZE), OUTPUT_KEPT);
    bytes = map(size + 2);
    for (let done: u32 = 0; bytes !== 0 && done < size; ) {
      const count = read(file, bytes + done, size - done);
      if (count <= 0) break;
      done += count;
    }
  }
  close(file);
  return bytes;
}

/** Memory that is zero, with its size before it; 0: there is none. */
function map(size: u32): usize {
  const flags = MAP_PRIVATE | MAP_ANONYMOUS;
  const protection = PROT_READ | PROT_WRITE;
  const result = call(SystemCall.mmap2, 0, size + 8, protection, flags, -1, 0);
  if (<u32>result > <u32>-4096) return 0;
  store<u32>(<usize>result, size + 8);
  return <usize>result + 8;
}

function unmap(address: usize): void {
  call(SystemCall.munmap, address - 8, load<u32>(address - 8));
}

/** Where the strings are over that end with an empty one. */
function afterList(text: usize): usize {
  let at = text;
  while (load<u8>(at) !== 0) at = afterString(at);
  return at + 1;
}

function countStrings(text: usize): u32 {
  let count: u32 = 0;
  for (let at = text; load<u8>(at) !== 0; at = afterString(at)) count++;
  return count;
}
