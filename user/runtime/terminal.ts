// The terminal: how wide it is, and its raw mode, in which each key arrives at once and unechoed.
//
// The shell keeps the terminal raw whenever it has it, so that ^C is never a signal to the shell.
// A program finds the mode that the shell found: its process restores it before it becomes the
// program (shell/processes.ts).

import {
  ECHO,
  ICANON,
  ICRNL,
  IEXTEN,
  INLCR,
  ISIG,
  TCGETS,
  TCSETSW,
  TERMIOS_CC,
  TERMIOS_IFLAG,
  TERMIOS_LFLAG,
  TERMIOS_SIZE,
  TIOCGWINSZ,
  TIOCSPGRP,
  VMIN,
  VTIME,
  WINSIZE_COLUMNS,
} from "../../src/abi/termios";
import { STANDARD_INPUT, STANDARD_OUTPUT } from "./output";
import { ioctl } from "./system-calls";

const DEFAULT_COLUMNS: u32 = 80;

// Linux fills more than TERMIOS_SIZE for some commands of other ABIs, and room costs nothing.
const original: usize = memory.data(64, 4);
const raw: usize = memory.data(64, 4);
const scratch: usize = memory.data(8, 4);
let isRaw: bool = false;

/** How many columns the terminal has; 80 if it does not say. */
export function terminalColumns(): u32 {
  if (ioctl(STANDARD_OUTPUT, TIOCGWINSZ, scratch) !== 0) return DEFAULT_COLUMNS;
  const columns = <u32>load<u16>(scratch + WINSIZE_COLUMNS);
  return columns !== 0 ? columns : DEFAULT_COLUMNS;
}

/** Whether standard output is a terminal. */
export function isTerminalOutput(): bool {
  return ioctl(STANDARD_OUTPUT, TCGETS, raw) === 0;
}

/** Whether standard input is a terminal. */
export function isTerminalInput(): bool {
  return ioctl(STANDARD_INPUT, TCGETS, raw) === 0;
}

/** Puts the terminal into raw mode; false, with nothing changed, if that is impossible. */
export function enterRawMode(): bool {
  if (isRaw) return true;
  if (ioctl(STANDARD_INPUT, TCGETS, original) !== 0) return false;
  memory.copy(raw, original, TERMIOS_SIZE);
  clear(raw + TERMIOS_IFLAG, ICRNL | INLCR);
  clear(raw + TERMIOS_LFLAG, ICANON | ECHO | ISIG | IEXTEN);
  store<u8>(raw + TERMIOS_CC + VMIN, 1);
  store<u8>(raw + TERMIOS_CC + VTIME, 0);
  isRaw = ioctl(STANDARD_INPUT, TCSETSW, raw) === 0;
  return isRaw;
}

/** Undoes enterRawMode. */
export function leaveRawMode(): void {
  if (isRaw) ioctl(STANDARD_INPUT, TCSETSW, original);
  isRaw = false;
}

/** Gives a program that is there already the mode of leaveRawMode, until returnToRawMode. */
export function lendTerminal(): void {
  if (isRaw) ioctl(STANDARD_INPUT, TCSETSW, original);
}

/**
 * Enters raw mode again after a program that found the mode of leaveRawMode. The mode that it left
 * is what leaveRawMode restores from now on, unless `isBroken`: the program could not clean up, or
 * goes on later.
 */
export function returnToRawMode(isBroken: bool): void {
  if (!isRaw) return;
  if (isBroken) ioctl(STANDARD_INPUT, TCSETSW, original);
  isRaw = false;
  enterRawMode();
}

/** Sets the process group that ^C goes to. */
export function setForegroundGroup(group: i32): void {
  store<i32>(scratch, group);
  ioctl(STANDARD_INPUT, TIOCSPGRP, scratch);
}

function clear(address: usize, flags: u32): void {
  store<u32>(address, load<u32>(address) & ~flags);
}
