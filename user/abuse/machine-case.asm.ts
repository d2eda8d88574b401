// A case of the abuse suite that is written in machine code: what one process does and how
// it may end.
//
// The code runs as a function in a process of its own. It succeeds by falling off its end, fails by
// `a.jmp(FAILED)` with the stack as it was, or ends by a signal. EBX, ESI, EDI, EBP and DF need not
// be preserved.

import { SystemCall } from "../../src/abi/linux/i386";
import type { Assembler } from "../../src/x86/assembler";
import { eax } from "../../src/x86/registers";

export interface MachineCase {
  readonly name: string;
  /** How the process may end: EXITS, or `dies(...)`, or both by `|`. */
  readonly outcomes: number;
  readonly code: (a: Assembler) => void;
  /** What the machine must have, or the case is skipped: SINGLE_STEP, ... */
  readonly needs?: number;
}

export const NOTHING = 0;
/** The trap flag works, which it does not in v86. */
export const SINGLE_STEP = 1;
/** `iret` checks the privilege level that it returns to; v86 stops the machine instead. */
export const IRET_CHECKS = 4;

/** The process ends with status 0. */
export const EXITS = 1;

/** One of these signals ends the process; they are bits by number. */
export function dies(...signals: number[]): number {
  return signals.reduce((mask, signal) => mask | (1 << signal), 0);
}

/** Where code jumps when it has found something wrong. */
export const FAILED = "abuse_failed";

/** The cheapest system call; fails the case if its result is not a process id. Needs no stack. */
export function getpid(a: Assembler): void {
  a.mov(eax, SystemCall.getpid);
  a.int(0x80);
  a.test(eax, eax);
}

/** Instructions as bytes, for those that the assembler lacks. */
export function bytes(...values: number[]): (a: Assembler) => void {
  return (a) => a.byte(...values);
}
