// crossing: makes system calls and checks that each gives back every register as it was.
//
// The tests interrupt it at each instruction between int 0x80 and the return, and count those
// instructions. With `alarm` there is a signal PERIOD after the last one; a test ends the time when
// it likes.

import { SystemCall } from "../src/abi/linux/i386";
import { SIGALRM } from "../src/abi/signals";
import { int80 } from "../src/abi/x86";
import { argument, equals, parseDecimal, refuse, wantsHelp } from "./runtime/arguments";
import { print, printDecimal, printLine } from "./runtime/output";
import { makeSegment } from "./runtime/segment";
import * as symbols from "./symbols";

const USAGE = `usage: crossing [COUNT [alarm]]
Makes COUNT (100) calls of getppid(2); fails if one changes a register.`;
/** In seconds: no time that passes by itself. */
const PERIOD: u32 = 1000;

declare function use_segment(selector: u32): void;
declare function cross(number: u32, out: usize): i32;

const changed: usize = memory.data(4);
const words: usize = memory.data(20, 4);

let signals: u32 = 0;

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  const count = argc > 1 ? parseDecimal(argument(argv, 1)) : 100;
  const hasAlarm = argc === 3 && equals(argument(argv, 2), "alarm");
  if (count < 0 || argc > (hasAlarm ? 3 : 2)) return refuse(argv, argc > 2 ? 2 : 1, USAGE);
  const selector = makeSegment(words);
  if (selector !== 0) use_segment(selector);
  if (hasAlarm) startAlarm();
  const expected = cross(SystemCall.getppid, changed);
  for (let i = 0; i < count; i++) {
    const result = cross(SystemCall.getppid, changed);
    if (result !== expected || load<u32>(changed) !== 0) {
      print("crossing: call ");
      printDecimal(i);
      printLine(" came back with other registers");
      return 1;
    }
  }
  print("crossing: every register came back");
  if (hasAlarm) {
    print(", after ");
    printDecimal(signals);
    print(" signals");
  }
  printLine("");
  return 0;
}

function startAlarm(): void {
  store<u32>(words, symbols.onAlarm());
  int80(SystemCall.rt_sigaction, SIGALRM, words, 0, 8, 0, 0);
  setAlarm();
}

function setAlarm(): void {
  int80(SystemCall.alarm, PERIOD, 0, 0, 0, 0, 0);
}

/** The handler: it uses registers, and makes a call of its own. */
export function onAlarm(_signal: i32): void {
  signals++;
  setAlarm();
  int80(SystemCall.getpid, signals, signals, signals, signals, signals, signals);
}
