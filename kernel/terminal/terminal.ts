// A terminal: a record with its line discipline, its size, its session and its driver. It knows no
// device and no screen.
//
//   bytes typed --receiveByte--> line discipline --> ring --> readers
//                 | echo --------------------------------------------.
//                 | ^C -> the foreground group, by a registered       \
//                 |       function                                     v
//   programs ---------------------------------> output discipline --> driver
//
//   the record   0          LineDiscipline: termios2, output, the ring's positions
//                           the fields below, up to
//                KEPT_ECHO  echo while output is stopped       output-discipline.ts
//                RING       received bytes, up to TERMINAL_SIZE   line-discipline.ts
//
// A driver makes one with startTerminal() in TERMINAL_SIZE bytes of its own. Everything that
// belongs to one terminal is in its record, so any number of them live side by side.

import { SIGWINCH } from "../../src/abi/signals";
import {
  CREAD,
  CS8,
  CSIZE,
  IXON,
  NOFLSH,
  PARENB,
  TCIFLUSH,
  TCOFLUSH,
  TIOCPKT_DOSTOP,
  TIOCPKT_FLUSHREAD,
  TIOCPKT_FLUSHWRITE,
  TIOCPKT_NOSTOP,
  TIOCPKT_START,
  TIOCPKT_STOP,
  VSTART,
  VSTOP,
  WINSIZE_SIZE,
} from "../../src/abi/termios";
import { sameBytes } from "../log/same-bytes";
import { wakeAll } from "../thread/schedule";
import { WaitQueue } from "../thread/wait-queue";
import { LineDiscipline, RING, RING_SIZE } from "./line-discipline";
import { KEPT_ECHO } from "./output-discipline";

const CTRL_Q: u32 = 0x11;
const CTRL_S: u32 = 0x13;

/** How many bytes startTerminal() needs, at a multiple of 8. */
export const TERMINAL_SIZE: u32 = RING + RING_SIZE;

/** Function index of `(group: u32, signal: u32): void`: process/session.ts registers it. */
let signalFunction: u32 = 0;

/** Registers the function that sends a signal to a process group, by index. */
export function onTerminalSignal(index: u32): void {
  signalFunction = index;
}

/** What a terminal is connected to: functions by index, each with the terminal as its first. */
@unmanaged
export class TerminalDriver {
  /** (terminal, from: usize, size: u32): void shows bytes, which are one at least. */
  output: u32 = 0;
  /** (terminal): u32 says how many bytes there is room for; 0: as many as one likes. */
  room: u32 = 0;
  /** (terminal): void: a burst of output has ended. */
  finish: u32 = 0;
  /** (terminal): void: there is room for input; hands over what waits, if anything does. */
  refill: u32 = 0;
  /** (terminal, what: u32): void: TIOCPKT_STOP, …: 0: nobody wants to know. */
  notice: u32 = 0;
  /** (terminal): void: its last open file is closed, and it may go; 0: nothing follows from it. */
  close: u32 = 0;
}

@unmanaged
export class Terminal extends LineDiscipline {
  // The two words of each queue.
  readersHead: usize = 0;
  readersTail: usize = 0;
  writersHead: usize = 0;
  writersTail: usize = 0;
  /** The session whose controlling terminal this is; 0: none. */
  session: u32 = 0;
  /** The process group that ^C reaches; 0: none. */
  foregroundGroup: u32 = 0;
  /** What ioctl reads and sets as a winsize. */
  rows: u16 = 0;
  columns: u16 = 0;
  width: u16 = 0;
  height: u16 = 0;
  /** Its number as a device: major << 8 | minor. */
  device: u32 = 0;
  /** How many open files there are of it. */
  opens: u32 = 0;
  /** TIOCEXCL: only the superuser opens it once more. */
  isExclusive: bool = false;
  /** What it was connected to is gone: nothing is read from it or written to it any more. */
  isHungUp: bool = false;
  private driver: TerminalDriver = changetype<TerminalDriver>(0);

  /** Threads that wait for input. */
  get readers(): WaitQueue {
    return changetype<WaitQueue>(changetype<usize>(this) + offsetof<Terminal>("readersHead"));
  }

  /** Threads that wait for room for output. */
  get writers(): WaitQueue {
    return changetype<WaitQueue>(changetype<usize>(this) + offsetof<Terminal>("writersHead"));
  }

  /** Where the winsize is. */
  get windowSize(): usize {
    return changetype<usize>(this) + offsetof<Terminal>("rows");
  }

  /** Takes a byte from the keyboard or the line. Called by interrupts. */
  receiveByte(byte: u32): void {
    if (this.isHungUp) return;
    const wasHeld = this.isHeld;
    const signal = this.receive(byte);
    if (signal !== 0 && !this.hasLocalFlag(NOFLSH)) {
      this.tellDriver(TIOCPKT_FLUSHREAD | TIOCPKT_FLUSHWRITE);
    }
    this.noticeFlow(wasHeld);
    this.finishOutput();
    if (signal !== 0) this.signalForeground(signal);
    if (this.available !== 0 || this.isReadable(1)) wakeAll(this.readers);
  }

