// From the lines of the kernel's debug console to what the user asked for: text, JSON, or counts.
//
// Events of one process come in order: a call, then its return, then the next call. A call of
// execve that succeeds returns to the program that it started, and one that ends the process never.

import { CallCounts, countsText } from "./call-counts";
import { callFilter } from "./call-filter";
import { type CallKinds, CallText } from "./call-text";
import { ProgramEvents } from "./program-events";
import { type CallEvent, parseTraceEvent, type ReturnEvent, type TraceEvent } from "./trace-event";
import { callJson, endJson, signalJson } from "./trace-json";
import { TraceText } from "./trace-text";

export interface TraceOptions {
  readonly kinds: CallKinds;
  /** What it is all written to. */
  readonly write: (text: string) => void;
  readonly form: "text" | "json" | "counts";
  /** Every line says which process it is about. */
  readonly isFile: boolean;
  /** See call-filter.ts; undefined: all calls. */
  readonly filter: string | undefined;
  /** How much of a buffer is shown. */
  readonly shown: number;
  /** The host's clock in seconds. */
  readonly now: () => number;
  /** Only the program of a run with `--root` is told of, and what it starts. */
  readonly ofProgram: boolean;
}

interface Pending {
  readonly event: CallEvent;
  readonly text: CallText;
}

export class Tracer {
  readonly #options: TraceOptions;
  readonly #isShown: (name: string) => boolean;
  readonly #text: TraceText;
  readonly #counts: CallCounts;
  readonly #pending = new Map<number, Pending>();
  readonly #program: ProgramEvents | undefined;

  constructor(options: TraceOptions) {
    this.#options = options;
    this.#isShown = callFilter(options.filter, options.kinds);
    this.#text = new TraceText(options.write, options);
    this.#counts = new CallCounts(options.now);
    if (options.ofProgram) this.#program = new ProgramEvents();
  }

  /** Takes a line of the debug console; lines that tell of something else are ignored. */
  line(line: string): void {
    const event = parseTraceEvent(line);
    if (event === undefined) return;
    if (this.#program === undefined || this.#program.includes(event)) this.#event(event);
  }

  /** Nothing more comes. */
  close(): void {
    const { form, write } = this.#options;
    if (form === "counts") write(countsText(this.#counts.rows()));
    if (form === "text") this.#text.close();
    if (form !== "json") return;
    for (const { event, text } of this.#pending.values())
      this.#json(callJson(event, text, undefined));
  }

  #event(event: TraceEvent): void {
    switch (event.kind) {
      case "call":
        if (this.#isShown(event.name)) this.#call(event);
        return;
      case "return":
        this.#return(event);
        return;
      default:
        this.#other(event);
    }
  }

  #call(event: CallEvent): void {
    const { kinds, shown, form } = this.#options;
    const text = new CallText(event, kinds, shown);
    this.#pending.set(event.pid, { event, text });
    if (form === "counts") this.#counts.call(event);
    else if (form === "text") this.#text.call(event.pid, text);
  }

  #return(event: ReturnEvent): void {
    const pending = this.#pending.get(event.pid);
    if (pending === undefined) return;
    this.#pending.delete(event.pid);
    const { form } = this.#options;
    if (form === "counts") this.#counts.result(event, pending.event.ticks);
    else if (form === "text") this.#text.result(event, pending.text);
    else this.#json(callJson(pending.event, pending.text, event));
  }

  #other(event: Exclude<TraceEvent, { kind: "call" | "return" }>): void {
    const { form } = this.#options;
    const pending = this.#pending.get(event.pid);
    if (event.kind === "end") this.#pending.delete(event.pid);
    if (form === "text") {
      if (event.kind === "signal") this.#text.signal(event);
      else this.#text.end(event);
    } else if (form === "json") {
      if (event.kind === "end" && pending) {
        this.#json(callJson(pending.event, pending.text, undefined));
      }
      this.#json(event.kind === "signal" ? signalJson(event) : endJson(event));
    }
  }

  #json(value: object): void {
    this.#options.write(`${JSON.stringify(value)}\n`);
  }
}
