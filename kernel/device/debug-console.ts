// The debug console of emulators: src/abi/ports.ts says what its lines mean. On a real PC nothing
// listens.

import { PORT_DEBUG_CONSOLE } from "../../src/abi/ports";
import * as x86 from "../../src/abi/x86";

export function writeDebugConsole(byte: u32): void {
  x86.outb(PORT_DEBUG_CONSOLE, byte);
}

/** Whether something listens. */
export function isDebugConsoleThere(): bool {
  return x86.inb(PORT_DEBUG_CONSOLE) === PORT_DEBUG_CONSOLE;
}
