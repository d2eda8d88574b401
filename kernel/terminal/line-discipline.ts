// The line discipline: what happens between the bytes of a keyboard and the bytes that a read gets.
//
//   received        canonical: held until the line ends, and can be taken back; ^D ends the
//   bytes  ->                  input without storing anything
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
// The record begins with a termios2 (termios-record.ts) and what output needs
// (output-discipline.ts). terminal.ts goes on with the rest of a terminal, and the ring follows at
// RING.
//
// Invariants
//   - head <= committed <= tail <= head + RING_ENTRIES.
//   - Nothing here touches hardware or threads: the terminal passes bytes in, and echo goes to the
//     output function.
// See termios(3); where that is silent, drivers/tty/n_tty.c of Linux was asked.

import { SIGINT, SIGQUIT, SIGTSTP } from "../../src/abi/signals";
import {
  ECHO,
  ECHOCTL,
  ECHOE,
  ECHOK,
  ECHOKE,
  ECHONL,
  ECHOPRT,
  ICANON,
  ICRNL,
  IEXTEN,
  IGNCR,
  INLCR,
  ISIG,
  ISTRIP,
  IUCLC,
  IXANY,
  IXON,
  NOFLSH,
  PARMRK,
  TERMIOS2_SIZE,
  VEOF,
  VEOL,
  VEOL2,
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
  VTIME,
  VWERASE,
} from "../../src/abi/termios";
import { ECHO_SIZE, KEPT_ECHO, OutputDiscipline } from "./output-discipline";

const ENDS_LINE: u32 = 1 << 8;
const ENDS_INPUT: u32 = 1 << 9;
const RING_ENTRIES: u32 = 4096;
/** Entries that a sender that waits leaves free, for keys that cannot wait. */
const ROOM_FOR_TYPING: u32 = 256;
const ENTRY_SHIFT: u32 = 1;
const BELL: u32 = 0x07;
const BACKSPACE: u32 = 0x08;
const TAB: u32 = 0x09;
const TAB_WIDTH: u32 = 8;
const NEWLINE: u32 = 0x0a;
const RETURN: u32 = 0x0d;
const BLANK: u32 = 0x20;
const SLASH: u32 = 0x2f;
const BACKSLASH: u32 = 0x5c;
const CARET: u32 = 0x5e;
const DELETE: u32 = 0x7f;
/** What PARMRK doubles. */
const MARK: u32 = 0xff;

/** Where the ring begins in a terminal's record: see terminal.ts. */
export const RING: usize = KEPT_ECHO + ECHO_SIZE;
export const RING_SIZE: u32 = RING_ENTRIES << ENTRY_SHIFT;

@unmanaged
export class LineDiscipline extends OutputDiscipline {
  private head: u32 = 0;
  private committed: u32 = 0;
  private tail: u32 = 0;
  /** The next byte is taken as it is: ^V came before it. */
  private isQuoting: bool = false;
  /** What ECHOPRT shows as erased has begun, with a backslash. */
  private isErasing: bool = false;

  /**
   * Takes a byte from the keyboard; returns the signal that it stands for, or 0. What the user
   * should see of it goes to the output function.
   */
  receive(received: u32): u32 {
    let byte = received;
    if (this.hasInputFlag(ISTRIP)) byte &= 0x7f;
    if (this.hasInputFlag(IUCLC) && this.hasLocalFlag(IEXTEN)) byte = lowerCase(byte);
    if (this.isQuoting) {
      this.isQuoting = false;
      this.receivePlain(byte);
      return 0;
    }
    if (this.isFlowControl(byte)) return 0;
    const signal = this.signalOf(byte);
    if (signal !== 0) {
      if (!this.hasLocalFlag(NOFLSH)) this.discardInput();
      if (this.hasInputFlag(IXON)) this.isStopped = false;
      this.echo(byte);
      return signal;
    }
    if (this.isStopped && (this.iflag & (IXON | IXANY)) === (IXON | IXANY)) this.isStopped = false;
    if (byte === RETURN) {
      if (this.hasInputFlag(IGNCR)) return 0;
      if (this.hasInputFlag(ICRNL)) byte = NEWLINE;
    } else if (byte === NEWLINE && this.hasInputFlag(INLCR)) byte = RETURN;
    if (this.hasLocalFlag(ICANON)) this.receiveCanonical(byte);
    else this.receivePlain(byte);
    return 0;
  }

