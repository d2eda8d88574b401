// Reads what the guest writes to PORT_DEBUG_CONSOLE (the protocol is in src/abi/ports.ts) and says
// how the run ended.

import type { Ending } from "./machine";

/** The longest line that is kept: a runaway guest must not fill the host's memory. */
const LINE_MAX = 65536;

export class DebugConsole {
  #line = "";
  #ending: Ending | undefined;
  readonly #listeners: ((line: string) => void)[] = [];

  /** How the run ended, once a line has reported it. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** Calls `listener` with each line from now on, whatever it says. */
  onLine(listener: (line: string) => void): void {
    this.#listeners.push(listener);
  }

  /** Takes a byte of output; returns the ending if this byte completes the line that reports it. */
  receive(byte: number): Ending | undefined {
    if (byte !== 0x0a) {
      if (this.#line.length < LINE_MAX) this.#line += String.fromCharCode(byte);
      return undefined;
    }
    const line = this.#line;
    this.#line = "";
    if (this.#ending) return undefined;
    for (const listener of this.#listeners) listener(line);
    this.#ending = parseEnding(line);
    return this.#ending;
  }
}

function parseEnding(line: string): Ending | undefined {
  const exit = /^exit (\d{1,3})$/.exec(line);
  if (exit && Number(exit[1]) <= 255) return { kind: "exit", status: Number(exit[1]) };
  const panic = /^panic (.*)$/.exec(line);
  return panic ? { kind: "panic", text: panic[1] ?? "" } : undefined;
}
