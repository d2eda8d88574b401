// Passes our standard input to the guest, as its keyboard.
//
// At a terminal every key goes to the guest, even ^C: the terminal is in raw mode, and ^A is the
// escape. The bytes of a pipe or a file are passed on unchanged, and its end as ^D, which the
// guest's line discipline reads as the end of the file. The end of a file lasts, but a ^D is read
// once, by the program that reads at that moment; so it is sent repeatedly until the machine ends.
//
// At a terminal keys are taken from the beginning, before there is a guest: what is typed while the
// kernel is built waits for it, and ^C, which is not yet the guest's, leaves as ^A x does.
//
// Invariant: however this process ends, the terminal is left as it was found.

import type { SerialPort } from "../machine/serial-port";
import { progress } from "./terminal";

const CTRL_A = 0x01;
const CTRL_C = 0x03;
const CTRL_D = 0x04;
const NEWLINE = 0x0a;
const LEAVE_KEY = 0x78;
const END_INTERVAL_MS = 100;
/** A line editor keeps an unfinished line; after this many ^D we send it a newline. */
const ENDS_BEFORE_NEWLINE = 10;

export class ConsoleInput {
  /** Resolves when the user, or a signal, asks to leave. */
  readonly left: Promise<void>;
  readonly #stdin: typeof process.stdin;
  #serial: SerialPort | undefined;
  /** What was typed before there was a guest. */
  readonly #early: Uint8Array[] = [];
  #leave: () => void = () => {};
  #escaped = false;
  #open = false;
  #lastByte = NEWLINE;
  #endTimer: NodeJS.Timeout | undefined;
  readonly #onData = (chunk: Buffer) => this.#receive(chunk);
  readonly #onEnd = () => this.#end();
  readonly #onSignal = () => this.#leave();
  readonly #onExit = () => this.close();

  constructor(stdin: typeof process.stdin = process.stdin) {
    this.#stdin = stdin;
    this.left = new Promise((resolve) => {
      this.#leave = resolve;
    });
  }

  /** Takes the terminal, if there is one. */
  open(): void {
    if (!this.#stdin.isTTY) return;
    progress("isthmus: ^A x leaves");
    this.#stdin.setRawMode(true);
    this.#listen();
  }

  /** From now on input goes to the guest, first what was typed so far. */
  connect(serial: SerialPort): void {
    this.#serial = serial;
    if (!this.#open) this.#listen();
    for (const bytes of this.#early.splice(0)) serial.send(bytes);
  }

  #listen(): void {
    const stdin = this.#stdin;
    this.#open = true;
    process.once("exit", this.#onExit);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, this.#onSignal);
    stdin.on("data", this.#onData);
    stdin.on("end", this.#onEnd);
    stdin.on("error", this.#onEnd);
  }

  /** Gives the terminal back. May be called more than once. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    clearInterval(this.#endTimer);
    const stdin = this.#stdin;
    if (stdin.isTTY) stdin.setRawMode(false);
    process.removeListener("exit", this.#onExit);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
      process.removeListener(signal, this.#onSignal);
    }
    stdin.removeListener("data", this.#onData);
    stdin.removeListener("end", this.#onEnd);
    stdin.removeListener("error", this.#onEnd);
    stdin.pause();
    // A pipe that is still open would keep this process waiting for its end.
    stdin.unref?.();
  }

  #receive(chunk: Buffer): void {
    this.#lastByte = chunk.at(-1) ?? this.#lastByte;
    const bytes = this.#stdin.isTTY ? this.#withoutEscapes(chunk) : chunk;
    if (this.#serial === undefined && bytes.includes(CTRL_C)) this.#leave();
    if (bytes.length > 0) this.#send(bytes);
  }

  #send(bytes: Uint8Array): void {
    if (this.#serial) this.#serial.send(bytes);
    else this.#early.push(bytes);
  }

  #end(): void {
    if (this.#endTimer) return;
    const isMidLine = this.#lastByte !== NEWLINE;
    // In the middle of a line the first ^D only ends the line.
    this.#send(Uint8Array.from(isMidLine ? [CTRL_D, CTRL_D] : [CTRL_D]));
    let count = 0;
    this.#endTimer = setInterval(() => {
      count++;
      const isLate = isMidLine && count === ENDS_BEFORE_NEWLINE;
      this.#send(Uint8Array.from(isLate ? [NEWLINE] : [CTRL_D]));
    }, END_INTERVAL_MS);
  }

  #withoutEscapes(chunk: Buffer): Uint8Array {
    const bytes: number[] = [];
    for (const byte of chunk) {
      if (this.#escaped) {
        this.#escaped = false;
        if (byte === LEAVE_KEY) this.#leave();
        else if (byte === CTRL_A) bytes.push(byte);
      } else if (byte === CTRL_A) this.#escaped = true;
      else bytes.push(byte);
    }
    return Uint8Array.from(bytes);
  }
}