  /** How many bytes a read that wants `size` waits for: VMIN, but no more than it wants. */
  wantedBytes(size: u32): u32 {
    return this.hasLocalFlag(ICANON) ? 1 : min<u32>(this.special(VMIN), size);
  }

  /** True if a read of `size` bytes would return now, whatever VTIME says. */
  isReadable(size: u32): bool {
    const available = this.committed - this.head;
    if (this.hasLocalFlag(ICANON)) return available !== 0;
    return available >= this.wantedBytes(size);
  }

  /** Whether poll(2) calls it readable: with VTIME, one byte is enough. */
  isPolledReadable(): bool {
    const isPatient = !this.hasLocalFlag(ICANON) && this.special(VTIME) === 0;
    const enough: u32 = isPatient ? max<u32>(this.special(VMIN), 1) : 1;
    return this.committed - this.head >= enough;
  }

  /** How many entries can be read: each ^D is one. */
  get available(): u32 {
    return this.committed - this.head;
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
      if ((entry & ENDS_LINE) !== 0 && this.hasLocalFlag(ICANON)) return count;
    }
    // ^D after exactly `size` bytes ended that input, not the next one.
    if (count !== 0 && this.head !== this.committed) {
      if ((this.entry(this.head) & ENDS_INPUT) !== 0) this.head++;
    }
    return count;
  }

  /** Takes over the termios2 at `from`. What is unread becomes readable when ICANON changes. */
  setTermios(from: usize): void {
    const before = this.lflag;
    const hadFlowControl = this.hasInputFlag(IXON);
    memory.copy(changetype<usize>(this), from, TERMIOS2_SIZE);
    if (((before ^ this.lflag) & ICANON) !== 0) this.makeReadable();
    if (hadFlowControl && !this.hasInputFlag(IXON)) this.isStopped = false;
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
    this.isErasing = false;
    this.isQuoting = false;
    if (!this.hasLocalFlag(ICANON) || this.head === this.tail) return;
    const last = this.entry(this.tail - 1);
    store<u16>(this.entryAddress(this.tail - 1), last | (last === 0 ? ENDS_INPUT : ENDS_LINE));
  }

  /** Forgets everything that was received and not read. */
  discardInput(): void {
    this.head = this.tail;
    this.committed = this.tail;
    this.isErasing = false;
    this.isQuoting = false;
    this.dropEcho();
  }

  /**
   * The defaults of a Linux terminal, input empty. Bytes that are shown go to the function of index
   * `output`, which gets this record and a byte.
   */
  reset(output: u32): void {
    this.setDefaults();
    this.outputFunction = output;
    this.isStopped = false;
    this.isSuspended = false;
    this.column = 0;
    this.typedColumn = 0;
    this.discardInput();
  }

  /** ^S and ^Q, if they control the flow. */
  private isFlowControl(byte: u32): bool {
    if (!this.hasInputFlag(IXON)) return false;
    if (this.isSpecial(byte, VSTART)) this.isStopped = false;
    else if (this.isSpecial(byte, VSTOP)) this.isStopped = true;
    else return false;
    return true;
  }

  /** A byte that means itself. */
  private receivePlain(byte: u32): void {
    const isRaw = !this.hasLocalFlag(ICANON);
    // The last entry is kept for what ends the line: a full line can always be read.
    if (!isRaw && this.tail - this.head >= RING_ENTRIES - 1) {
      this.echoByte(BELL);
      return;
    }
    if (byte === NEWLINE && this.hasLocalFlag(ECHO)) {
      this.finishErasing();
      this.echoByte(NEWLINE);
    } else this.echo(byte);
    if (byte === MARK && this.hasInputFlag(PARMRK)) this.append(byte);
    this.append(byte);
    if (isRaw) this.committed = this.tail;
  }

  private receiveCanonical(byte: u32): void {
    const isExtended = this.hasLocalFlag(IEXTEN);
    if (this.isSpecial(byte, VERASE)) this.eraseCharacter();
    else if (this.isSpecial(byte, VKILL)) this.eraseLine();
    else if (isExtended && this.isSpecial(byte, VWERASE)) this.eraseWord();
    else if (isExtended && this.isSpecial(byte, VLNEXT)) this.quoteNext();
    else if (isExtended && this.hasLocalFlag(ECHO) && this.isSpecial(byte, VREPRINT)) {
      this.reprint(byte);
    } else if (byte === NEWLINE) this.endLine(byte);
    else if (this.isSpecial(byte, VEOF)) this.endInput();
    else if (this.isSpecial(byte, VEOL)) this.endLine(byte);
    else if (isExtended && this.isSpecial(byte, VEOL2)) this.endLine(byte);
    else this.receivePlain(byte);
  }

  private endLine(byte: u32): void {
    if (byte !== NEWLINE) this.echo(byte);
    else if ((this.lflag & (ECHO | ECHONL)) !== 0) this.echoByte(NEWLINE);
    if (byte === MARK && this.hasInputFlag(PARMRK)) this.append(byte);
    this.append(byte | ENDS_LINE);
    this.committed = this.tail;
  }

  private endInput(): void {
    if (this.append(ENDS_INPUT)) this.committed = this.tail;
  }

  private quoteNext(): void {
    this.isQuoting = true;
    if (!this.hasLocalFlag(ECHO)) return;
    this.finishErasing();
    if (!this.hasLocalFlag(ECHOCTL)) return;
    this.echoByte(CARET);
    this.echoByte(BACKSPACE);
  }

  /** Shows the line that is being typed once more. */
  private reprint(byte: u32): void {
    this.finishErasing();
    this.echo(byte);
    this.echoByte(NEWLINE);
    for (let at = this.committed; at !== this.tail; at++) this.echo(this.entry(at));
  }

  private eraseCharacter(): void {
    if (this.tail === this.committed) return;
    const length = this.takeBack();
    if (this.hasLocalFlag(ECHO)) this.showErased(length, !this.hasLocalFlag(ECHOE));
    this.endErasing();
  }

  /** What comes before the last word, and the word: letters, digits and _. */
  private eraseWord(): void {
    let isInWord: bool = false;
    while (this.tail !== this.committed) {
      const length = this.takeBack();
      const isLetter = isWordByte(this.entry(this.tail));
      if (!isLetter && isInWord) {
        this.tail += length;
        break;
      }
      isInWord = isInWord || isLetter;
      if (this.hasLocalFlag(ECHO)) this.showErased(length, false);
    }
    this.endErasing();
  }

  private eraseLine(): void {
    if (this.tail === this.committed) return;
    const rubsOut = ECHOE | ECHOK | ECHOKE;
    if (!this.hasLocalFlag(ECHO) || (this.lflag & rubsOut) !== rubsOut) {
      this.tail = this.committed;
      if (!this.hasLocalFlag(ECHO)) return;
      this.finishErasing();
      this.echoVisibly(this.special(VKILL));
      if (this.hasLocalFlag(ECHOK)) this.echoByte(NEWLINE);
      return;
    }
    while (this.tail !== this.committed) this.showErased(this.takeBack(), false);
    this.endErasing();
  }

  /** Moves the tail back over a character, all bytes of it; how many there were. */
  private takeBack(): u32 {
    const before = this.tail;
    do this.tail--;
    while (this.tail !== this.committed && this.isContinuation(this.entry(this.tail)));
    return before - this.tail;
  }

  /** Shows that the character at the tail, of `length` bytes, is gone. */
  private showErased(length: u32, showsKey: bool): void {
    const byte = this.entry(this.tail);
    if (this.hasLocalFlag(ECHOPRT)) this.printErased(length);
    else if (showsKey) this.echoVisibly(this.special(VERASE));
    else if (byte === TAB) this.goBackOverTab();
    else if (!isControl(byte)) this.rubOut();
    else if (this.hasLocalFlag(ECHOCTL)) {
      this.rubOut();
      this.rubOut();
    }
  }

  /** ECHOPRT: what is erased appears once more, between \\ and /. */
  private printErased(length: u32): void {
    if (!this.isErasing) this.echoByte(BACKSLASH);
    this.isErasing = true;
    this.echoVisibly(this.entry(this.tail));
    for (let i: u32 = 1; i < length; i++) this.echoByte(this.entry(this.tail + i));
  }

  private finishErasing(): void {
    if (this.isErasing) this.echoByte(SLASH);
    this.isErasing = false;
  }

  private endErasing(): void {
    if (this.tail === this.committed && this.hasLocalFlag(ECHO)) this.finishErasing();
  }

  /** To the column where the tab at the tail began. */
  private goBackOverTab(): void {
    let columns: u32 = 0;
    let at = this.tail;
    let isAfterTab = false;
    while (at !== this.committed && !isAfterTab) {
      const byte = this.entry(--at);
      if (byte === TAB) isAfterTab = true;
      else if (isControl(byte)) columns += this.hasLocalFlag(ECHOCTL) ? 2 : 0;
      else if (!this.isContinuation(byte)) columns++;
    }
    if (!isAfterTab) columns += this.typedColumn;
    for (let i = columns % TAB_WIDTH; i < TAB_WIDTH; i++) this.echoByte(BACKSPACE);
  }

  private rubOut(): void {
    this.echoByte(BACKSPACE);
    this.echoByte(BLANK);
    this.echoByte(BACKSPACE);
  }
  private signalOf(byte: u32): u32 {
    if (!this.hasLocalFlag(ISIG)) return 0;
    if (this.isSpecial(byte, VINTR)) return SIGINT;
    if (this.isSpecial(byte, VQUIT)) return SIGQUIT;
    return this.isSpecial(byte, VSUSP) ? SIGTSTP : 0;
  }

  /** Shows a byte that was typed, if that is wanted: control characters as ^X. */
  private echo(byte: u32): void {
    if (!this.hasLocalFlag(ECHO)) return;
    this.finishErasing();
    if (this.committed === this.tail) this.typedColumn = this.column;
    this.echoVisibly(byte);
  }

  private echoVisibly(byte: u32): void {
    if (!this.isShownWithCaret(byte)) {
      this.echoByte(byte);
      return;
    }
    this.echoByte(CARET);
    this.echoByte(byte ^ 0x40);
  }

  private isShownWithCaret(byte: u32): bool {
    return this.hasLocalFlag(ECHOCTL) && byte !== TAB && isControl(byte);
  }

  private append(entry: u32): bool {
    if (this.tail - this.head >= RING_ENTRIES) {
      this.echoByte(BELL);
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
}

function isControl(byte: u32): bool {
  return byte < 0x20 || byte === DELETE;
}

/** Letters, digits and _; of what is not ASCII, the letters of Latin-1. */
function isWordByte(byte: u32): bool {
  const letter = byte | 0x20;
  if (letter >= 0x61 && letter <= 0x7a) return true;
  if (byte >= 0x30 && byte <= 0x39) return true;
  return byte === 0x5f || (byte >= 0xc0 && byte !== 0xd7 && byte !== 0xf7);
}

function lowerCase(byte: u32): u32 {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}
