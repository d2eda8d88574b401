// COM1, a 16550 UART (uart.ts).
//
// Output is polled: it works before interrupts do, and in a panic. Input interrupts on line 4 and
// goes to the receiver that the console has registered.
//
// Invariants
//   - A port without a UART (all bits read as 1) is never waited for.
//   - The UART has room for `room` bytes at least: an empty FIFO for 16, which need one look.
//   - A UART that takes nothing is waited for once, and then not again until it takes a byte: one
//     that pauses for seconds loses nothing, and a dead one costs only that wait.

import { inb, outb } from "../../src/abi/x86";
import { warn } from "../log/log";
import {
  DATA_READY,
  RECEIVE_INTERRUPT,
  startUart,
  UART_DATA,
  UART_INTERRUPT_ENABLE,
  UART_LINE_STATUS,
} from "./uart";

const COM1: u32 = 0x3f8;
const DATA: u32 = COM1 + UART_DATA;
const INTERRUPT_ENABLE: u32 = COM1 + UART_INTERRUPT_ENABLE;
const LINE_STATUS: u32 = COM1 + UART_LINE_STATUS;

const INTERRUPT_IDENTIFICATION: u32 = COM1 + 2;
/** Both bits: there are FIFOs, and they work (not so in a 16550 without an A). */
const FIFO_WORKS: u32 = 0xc0;
const FIFO_SIZE: u32 = 16;
const TRANSMIT_EMPTY: u32 = 0x20;
const ALL_SENT: u32 = 0x40;
/** Polls before it is taken for dead: seconds, as whoever reads for an emulator may be busy. */
const PATIENCE: u32 = 16000000;

let isPresent: bool = false;
/** How many bytes an empty transmitter takes. */
let capacity: u32 = 1;
let room: u32 = 0;
/** Function indices: `(byte: u32): void` takes input, `(): bool` says whether there is room. */
let receiver: u32 = 0;
let roomForInput: u32 = 0;
/** It has taken nothing for that long: each further byte has one look. */
let isDead: bool = false;

/**
 * Registers who gets the input: functions by index, `receive` as `(byte: u32): void` and `hasRoom`
 * as `(): bool`. Before the first interrupt.
 */
export function onSerialInput(receive: u32, hasRoom: u32): void {
  receiver = receive;
  roomForInput = hasRoom;
}

/** Sets the port up; without a UART all output is dropped. */
export function startSerial(): void {
  isPresent = startUart(COM1);
  if (!isPresent) return;
  isDead = false;
  room = 0;
  capacity = (inb(INTERRUPT_IDENTIFICATION) & FIFO_WORKS) === FIFO_WORKS ? FIFO_SIZE : 1;
}

/** Asks for an interrupt on input; what arrived before is taken now, or no edge would follow. */
export function enableSerialInput(): void {
  if (!isPresent) {
    warn(cstr("serial: nothing answers at COM1"));
    return;
  }
  outb(INTERRUPT_ENABLE, RECEIVE_INTERRUPT);
  receiveSerial();
}

/** Sends `size` bytes at `from`, waiting for room; those that the UART does not take are lost. */
export function sendSerial(from: usize, size: u32): void {
  if (!isPresent) return;
  const end = from + size;
  for (let at = from; at < end; ) {
    if (room === 0) {
      if (!waitFor(TRANSMIT_EMPTY)) {
        at++;
        continue;
      }
      room = capacity;
    }
    const next = at + min<u32>(room, end - at);
    room -= next - at;
    for (; at < next; at++) outb(DATA, load<u8>(at));
  }
}

/** Waits until the last byte has left the wire. */
export function drainSerial(): void {
  if (isPresent) waitFor(ALL_SENT);
}

/**
 * Hands what has arrived to the receiver, as far as it has room; what stays in the UART makes the
 * sender wait. Called by the interrupt of line 4, and again when a program has read.
 */
export function receiveSerial(): void {
  if (!isPresent || receiver === 0) return;
  while (call_indirect<bool>(roomForInput) && (inb(LINE_STATUS) & DATA_READY) !== 0) {
    call_indirect<void>(receiver, inb(DATA));
  }
}

function waitFor(status: u32): bool {
  const polls: u32 = isDead ? 1 : PATIENCE;
  isDead = false;
  for (let i: u32 = 0; i < polls; i++) {
    if ((inb(LINE_STATUS) & status) !== 0) return true;
  }
  isDead = true;
  return false;
}
