// A terminal's settings, as programs get and set them: the beginning of its record is a termios2.
//
// See termios(3) and src/abi/termios.ts.

import {
  B38400,
  CREAD,
  CS8,
  ECHO,
  ECHOCTL,
  ECHOE,
  ECHOK,
  ECHOKE,
  HUPCL,
  ICANON,
  ICRNL,
  IEXTEN,
  ISIG,
  IXON,
  ONLCR,
  OPOST,
  TERMIOS_CC,
  TERMIOS_CC_COUNT,
  TERMIOS_ISPEED,
  TERMIOS2_SIZE,
  VDISCARD,
  VEOF,
  VERASE,
  VINTR,
  VKILL,
  VLNEXT,
  VMIN,
  VQUIT,
  VREPRINT,
  VSTART,
  VSTOP,
  VSUSP,
  VWERASE,
} from "../../src/abi/termios";

const DELETE: u32 = 0x7f;
const DEFAULT_SPEED: u32 = 38400;

@unmanaged
export class TermiosRecord {
  iflag: u32 = 0;
  oflag: u32 = 0;
  cflag: u32 = 0;
  lflag: u32 = 0;
  /** The line number and the special characters: bytes 16 to 35 of the termios. */
  special0: u64 = 0;
  special1: u64 = 0;
  special2: u32 = 0;
  /** Bits per second: remembered, nothing more. */
  inputSpeed: u32 = 0;
  outputSpeed: u32 = 0;

  /** What a terminal begins with on Linux. */
  setDefaults(): void {
    this.iflag = ICRNL | IXON;
    this.oflag = OPOST | ONLCR;
    this.cflag = B38400 | CS8 | CREAD | HUPCL;
    this.lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
    this.inputSpeed = DEFAULT_SPEED;
    this.outputSpeed = DEFAULT_SPEED;
    memory.fill(changetype<usize>(this) + TERMIOS_CC, 0, TERMIOS_CC_COUNT);
    this.setSpecial(VINTR, 0x03);
    this.setSpecial(VQUIT, 0x1c);
    this.setSpecial(VERASE, DELETE);
    this.setSpecial(VKILL, 0x15);
    this.setSpecial(VEOF, 0x04);
    this.setSpecial(VMIN, 1);
    this.setSpecial(VSTART, 0x11);
    this.setSpecial(VSTOP, 0x13);
    this.setSpecial(VSUSP, 0x1a);
    this.setSpecial(VREPRINT, 0x12);
    this.setSpecial(VDISCARD, 0x0f);
    this.setSpecial(VWERASE, 0x17);
    this.setSpecial(VLNEXT, 0x16);
  }

  /** Whether a flag of the input is set, and so on. */
  hasInputFlag(flag: u32): bool {
    return (this.iflag & flag) !== 0;
  }

  hasOutputFlag(flag: u32): bool {
    return (this.oflag & flag) !== 0;
  }

  hasLocalFlag(flag: u32): bool {
    return (this.lflag & flag) !== 0;
  }

  /** Whether `byte` is the special character; a special character of 0 is switched off. */
  isSpecial(byte: u32, index: u32): bool {
    return byte !== 0 && byte === this.special(index);
  }

  special(index: u32): u32 {
    return load<u8>(changetype<usize>(this) + TERMIOS_CC + index);
  }

  setSpecial(index: u32, byte: u32): void {
    store<u8>(changetype<usize>(this) + TERMIOS_CC + index, byte);
  }
}

if (offsetof<TermiosRecord>() !== TERMIOS2_SIZE) ERROR("the record begins with a termios2");
if (offsetof<TermiosRecord>("inputSpeed") !== TERMIOS_ISPEED) ERROR("the speeds come last");
