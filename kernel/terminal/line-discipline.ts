// The line discipline: what happens between the bytes of a keyboard and the bytes that a read gets.
//
//   received        canonical: held until the line ends, erase (DEL, ^W, ^U) takes back; ^D ends
//   bytes  ->       input without storing anything
//                   raw: available at once
//
// What was received and not read yet is a ring of 16-bit entries: the byte, and whether a read ends
// there. Positions count entries for ever; the ring's index is the position modulo its size.
//
//            |15 10|9         |8        |7    0|
//            |  0  |ENDS_INPUT|ENDS_LINE| byte |
//
//       head           committed          tail
//        |  to be read     |  can be edited |
//
// The first TERMIOS_SIZE bytes of the record are a termios, as TCGETS copies it. terminal.ts goes
// on with the rest of a terminal, and the ring follows at RING.
//
// Invariants
//   - head <= committed <= tail <= head + RING_ENTRIES.
//   - Nothing here touches hardware or threads: the terminal passes bytes in and gets echo back.
// See termios(3).

import { SIGINT, SIGQUIT } from "../../src/abi/signals";
import {
  B115200,
  CREAD,
  CS8,
  ECHO,
  ECHOCTL,
  ECHOE,
  ECHOK,
  ECHOKE,
  ICANON,
  ICRNL,
  IEXTEN,
  IGNCR,
  INLCR,
  ISIG,
  ISTRIP,
  NOFLSH,
  ONLCR,
  OPOST,
  TERMIOS_CC,
  TERMIOS_SIZE,
  VEOF,
  VEOL,
  VERASE,
  VINTR,
  VKILL,
  VMIN,
  VQUIT,
  VWERASE,
} from "../../src/abi/termios";

const ENDS_LINE: u32 = 1 << 8;
const ENDS_INPUT: u32 = 1 << 9;
const RING_ENTRIES: u32 = 4096;
/** Entries that a sender that waits leaves free, for keys that cannot wait. */
const ROOM_FOR_TYPING: u32 = 256;
const ENTRY_SHIFT: u32 = 1;
const BELL: u32 = 0x07;
const NEWLINE: u32 = 0x0a;
const RETURN: u32 = 0x0d;
const DELETE: u32 = 0x7f;

/** Where the ring begins in a terminal's record: see terminal.ts. */
export const RING: usize = 128;
export const RING_SIZE: u32 = RING_ENTRIES << ENTRY_SHIFT;

@unmanaged
export class LineDiscipline {
  iflag: u32 = 0;
  oflag: u32 = 0;
  cflag: u32 = 0;
  lflag: u32 = 0;
  /** The line number and the special characters: bytes 16 to 35 of the termios. */
  special0: u64 = 0;
  special1: u64 = 0;
  special2: u32 = 0;
  private head: u32 = 0;
  private committed: u32 = 0;
  private tail: u32 = 0;
  /** Function index of `(terminal: LineDiscipline, byte: u32): void`: shows a byte. */
  private echoFunction: u32 = 0;

  /**
   * Takes a byte from the keyboard; returns the signal that it stands for, or 0. What the user
   * should see of it goes to the echo function.
   */
  receive(received: u32): u32 {
    let byte = received;
    if ((this.iflag & ISTRIP) !== 0) byte &= 0x7f;
    if (byte === RETURN) {
      if ((this.iflag & IGNCR) !== 0) return 0;
      if ((this.iflag & ICRNL) !== 0) byte = NEWLINE;
    } else if (byte === NEWLINE && (this.iflag & INLCR) !== 0) byte = RETURN;

    const signal = this.signalOf(byte);
    if (signal !== 0) {
      this.echo(byte);
      if ((this.lflag & NOFLSH) === 0) this.discardInput();
      return signal;
    }
    if ((this.lflag & ICANON) !== 0) this.receiveCanonical(byte);
    else this.receiveRaw(byte);
    return 0;
  }

  /** True if a read of `size` bytes would return now. */
  isReadable(size: u32): bool {
    const available = this.committed - this.head;
    if ((this.lflag & ICANON) !== 0) return available !== 0;
    return available >= min<u32>(this.special(VMIN), size);
  }

  /**
   * False if a sender that can wait should: there is much to be read. A line that has not ended
   * does not count, because it cannot be read yet.
   */
  hasRoom(): bool {
    if (this.head === this.committed) return true;
    return this.tail - this.head < RING_ENTRIES - ROOM_FOR_TYPING;
  }

  /** How many bytes are ready to be read; a ^D is not one. */
  readableBytes(): u32 {
    let count: u32 = 0;
    for (let at = this.head; at !== this.committed; at++) {
      if ((this.entry(at) & ENDS_INPUT) === 0) count++;
    }
    return count;
  }

  /**
   * Moves at most `size` bytes to `to` and returns their number. In canonical mode it stops after
   * the end of a line; 0 then means the end of input.
   */
  read(to: usize, size: u32): u32 {
    let count: u32 = 0;
    while (count < size && this.head !== this.committed) {
      const entry = this.entry(this.head++);
      if ((entry & ENDS_INPUT) !== 0) return count;
      store<u8>(to + count++, entry);
      if ((entry & ENDS_LINE) !== 0 && (this.lflag & ICANON) !== 0) return count;
    }
    // ^D after exactly `size` bytes ended that input, not the next one.
    if (count !== 0 && this.head !== this.committed) {
      if ((this.entry(this.head) & ENDS_INPUT) !== 0) this.head++;
    }
    return count;
  }

  /** Takes over the termios at `from`. What is unread becomes readable when ICANON changes. */
  setTermios(from: usize): void {
    const before = this.lflag;
    memory.copy(changetype<usize>(this), from, TERMIOS_SIZE);
    if (((before ^ this.lflag) & ICANON) !== 0) this.makeReadable();
  }

