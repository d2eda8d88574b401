// What happens to the bytes of a program, and to echo, on their way out: OPOST of termios(3).
//
//   written bytes -> flags of the output, columns counted -> the driver
//   echo ----------^   while output is stopped, or the driver has no room: kept, up to ECHO_SIZE
//
// Invariants
//   - What a program writes comes after echo that was kept before.
//   - One byte becomes MOST_OUTPUT at most.

import { IUTF8, OCRNL, OLCUC, ONLCR, ONLRET, ONOCR, OPOST, TAB3 } from "../../src/abi/termios";
import { TermiosRecord } from "./termios-record";

const BACKSPACE: u32 = 0x08;
const TAB: u32 = 0x09;
const NEWLINE: u32 = 0x0a;
const RETURN: u32 = 0x0d;
const BLANK: u32 = 0x20;
const DELETE: u32 = 0x7f;
const TAB_WIDTH: u32 = 8;
/** A tab as blanks. */
const MOST_OUTPUT: u32 = TAB_WIDTH;

/** Where echo is kept in a terminal's record: see terminal.ts. */
export const KEPT_ECHO: usize = 256;
export const ECHO_SIZE: u32 = 256;

/** A byte that goes out on its own. */
const single: usize = memory.data(1);

@unmanaged
export class OutputDiscipline extends TermiosRecord {
  /** Where the next byte appears, and where the line that is being typed begins. */
  column: u32 = 0;
  typedColumn: u32 = 0;
  /** Echo that is kept: positions that count for ever. */
  private echoHead: u32 = 0;
  private echoTail: u32 = 0;
  /** ^S, or TCOOFF, which only TCOON ends. */
  isStopped: bool = false;
  isSuspended: bool = false;
  /**
   * Function indices: `(terminal, from: usize, size: u32): void`, and `(terminal): u32`; 0: room
   * for all.
   */
  outputFunction: u32 = 0;
  roomFunction: u32 = 0;

  /** How many bytes of a program's can go out now. */
  writableBytes(): u32 {
    this.sendEcho();
    return this.echoHead === this.echoTail ? this.room() : 0;
  }

  private room(): u32 {
    if (this.isStopped || this.isSuspended) return 0;
    if (this.roomFunction === 0) return u32.MAX_VALUE;
    return call_indirect<u32>(this.roomFunction, this) / MOST_OUTPUT;
  }

  /** Shows a byte of what was typed, or keeps it; what is too much is lost. */
  echoByte(byte: u32): void {
    if (this.echoHead === this.echoTail && this.room() !== 0) {
      this.put(byte);
      return;
    }
    if (this.echoTail - this.echoHead < ECHO_SIZE)
      store<u8>(this.echoAddress(this.echoTail++), byte);
  }

  /** Sends echo that was kept, as far as there is room. */
  sendEcho(): void {
    while (this.echoHead !== this.echoTail && this.room() !== 0) {
      this.put(load<u8>(this.echoAddress(this.echoHead++)));
    }
  }

  dropEcho(): void {
    this.echoHead = this.echoTail;
  }

  /** Sends `size` bytes at `from` on, as the flags of the output say. */
  putBytes(from: usize, size: u32): void {
    const end = from + size;
    for (let at = from; at < end; ) {
      const next = this.endOfRun(at, end);
      if (next !== at) {
        if (this.hasOutputFlag(OPOST)) this.column += next - at;
        call_indirect<void>(this.outputFunction, this, at, next - at);
      }
      at = next;
      if (at < end) this.put(load<u8>(at++));
    }
  }

  /** Where the bytes end that begin at `from`, end before `end` and go out as they are. */
  private endOfRun(from: usize, end: usize): usize {
    if (!this.hasOutputFlag(OPOST)) return end;
    if (this.hasOutputFlag(OLCUC)) return from;
    let at = from;
    // Four bytes at a time: in none is the upper bit set, nor is it once BLANK is taken away (as
    // it is for control characters), or 1 is added (as it is for DELETE).
    for (; at + 4 <= end; at += 4) {
      const bytes = load<u32>(at);
      if (((bytes | (bytes - 0x20202020) | (bytes + 0x01010101)) & 0x80808080) !== 0) break;
    }
    while (at < end && <u32>load<u8>(at) - BLANK < DELETE - BLANK) at++;
    return at;
  }

  /** Sends a byte on, as the flags of the output say. */
  put(byte: u32): void {
    if (!this.hasOutputFlag(OPOST)) {
      this.send(byte);
      return;
    }
    if (byte >= BLANK && byte !== DELETE) {
      if (!this.isContinuation(byte)) this.column++;
      this.send(this.hasOutputFlag(OLCUC) ? upperCase(byte) : byte);
      return;
    }
    if (byte === NEWLINE) this.putNewline();
    else if (byte === RETURN) this.putReturn();
    else if (byte === TAB) this.putTab();
    else {
      if (byte === BACKSPACE && this.column !== 0) this.column--;
      this.send(byte);
    }
  }

  /** Whether the byte goes on with a character of UTF-8. */
  isContinuation(byte: u32): bool {
    return (byte & 0xc0) === 0x80 && this.hasInputFlag(IUTF8);
  }

  private putNewline(): void {
    if (this.hasOutputFlag(ONLRET)) this.column = 0;
    if (this.hasOutputFlag(ONLCR)) {
      this.column = 0;
      this.send(RETURN);
    }
    this.typedColumn = this.column;
    this.send(NEWLINE);
  }

  private putReturn(): void {
    if (this.hasOutputFlag(ONOCR) && this.column === 0) return;
    const isNewline = this.hasOutputFlag(OCRNL);
    if (!isNewline || this.hasOutputFlag(ONLRET)) {
      this.column = 0;
      this.typedColumn = 0;
    }
    this.send(isNewline ? NEWLINE : RETURN);
  }

  private putTab(): void {
    const width = TAB_WIDTH - (this.column % TAB_WIDTH);
    this.column += width;
    if ((this.oflag & TAB3) !== TAB3) this.send(TAB);
    else for (let i: u32 = 0; i < width; i++) this.send(BLANK);
  }

  /** Sends a byte on as it is. */
  send(byte: u32): void {
    store<u8>(single, byte);
    call_indirect<void>(this.outputFunction, this, single, 1);
  }

  private echoAddress(position: u32): usize {
    return changetype<usize>(this) + KEPT_ECHO + (position % ECHO_SIZE);
  }
}

function upperCase(byte: u32): u32 {
  return byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte;
}
