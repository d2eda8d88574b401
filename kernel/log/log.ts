// Kernel messages, to whatever has been registered as a sink.
//
// The log is the lowest floor: it knows no device. The console registers itself when it can show
// something, post-mortem registers the epitaph; what is printed before that is lost.
//
// format.ts has the conversions. Up to six values follow the format, each a word.

import { formatText } from "./format";

const VALUES: u32 = 6;
const values: usize = memory.data(4 * VALUES, 4);
const NEWLINE: u32 = 0x0a;

/** Pairs of function indices: `(byte: u32): void` and `(): void`, as addSink() took them. */
const SINKS: u32 = 2;
const SINK_SIZE: u32 = 8;
const FINISH: usize = 4;
const sinks: usize = memory.data(SINKS * SINK_SIZE, 4);
let sinkCount: u32 = 0;

let isQuiet: bool = false;
let isSilent: bool = false;
/** What is printed next is a message: on a line of its own, after a prefix. */
let isMessage: bool = false;

/**
 * From now on each byte that is printed also goes to the function of index `write`, and the end of
 * each message to that of index `finish`. There is room for SINKS of them; more are ignored.
 */
export function addSink(write: u32, finish: u32): void {
  if (sinkCount === SINKS) return;
  const sink = sinks + sinkCount * SINK_SIZE;
  store<u32>(sink, write);
  store<u32>(sink, finish, FINISH);
  sinkCount++;
}

/** `quiet` on the command line: messages that only inform are dropped. */
export function setQuiet(quiet: bool): void {
  isQuiet = quiet;
}

/** `silent` on the command line: only what ends the kernel is said. */
export function setSilent(): void {
  isQuiet = true;
  isSilent = true;
}

/** A message that the user should see, on a line of its own. */
export function warn(
  format: usize,
  a: u32 = 0,
  b: u32 = 0,
  c: u32 = 0,
  d: u32 = 0,
  e: u32 = 0,
): void {
  if (isSilent) return;
  isMessage = true; // one call, so that its callers stay small where they warn
  print(format, a, b, c, d, e);
}

/** A progress message; `quiet` suppresses it. */
export function inform(format: usize, a: u32 = 0, b: u32 = 0, c: u32 = 0, d: u32 = 0): void {
  if (!isQuiet) warn(format, a, b, c, d);
}

/** Prints `format` with its values put in, and nothing else. */
export function print(
  format: usize,
  a: u32 = 0,
  b: u32 = 0,
  c: u32 = 0,
  d: u32 = 0,
  e: u32 = 0,
  f: u32 = 0,
): void {
  store<u32>(values, a);
  store<u32>(values, b, 4);
  store<u32>(values, c, 8);
  store<u32>(values, d, 12);
  store<u32>(values, e, 16);
  store<u32>(values, f, 20);
  const isLine = isMessage;
  isMessage = false;
  if (isLine) formatText(writeByte.index, cstr("kernel: "), values);
  formatText(writeByte.index, format, values);
  if (isLine) writeByte(NEWLINE);
  finish();
}

function writeByte(byte: u32): void {
  for (let i: u32 = 0; i < sinkCount; i++) {
    call_indirect<void>(load<u32>(sinks + i * SINK_SIZE), byte);
  }
}

function finish(): void {
  for (let i: u32 = 0; i < sinkCount; i++) {
    call_indirect<void>(load<u32>(sinks + i * SINK_SIZE, FINISH));
  }
}
