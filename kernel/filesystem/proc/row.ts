// The files of /proc as a table: a row for each name, in the directory that another row stands for.
//
//   root -> meminfo, stat, …, sys -> kernel -> …          rows of the machine
//     |
//     +- PID -> maps, status, …, fd -> N, task -> TID     rows that every process has
//
// The names that are numbers are not rows: their directory says which there are (`next`), and which
// row each of them is (`child`).

import { S_IFDIR, S_IFLNK, S_IFREG } from "../../../src/abi/files";
import { FileOperations } from "../../file/inode";
import { listedName, listedValue, listName } from "../../file/name-list";
import { sameBytes } from "../../log/same-bytes";
import { textLength } from "../../log/text-length";

/** Room for the rows that there are. */
const MOST_ROWS: u32 = 160;

@unmanaged
export class Row {
  /** The row of the directory that it is in, or null. */
  directory: Row | null = null;
  /** NUL-terminated. */
  name: usize = 0;
  nameLength: u32 = 0;
  /** Type and permissions. */
  mode: u32 = 0;
  operations: FileOperations | null = null;
  /**
   * A text: function index of (process, subject): void, which makes it. `process` is whom the file
   * is about, null: the machine; `subject` the thread, or `value`.
   */
  text: u32 = 0;
  /**
   * Function index of (process, subject, bytes, size): i32, which obeys what is written; 0: it is
   * read only.
   */
  write: u32 = 0;
  /** Only who may look into the process may open it: see process/access.ts. */
  isPrivate: bool = false;
  /**
   * A directory of numbers: function index of (process, subject, from): i32, the lowest number from
   * `from` on, or -1.
   */
  next: u32 = 0;
  /** The row of each of them. */
  child: Row | null = null;
  /** Whether each of them is a process. */
  leadsToProcesses: bool = false;
  /** A symbolic link with the same text for everybody. */
  target: usize = 0;
  /** What its text function gets as the subject, if the file is about the machine. */
  value: u32 = 0;

  /** The number of the row: no other has it, and it is not 0. */
  get number(): u32 {
    return <u32>(changetype<usize>(this) - rows) / ROW_SIZE + 1;
  }

  isNamed(name: usize, length: u32): bool {
    return this.nameLength === length && sameBytes(this.name, name, length);
  }
}

/** In a mode of a list: only who may look into the process may open it. */
export const PRIVATE: u32 = 1 << 15;
const MODE_MASK: u32 = 0o777;
const TEXT_SHIFT: u32 = 16;

const ROW_SIZE: u32 = <u32>offsetof<Row>();
const rows: usize = memory.data(MOST_ROWS * ROW_SIZE, 4);
let rowCount: u32 = 0;

let directoryOperations: FileOperations | null = null;
let textOperations: FileOperations | null = null;

/** Says what directories and texts do, before the first row. */
export function startRows(directory: FileOperations, text: FileOperations): void {
  directoryOperations = directory;
  textOperations = text;
}

/** The row of `index`, in the order in which they were declared; null past the last one. */
export function rowAt(index: u32): Row | null {
  return index < rowCount ? changetype<Row>(rows + index * ROW_SIZE) : null;
}

/** The row of that name in a directory, or null. */
export function findRow(directory: Row, name: usize, length: u32): Row | null {
  for (let i: u32 = 0; i < rowCount; i++) {
    const row = changetype<Row>(rows + i * ROW_SIZE);
    if (row.directory === directory && row.isNamed(name, length)) return row;
  }
  return null;
}

/** A new row; without a directory it is a root, or the row of numbers. */
export function declareRow(directory: Row | null, name: usize, mode: u32): Row {
  const row = changetype<Row>(rows + rowCount++ * ROW_SIZE);
  row.directory = directory;
  row.name = name;
  row.nameLength = textLength(name);
  row.mode = mode;
  return row;
}

export function declareDirectory(directory: Row | null, name: usize, mode: u32): Row {
  const row = declareRow(directory, name, S_IFDIR | mode);
  row.operations = directoryOperations;
  return row;
}

export function declareText(directory: Row, name: usize, mode: u32, text: u32): Row {
  const row = declareRow(directory, name, S_IFREG | mode);
  row.operations = textOperations;
  row.text = text;
  return row;
}

/** Says what text `index` of a list of names is. declareListed() follows. */
export function listText(index: u32, name: usize, mode: u32, text: u32): void {
  "inline";
  listName(index, name, mode | (text << TEXT_SHIFT));
}

/** Declares the first `count` texts of the list in a directory. */
export function declareListed(directory: Row, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const value = listedValue(i);
    const row = declareText(directory, listedName(i), value & MODE_MASK, value >> TEXT_SHIFT);
    row.isPrivate = (value & PRIVATE) !== 0;
  }
}

export function declareLink(directory: Row, name: usize, target: usize): void {
  declareRow(directory, name, S_IFLNK | 0o777).target = target;
}
