// The boot sequence, and the functions that assembly calls.
//
// `_start` (kernel/machine/i686/boot.asm.ts) calls bootBeforePaging, then kernelMain on the same
// stack, which is left for good when process 1 starts.

import { loaderRsdp } from "./boot/boot-record";
import { startBootScreen } from "./boot/boot-screen";
import { claimMemory, reportLostMemory, startFrames } from "./boot/claim-memory";
import { startInit } from "./boot/init";
import { mountRoot } from "./boot/mount-root";
import { readBootRecord } from "./boot/read-boot-record";
import { startAcpi } from "./device/acpi";
import { startClock } from "./device/clock";
import { calibrateTsc } from "./device/tsc";
import { startMappedFiles } from "./file/mapped-file";
import { buildDescriptors } from "./machine/i686/descriptor-tables";
import { startFloatingPoint } from "./machine/i686/floating-point";
import {
  detectProcessor,
  enablePaging,
  hasNoExecute,
  offersFloatingPoint,
  protectPages,
} from "./machine/i686/processor";
import { kernelCr3 } from "./memory/kernel-space";
import { startPages } from "./memory/pages";
import { pixelBits, readOptions, usesPics, windowColumns, windowRows } from "./options";
import { startProcessorTimers } from "./process/processor-timers";
import { startSessions } from "./process/session";
import { startSystemNames } from "./process/system-names";
import { startSystemCalls } from "./syscall/table";
import { startConsole } from "./terminal/console";
import { resize, startWindowSize } from "./terminal/window-size";
import { startLoad } from "./thread/load-sampler";
import { startInterrupts } from "./trap/interrupt";

// For the tools, which run these in Node: what `isthmus syscalls` prints.
export { systemCallHandler, systemCallKind } from "./syscall/call-rows";
export { startSystemCalls } from "./syscall/table";
// For assembly.
export { panicked } from "./trap/post-mortem";
export {
  beforeUserReturn,
  enterDoubleFault,
  enterFromKernel,
  enterFromUser,
  enterParanoid,
  enterSystemCall,
} from "./trap/trap";

/** What must happen while every address is still physical. */
export function bootBeforePaging(magic: u32, record: usize): void {
  readBootRecord(magic, record); // memory map, command line, module: copied out of the way
  detectProcessor(); // which of NX, SMEP, SMAP, UMIP, global pages there are
  const first = claimMemory(hasNoExecute()); // kernel tables, right after the image; list of frames
  enablePaging(first, kernelCr3()); // the image below, trampoline at the end
}

/** Everything else. Does not return: it ends as process 1. */
export function kernelMain(): void {
  buildDescriptors(kernelCr3()); // GDT, TSS and IDT, in the trampoline
  protectPages(); // from here on read-only means read-only
  startFrames(); // which of them are free
  startPages(); // the kernel heap: everything between image and trampoline
  startSystemCalls(); // the table for int 0x80
  readOptions(); // of the command line; tracing changes that table
  startBootScreen(pixelBits); // pixels, if the loader left some or they are wished for
  startConsole(); // serial line and screen
  startWindowSize(); // how large the window is there, as the host says
  resize(windowRows, windowColumns);
  reportLostMemory(); // RAM that nobody will have
  startAcpi(loaderRsdp()); // how to switch off, which devices there are
  calibrateTsc(); // how fast time passes
  startInterrupts(usesPics); // APIC or PIC, timer, keyboard, serial input
  startClock(); // what time it is
  startSessions(); // ^C on a terminal
  startSystemNames(); // what uname says
  startLoad(); // averages of it
  startProcessorTimers(); // what the processor time of a process brings about
  startMappedFiles(); // how the memory manager counts them
  mountRoot(); // the initramfs, and /dev
  startFloatingPoint(offersFloatingPoint()); // for programs, and to copy their memory by
  startInit(); // process 1: the shell, or what the command line names
}
