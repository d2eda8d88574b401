// COM2, a 16550 UART, over which the host says how large its window is: src/abi/window-port.ts.
//
// A line of text at a time goes up through a registered function. A port that is not there is left
// alone. See the PC16550D data sheet, and serial.ts for the port that users type at.

import { ASK_WINDOW } from "../../src/abi/window-port";
import { inb, outb } from "../../src/abi/x86";

const COM2: u32 = 0x2f8;
const DATA: u32 = COM2;
const INTERRUPT_ENABLE: u32 = COM2 + 1;
const FIFO_CONTROL: u32 = COM2 + 2;
const LINE_CONTROL: u32 = COM2 + 3;
const MODEM_CONTROL: u32 = COM2 + 4;
const LINE_STATUS: u32 = COM2 + 5;
const SCRATCH: u32 = COM2 + 7;

const DIVISOR_LATCH: u32 = 0x80;
const EIGHT_BITS: u32 = 0x03;
/** On, both FIFOs emptied, interrupt at one byte. */
const FIFO_ON: u32 = 0x07;
/** DTR, RTS, and OUT2, which connects the interrupt. */
const MODEM_READY: u32 = 0x0b;
const RECEIVE_INTERRUPT: u32 = 0x01;
const DATA_READY: u32 = 0x01;
/** The divisor for 115200 baud. */
const FASTEST: u32 = 1;
const PROBE: u32 = 0xa5;
/** More bytes at once than a FIFO holds: the port is not what it seems. */
const MOST_AT_ONCE: u32 = 64;

let isPresent: bool = false;
/** Function index of `(byte: u32): void`. */
let receiver: u32 = 0;

/** Registers who gets the bytes: a function by index. Before the first interrupt. */
export function onWindowByte(receive: u32): void {
  receiver = receive;
}

/** Sets the port up, if it is there, and asks for the size. */
export function startWindowPort(): void {
  outb(SCRATCH, PROBE);
  isPresent = inb(SCRATCH) === PROBE;
  if (!isPresent) return;
  outb(INTERRUPT_ENABLE, 0);
  outb(LINE_CONTROL, DIVISOR_LATCH);
  outb(DATA, FASTEST);
  outb(INTERRUPT_ENABLE, 0);
  outb(LINE_CONTROL, EIGHT_BITS);
  outb(FIFO_CONTROL, FIFO_ON);
  outb(MODEM_CONTROL, MODEM_READY);
  outb(INTERRUPT_ENABLE, RECEIVE_INTERRUPT);
  outb(DATA, ASK_WINDOW);
}

/** The interrupt of line 3. */
export function receiveWindow(): void {
  if (!isPresent || receiver === 0) return;
  for (let i: u32 = 0; i < MOST_AT_ONCE && (inb(LINE_STATUS) & DATA_READY) !== 0; i++) {
    call_indirect<void>(receiver, inb(DATA));
  }
}
