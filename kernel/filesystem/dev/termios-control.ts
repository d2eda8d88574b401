// The settings of a terminal on their way between it and programs: termios, termios2, and the
// termio of System V, which has half of each. The baud rates follow from the flags.

import { EFAULT } from "../../../src/abi/errno";
import {
  BOTHER,
  CBAUD,
  IBSHIFT,
  TERMIO_CC,
  TERMIO_CC_COUNT,
  TERMIO_LINE,
  TERMIO_SIZE,
  TERMIOS_CC,
  TERMIOS_CFLAG,
  TERMIOS_ISPEED,
  TERMIOS_LINE,
  TERMIOS_OSPEED,
  TERMIOS2_SIZE,
} from "../../../src/abi/termios";
import { copyIn, copyOut, UserPointer } from "../../memory/user-memory";
import { Terminal } from "../../terminal/terminal";

/** How many bits of flags a termio has: the low halves of four words. */
const FLAGS: u32 = 4;
/** The speeds whose flags have no more than four bits, and those with BOTHER's bit. */
const SLOW_SPEEDS: u32 = 16;
const speeds: usize = memory.data<u32>([
  0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400, 57600,
  115200, 230400, 460800, 500000, 576000, 921600, 1000000, 1152000, 1500000, 2000000, 2500000,
  3000000, 3500000, 4000000,
]);

const scratch: usize = memory.data(TERMIOS2_SIZE, 8);
const termio: usize = memory.data(TERMIO_SIZE, 4);

/** Takes over the first `size` bytes of a termios2 of the user's. 0 or -EFAULT. */
export function setTermios(
  terminal: Terminal,
  pointer: UserPointer,
  size: u32,
  dropsInput: bool,
): i32 {
  memory.copy(scratch, changetype<usize>(terminal), TERMIOS2_SIZE);
  if (copyIn(pointer, scratch, size) !== 0) return -EFAULT;
  change(terminal, dropsInput);
  return 0;
}

export function getTermio(terminal: Terminal, pointer: UserPointer): i32 {
  const from = changetype<usize>(terminal);
  for (let i: u32 = 0; i < FLAGS; i++) store<u16>(termio + (i << 1), load<u32>(from + (i << 2)));
  store<u8>(termio, load<u8>(from, TERMIOS_LINE), TERMIO_LINE);
  memory.copy(termio + TERMIO_CC, from + TERMIOS_CC, TERMIO_CC_COUNT);
  return copyOut(pointer, termio, TERMIO_SIZE);
}

export function setTermio(terminal: Terminal, pointer: UserPointer, dropsInput: bool): i32 {
  if (copyIn(pointer, termio, TERMIO_SIZE) !== 0) return -EFAULT;
  memory.copy(scratch, changetype<usize>(terminal), TERMIOS2_SIZE);
  for (let i: u32 = 0; i < FLAGS; i++) store<u16>(scratch + (i << 2), load<u16>(termio + (i << 1)));
  store<u8>(scratch, load<u8>(termio, TERMIO_LINE), TERMIOS_LINE);
  memory.copy(scratch + TERMIOS_CC, termio + TERMIO_CC, TERMIO_CC_COUNT);
  change(terminal, dropsInput);
  return 0;
}

function change(terminal: Terminal, dropsInput: bool): void {
  const flags = load<u32>(scratch, TERMIOS_CFLAG);
  const output = speedOf(flags & CBAUD, load<u32>(scratch, TERMIOS_OSPEED));
  const inputFlags = (flags >> IBSHIFT) & CBAUD;
  const input = inputFlags === 0 ? output : speedOf(inputFlags, load<u32>(scratch, TERMIOS_ISPEED));
  store<u32>(scratch, input, TERMIOS_ISPEED);
  store<u32>(scratch, output, TERMIOS_OSPEED);
  if (dropsInput) terminal.dropInput();
  terminal.changeTermios(scratch);
}

/** Bits per second, from the flags or, if these say so, as given. */
function speedOf(flags: u32, given: u32): u32 {
  if (flags === BOTHER) return given;
  const index = flags >= BOTHER ? (flags & ~BOTHER) + SLOW_SPEEDS - 1 : flags;
  return load<u32>(speeds + (index << 2));
}
