// Writes the kernel's command line; src/abi/command-line.ts has the format and its reasons.

import { COMMAND_LINE_MAX, isPlainByte } from "../abi/command-line";
import { Diagnostic } from "../base/diagnostic";

/**
 * Encodes kernel options (`KEY=VALUE` words) and, after `--`, the program to run and its arguments.
 *
 * @throws Diagnostic MACH001 if the result is longer than the kernel takes
 */
export function encodeCommandLine(
  options: readonly string[],
  program: readonly string[] = [],
): string {
  const words = [...options.map(encodeWord)];
  if (program.length > 0) words.push("--", ...program.map(encodeWord));
  const line = words.join(" ");
  if (line.length + 1 > COMMAND_LINE_MAX) {
    throw new Diagnostic(
      "MACH001",
      `the command line is ${line.length} bytes long, the kernel takes ${COMMAND_LINE_MAX - 1}`,
      "Pass fewer or shorter arguments",
    );
  }
  return line;
}

function encodeWord(word: string): string {
  // A program argument `--` needs no escape: the kernel ends its options at the first one.
  if (word === "") return "%";
  return Array.from(new TextEncoder().encode(word), (byte) =>
    isPlainByte(byte) ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, "0")}`,
  ).join("");
}

/** The inverse of `encodeCommandLine`: for tests, and for tools that show a machine's state. */
export function decodeCommandLine(line: string): { options: string[]; program: string[] } {
  const words = line.split(" ").filter((word) => word !== "");
  const separator = words.indexOf("--");
  const end = separator < 0 ? words.length : separator;
  return {
    options: words.slice(0, end).map(decodeWord),
    program: words.slice(end + 1).map(decodeWord),
  };
}

function decodeWord(word: string): string {
  if (word === "%") return "";
  const latin1 = word.replace(/%([0-9a-fA-F]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return new TextDecoder().decode(Uint8Array.from(latin1, (char) => char.charCodeAt(0)));
}
