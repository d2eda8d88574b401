// How a kernel of somebody else's comes to its end, and where it stood then.
//
// Such a kernel reports nothing to us, so what it shows is looked at: a processor that waits in HLT
// with interrupts off waits for ever.

import { hex } from "../base/address";
import { formatPlace } from "../base/diagnostic";
import type { Subject } from "../link/check/subject";
import type { Registers } from "../machine/machine";

const EFLAGS_IF = 1 << 9;

/** Whether nothing can wake the processor but a reset or an NMI. */
export function isStopped({ halted, eflags }: Registers): boolean {
  return halted && (eflags & EFLAGS_IF) === 0;
}

/** The instruction pointer, of 32 or 64 bits. */
export function instructionPointer({ eip, rip }: Registers): bigint {
  return rip ?? BigInt(eip);
}

/** `0x00101234 (kernel_main+0x12, kernel.c:31)`; before paging, `address` may be a load address. */
export function describeCode(address: bigint, subject: Subject | undefined): string {
  const linked = subject?.linkedAddressOf(address);
  if (!subject || linked === undefined) return hex(address);
  const name = subject.nameOf(linked);
  const place = subject.placeOf(linked);
  const line = place.line === undefined ? undefined : formatPlace(place);
  const words = [name, line].filter((word) => word !== undefined);
  return words.length === 0 ? hex(address) : `${hex(address)} (${words.join(", ")})`;
}
