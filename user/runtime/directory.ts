// Reads a directory: the names in it, sorted, as managed strings.

import { DIRENT_LENGTH, DIRENT_NAME, O_DIRECTORY, O_RDONLY } from "../../src/abi/files";
import { close, getdents, open } from "./system-calls";
import { fromC } from "./text";

const BUFFER_SIZE: u32 = 2048;

const buffer: usize = memory.data(2048, 8);

/** What the last listDirectory returned: 0 or a negative errno. */
export let directoryError: i32 = 0;

/** The names in a directory except `.` and `..`, in the order of their code units. */
export function listDirectory(path: usize): string[] {
  const names: string[] = [];
  const file = open(path, O_RDONLY | O_DIRECTORY, 0);
  directoryError = min(file, 0);
  if (file < 0) return names;
  while (true) {
    const size = getdents(file, buffer, BUFFER_SIZE);
    directoryError = min(size, 0);
    if (size <= 0) break;
    addNames(names, size);
  }
  close(file);
  names.sort(compare);
  return names;
}

function addNames(names: string[], size: u32): void {
  for (let at: u32 = 0; at < size; at += load<u16>(buffer + at + DIRENT_LENGTH)) {
    const name = fromC(buffer + at + DIRENT_NAME);
    if (name !== "." && name !== "..") names.push(name);
  }
}

function compare(left: string, right: string): i32 {
  return left < right ? -1 : left > right ? 1 : 0;
}
