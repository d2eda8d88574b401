// ps: the processes, as /proc has them.

import { O_RDONLY } from "../src/abi/files";
import { refuse, wantsHelp } from "./runtime/arguments";
import { directoryError, listDirectory } from "./runtime/directory";
import { complain } from "./runtime/errors";
import { print, printByte, printBytes, printColumn, printLine } from "./runtime/output";
import { close, open, read } from "./runtime/system-calls";
import { addressOf, toC } from "./runtime/text";

const USAGE = `usage: ps
Lists all processes: R runs or could, S waits for something, T is stopped, Z has ended.`;
const BUFFER_SIZE: u32 = 1024;
const KIB_PER_PAGE: u32 = 4;
const NEWLINE: u32 = 0x0a;
const BLANK: u32 = 0x20;
const MINUS: u32 = 0x2d;
const OPEN: u32 = 0x28;
const CLOSE: u32 = 0x29;
/** The field of /proc/PID/stat with the pages that are there. */
const RESIDENT_PAGES: u32 = 24;

const buffer: usize = memory.data(1024);
/** Where takeNumber() goes on in the buffer. */
let at: usize = 0;

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  if (argc > 1) return refuse(argv, 1, USAGE);
  const proc = cstr("/proc");
  const names = listDirectory(proc);
  if (directoryError !== 0) {
    complain("ps", proc, directoryError);
    return 1;
  }
  printLine("  PID  PPID GROUP S       KIB NAME");
  const ids: u32[] = [];
  for (let i = 0; i < names.length; i++) {
    const id = numberOf(names[i]);
    if (id !== 0) ids.push(id);
  }
  ids.sort((left, right) => <i32>left - <i32>right);
  for (let i = 0; i < ids.length; i++) printProcess(ids[i]);
  return 0;
}

/** The number that a name is; 0: it is none. */
function numberOf(name: string): u32 {
  let number: u32 = 0;
  for (let i = 0; i < name.length; i++) {
    const digit = <u32>name.charCodeAt(i) - 0x30;
    if (digit > 9) return 0;
    number = number * 10 + digit;
  }
  return number;
}

/** A line for the process, if it is still there. */
function printProcess(id: u32): void {
  if (!readFile(id, "stat")) return;
  while (load<u8>(at) !== OPEN) at++;
  const name = at + 1;
  // A name may have brackets in it.
  let nameEnd = name;
  for (; load<u8>(at) !== NEWLINE; at++) if (load<u8>(at) === CLOSE) nameEnd = at;
  at = nameEnd + 2;
  const state: u32 = load<u8>(at++);
  printColumn(id, 5);
  printColumn(takeNumber(), 6);
  printColumn(takeNumber(), 6);
  print(" ");
  printByte(state);
  for (let field: u32 = 6; field < RESIDENT_PAGES; field++) takeNumber();
  printColumn(takeNumber() * KIB_PER_PAGE, 9);
  print("  ");
  printBytes(name, <u32>(nameEnd - name));
  printLine("");
}

/** Reads the first bytes of a file of the process into the buffer, a newline after them. */
function readFile(id: u32, name: string): bool {
  const text = toC(`/proc/${id}/${name}`);
  const file = open(addressOf(text), O_RDONLY, 0);
  if (file < 0) return false;
  const size = read(file, buffer, BUFFER_SIZE - 1);
  close(file);
  if (size <= 0) return false;
  store<u8>(buffer + size, NEWLINE);
  at = buffer;
  return true;
}

/** The number after the next blanks; the sign of a negative one is left out. */
function takeNumber(): u32 {
  while (load<u8>(at) === BLANK || load<u8>(at) === MINUS) at++;
  let number: u32 = 0;
  for (; <u32>load<u8>(at) - 0x30 <= 9; at++) number = number * 10 + (<u32>load<u8>(at) - 0x30);
  return number;
}
