// The size of the console's window, as the host tells it: src/abi/window-port.ts.
//
// Invariant: a line that is not two numbers of 1 to LARGEST changes nothing.

import { WINSIZE_COLUMNS, WINSIZE_ROWS, WINSIZE_SIZE } from "../../src/abi/termios";
import { onWindowByte } from "../device/window-port";
import { consoleTerminal } from "./console";

const BLANK: u32 = 0x20;
const NEWLINE: u32 = 0x0a;
const LARGEST: u32 = 9999;

const size: usize = memory.data(WINSIZE_SIZE, 4);
/** The numbers of the line so far, and whether it is still what it should be. */
let first: u32 = 0;
let second: u32 = 0;
let isSecond: bool = false;
let isGood: bool = true;

/** Takes the host's lines. Before interrupts are on. */
export function startWindowSize(): void {
  onWindowByte(receiveByte.index);
}

function receiveByte(byte: u32): void {
  if (byte === NEWLINE) {
    if (isGood && isSecond) resize(first, second);
    first = 0;
    second = 0;
    isSecond = false;
    isGood = true;
  } else if (byte === BLANK && !isSecond) isSecond = true;
  else if (byte >= 0x30 && byte <= 0x39) addDigit(byte - 0x30);
  else isGood = false;
}

function addDigit(digit: u32): void {
  const value = (isSecond ? second : first) * 10 + digit;
  if (value > LARGEST) isGood = false;
  else if (isSecond) second = value;
  else first = value;
}

/** The console's window has that many rows and columns; programs there are told. */
export function resize(rows: u32, columns: u32): void {
  if (rows === 0 || columns === 0 || rows > LARGEST || columns > LARGEST) return;
  store<u16>(size, rows, WINSIZE_ROWS);
  store<u16>(size, columns, WINSIZE_COLUMNS);
  consoleTerminal().resize(size);
}
