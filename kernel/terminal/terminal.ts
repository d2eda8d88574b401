// A terminal: what programs read lines from and write to, whatever is at its other end.
//
//   programs -> writeByte -> CR before LF -> output function -> screen, serial line, …
//   keys     -> receiveByte -> line discipline -> threads that wait to read
//                                     | ^C -> the foreground group, by a registered function
//
//   the record   0    LineDiscipline: termios, positions in the ring    line-discipline.ts
//                     the fields below
//                RING the ring of received bytes, up to TERMINAL_SIZE
//
// A driver makes one with startTerminal() in TERMINAL_SIZE bytes of its own. Everything that
// belongs to one terminal is in its record, so any number of them live side by side.

import { ONLCR, OPOST } from "../../src/abi/termios";
import { wakeAll } from "../thread/schedule";
import { WaitQueue } from "../thread/wait-queue";
import { LineDiscipline, RING, RING_SIZE } from "./line-discipline";

const NEWLINE: u32 = 0x0a;
const RETURN: u32 = 0x0d;

/** How many bytes startTerminal() needs, at a multiple of 8. */
export const TERMINAL_SIZE: u32 = RING + RING_SIZE;

/** Function index of `(group: u32, signal: u32): void`: process/signal.ts registers it. */
let signalFunction: u32 = 0;

/** Registers the function that sends a signal to a process group, by index. */
export function onTerminalSignal(index: u32): void {
  signalFunction = index;
}

@unmanaged
export class Terminal extends LineDiscipline {
  // The two words of the queue `readers`.
  readersHead: usize = 0;
  readersTail: usize = 0;
  /** The session whose controlling terminal this is; 0: none. */
  session: u32 = 0;
  /** The process group that ^C reaches: TIOCSPGRP sets it. */
  foregroundGroup: u32 = 0;
  rows: u16 = 0;
  columns: u16 = 0;
  /** Function indices; each gets the terminal as its first argument. See startTerminal(). */
  private output: u32 = 0;
  private finish: u32 = 0;
  private refill: u32 = 0;

  /** Threads that wait for input. */
  get readers(): WaitQueue {
    return changetype<WaitQueue>(changetype<usize>(this) + offsetof<Terminal>("readersHead"));
  }

  /** Takes a byte from the keyboard or the line. Called by interrupts. */
  receiveByte(byte: u32): void {
    const signal = this.receive(byte);
    this.finishOutput();
    if (signal !== 0 && signalFunction !== 0) {
      call_indirect<void>(signalFunction, this.foregroundGroup, signal);
    }
    if (this.isReadable(1)) wakeAll(this.readers);
  }

  /** Shows one byte; call finishOutput after the last one. */
  writeByte(byte: u32): void {
    if (byte === NEWLINE && (this.oflag & (OPOST | ONLCR)) === (OPOST | ONLCR)) {
      call_indirect<void>(this.output, this, RETURN);
    }
    call_indirect<void>(this.output, this, byte);
  }

  /** Ends a burst of output: a screen shows the cursor where it ended. */
  finishOutput(): void {
    call_indirect<void>(this.finish, this);
  }

  /** Asks the driver for input that waits in its device: there is room again. */
  takeWaitingInput(): void {
    call_indirect<void>(this.refill, this);
  }

  /** Takes over the termios at `from`; wakes who can read now: see LineDiscipline.setTermios(). */
  changeTermios(from: usize): void {
    this.setTermios(from);
    if (this.isReadable(1)) wakeAll(this.readers);
  }

  /** Sets the functions of the driver, once, and the defaults: see startTerminal(). */
  connect(output: u32, finish: u32, refill: u32): void {
    this.output = output;
    this.finish = finish;
    this.refill = refill;
    this.foregroundGroup = 1;
    this.reset(echo.index);
  }
}

/**
 * Makes a terminal of `rows` by `columns` cells in the TERMINAL_SIZE zeroed bytes at `at`. Its
 * driver is functions by index, each with the terminal as its first argument:
 *
 *   output   (terminal, byte: u32): void   shows a byte
 *   finish   (terminal): void              a burst of output has ended
 *   refill   (terminal): void              hands over what waits in the device, if anything does
 */
export function startTerminal(
  at: usize,
  rows: u32,
  columns: u32,
  output: u32,
  finish: u32,
  refill: u32,
): Terminal {
  const terminal = changetype<Terminal>(at);
  terminal.rows = <u16>rows;
  terminal.columns = <u16>columns;
  terminal.connect(output, finish, refill);
  return terminal;
}

function echo(terminal: Terminal, byte: u32): void {
  terminal.writeByte(byte);
}

if (offsetof<Terminal>() > RING) ERROR("the ring begins after the record");
if (offsetof<WaitQueue>() !== 2 * sizeof<usize>()) ERROR("readers has two words");
