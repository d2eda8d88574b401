// A pseudo-terminal: a terminal whose device is a program. See pty(7).
//
//   master writes --> receiveByte --> the slave's ring    --> slave reads
//   master reads  <-- ring of output <-- the slave's output <-- slave writes
//
//   the record   0          the fields of Pty
//                SLAVE      the slave: a Terminal
//                OUTPUT     OUTPUT_SIZE bytes on their way to the master
//
// Both ends are files: filesystem/devpts/.
//
// Invariants
//   - The record lives while either end is open, and pty `index` is this one as long.
//   - `status` is what a master in packet mode has yet to be told, and 0 otherwise.

import { TIOCPKT_DOSTOP, TIOCPKT_NOSTOP, TIOCPKT_START, TIOCPKT_STOP } from "../../src/abi/termios";
import { DirectoryEntry } from "../file/directory-entry";
import { allocate, free } from "../memory/heap";
import { wakeAll } from "../thread/schedule";
import { WaitQueue } from "../thread/wait-queue";
import { startTerminal, TERMINAL_SIZE, Terminal, TerminalDriver } from "./terminal";

/** As many as there are at once. */
export const MOST_PTYS: u32 = 1024;
const WORD_SHIFT: u32 = 2;
const SLAVE: usize = 128;
const OUTPUT: usize = SLAVE + TERMINAL_SIZE;
const OUTPUT_SIZE: u32 = 4096;
/** Major number of the slaves; the minor one is the index. */
const SLAVE_MAJOR: u32 = 136;
const MAJOR_SHIFT: u32 = 8;
const MINORS: u32 = 256;

const driver = changetype<TerminalDriver>(memory.data(offsetof<TerminalDriver>(), 4));
/** By index; 0: free. */
const ptys: usize = memory.data(MOST_PTYS << WORD_SHIFT, 4);

@unmanaged
export class Pty {
  index: u32 = 0;
  /** The slave cannot be opened yet. */
  isLocked: bool = true;
  hasMaster: bool = true;
  /** The slave was opened: once it is closed again, the master reads EIO. */
  wasOpened: bool = false;
  /** Reads of the master begin with a byte that says what follows. */
  isPacket: bool = false;
  status: u32 = 0;
  // The two words of each queue.
  readersHead: usize = 0;
  readersTail: usize = 0;
  writersHead: usize = 0;
  writersTail: usize = 0;
  /** Positions in the ring of output, which count for ever. */
  private head: u32 = 0;
  private tail: u32 = 0;
  /** The slave's name. */
  entry: DirectoryEntry = changetype<DirectoryEntry>(0);

  /** The device number of the slave: Linux gives each 256 another major one. */
  get device(): u32 {
    return ((SLAVE_MAJOR + this.index / MINORS) << MAJOR_SHIFT) | (this.index % MINORS);
  }

  get slave(): Terminal {
    return changetype<Terminal>(changetype<usize>(this) + SLAVE);
  }

  /** Threads that wait for output of the slave, and for room for its input: the master's. */
  get readers(): WaitQueue {
    return changetype<WaitQueue>(changetype<usize>(this) + offsetof<Pty>("readersHead"));
  }

  get writers(): WaitQueue {
    return changetype<WaitQueue>(changetype<usize>(this) + offsetof<Pty>("writersHead"));
  }

  /** Whether nothing more will come from the slave until it is opened again. */
  get isSlaveClosed(): bool {
    return this.wasOpened && this.slave.opens === 0;
  }

  /** How many bytes of output there are, and how many fit. */
  get count(): u32 {
    return this.tail - this.head;
  }

  get room(): u32 {
    return OUTPUT_SIZE - this.count;
  }

  /** Takes `size` bytes of output at `from`; what does not fit is lost. */
  put(from: usize, size: u32): void {
    const count = min<u32>(size, this.room);
    for (let i: u32 = 0; i < count; i++)
      store<u8>(this.outputAddress(this.tail++), load<u8>(from + i));
  }

  /** Moves at most `size` bytes of output to `to`; how many. */
  take(to: usize, size: u32): u32 {
    const count = min<u32>(size, this.count);
    for (let i: u32 = 0; i < count; i++)
      store<u8>(to + i, load<u8>(this.outputAddress(this.head++)));
    return count;
  }

  dropOutput(): void {
    this.head = this.tail;
  }

  /** Notes what a master in packet mode is to be told. */
  note(what: u32): void {
    if (!this.isPacket) return;
    if ((what & (TIOCPKT_START | TIOCPKT_STOP)) !== 0) {
      this.status &= ~(TIOCPKT_START | TIOCPKT_STOP);
    }
    if ((what & (TIOCPKT_DOSTOP | TIOCPKT_NOSTOP)) !== 0) {
      this.status &= ~(TIOCPKT_DOSTOP | TIOCPKT_NOSTOP);
    }
    this.status |= what;
    wakeAll(this.readers);
  }

  /** Wakes all who wait at the master: something is different. */
  wakeMaster(): void {
    wakeAll(this.readers);
    wakeAll(this.writers);
  }

  /** Frees the record, which is closed at both ends. */
  destroy(): void {
    store<usize>(ptys + (this.index << WORD_SHIFT), 0);
    free(changetype<usize>(this));
  }

  private outputAddress(position: u32): usize {
    return changetype<usize>(this) + OUTPUT + (position % OUTPUT_SIZE);
  }
}

/** Fills the slaves' driver; before the first is made. */
export function startPtys(): void {
  driver.output = sendToMaster.index;
  driver.room = roomForOutput.index;
  driver.finish = endBurst.index;
  driver.refill = makeRoom.index;
  driver.notice = noteForMaster.index;
  driver.close = closeSlave.index;
}

/** The lowest index that no pty has, or MOST_PTYS. */
export function freeIndex(): u32 {
  let index: u32 = 0;
  while (index < MOST_PTYS && load<usize>(ptys + (index << WORD_SHIFT)) !== 0) index++;
  return index;
}

/** A pty of a free index, without a name yet; null when out of memory. */
export function createPty(index: u32): Pty | null {
  const at = allocate(OUTPUT + OUTPUT_SIZE);
  if (at === 0) return null;
  store<usize>(ptys + (index << WORD_SHIFT), at);
  const pty = changetype<Pty>(at);
  pty.index = index;
  pty.isLocked = true;
  pty.hasMaster = true;
  startTerminal(at + SLAVE, 0, 0, driver).device = pty.device;
  return pty;
}

/** The pty whose slave `terminal` is. */
export function ptyOf(terminal: Terminal): Pty {
  return changetype<Pty>(changetype<usize>(terminal) - SLAVE);
}

function sendToMaster(terminal: Terminal, from: usize, size: u32): void {
  ptyOf(terminal).put(from, size);
}

function roomForOutput(terminal: Terminal): u32 {
  return ptyOf(terminal).room;
}

function endBurst(terminal: Terminal): void {
  const pty = ptyOf(terminal);
  if (pty.count !== 0) wakeAll(pty.readers);
}

function makeRoom(terminal: Terminal): void {
  if (terminal.hasRoom()) wakeAll(ptyOf(terminal).writers);
}

function noteForMaster(terminal: Terminal, what: u32): void {
  ptyOf(terminal).note(what);
}

/** The last open file of the slave is closed, /dev/tty perhaps. */
function closeSlave(slave: Terminal): void {
  const pty = ptyOf(slave);
  if (pty.hasMaster) pty.wakeMaster();
  else pty.destroy();
}

if (offsetof<Pty>() > SLAVE) ERROR("the slave begins after the record");
