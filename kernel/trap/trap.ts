// Where an entry to the kernel becomes TypeScript: one function for each kind of origin.
//
//   from ring 3        enterFromUser     on the thread's kernel stack, frame copied, any vector
//   int 0x80           enterSystemCall   the same, without the detour through the vector
//   an IRQ in ring 0   enterFromKernel   on the stack that was interrupted: interrupts are on only
//                                        in the idle loop and at safe points (schedule.ts)
//   NMI, #MC, and      enterParanoid     on any stack and any CR3: the trampoline has loaded ours
//   ring-0 exceptions                    and will put back what it found
//   double fault       enterDoubleFault  by task gate, on a stack and a CR3 of its own, for good
//
// The trampoline (machine/i686/trampoline.asm.ts) calls these by their export names; they are its
// only exits. Every way back to user mode goes through beforeUserReturn.

import {
  VECTOR_DEBUG,
  VECTOR_IRQ,
  VECTOR_MACHINE_CHECK,
  VECTOR_NMI,
  VECTOR_SYSTEM_CALL,
} from "../../src/abi/descriptors";
import { INFO_ENTRIES, INFO_NMIS } from "../../src/abi/kernel-info";
import { releaseHeldFiles } from "../file/held-file";
import { panic } from "../log/panic";
import { noteDeepEntry } from "../machine/i686/entry-thread";
import * as symbols from "../machine/i686/symbols";
import { TrapFrame } from "../machine/i686/trap-frame";
import { RETURN_THREAD, RETURN_WINDOWS, returnWork } from "../memory/user-return";
import { forgetWindows } from "../memory/window";
import { systemCall } from "../syscall/dispatch";
import { endUserReturnWork, sliceIsOver, yieldProcessor } from "../thread/schedule";
import { deliverSignals } from "./deliver-signal";
import { fault, kernelFault } from "./fault";
import { interrupt } from "./interrupt";
import { doubleFault } from "./post-mortem";

/** Any vector but 0x80, from ring 3. */
export function enterFromUser(frame: TrapFrame): void {
  count(INFO_ENTRIES);
  const vector = frame.vector;
  if (vector - VECTOR_IRQ < 16) interrupt(frame);
  else fault(frame);
  beforeUserReturn();
}

/** int 0x80. */
export function enterSystemCall(frame: TrapFrame): void {
  count(INFO_ENTRIES);
  systemCall(frame);
  endEntry();
}

/** What must be done before user mode: let others run, take signals, close the windows' round. */
export function beforeUserReturn(): void {
  endEntry();
}

/** The same, for calls: most leave little to do, or nothing. */
function endEntry(): void {
  "inline";
  if (returnWork === 0) return;
  if (returnWork !== RETURN_WINDOWS) endThreadWork();
  forgetWindows();
}

function endThreadWork(): void {
  while ((returnWork & RETURN_THREAD) !== 0) {
    releaseHeldFiles();
    if (sliceIsOver) yieldProcessor();
    deliverSignals();
    endUserReturnWork();
  }
}

/** An interrupt that found the kernel in its idle loop, or at a safe point of a long call. */
export function enterFromKernel(frame: TrapFrame): void {
  if (frame.vector - VECTOR_IRQ >= 16) panic(cstr("trap: an unexpected vector from ring 0"));
  interrupt(frame);
}

/** NMI and #MC from anywhere, exceptions in ring 0. */
export function enterParanoid(frame: TrapFrame): void {
  noteDeepEntry();
  const vector = frame.vector;
  // The kernel does not use NMIs; a watchdog or a debugger may. They are counted and ignored.
  if (vector === VECTOR_NMI) count(INFO_NMIS);
  else if (vector === VECTOR_MACHINE_CHECK) panic(cstr("trap: machine check"));
  // A debugger outside set a breakpoint register, or MOV SS delayed one to our first instruction.
  else if (vector === VECTOR_DEBUG) return;
  else kernelFault(frame);
}

/** The kernel could not even take an exception: its state is in the main TSS. */
export function enterDoubleFault(): void {
  doubleFault(symbols.tss());
}

/** Adds 1 to a counter of kernel_info. */
function count(field: u32): void {
  "inline";
  const counter = symbols.kernel_info() + field;
  store<u32>(counter, load<u32>(counter) + 1);
}

if (VECTOR_SYSTEM_CALL - VECTOR_IRQ < 16) ERROR("the system call is not an IRQ");
