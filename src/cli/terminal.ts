// Output to the user: facts go to stdout, progress and diagnostics to stderr.
//
// There is colour only where a terminal shows it and NO_COLOR is not set (no-color.org);
// FORCE_COLOR turns it on elsewhere. Progress is printed as plain lines, so that CI logs stay
// readable.

import { writeSync } from "node:fs";
import { Diagnostic, formatDiagnostic } from "../base/diagnostic";
import { systemReason } from "../base/system-error";
import type { WindowSize } from "../machine/window-port";

type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

function hasColour(stream: NodeJS.WriteStream): boolean {
  if (process.env.NO_COLOR) return false;
  if (process.env.FORCE_COLOR) return true;
  return stream.isTTY === true && process.env.TERM !== "dumb";
}

/** `text` in a style, if the stream shows it. */
export function style(
  text: string,
  name: Style,
  stream: NodeJS.WriteStream = process.stdout,
): string {
  if (!hasColour(stream)) return text;
  const [on, off] = CODES[name];
  return `\x1b[${on}m${text}\x1b[${off}m`;
}

/** A fact: one line of the command's output. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Facts for a program: one JSON document. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, undefined, 2));
}

/** What is going on: a line for the user, not part of the output. */
export function progress(line: string): void {
  process.stderr.write(`${style(line, "dim", process.stderr)}\n`);
}

/** After this time a user wants to know what is going on. */
const PATIENCE_MS = 500;

/** Does `work`, and says what it is if that takes its time. */
export async function patiently<Result>(
  what: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const timer = setTimeout(() => progress(`isthmus: ${what}`), PATIENCE_MS);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}

/** How many columns facts may take; output that is not a terminal's is not broken into lines. */
export function outputWidth(): number {
  return process.stdout.columns ?? Infinity;
}

/** How large the terminal is that facts go to, or undefined: it is none, or does not say. */
export function terminalWindow(): WindowSize | undefined {
  const { isTTY, rows, columns } = process.stdout;
  return isTTY && rows > 0 && columns > 0 ? { rows, columns } : undefined;
}

/** Prints an error or a warning with its remedy; of several, each on lines of its own. */
export function complain(diagnostic: Diagnostic, severity: "error" | "warning" = "error"): void {
  const colour = severity === "error" ? "red" : "yellow";
  const text = formatDiagnostic(diagnostic, severity).replace(
    new RegExp(`\\b${severity}\\[[A-Z]+\\d+\\]`, "g"),
    (mark) => style(mark, colour, process.stderr),
  );
  process.stderr.write(`${text}\n`);
}

const STATUS_UNUSABLE = 2;

/**
 * Ends the command when it cannot write: quietly when the reader goes away (`| head`), with a
 * sentence when a disk is full.
 */
export function endWithReader(): void {
  const end = (error: NodeJS.ErrnoException, name: string) => {
    if (error.code === "EPIPE") process.exit();
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    const text = `the ${name} cannot be written: ${reason}`;
    const diagnostic = new Diagnostic("CLI007", text, "Direct it to a place that has room.");
    // Directly, as the stream's own error would come back here.
    if (name === "standard output") writeSync(2, `${formatDiagnostic(diagnostic)}\n`);
    process.exit(STATUS_UNUSABLE);
  };
  process.stdout.on("error", (error) => end(error, "standard output"));
  process.stderr.on("error", (error) => end(error, "standard error"));
}
