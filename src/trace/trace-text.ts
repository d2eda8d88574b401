// A trace as strace writes it: a line for each call, broken where another process ran in between.
//
//   [pid     2] read(0,  <unfinished ...>
//   [pid     3] write(1, "x", 1)            = 1
//   [pid     2] <... read resumed>"y", 10)  = 1
//
// A call's beginning is written at once, so that it is seen what a program waits for. Once there
// was a second process, each line says whose it is; in a file all lines do.

import type { CallText } from "./call-text";
import { signalText } from "./structure-text";
import type { EndEvent, ReturnEvent, SignalEvent } from "./trace-event";
import { signalName } from "./word-names";

/** Where results stand, if the call is not longer. */
const RESULT_COLUMN = 39;
const ENDS = new Set(["exit", "exit_group"]);

export class TraceText {
  readonly #write: (text: string) => void;
  readonly #isFile: boolean;
  /** The process whose call stands unfinished on the last line, and how long that line is. */
  #open: number | undefined;
  #column = 0;
  readonly #living = new Set<number>();
  readonly #suspended = new Set<number>();

  /** @param isFile every line begins with the process */
  constructor(write: (text: string) => void, { isFile }: { readonly isFile: boolean }) {
    this.#write = write;
    this.#isFile = isFile;
  }

  call(pid: number, call: CallText): void {
    this.#meet(pid);
    this.#interrupt();
    this.#begin(pid, `${call.name}(${call.start}`);
    if (ENDS.has(call.name)) this.#finish(")", "?");
    else this.#open = pid;
  }

  result(event: ReturnEvent, call: CallText): void {
    const { pid } = event;
    if (this.#open !== pid) {
      this.#interrupt();
      this.#begin(pid, `<... ${call.name} resumed>`);
      this.#suspended.delete(pid);
    }
    this.#finish(`${call.rest(event)})`, call.result(event));
  }

  signal(event: SignalEvent): void {
    this.#meet(event.pid);
    this.#line(event.pid, `--- ${signalName(event.signal)} ${signalText(event)} ---`);
  }

  end({ pid, status }: EndEvent): void {
    const signal = status & 0x7f;
    const how = signal === 0 ? `exited with ${status >>> 8}` : `killed by ${signalName(signal)}`;
    this.#line(pid, `+++ ${how} +++`);
    this.#living.delete(pid);
    this.#suspended.delete(pid);
  }

  /** The machine stopped in the middle of a line. */
  close(): void {
    if (this.#open !== undefined) this.#emit(" <unfinished ...>\n");
    this.#open = undefined;
  }

  #meet(pid: number): void {
    if (this.#living.has(pid)) return;
    this.#living.add(pid);
    const isFirst = this.#living.size === 1;
    if (isFirst || this.#isFile) return;
    this.#interrupt();
    this.#emit(`strace: Process ${pid} attached\n`);
  }

  #interrupt(): void {
    if (this.#open === undefined) return;
    this.#suspended.add(this.#open);
    this.#open = undefined;
    this.#emit(" <unfinished ...>\n");
  }

  #line(pid: number, text: string): void {
    this.#interrupt();
    this.#begin(pid, `${text}\n`);
  }

  #begin(pid: number, text: string): void {
    this.#column = 0;
    this.#emit(this.#prefix(pid) + text);
  }

  #finish(text: string, result: string): void {
    const width = RESULT_COLUMN - this.#column;
    this.#open = undefined;
    this.#emit(`${text.padEnd(width)} = ${result}\n`);
  }

  #prefix(pid: number): string {
    if (this.#isFile) return `${String(pid).padEnd(5)} `;
    return this.#living.size > 1 ? `[pid ${String(pid).padStart(5)}] ` : "";
  }

  #emit(text: string): void {
    this.#column += text.length;
    this.#write(text);
  }
}
