// The kernel's own options: the words of its command line before `--`.
//
//   quiet     suppresses messages that only inform
//   silent    suppresses all messages but what ends the kernel
//   noecho    does not echo input
//   noapic    has interrupts by the PICs and the 8254, whatever else there is
//   pixels=N  has a screen of pixels of N bits, 24 or 32, where the adapter does as it is told
//   rows=N, columns=N  how large the window is at the other end of the serial line
//   trace     tells of every system call in the log: src/abi/trace-event.ts
//   trace-port         the same, to the debug console, for `isthmus run --trace`
//   trace-strings=N    shows N bytes of what calls read and write
//
// Other words are ignored: loaders put words of their own there.

import { TRACE_STRING_SIZE_MAX } from "../src/abi/trace-event";
import { commandLine } from "./boot/boot-record";
import { nextWord, startWords, wordIs, wordNumber } from "./boot/kernel-parameters";
import { setQuiet, setSilent } from "./log/log";
import { startTracing } from "./syscall/trace";
import { showStrings, writeToPort } from "./syscall/trace-line";
import { disableEcho } from "./terminal/console";

/** As the command line says; 0: it does not. */
export let windowRows: u32 = 0;
export let windowColumns: u32 = 0;
/** Whether APICs are not to be used. */
export let usesPics: bool = false;
/** Bits of a pixel of the screen that is wished for; 0: the screen is as it is. */
export let pixelBits: u32 = 0;

/** Reads the options, before what they are about starts. */
export function readOptions(): void {
  startWords(commandLine());
  while (nextWord() !== 0 && !wordIs(cstr("--"))) {
    if (wordIs(cstr("quiet"))) setQuiet(true);
    if (wordIs(cstr("silent"))) setSilent();
    if (wordIs(cstr("noecho"))) disableEcho();
    if (wordIs(cstr("noapic"))) usesPics = true;
    if (wordIs(cstr("trace"))) startTracing();
    if (wordIs(cstr("trace-port"))) {
      writeToPort();
      startTracing();
    }
    const rows = wordNumber(cstr("rows="));
    if (rows >= 0) windowRows = <u32>rows;
    const columns = wordNumber(cstr("columns="));
    if (columns >= 0) windowColumns = <u32>columns;
    const bits = wordNumber(cstr("pixels="));
    if (bits === 24 || bits === 32) pixelBits = <u32>bits;
    const strings = wordNumber(cstr("trace-strings="));
    if (strings >= 0) showStrings(min<u32>(<u32>strings, TRACE_STRING_SIZE_MAX));
  }
}
