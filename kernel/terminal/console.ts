// The console: the one terminal that is on the serial line and on the screen and keyboard at once.
//
// It also shows what the kernel logs. What a program sees of it, /dev/console, is terminal-file.ts.

import { ECHO, IUTF8 } from "../../src/abi/termios";
import { onKeyboardInput } from "../device/keyboard";
import { COLUMNS, ROWS, showScreen, startScreen, writeScreen } from "../device/screen";
import { onSerialInput, receiveSerial, sendSerial, startSerial } from "../device/serial";
import { addSink } from "../log/log";
import { startTerminal, TERMINAL_SIZE, Terminal, TerminalDriver } from "./terminal";

const record: usize = memory.data(TERMINAL_SIZE, 8);
const driver = changetype<TerminalDriver>(memory.data(offsetof<TerminalDriver>(), 4));

let isStarted: bool = false;
let isEchoing: bool = true;

/** Input comes from a file, not from fingers: it is not echoed. Before startConsole. */
export function disableEcho(): void {
  isEchoing = false;
}

/** Makes output work. Input follows when interrupts do. */
export function startConsole(): void {
  startSerial();
  startScreen();
  driver.output = showBytes.index;
  driver.finish = endBurst.index;
  driver.refill = takeSerialInput.index;
  const terminal = startTerminal(record, ROWS, COLUMNS, driver);
  terminal.iflag |= IUTF8;
  if (!isEchoing) terminal.lflag &= ~ECHO;
  onSerialInput(receiveByte.index, hasRoom.index);
  onKeyboardInput(receiveByte.index);
  addSink(logByte.index, endMessage.index);
  isStarted = true;
}

export function isConsoleStarted(): bool {
  return isStarted;
}

export function consoleTerminal(): Terminal {
  return changetype<Terminal>(record);
}

function receiveByte(byte: u32): void {
  consoleTerminal().receiveByte(byte);
}

function hasRoom(): bool {
  return consoleTerminal().hasRoom();
}

function takeSerialInput(_terminal: Terminal): void {
  receiveSerial();
}

function showBytes(_terminal: Terminal, from: usize, size: u32): void {
  sendSerial(from, size);
  writeScreen(from, size);
}

function endBurst(_terminal: Terminal): void {
  showScreen();
}

function logByte(byte: u32): void {
  consoleTerminal().writeByte(byte);
}

function endMessage(): void {
  showScreen();
}
