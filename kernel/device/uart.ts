// A 16550 UART: its registers, counted from the port's base, and how it is set up: 115200 baud,
// 8 data bits, no parity, 1 stop bit, with FIFOs. See the PC16550D data sheet.
//
// serial.ts is the port that users type at, window-port.ts the one that the host tells sizes by.

import { inb, outb } from "../../src/abi/x86";

export const UART_DATA: u32 = 0;
export const UART_INTERRUPT_ENABLE: u32 = 1;
const FIFO_CONTROL: u32 = 2;
const LINE_CONTROL: u32 = 3;
const MODEM_CONTROL: u32 = 4;
export const UART_LINE_STATUS: u32 = 5;
const SCRATCH: u32 = 7;

const DIVISOR_LATCH: u32 = 0x80;
const EIGHT_BITS: u32 = 0x03;
/** On, both FIFOs emptied, interrupt at one byte so that a keystroke is seen at once. */
const FIFO_ON: u32 = 0x07;
/** DTR, RTS, and OUT2, which connects the interrupt. */
const MODEM_READY: u32 = 0x0b;
export const RECEIVE_INTERRUPT: u32 = 0x01;
export const DATA_READY: u32 = 0x01;
/** The divisor for 115200 baud. */
const FASTEST: u32 = 1;
const PROBE: u32 = 0x5a;

/** Sets up the UART at `base`, its interrupts off. False: there is none. */
export function startUart(base: u32): bool {
  outb(base + SCRATCH, PROBE);
  if (inb(base + SCRATCH) !== PROBE) return false;
  outb(base + UART_INTERRUPT_ENABLE, 0);
  outb(base + LINE_CONTROL, DIVISOR_LATCH);
  outb(base + UART_DATA, FASTEST);
  outb(base + UART_INTERRUPT_ENABLE, 0);
  outb(base + LINE_CONTROL, EIGHT_BITS);
  outb(base + FIFO_CONTROL, FIFO_ON);
  outb(base + MODEM_CONTROL, MODEM_READY);
  return true;
}
