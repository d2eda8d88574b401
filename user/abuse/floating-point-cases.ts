// Cases about the floating-point registers: that each process has its own.
//
// Machine code (abuse.asm.ts) fills the registers with a pattern and compares them: compiled code
// in between could use them.

import { O_RDONLY } from "../../src/abi/files";
import { load32, store8, store32 } from "../../src/abi/x86";
import { argument, equals } from "../runtime/arguments";
import {
  close,
  execve,
  exit,
  fork,
  getpid,
  open,
  read,
  waitpid,
  yieldProcessor,
} from "../runtime/system-calls";
import { AbuseCase, FLOATING_POINT } from "./case";
import { fill_float_registers, float_registers_hold } from "./machine-code";
import { EXITS } from "./outcome";

const TURNS: u32 = 40;
const PROCESSES: u32 = 4;
const PATTERN: u32 = 0x3f5a0000;
/** With this one argument, the program is the second half of the execve case. */
const CHECK = "--float-registers-are-clear";

const status: usize = memory.data(4, 4);
const PAGES_SIZE: u32 = 5 << 12;
const pages: usize = memory.data(PAGES_SIZE, 4096);
const argv: usize = memory.data(12, 4);

export function floatingPointCases(): AbuseCase[] {
  return [
    new AbuseCase("float-registers-of-others", EXITS, others, 0, FLOATING_POINT),
    new AbuseCase("float-registers-after-fork", EXITS, forked, 0, FLOATING_POINT),
    new AbuseCase("float-registers-after-copies", EXITS, copied, 0, FLOATING_POINT),
    new AbuseCase("float-registers-after-execve", EXITS, executed, 0, FLOATING_POINT),
  ];
}

/** Whether the execve case has started this program only to look at the registers. */
export function isFloatRegisterCheck(argc: i32, argv: usize): bool {
  return argc === 2 && equals(argument(argv, 1), CHECK);
}

/** Several processes with different numbers take turns. */
function others(): i32 {
  for (let i: u32 = 0; i < PROCESSES; i++) {
    if (fork() === 0) exit(keepsIts(PATTERN + getpid()));
  }
  let failures = keepsIts(PATTERN + getpid());
  while (waitpid(-1, status, 0) > 0) {
    if (load32(status) !== 0) failures++;
  }
  return failures;
}

function keepsIts(pattern: u32): i32 {
  fill_float_registers(pattern);
  for (let i: u32 = 0; i < TURNS; i++) {
    yieldProcessor();
    if (!float_registers_hold(pattern)) return 1;
  }
  return 0;
}

/** A copy of a process has its numbers, and the process keeps them. */
function forked(): i32 {
  fill_float_registers(PATTERN);
  const child = fork();
  const holds = float_registers_hold(PATTERN);
  if (child === 0) {
    fill_float_registers(~PATTERN);
    exit(holds ? 0 : 1);
  }
  waitpid(child, status, 0);
  return holds && float_registers_hold(PATTERN) && load32(status) === 0 ? 0 : 1;
}

/** The kernel copies and clears pages by these registers: nobody notices. */
function copied(): i32 {
  const zeros = open(cstr("/dev/zero"), O_RDONLY, 0);
  if (zeros < 0) return 1;
  fill_float_registers(PATTERN);
  // Some sizes that are not whole blocks; the first calls find pages that are not there yet.
  let failures = 0;
  for (let size: u32 = 1; size <= PAGES_SIZE; size = size * 3 + 1) {
    store8(pages, 1);
    if (read(zeros, pages, size) !== <i32>size || load32(pages) !== 0) failures++;
    if (!float_registers_hold(PATTERN)) failures++;
  }
  const child = fork();
  store32(pages, <u32>child); // copied, as parent and child share the page
  const holds = float_registers_hold(PATTERN) && load32(pages) === <u32>child;
  if (child === 0) exit(holds ? 0 : 1);
  waitpid(child, status, 0);
  close(zeros);
  return holds && failures === 0 && load32(status) === 0 ? 0 : 1;
}

/** A new program finds nothing that the last one left. */
function executed(): i32 {
  fill_float_registers(PATTERN);
  store<usize>(argv, cstr("abuse"));
  store<usize>(argv + 4, cstr("--float-registers-are-clear"));
  execve(cstr("/bin/abuse"), argv, 0);
  return 1;
}
