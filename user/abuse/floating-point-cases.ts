// Cases about the floating-point registers: that each process has its own.
//
// Machine code (abuse.asm.ts) fills the registers with a pattern and compares them: compiled code
// in between could use them.

import { load32 } from "../../src/abi/x86";
import { argument, equals } from "../runtime/arguments";
import { execve, exit, fork, getpid, waitpid, yieldProcessor } from "../runtime/system-calls";
import { AbuseCase, FLOATING_POINT } from "./case";
import { fill_float_registers, float_registers_hold } from "./machine-code";
import { EXITS } from "./outcome";

const TURNS: u32 = 40;
const PROCESSES: u32 = 4;
const PATTERN: u32 = 0x3f5a0000;
/** With this one argument, the program is the second half of the execve case. */
const CHECK = "--float-registers-are-clear";

const status: usize = memory.data(4, 4);
const argv: usize = memory.data(12, 4);

export function floatingPointCases(): AbuseCase[] {
  return [
    new AbuseCase("float-registers-of-others", EXITS, others, 0, FLOATING_POINT),
    new AbuseCase("float-registers-after-fork", EXITS, forked, 0, FLOATING_POINT),
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

/** A new program finds nothing that the last one left. */
function executed(): i32 {
  fill_float_registers(PATTERN);
  store<usize>(argv, cstr("abuse"));
  store<usize>(argv + 4, cstr("--float-registers-are-clear"));
  execve(cstr("/bin/abuse"), argv, 0);
  return 1;
}
