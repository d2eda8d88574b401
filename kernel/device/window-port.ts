// COM2, a 16550 UART (uart.ts), over which the host says how large its window is:
// src/abi/window-port.ts.
//
// A line of text at a time goes up through a registered function. A port that is not there is left
// alone. serial.ts has the port that users type at.

import { ASK_WINDOW } from "../../src/abi/window-port";
import { inb, outb } from "../../src/abi/x86";
import {
  DATA_READY,
  RECEIVE_INTERRUPT,
  startUart,
  UART_DATA,
  UART_INTERRUPT_ENABLE,
  UART_LINE_STATUS,
} from "./uart";

const COM2: u32 = 0x2f8;
const DATA: u32 = COM2 + UART_DATA;
const LINE_STATUS: u32 = COM2 + UART_LINE_STATUS;
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
  isPresent = startUart(COM2);
  if (!isPresent) return;
  outb(COM2 + UART_INTERRUPT_ENABLE, RECEIVE_INTERRUPT);
  outb(DATA, ASK_WINDOW);
}

/** The interrupt of line 3. */
export function receiveWindow(): void {
  if (!isPresent || receiver === 0) return;
  for (let i: u32 = 0; i < MOST_AT_ONCE && (inb(LINE_STATUS) & DATA_READY) !== 0; i++) {
    call_indirect<void>(receiver, inb(DATA));
  }
}
