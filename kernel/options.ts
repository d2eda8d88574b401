// The kernel's own options: the words of its command line before `--`.
//
//   quiet     suppresses messages that only inform
//   noecho    does not echo input
//   trace     prints every system call, as strace does
//
// Other words are ignored: loaders put words of their own there.

import { commandLine } from "./boot/boot-record";
import { nextWord, startWords, wordIs } from "./boot/kernel-parameters";
import { setQuiet } from "./log/log";
import { startTracing } from "./syscall/trace";
import { disableEcho } from "./terminal/console";

/** Reads the options, before what they are about starts. */
export function readOptions(): void {
  startWords(commandLine());
  while (nextWord() !== 0 && !wordIs(cstr("--"))) {
    if (wordIs(cstr("quiet"))) setQuiet(true);
    if (wordIs(cstr("noecho"))) disableEcho();
    if (wordIs(cstr("trace"))) startTracing();
  }
}