  /** Sends a signal to the foreground group, if there is one. */
  signalForeground(signal: u32): void {
    const group = this.foregroundGroup;
    if (group !== 0 && signalFunction !== 0) call_indirect<void>(signalFunction, group, signal);
  }

  /** Takes over the winsize at `from`; the foreground group gets SIGWINCH if it is another one. */
  resize(from: usize): void {
    if (sameBytes(this.windowSize, from, WINSIZE_SIZE)) return;
    memory.copy(this.windowSize, from, WINSIZE_SIZE);
    this.signalForeground(SIGWINCH);
  }

  /** Shows one byte, whether output is stopped or not; call finishOutput after the last one. */
  writeByte(byte: u32): void {
    this.put(byte);
  }

  /** Ends a burst of output: a screen shows the cursor where it ended. */
  finishOutput(): void {
    call_indirect<void>(this.driver.finish, this);
  }

  /** There is room for output again. */
  goOn(): void {
    this.sendEcho();
    this.finishOutput();
    wakeAll(this.writers);
  }

  /** Asks the driver for input that waits in its device: there is room again. */
  takeWaitingInput(): void {
    call_indirect<void>(this.driver.refill, this);
  }

  /** Takes over the termios2 at `from`; wakes who can read now: see LineDiscipline.setTermios(). */
  changeTermios(from: usize): void {
    const wasHeld = this.isHeld;
    const hadControl = this.hasControlKeys();
    this.setTermios(from);
    // No line here has other bytes.
    this.cflag = (this.cflag & ~(CSIZE | PARENB)) | CS8 | CREAD;
    if (hadControl !== this.hasControlKeys()) {
      this.tellDriver(hadControl ? TIOCPKT_NOSTOP : TIOCPKT_DOSTOP);
    }
    this.noticeFlow(wasHeld);
    if (this.available !== 0 || this.isReadable(1)) wakeAll(this.readers);
  }

  /** Holds output, or lets it go on: TCXONC. */
  suspendOutput(isSuspended: bool): void {
    const wasHeld = this.isHeld;
    if (this.isSuspended && !isSuspended) this.isStopped = false;
    this.isSuspended = isSuspended;
    this.noticeFlow(wasHeld);
  }

  /** Drops what was received and not read. */
  dropInput(): void {
    this.discardInput();
    this.tellDriver(TIOCPKT_FLUSHREAD);
  }

  /** Drops what was received, what was not shown yet, or both: TCFLSH. */
  flush(what: u32): void {
    if (what !== TCOFLUSH) {
      this.dropInput();
      this.takeWaitingInput();
    }
    if (what !== TCIFLUSH) this.tellDriver(TIOCPKT_FLUSHWRITE);
  }

  /** From now on reads are at the end, and writes fail. */
  hangUp(): void {
    this.isHungUp = true;
    wakeAll(this.readers);
    wakeAll(this.writers);
  }

  /** Its last open file is closed: afterwards it may be gone. */
  close(): void {
    const close = this.driver.close;
    if (close !== 0) call_indirect<void>(close, this);
  }

  /** Connects it, once, and sets the defaults: see startTerminal(). */
  connect(driver: TerminalDriver): void {
    this.driver = driver;
    this.roomFunction = driver.room;
    this.reset(driver.output);
  }

  private get isHeld(): bool {
    return this.isStopped || this.isSuspended;
  }

  /** Whether ^S and ^Q are what stops and starts output. */
  private hasControlKeys(): bool {
    if (!this.hasInputFlag(IXON)) return false;
    return this.special(VSTOP) === CTRL_S && this.special(VSTART) === CTRL_Q;
  }

  private noticeFlow(wasHeld: bool): void {
    const isHeld = this.isHeld;
    if (wasHeld === isHeld) return;
    this.tellDriver(isHeld ? TIOCPKT_STOP : TIOCPKT_START);
    if (!isHeld) this.goOn();
  }

  private tellDriver(what: u32): void {
    const notice = this.driver.notice;
    if (notice !== 0) call_indirect<void>(notice, this, what);
  }
}

/** Makes a terminal of `rows` by `columns` cells in the TERMINAL_SIZE zeroed bytes at `at`. */
export function startTerminal(
  at: usize,
  rows: u32,
  columns: u32,
  driver: TerminalDriver,
): Terminal {
  const terminal = changetype<Terminal>(at);
  terminal.rows = <u16>rows;
  terminal.columns = <u16>columns;
  terminal.connect(driver);
  return terminal;
}

if (offsetof<Terminal>() > KEPT_ECHO) ERROR("the kept echo begins after the record");
if (offsetof<WaitQueue>() !== 2 * sizeof<usize>()) ERROR("a queue has two words");
