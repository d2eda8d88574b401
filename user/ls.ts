// ls [-l] [PATH...]: lists directories.

import {
  S_IFCHR,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  STAT_MODE,
  STAT_NLINK,
  STAT_SIZE,
} from "../src/abi/files";
import { argument, equals, refuse, wantsHelp } from "./runtime/arguments";
import { directoryError, listDirectory } from "./runtime/directory";
import { complain } from "./runtime/errors";
import { print, printByte, printC, printColumn, printLine } from "./runtime/output";
import { lstat } from "./runtime/system-calls";
import { isTerminalOutput, terminalColumns } from "./runtime/terminal";
import { addressOf, fromC, toC } from "./runtime/text";

const USAGE = `usage: ls [-l] [PATH...]
Lists files and directories.
  -l  with mode, links and size`;
const DASH: u8 = 0x2d;
const SPACE: u32 = 0x20;
const SIZE_WIDTH: u32 = 10;
const LINKS_WIDTH: u32 = 4;
const COLUMN_GAP: i32 = 2;

const status: usize = memory.data(96, 8);
let isLong: bool = false;

export function main(argc: i32, argv: usize, _envp: usize): i32 {
  if (wantsHelp(argc, argv, USAGE)) return 0;
  let first = 1;
  for (; first < argc && load<u8>(argument(argv, first)) === DASH; first++) {
    if (!equals(argument(argv, first), "-l")) return refuse(argv, first, USAGE);
    isLong = true;
  }
  if (first >= argc) return list(cstr("."));
  let result = 0;
  for (let i = first; i < argc; i++) {
    const path = argument(argv, i);
    if (argc - first > 1) {
      if (i > first) printLine("");
      printC(path);
      printLine(":");
    }
    result |= list(path);
  }
  return result;
}

/** Lists a directory's contents, or the file itself; 0, or 1 after an error. */
function list(path: usize): i32 {
  const result = lstat(path, status);
  if (result < 0) return failed(path, result);
  if ((load<u32>(status + STAT_MODE) & S_IFMT) !== S_IFDIR) {
    printEntry(path, path);
    return 0;
  }
  const names = listDirectory(path);
  if (directoryError < 0) return failed(path, directoryError);
  if (isLong) return listLong(fromC(path), names);
  if (isTerminalOutput()) printColumns(names);
  else for (let i = 0; i < names.length; i++) printLine(names[i]);
  return 0;
}

function listLong(directory: string, names: string[]): i32 {
  let result = 0;
  for (let i = 0; i < names.length; i++) {
    const path = toC(`${directory}/${names[i]}`);
    const name = toC(names[i]);
    const error = lstat(addressOf(path), status);
    if (error < 0) result = failed(addressOf(name), error);
    else printEntry(addressOf(path), addressOf(name));
  }
  return result;
}

function failed(path: usize, error: i32): i32 {
  complain("ls", path, error);
  return 1;
}

/** Prints the file that `status` is about. */
function printEntry(_path: usize, name: usize): void {
  if (isLong) {
    printMode(load<u32>(status + STAT_MODE));
    printColumn(load<u32>(status + STAT_NLINK), LINKS_WIDTH);
    printColumn(load<u32>(status + STAT_SIZE), SIZE_WIDTH);
    printByte(SPACE);
  }
  printC(name);
  printLine("");
}

/** `drwxr-xr-x` */
function printMode(mode: u32): void {
  const type = mode & S_IFMT;
  const letter = type === S_IFDIR ? 0x64 : type === S_IFCHR ? 0x63 : type === S_IFLNK ? 0x6c : DASH;
  printByte(letter);
  const letters = "rwxrwxrwx";
  for (let i = 0; i < letters.length; i++) {
    const isSet = (mode & (0x100 >> i)) !== 0;
    printByte(isSet ? letters.charCodeAt(i) : DASH);
  }
}

/** As many columns as fit, filled from top to bottom. */
function printColumns(names: string[]): void {
  let width = 0;
  for (let i = 0; i < names.length; i++) width = max(width, names[i].length);
  width += COLUMN_GAP;
  const columns = max(<i32>terminalColumns() / width, 1);
  const rows = (names.length + columns - 1) / columns;
  for (let row = 0; row < rows; row++) {
    for (let i = row; i < names.length; i += rows) {
      print(names[i]);
      if (i + rows >= names.length) break;
      for (let gap = names[i].length; gap < width; gap++) printByte(SPACE);
    }
    printLine("");
  }
}
