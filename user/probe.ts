// probe FIRST-LAST…: makes system calls with bad arguments, and prints what each gives.
//
//   3 9 9        read gave EBADF, with every argument -1, and with -1 and zeros
//
// 0 is success, 256 and up a signal that ended the caller, - a call that is not made: it would not
// return, or would do something to the machine. Each call is made in a child of its own, which an
// alarm ends if the call waits. The tests run this program on the host's Linux as well, and compare
// (test/kernel/syscall/probe.test.ts).

import { SystemCall } from "../src/abi/linux/i386";
import { call, fork, statusOf } from "./runtime/answers";
import { argument, refuse, wantsHelp } from "./runtime/arguments";
import { flush, print, printDecimal, printLine } from "./runtime/output";

const USAGE = `usage: probe FIRST-LAST…
Makes system calls FIRST to LAST with bad arguments, and prints their errors.`;
const SIGNALS: i32 = 256;
const SECONDS: i32 = 3;
const NOT_MADE: i32 = -1;
/** sethostname and setdomainname: with zeros the machine would lose its name. */
const SET_HOST_NAME: i32 = 74;
const SET_DOMAIN_NAME: i32 = 121;
/** vhangup: the terminal would be gone. */
const HANG_UP: i32 = 111;

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  for (let i = 1; i < argc; i++) {
    if (!probeRange(argument(argv, i))) return refuse(argv, i, USAGE);
  }
  flush();
  return 0;
}

/** False: it is not `FIRST-LAST`. */
function probeRange(text: usize): bool {
  const first = number(text);
  const rest = skipDigits(text);
  if (rest === text || load<u8>(rest) !== 0x2d) return false;
  const last = number(rest + 1);
  if (load<u8>(skipDigits(rest + 1)) !== 0) return false;
  for (let each = first; each <= last; each++) probe(each);
  return true;
}

function number(text: usize): i32 {
  let value = 0;
  for (let at = text; isDigit(load<u8>(at)); at++) value = value * 10 + load<u8>(at) - 0x30;
  return value;
}

function skipDigits(text: usize): usize {
  let at = text;
  while (isDigit(load<u8>(at))) at++;
  return at;
}

function isDigit(byte: i32): bool {
  return byte >= 0x30 && byte <= 0x39;
}

/** The line is printed in one piece: the kernel logs calls that it lacks. */
function probe(each: i32): void {
  const first = isLeftOut(each) ? NOT_MADE : answer(each, -1);
  const second = isLeftOut(each) || waitsOrActs(each) ? NOT_MADE : answer(each, 0);
  printDecimal(each);
  printAnswer(first);
  printAnswer(second);
  printLine("");
  flush();
}

function printAnswer(answer: i32): void {
  print(" ");
  if (answer === NOT_MADE) print("-");
  else printDecimal(answer);
}

/** The errno, 0, or SIGNALS and more. */
function answer(each: i32, others: i32): i32 {
  const child = fork();
  if (child === 0) {
    call(SystemCall.alarm, SECONDS);
    const result = call(each, -1, others, others, others, others, others);
    call(SystemCall.exit_group, result < 0 && result >= -255 ? -result : 0);
  }
  const status = statusOf(child);
  const signal = status & 0x7f;
  return signal !== 0 ? SIGNALS + signal : (status >> 8) & 0xff;
}

/** Calls that do not return, or return twice. */
function isLeftOut(each: i32): bool {
  switch (each) {
    case SystemCall.exit:
    case SystemCall.exit_group:
    case SystemCall.fork:
    case SystemCall.vfork:
    case SystemCall.clone:
    case SystemCall.pause:
    case SystemCall.sigsuspend:
    case SystemCall.sigreturn:
    case SystemCall.rt_sigreturn:
    case HANG_UP:
      return true;
    default:
      return false;
  }
}

/** Calls that wait, or mean something, if all but the first argument are 0. */
function waitsOrActs(each: i32): bool {
  switch (each) {
    case SystemCall.ppoll:
    case SystemCall.ppoll_time64:
    case SystemCall.clone3:
    case SET_HOST_NAME:
    case SET_DOMAIN_NAME:
      return true;
    default:
      return false;
  }
}
