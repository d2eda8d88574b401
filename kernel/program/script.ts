// Scripts: a file that begins with `#!` names the program that runs it.
//
//   #!/bin/sh -e     the program, and at most one argument, which may have blanks in it
//
// The program gets that argument, then the script's path, then the arguments of the call after the
// first. See execve(2), "Interpreter scripts".

import { readContents } from "../file/contents";
import { Inode } from "../file/inode";

/** As many bytes of the first line as Linux looks at. */
const LINE_SIZE: u32 = 256;
const SIGN: u32 = 0x2123; // "#!"
const SPACE: u32 = 0x20;
const TAB: u32 = 0x09;
const NEWLINE: u32 = 0x0a;

/** The first line; what readScript() found lies in it, NUL-terminated. */
const line: usize = memory.data(LINE_SIZE + 1, 4);
/** The interpreter's path, and its argument or 0. */
export let scriptInterpreter: usize = 0;
export let scriptArgument: usize = 0;

/** Whether the file begins with `#!`. */
export function isScript(inode: Inode): bool {
  return readContents(inode, 0, line, 2) === 2 && load<u16>(line) === SIGN;
}

/** Reads the first line of a script. False if it does not name a program, or not all of it. */
export function readScript(inode: Inode): bool {
  const count = readContents(inode, 0, line, LINE_SIZE);
  store<u8>(line + count, 0);
  let end = line + 2;
  while (end < line + count && load<u8>(end) !== NEWLINE && load<u8>(end) !== 0) end++;
  const isWhole = end < line + count || count < LINE_SIZE;
  store<u8>(end, 0);
  scriptInterpreter = skipBlanks(line + 2);
  let after = scriptInterpreter;
  while (load<u8>(after) !== 0 && !isBlank(after)) after++;
  if (after === scriptInterpreter || (after === end && !isWhole)) return false;
  scriptArgument = skipBlanks(after);
  store<u8>(after, 0);
  if (scriptArgument === end) scriptArgument = 0;
  else trimEnd(scriptArgument, end);
  return true;
}

function skipBlanks(from: usize): usize {
  let at = from;
  while (isBlank(at)) at++;
  return at;
}

function trimEnd(start: usize, end: usize): void {
  let last = end;
  while (last > start && isBlank(last - 1)) last--;
  store<u8>(last, 0);
}

function isBlank(at: usize): bool {
  const byte: u32 = load<u8>(at);
  return byte === SPACE || byte === TAB;
}