  /**
   * Forgets where lines end, as Linux does when ICANON changes. In canonical mode what is unread
   * then counts as one line, although no newline ends it; a NUL at its end is taken for ^D.
   */
  private makeReadable(): void {
    for (let at = this.head; at !== this.tail; at++) {
      store<u16>(this.entryAddress(at), this.entry(at) & 0xff);
    }
    this.committed = this.tail;
    if ((this.lflag & ICANON) === 0 || this.head === this.tail) return;
    const last = this.entry(this.tail - 1);
    store<u16>(this.entryAddress(this.tail - 1), last | (last === 0 ? ENDS_INPUT : ENDS_LINE));
  }

  /** Forgets everything that was received and not read. */
  discardInput(): void {
    this.head = this.tail;
    this.committed = this.tail;
  }

  /**
   * The defaults of a Linux terminal, input empty. Echo goes to the function of index `echo`, which
   * gets this record and a byte.
   */
  reset(echo: u32): void {
    this.iflag = ICRNL;
    this.oflag = OPOST | ONLCR;
    this.cflag = B115200 | CS8 | CREAD;
    this.lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
    this.setSpecial(VINTR, 0x03);
    this.setSpecial(VQUIT, 0x1c);
    this.setSpecial(VERASE, DELETE);
    this.setSpecial(VKILL, 0x15);
    this.setSpecial(VEOF, 0x04);
    this.setSpecial(VMIN, 1);
    this.setSpecial(VWERASE, 0x17);
    this.echoFunction = echo;
    this.discardInput();
  }

  private receiveRaw(byte: u32): void {
    if (!this.append(byte)) return;
    this.committed = this.tail;
    this.echo(byte);
  }

  private receiveCanonical(byte: u32): void {
    if (this.isSpecial(byte, VERASE)) this.eraseCharacter();
    else if (this.isSpecial(byte, VWERASE)) this.eraseWord();
    else if (this.isSpecial(byte, VKILL)) this.eraseLine();
    else if (this.isSpecial(byte, VEOF)) this.endInput();
    else if (byte === NEWLINE || this.isSpecial(byte, VEOL)) this.endLine(byte);
    // The last entry is kept for what ends the line: a full line can always be read.
    else if (this.tail - this.head >= RING_ENTRIES - 1) this.show(BELL);
    else if (this.append(byte)) this.echo(byte);
  }

  private endLine(byte: u32): void {
    if (!this.append(byte | ENDS_LINE)) return;
    this.committed = this.tail;
    this.echo(byte);
  }

  private endInput(): void {
    if (this.append(ENDS_INPUT)) this.committed = this.tail;
  }

  private eraseCharacter(): void {
    if (this.tail === this.committed) return;
    // The bytes of one character of UTF-8 go together.
    while (this.tail - 1 !== this.committed && (this.entry(this.tail - 1) & 0xc0) === 0x80) {
      this.tail--;
    }
    this.tail--;
    if ((this.lflag & ECHO) === 0) return;
    this.rubOut();
    if (this.isShownWithCaret(this.entry(this.tail))) this.rubOut();
  }

  private eraseWord(): void {
    while (this.tail !== this.committed && this.isBlankBeforeTail()) this.eraseCharacter();
    while (this.tail !== this.committed && !this.isBlankBeforeTail()) this.eraseCharacter();
  }

  private eraseLine(): void {
    while (this.tail !== this.committed) this.eraseCharacter();
  }

  private isBlankBeforeTail(): bool {
    const byte = this.entry(this.tail - 1);
    return byte === 0x20 || byte === 0x09;
  }

  private signalOf(byte: u32): u32 {
    if ((this.lflag & ISIG) === 0) return 0;
    if (this.isSpecial(byte, VINTR)) return SIGINT;
    return this.isSpecial(byte, VQUIT) ? SIGQUIT : 0;
  }

  private echo(byte: u32): void {
    if ((this.lflag & ECHO) === 0) return;
    if (!this.isShownWithCaret(byte)) {
      this.show(byte);
      return;
    }
    this.show(0x5e);
    this.show(byte ^ 0x40);
  }

  private isShownWithCaret(byte: u32): bool {
    if ((this.lflag & ECHOCTL) === 0 || byte === NEWLINE || byte === 0x09) return false;
    return byte < 0x20 || byte === DELETE;
  }

  private rubOut(): void {
    this.show(0x08);
    this.show(0x20);
    this.show(0x08);
  }

  private show(byte: u32): void {
    call_indirect<void>(this.echoFunction, this, byte);
  }

  private append(entry: u32): bool {
    if (this.tail - this.head >= RING_ENTRIES) {
      this.show(BELL);
      return false;
    }
    store<u16>(this.entryAddress(this.tail++), entry);
    return true;
  }

  private entry(position: u32): u32 {
    return load<u16>(this.entryAddress(position));
  }

  private entryAddress(position: u32): usize {
    return changetype<usize>(this) + RING + ((position % RING_ENTRIES) << ENTRY_SHIFT);
  }

  /** Whether `byte` is the special character; a special character of 0 is switched off. */
  private isSpecial(byte: u32, index: u32): bool {
    return byte !== 0 && byte === this.special(index);
  }

  private special(index: u32): u32 {
    return load<u8>(changetype<usize>(this) + TERMIOS_CC + index);
  }

  private setSpecial(index: u32, byte: u32): void {
    store<u8>(changetype<usize>(this) + TERMIOS_CC + index, byte);
  }
}

if (offsetof<LineDiscipline>("head") !== TERMIOS_SIZE) ERROR("the record begins with a termios");
