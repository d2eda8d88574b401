// The console: one terminal on the serial line and on the screen and keyboard at once.
//
//   programs, log -> writeByte -> CR before LF -> serial line, screen
//   serial line, keyboard -> receiveByte -> line discipline -> waiting reads
//                                                 | ^C -> the foreground group
//
// What a program sees of it, /dev/console, is kernel/terminal/terminal-file.ts.

import { ECHO, ONLCR, OPOST } from "../../src/abi/termios";
import { showCursor, startScreen, writeScreen } from "../device/screen";
import { sendSerial, startSerial } from "../device/serial";
import { signalForeground } from "../process/signal";
import { wakeAll } from "../thread/schedule";
import { WaitQueue } from "../thread/wait-queue";
import { LINE_DISCIPLINE_SIZE, LineDiscipline } from "./line-discipline";

const NEWLINE: u32 = 0x0a;
const RETURN: u32 = 0x0d;

/** The terminal's state; its first bytes are the termios. */
export const discipline: LineDiscipline = changetype<LineDiscipline>(memory.data(8256, 8));
/** Processes that wait for input. */
export const readers: WaitQueue = changetype<WaitQueue>(memory.data(8, 4));

let isStarted: bool = false;
let isInputShown: bool = true;

/** Input is not to be echoed: it comes from a file, not from fingers. Before startConsole. */
export function hushInput(): void {
  isInputShown = false;
}

/** Makes output work. Input follows when interrupts do. */
export function startConsole(): void {
  startSerial();
  startScreen();
  discipline.reset(echo.index);
  if (!isInputShown) discipline.lflag &= ~ECHO;
  isStarted = true;
}

export function isConsoleStarted(): bool {
  return isStarted;
}

/** Takes a byte from the keyboard or the serial line. Called by interrupts. */
export function receiveByte(byte: u32): void {
  const signal = discipline.receive(byte);
  finishOutput();
  if (signal !== 0) signalForeground(signal);
  if (discipline.isReadable()) wakeAll(readers);
}

/** False while a sender that can wait should not send: programs have much to read. */
export function hasInputRoom(): bool {
  return discipline.hasRoom();
}

/** Shows one byte; call finishOutput after the last one. */
export function writeByte(byte: u32): void {
  if (byte === NEWLINE && (discipline.oflag & (OPOST | ONLCR)) === (OPOST | ONLCR)) {
    writeRaw(RETURN);
  }
  writeRaw(byte);
}

/** Ends a burst of output: the cursor is shown where it ended. */
export function finishOutput(): void {
  showCursor();
}

function echo(byte: u32): void {
  writeByte(byte);
}

function writeRaw(byte: u32): void {
  sendSerial(byte);
  writeScreen(byte);
}

if (LINE_DISCIPLINE_SIZE !== 8256) ERROR("discipline has LINE_DISCIPLINE_SIZE bytes");
