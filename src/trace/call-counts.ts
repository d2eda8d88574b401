// `strace -c`: how often each call was made, how often it failed, and how long the calls took.
//
// The kernel tells times in ticks of the processor. How long a tick is follows from the clock of
// the host at the first event and at the last one.

import { errorOf } from "./error-names";
import type { CallEvent, ReturnEvent } from "./trace-event";

interface Count {
  calls: number;
  errors: number;
  ticks: number;
}

export interface CountRow {
  readonly name: string;
  readonly calls: number;
  readonly errors: number;
  readonly seconds: number;
  /** Of the time of all calls. */
  readonly percent: number;
}

export class CallCounts {
  readonly #counts = new Map<string, Count>();
  readonly #now: () => number;
  #first: { readonly ticks: number; readonly time: number } | undefined;
  #last: { readonly ticks: number; readonly time: number } | undefined;

  /** @param now the host's clock in seconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  call({ name, ticks }: CallEvent): void {
    this.#notice(ticks);
    this.#count(name).calls++;
  }

  result({ name, result, ticks }: ReturnEvent, started: number): void {
    this.#notice(ticks);
    const count = this.#count(name);
    count.ticks += ticks - started;
    if (errorOf(result) !== undefined) count.errors++;
  }

  /** The calls that took longest first. */
  rows(): CountRow[] {
    const all = [...this.#counts];
    const total = all.reduce((sum, [, { ticks }]) => sum + ticks, 0);
    const rows = all.map(([name, { calls, errors, ticks }]) => ({
      name,
      calls,
      errors,
      seconds: ticks * this.#tick(),
      percent: total === 0 ? 0 : (100 * ticks) / total,
    }));
    return rows.sort((a, b) => b.seconds - a.seconds || b.calls - a.calls);
  }

  #count(name: string): Count {
    const known = this.#counts.get(name);
    if (known !== undefined) return known;
    const count = { calls: 0, errors: 0, ticks: 0 };
    this.#counts.set(name, count);
    return count;
  }

  #notice(ticks: number): void {
    this.#last = { ticks, time: this.#now() };
    this.#first ??= this.#last;
  }

  /** Seconds of a tick. */
  #tick(): number {
    const [first, last] = [this.#first, this.#last];
    if (first === undefined || last === undefined || last.ticks === first.ticks) return 0;
    return (last.time - first.time) / (last.ticks - first.ticks);
  }
}

const WIDTHS = [6, 11, 11, 9, 9] as const;
const RULE = `${WIDTHS.map((width) => "-".repeat(width)).join(" ")} ${"-".repeat(16)}`;

/** The table that strace -c prints. */
export function countsText(rows: readonly CountRow[]): string {
  const sum = (of: (row: CountRow) => number) => rows.reduce((all, row) => all + of(row), 0);
  const total: CountRow = {
    name: "total",
    calls: sum(({ calls }) => calls),
    errors: sum(({ errors }) => errors),
    seconds: sum(({ seconds }) => seconds),
    percent: rows.length === 0 ? 0 : 100,
  };
  const head = cells("% time", "seconds", "usecs/call", "calls", "errors", "syscall");
  return [head, RULE, ...rows.map(rowText), RULE, rowText(total)]
    .map((line) => `${line}\n`)
    .join("");
}

function rowText({ name, calls, errors, seconds, percent }: CountRow): string {
  const each = calls === 0 ? 0 : Math.floor((seconds * 1e6) / calls);
  const failed = errors === 0 ? "" : `${errors}`;
  return cells(percent.toFixed(2), seconds.toFixed(6), `${each}`, `${calls}`, failed, name);
}

function cells(...texts: readonly string[]): string {
  return texts.map((text, index) => text.padStart(WIDTHS[index] ?? 0)).join(" ");
}
