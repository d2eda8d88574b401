// Whose work an interrupt has held up: the program's or the kernel's.
//
// Interrupts are off in the kernel, so most of those that are due there wait for the return to user
// mode, and then come before its first instruction. To tell them from those that a program's own
// work was interrupted by, it is looked at where user mode was: right after an `int 0x80`, where a
// system call returns to, or where the kernel said that it returns to for another reason.

import { USER_CS } from "../../src/abi/descriptors";
import { TrapFrame } from "../machine/i686/trap-frame";
import { copyIn, userPointer } from "../memory/user-memory";

/** The two bytes of `int 0x80`, as a number. */
const INT_80: u32 = 0x80cd;
const INT_SIZE: u32 = 2;

/** Where user mode was interrupted; 0: the kernel was. */
let interruptedAt: u32 = 0;
/** Where user mode goes on, or went on, after something else than a call: see noteReturn(). */
let returnsTo: u32 = 0;

const instruction: usize = memory.data(4, 4);

/** An interrupt has come that asks whose time it is. */
export function noteInterrupt(frame: TrapFrame): void {
  interruptedAt = frame.cs === USER_CS ? frame.eip : 0;
}

/** The kernel has worked for a program that goes on at `address`: a page fault, a new program. */
export function noteReturn(address: u32): void {
  returnsTo = address;
}

/** Whether the kernel was at work when the interrupt became due that was noted last. */
export function wasInKernel(): bool {
  const address = interruptedAt;
  if (address === 0) return true;
  const isReturn = address === returnsTo;
  // A program may come there again by itself.
  returnsTo = 0;
  if (isReturn) return true;
  store<u32>(instruction, 0);
  copyIn(userPointer(address - INT_SIZE), instruction, INT_SIZE);
  return load<u32>(instruction) === INT_80;
}
