// Reads the events that the kernel tells when it traces: src/abi/trace-event.ts has the form.

import { linuxName } from "./linux-calls";

/** Bytes of the program's memory that belong to arguments. */
export class Captures {
  readonly #bytes = new Map<string, Uint8Array>();
  readonly #counts = new Map<number, number>();

  constructor(text: string) {
    for (const [, index = "", element, bytes, count] of text.matchAll(CAPTURE)) {
      if (bytes !== undefined) this.#bytes.set(`${index}.${element ?? ""}`, decode(bytes));
      else this.#counts.set(Number(index), Number(count));
    }
  }

  /** What argument `index` leads to, or its element; undefined: it could not be read. */
  bytes(index: number, element?: number): Uint8Array | undefined {
    return this.#bytes.get(`${index}.${element ?? ""}`);
  }

  /** How many elements it has. */
  count(index: number): number | undefined {
    return this.#counts.get(index);
  }
}

const CAPTURE = / ([0-5])(?:\.(\d+))?(?:="([^"]*)"|#(\d+))/g;

function decode(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const [, digits, plain = ""] of text.matchAll(/\\([0-9a-f]{2})|([^\\])/g)) {
    bytes.push(digits === undefined ? plain.charCodeAt(0) : Number.parseInt(digits, 16));
  }
  return Uint8Array.from(bytes);
}

interface Moment {
  readonly pid: number;
  /** The processor's time stamp. */
  readonly ticks: number;
}

export interface CallEvent extends Moment {
  readonly kind: "call";
  readonly name: string;
  /** All six registers, unsigned. */
  readonly arguments: readonly number[];
  readonly captures: Captures;
}

export interface ReturnEvent extends Moment {
  readonly kind: "return";
  readonly name: string;
  /** Signed. */
  readonly result: number;
  readonly captures: Captures;
}

export interface SignalEvent extends Moment {
  readonly kind: "signal";
  readonly signal: number;
  readonly code: number;
  readonly sender: number;
  readonly user: number;
  readonly value: number;
}

export interface EndEvent extends Moment {
  readonly kind: "end";
  /** As wait(2) tells it. */
  readonly status: number;
}

export type TraceEvent = CallEvent | ReturnEvent | SignalEvent | EndEvent;

const LINE = /^\[(\d+) ([0-9a-f]+)\] (call|return|signal|end) (.*)$/;

/** The event that a line of the debug console tells; undefined: it tells something else. */
export function parseTraceEvent(line: string): TraceEvent | undefined {
  const [, pid, ticks = "", kind, rest = ""] = LINE.exec(line) ?? [];
  if (kind === undefined) return undefined;
  const moment = { pid: Number(pid), ticks: Number.parseInt(ticks, 16) };
  const words = rest.split(" ");
  const number = (index: number) => Number.parseInt(words[index] ?? "0", 16);
  const name = linuxName(number(0));
  if (kind === "call") {
    const values = [1, 2, 3, 4, 5, 6].map(number);
    return {
      ...moment,
      kind,
      name,
      arguments: values,
      captures: new Captures(rest),
    };
  }
  if (kind === "return") {
    return {
      ...moment,
      kind,
      name,
      result: number(1) | 0,
      captures: new Captures(rest),
    };
  }
  if (kind === "end") return { ...moment, kind, status: number(0) };
  const [signal, code, sender, user, value] = [0, 1, 2, 3, 4].map(number);
  return {
    ...moment,
    kind: "signal",
    signal: signal ?? 0,
    code: (code ?? 0) | 0,
    sender: sender ?? 0,
    user: user ?? 0,
    value: value ?? 0,
  };
}
