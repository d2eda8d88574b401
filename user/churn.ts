// churn [SECONDS]: several busy processes, for `isthmus audit` to look at.
//
//   churn -- 3 workers, each in turn: write, compute, read a file, fork, wait, yield, verify
//                                                                   `- child: write, exit
//
// Each worker keeps its own pattern at the same addresses as the others, and a word in a segment of
// its own. A page that two of them share by mistake, or a register that a switch loses, shows up as
// a wrong pattern: status 1. One page they do share, and each counts its rounds there. Signals come
// all the while, to a handler that returns by the kernel's page of return code.

import { O_RDONLY } from "../src/abi/files";
import { SystemCall } from "../src/abi/linux/i386";
import { PAGE_SIZE } from "../src/abi/memory-map";
import { MAP_ANONYMOUS, MAP_SHARED, PROT_READ, PROT_WRITE } from "../src/abi/mman";
import { SA_RESTART, SIGALRM } from "../src/abi/signals";
import * as x86 from "../src/abi/x86";
import { argument, parseDecimal, refuse, wantsHelp } from "./runtime/arguments";
import { complain } from "./runtime/errors";
import { print, printDecimal, printLine } from "./runtime/output";
import { makeSegment, ownWord, useSegment } from "./runtime/segment";
import {
  brk,
  close,
  exit,
  fork,
  getpid,
  open,
  read,
  waitpid,
  yieldProcessor,
} from "./runtime/system-calls";
import { updateInformation, uptimeSeconds } from "./runtime/system-information";
import * as symbols from "./symbols";

const USAGE = `usage: churn [SECONDS]
Runs processes that compute, call the kernel, fork and exit; by default for 3 seconds.`;
const WORKERS: i32 = 3;
const PAGES: u32 = 16;
/** Enough instructions between two calls for v86 to pause among them, which it does at 100,000. */
const MIXINGS: u32 = 20_000;
/** Long system calls: how often a worker reads this many bytes of its own file in a round. */
const READS: u32 = 16;
const READ_SIZE: u32 = 16 * PAGE_SIZE;
const MOST_SECONDS: i32 = 3600;
/** Between two signals, in microseconds. */
const PERIOD: u32 = 20_000;

const status: usize = memory.data(4, 4);
const words: usize = memory.data(20, 4);
/** The first word of a worker's segment. */
const own: usize = memory.data(4, 4);

/** A page that all workers share: a word for each. */
let shared: usize = 0;
let signals: u32 = 0;

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  const seconds = argc > 1 ? parseDecimal(argument(argv, 1)) : 3;
  if (argc > 2 || seconds < 1 || seconds > MOST_SECONDS) return refuse(argv, argc - 1, USAGE);
  const end = now() + <u32>seconds;
  shared = sharedPage();
  let started: i32 = 0;
  for (let worker = 0; worker < WORKERS; worker++) {
    const child = fork();
    if (child === 0) exit(work(<u32>worker, end));
    if (child < 0) complain("churn", cstr("fork"), child);
    else started++;
  }
  let failures = WORKERS - started;
  for (; started > 0; started--) {
    if (waitpid(-1, status, 0) < 0 || load<u32>(status) !== 0) failures++;
  }
  print("churn: ");
  printDecimal(WORKERS);
  print(" processes, ");
  printDecimal(failures);
  printLine(" of them failed");
  return failures === 0 ? 0 : 1;
}

function now(): u32 {
  updateInformation();
  return uptimeSeconds();
}

function sharedPage(): usize {
  const rights = PROT_READ | PROT_WRITE;
  const flags = MAP_SHARED | MAP_ANONYMOUS;
  return x86.int80(SystemCall.mmap2, 0, PAGE_SIZE, rights, flags, -1, 0);
}

/** Makes a worker's segment and has signals come to it. */
function prepare(worker: u32): void {
  store<u32>(own, worker);
  useSegment(makeSegment(own));
  store<u32>(words, symbols.onAlarm());
  store<u32>(words, SA_RESTART, 4);
  x86.int80(SystemCall.rt_sigaction, SIGALRM, words, 0, 8, 0, 0);
  for (let i: usize = 0; i < 16; i += 8) {
    store<u32>(words + i, 0);
    store<u32>(words + i, PERIOD, 4);
  }
  x86.int80(SystemCall.setitimer, 0, words, 0, 0, 0, 0);
}

/** The handler of SIGALRM. */
export function onAlarm(_signal: i32): void {
  signals++;
}

/**
 * Works in rounds until the uptime is `end` and a signal has come; 0, or 1 if something had changed
 * meanwhile.
 */
function work(worker: u32, end: u32): i32 {
  const area = (brk(0) + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
  if (brk(area + PAGES * PAGE_SIZE) < area + PAGES * PAGE_SIZE) return 1;
  let seed: u32 = (worker + 1) * 0x9e3779b9;
  const word = shared + (worker << 2);
  let rounds: u32 = 0;
  prepare(worker);
  do {
    x86.store32(word, ++rounds);
    if (!readFile(area)) return 1;
    fill(area, seed);
    const mixed = mix(seed);
    if (!childSurvives(area, seed)) return 1;
    yieldProcessor();
    if (!isFilled(area, seed) || mix(seed) !== mixed) return 1;
    if (x86.load32(word) !== rounds || ownWord() !== worker) return 1;
    seed = mixed;
  } while (now() < end || signals === 0);
  return 0;
}

/** Spends some time in user mode; the result depends on every step. */
function mix(seed: u32): u32 {
  let value = seed;
  for (let i: u32 = 0; i < MIXINGS; i++) {
    value ^= value << 13;
    value ^= value >> 17;
    value ^= value << 5;
  }
  return value;
}

/** Reads our own file to `area` several times; false if it cannot be read. */
function readFile(area: usize): bool {
  for (let i: u32 = 0; i < READS; i++) {
    const file = open(cstr("/bin/churn"), O_RDONLY, 0);
    if (file < 0 || read(file, area, READ_SIZE) <= 0) return false;
    close(file);
  }
  return true;
}

function fill(area: usize, seed: u32): void {
  for (let page: u32 = 0; page < PAGES; page++) {
    x86.store32(area + page * PAGE_SIZE, seed + page);
  }
}

function isFilled(area: usize, seed: u32): bool {
  for (let page: u32 = 0; page < PAGES; page++) {
    if (x86.load32(area + page * PAGE_SIZE) !== seed + page) return false;
  }
  return true;
}

/** A child sees our memory, writes over its copy of it, and leaves with its own status. */
function childSurvives(area: usize, seed: u32): bool {
  const expected = seed & 0x3f;
  const child = fork();
  if (child === 0) {
    if (!isFilled(area, seed)) exit(0x7f);
    fill(area, <u32>getpid());
    exit(<i32>expected);
  }
  return child > 0 && waitpid(child, status, 0) === child && load<u32>(status) === expected << 8;
}
