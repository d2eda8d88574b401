// The end of the machine: an emulator is told the status, a PC is switched off.
//
// In this order: the exit line for the emulator's debug console (src/abi/ports.ts has its form),
// the emulator's exit port, what ACPI's tables say (fadt.ts), and `hlt` for ever. A reset
// goes by ACPI's register, then by the keyboard controller, each of which has a moment to act; what
// nobody can resist is a fault without an IDT.

import { PORT_EXIT } from "../../src/abi/ports";
import * as x86 from "../../src/abi/x86";
import { print } from "../log/log";
import { readUptime } from "../thread/uptime";
import { isDebugConsoleThere, writeDebugConsole } from "./debug-console";
import { resetByRegister, sleepForGood } from "./fadt";
import { drainSerial } from "./serial";

const KEYBOARD_COMMAND: u32 = 0x64;
const PULSE_RESET: u32 = 0xfe;
/** What is asked to reset may take some time to do so, in nanoseconds. */
const MOMENT: u64 = 50000000;
/** What LIDT reads: a table without an entry. */
const noTable: usize = memory.data(8, 4);

/** Ends the machine with the exit status `status` (0 to 255). Does not return. */
export function powerOff(status: u32): void {
  drainSerial();
  announce(cstr("exit "));
  announceNumber(status & 0xff);
  writeDebugConsole(0x0a);
  endMachine(status);
}

/** Ends the machine as panicked, because of `reason`. Does not return. */
export function powerOffPanicked(reason: usize): void {
  drainSerial();
  announce(cstr("panic "));
  announce(reason);
  writeDebugConsole(0x0a);
  endMachine(0xff);
}

/** Resets the machine. Does not return. */
export function restart(): void {
  drainSerial();
  resetByRegister();
  waitMoment();
  x86.outb(KEYBOARD_COMMAND, PULSE_RESET);
  waitMoment();
  x86.lidt(noTable);
  unreachable();
}

function waitMoment(): void {
  const end = readUptime() + MOMENT;
  while (readUptime() < end) {}
}

function endMachine(status: u32): void {
  x86.outb(PORT_EXIT, status);
  sleepForGood();
  // An emulator that understood ends a moment later; only a person has to be told.
  if (!isDebugConsoleThere()) {
    print(cstr("The machine has stopped; it is safe to switch it off.\n"));
  }
  haltForever();
}

function haltForever(): void {
  x86.cli();
  while (true) x86.hlt();
}

function announce(text: usize): void {
  for (let at = text; load<u8>(at) !== 0; at++) writeDebugConsole(load<u8>(at));
}

function announceNumber(value: u32): void {
  if (value >= 10) announceNumber(value / 10);
  writeDebugConsole(0x30 + (value % 10));
}
