// The boot sequence, and the functions that assembly calls.
//
// `_start` (kernel/boot/boot.asm.ts) calls bootBeforePaging, then kernelMain on the same stack,
// which is left for good when process 1 starts.

import { readMultiboot } from "./boot/multiboot";
import {
  detectProcessor,
  enablePaging,
  hasNoExecute,
  offersFloatingPoint,
  protectPages,
} from "./boot/processor";
import { startClock } from "./device/clock";
import { startConsole } from "./device/console";
import { startInterrupts } from "./device/interrupt";
import { startFiles } from "./file/start";
import { startPages } from "./memory/pages";
import { claimMemory } from "./memory/start";
import { readOptions, startFirstProcess } from "./process/first";
import { startFloatingPoint } from "./process/floating-point";
import { startSystemCalls } from "./syscall/table";
import { buildDescriptors } from "./trampoline/descriptors";

export { panicked } from "./debug/post-mortem";
export { beforeUserReturn } from "./process/fault";
export {
  enterDoubleFault,
  enterFromKernel,
  enterFromUser,
  enterParanoid,
  enterSystemCall,
} from "./trampoline/trap";

/** What must happen while every address is still physical. */
export function bootBeforePaging(magic: u32, record: usize): void {
  readMultiboot(magic, record); // memory map, command line, module: copied out of the way
  detectProcessor(); // which of NX, SMEP, SMAP, UMIP, global pages there are
  claimMemory(hasNoExecute()); // list of frames and kernel tables, right behind the image
  enablePaging(); // identity map below, trampoline at the end
}

/** Everything else. Does not return: it ends as process 1. */
export function kernelMain(): void {
  buildDescriptors(); // GDT, TSS and IDT, in the trampoline
  protectPages(); // from here on read-only means read-only
  startFloatingPoint(offersFloatingPoint()); // for programs: the kernel itself has none
  startPages(); // the kernel heap: everything between image and trampoline
  readOptions(); // of the command line
  startConsole(); // serial line and screen
  startInterrupts(); // PIC, timer, keyboard, serial input
  startClock(); // what time it is
  startSystemCalls(); // the table behind int 0x80
  startFiles(); // the initramfs, and /dev
  startFirstProcess(); // the shell, or what the command line names
}
