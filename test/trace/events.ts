// Events as the kernel tells them, for tests of what becomes of them.

import * as kinds from "../../src/abi/linux/argument-kinds";
import type { CallKinds } from "../../src/trace/call-text";
import { CallText } from "../../src/trace/call-text";
import { LINUX_CALLS } from "../../src/trace/linux-calls";
import { parseTraceEvent } from "../../src/trace/trace-event";

/** What some calls take, as kernel/syscall/ declares it. */
export const CALLS: CallKinds = new Map<string, readonly number[]>([
  ["read", [kinds.FILE, kinds.OUTPUT, kinds.SIZE]],
  ["write", [kinds.FILE, kinds.INPUT, kinds.SIZE]],
  ["openat", [kinds.DIRECTORY, kinds.PATH, kinds.OPEN_FLAGS, kinds.MODE]],
  ["close", [kinds.FILE]],
  ["kill", [kinds.INTEGER, kinds.SIGNAL]],
  ["exit_group", [kinds.INTEGER]],
  ["execve", [kinds.PATH, kinds.STRINGS, kinds.ENVIRONMENT]],
]);

const NUMBERS = new Map([...LINUX_CALLS].map(([number, name]) => [name, number]));
/** The number of a call that no Linux has. */
const NO_CALL = 0x258;

/** The number of the call of this name, as a line has it. */
function numberOf(name: string): string {
  return (NUMBERS.get(name) ?? NO_CALL).toString(16);
}

/** The line of a call, without the pid's thread having done anything before. */
export function callLine(name: string, words: readonly number[], captures = "", pid = 1): string {
  const all = [0, 1, 2, 3, 4, 5].map((index) => ((words[index] ?? 0) >>> 0).toString(16));
  return `[${pid} 10] call ${numberOf(name)} ${all.join(" ")}${captures}`;
}

export function returnLine(name: string, result: number, captures = "", pid = 1): string {
  return `[${pid} 30] return ${numberOf(name)} ${(result >>> 0).toString(16)}${captures}`;
}

/** Bytes between quotes, as an event has them. */
export function captured(index: number, bytes: readonly number[]): string {
  const digits = bytes.map((byte) => `\\${byte.toString(16).padStart(2, "0")}`);
  return ` ${index}="${digits.join("")}"`;
}

/** Words as bytes, the lowest first. */
export function words(...values: readonly number[]): number[] {
  return values.flatMap((value) => [0, 8, 16, 24].map((shift) => (value >>> shift) & 255));
}

/** A call and its result as strace prints them: `read(3, "x", 1) = 1`. */
export function callText(
  name: string,
  own: readonly number[],
  { args = [], before = "", after = "", result = 0, shown = 32 }: CallFacts = {},
): string {
  const event = parseTraceEvent(callLine(name, args, before));
  const end = parseTraceEvent(returnLine(name, result, after));
  if (event?.kind !== "call" || end?.kind !== "return") throw new Error("not an event");
  const text = new CallText(event, new Map([[event.name, own]]), shown);
  return `${name}(${text.start}${text.rest(end)}) = ${text.result(end)}`;
}

interface CallFacts {
  readonly args?: readonly number[];
  /** Captures of the call, and of its return. */
  readonly before?: string;
  readonly after?: string;
  readonly result?: number;
  readonly shown?: number;
}
