// How a process may end: sets of outcomes, and running something in a process of its own.
//
//   set      |31      1|0      |      wait status   |15  8|7|6     0|
//            | signals | exit 0|                    | code| | signal|

import { SIGSEGV } from "../../src/abi/signals";
import { flush, print, printDecimal, printHex } from "../runtime/output";
import { exit, fork, waitpid } from "../runtime/system-calls";

/** The process ends with status 0. */
export const EXITS: u32 = 1;
/** A page fault or a general protection fault ends it. */
export const FAULTS: u32 = 1 << SIGSEGV;

const status: usize = memory.data(4, 4);

/** What runs in a process of its own: 0 is success. */
export type Deed = (argument: u32) => i32;

/** Runs a deed in a process of its own; returns its wait status or a negative errno. */
export function statusOf(deed: Deed, argument: u32): i32 {
  flush();
  const child = fork();
  if (child === 0) {
    const result = deed(argument);
    flush();
    exit(result);
  }
  if (child < 0) return child;
  waitpid(child, status, 0);
  return load<i32>(status);
}

/** Whether a wait status is in a set of outcomes. */
export function isIn(outcomes: u32, status: i32): bool {
  const signal = <u32>status & 0x7f;
  if (status < 0) return false;
  return signal === 0 ? status === 0 && (outcomes & EXITS) !== 0 : ((outcomes >> signal) & 1) !== 0;
}

/** Prints a wait status in words. */
export function printStatus(status: i32): void {
  if (status < 0) {
    print("fork failed with error ");
    printDecimal(-status);
  } else if ((status & 0x7f) !== 0) {
    print("killed by signal ");
    printDecimal(status & 0x7f);
  } else {
    print("exit status ");
    printDecimal(status >> 8);
  }
}

/**
 * Runs a deed on an address in a process of its own; 0 if that faults, else 1, with a message.
 * Shared by the cases about memory that is not the user's.
 */
export function expectFault(deed: Deed, address: u32): i32 {
  const status = statusOf(deed, address);
  if (isIn(FAULTS, status)) return 0;
  print("  at ");
  printHex(address);
  print(": ");
  printStatus(status);
  print("\n");
  return 1;
}
