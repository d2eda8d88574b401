// Exceptions: of user programs, which may end them; of the kernel, which end the machine.
//
// A page fault of a user's may only mean that a page is due (demand zero, copy-on-write, a growing
// stack). Anything else gives the process the signal that Linux would send; if it has no handler
// for it, it ends, with a message on the console: who, what it did, why that was wrong, and where
// in its source.

import {
  VECTOR_DIVIDE_ERROR,
  VECTOR_INVALID_OPCODE,
  VECTOR_PAGE_FAULT,
} from "../../src/abi/descriptors";
import { EIO, ENOMEM } from "../../src/abi/errno";
import { FAULT_P, FAULT_WRITE } from "../../src/abi/paging";
import {
  SEGV_ACCERR,
  SEGV_MAPERR,
  SI_KERNEL,
  SIGBUS,
  SIGKILL,
  SIGSEGV,
  signaledStatus,
} from "../../src/abi/signals";
import { FRAME_KERNEL_SIZE } from "../../src/abi/trap-frame";
import { readcr2 } from "../../src/abi/x86";
import { print } from "../log/log";
import { exceptionName, signalOf } from "../machine/i686/exceptions";
import { TrapFrame } from "../machine/i686/trap-frame";
import { resolveFault } from "../memory/fault";
import { currentSpace } from "../memory/space";
import { exitProcess } from "../process/exit";
import { makeRoom } from "../process/out-of-memory";
import { signalBit } from "../process/pending-signals";
import { currentProcess } from "../process/process";
import { noteOf, sendThreadNote } from "../process/signal";
import { isHandled } from "../process/signal-actions";
import { noteReturn } from "../thread/interrupted";
import { currentThread } from "../thread/thread";
import { explainException, explainPageFault } from "./explain-fault";
import { panicAt } from "./post-mortem";

/** An exception of a user program. */
export function fault(frame: TrapFrame): void {
  if (frame.vector === VECTOR_PAGE_FAULT) {
    pageFault(frame, readcr2());
    return;
  }
  const signal = signalOf(frame.vector);
  if (isTaken(signal, SI_KERNEL, frame.eip)) return;
  explainException(currentProcess(), frame, signal);
  exitProcess(signaledStatus(signal));
}

/** Whether the program has a handler that can run now: then it gets the signal. */
function isTaken(signal: u32, code: i32, address: u32): bool {
  const process = currentProcess();
  if (!isHandled(process, signal)) return false;
  if ((currentThread.signalMask & signalBit(signal)) !== 0) return false;
  sendThreadNote(currentThread, noteOf(signal, code, address));
  return true;
}

/** An exception in ring 0: a bug of ours. */
export function kernelFault(frame: TrapFrame): void {
  if (frame.vector === VECTOR_PAGE_FAULT) {
    const verb = (frame.error & FAULT_WRITE) !== 0 ? cstr("writes to") : cstr("reads from");
    print(cstr("\nkernel %s %p, error code 0x%x\n"), <u32>verb, readcr2(), frame.error);
  } else {
    print(cstr("\nkernel: %s, error code 0x%x\n"), <u32>exceptionName(frame.vector), frame.error);
  }
  const esp = changetype<usize>(frame) + FRAME_KERNEL_SIZE;
  panicAt(kernelFaultReason(frame.vector), frame, esp);
}

function pageFault(frame: TrapFrame, address: u32): void {
  const result = resolveFault(currentSpace, address, frame.error);
  noteReturn(frame.eip);
  if (result === 0) return;
  if (result === -ENOMEM && makeRoom()) return; // and the instruction is tried again
  const signal = result === -ENOMEM ? SIGKILL : result === -EIO ? SIGBUS : SIGSEGV;
  currentThread.faultAddress = address;
  const code = (frame.error & FAULT_P) !== 0 ? SEGV_ACCERR : SEGV_MAPERR;
  if (isTaken(signal, code, address)) return;
  explainPageFault(currentProcess(), frame, address, signal);
  exitProcess(signaledStatus(signal));
}

function kernelFaultReason(vector: u32): usize {
  switch (vector) {
    case VECTOR_PAGE_FAULT:
      return cstr("fault: page fault in the kernel");
    case VECTOR_INVALID_OPCODE:
      return cstr("fault: a failed check, or unreachable code");
    case VECTOR_DIVIDE_ERROR:
      return cstr("fault: the kernel divided by zero");
    default:
      return cstr("fault: exception in the kernel");
  }
}
