// window: how large the terminal's window is, now and after each change.

import { SystemCall } from "../src/abi/linux/i386";
import { SIG_BLOCK, SIGWINCH } from "../src/abi/signals";
import { TIOCGWINSZ, WINSIZE_COLUMNS, WINSIZE_ROWS } from "../src/abi/termios";
import { int80 } from "../src/abi/x86";
import { refuse, wantsHelp } from "./runtime/arguments";
import { complain } from "./runtime/errors";
import { flush, print, printDecimal, printLine, STANDARD_OUTPUT } from "./runtime/output";
import { ioctl } from "./runtime/system-calls";

const USAGE = `usage: window
Prints how many rows and columns the terminal has, and again whenever that changes; ^C ends it.`;

const size: usize = memory.data(8, 4);
/** The signals that are waited for: the one that tells of a change. */
const signals: usize = memory.data(8, 8);
const SET_SIZE: u32 = 8;

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  if (argc > 1) return refuse(argv, 1, USAGE);
  store<u64>(signals, (<u64>1) << (SIGWINCH - 1));
  int80(SystemCall.rt_sigprocmask, SIG_BLOCK, signals, 0, SET_SIZE, 0, 0);
  while (true) {
    const result = ioctl(STANDARD_OUTPUT, TIOCGWINSZ, size);
    if (result !== 0) {
      complain("window", cstr("standard output"), result);
      return 1;
    }
    printDecimal(load<u16>(size + WINSIZE_ROWS));
    print(" rows, ");
    printDecimal(load<u16>(size + WINSIZE_COLUMNS));
    printLine(" columns");
    flush();
    int80(SystemCall.rt_sigtimedwait, signals, 0, 0, SET_SIZE, 0, 0);
  }
}
