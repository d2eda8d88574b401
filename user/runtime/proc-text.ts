// Reading what /proc says: whole files, and fields by their titles.

import { O_RDONLY } from "../../src/abi/files";
import { close, open, read } from "./system-calls";

const TEXT_SIZE: u32 = 32768;
const PATH_SIZE: u32 = 256;
/** What readText() read last, NUL-terminated. */
export const text: usize = memory.data(TEXT_SIZE);
const path: usize = memory.data(PATH_SIZE);
let pathEnd: u32 = 0;

/** Reads the file, as far as there is room: how many bytes, or -errno. */
export function readText(file: usize): i32 {
  store<u8>(text, 0);
  const descriptor = open(file, O_RDONLY, 0);
  if (descriptor < 0) return descriptor;
  const size = readOpen(descriptor);
  close(descriptor);
  return size;
}

/** As readText(), from an open file. */
export function readOpen(descriptor: i32): i32 {
  let size: u32 = 0;
  let count = 0;
  do {
    count = read(descriptor, text + size, TEXT_SIZE - 1 - size);
    if (count > 0) size += count;
  } while (count > 0);
  store<u8>(text + size, 0);
  return size === 0 ? count : <i32>size;
}

/** /proc/ID/NAME, valid until the next one. */
export function procPath(id: u32, name: usize): usize {
  pathEnd = 0;
  addText(cstr("/proc/"));
  addNumber(id);
  addText(cstr("/"));
  return addText(name);
}

/** /proc/ID/NAME/NUMBER. */
export function procNumberPath(id: u32, name: usize, number: u32): usize {
  procPath(id, name);
  addText(cstr("/"));
  return addNumber(number);
}

/** The address after the first `part` of the text, 0: it is not in it. */
export function after(part: usize): usize {
  for (let at = text; load<u8>(at) !== 0; at++) {
    let length: u32 = 0;
    while (load<u8>(part + length) !== 0 && load<u8>(at + length) === load<u8>(part + length)) {
      length++;
    }
    if (load<u8>(part + length) === 0) return at + length;
  }
  return 0;
}

/** The number at `at`, in decimal or in another base, after blanks; 0: there is none. */
export function numberAt(at: usize, base: u32 = 10): u32 {
  if (at === 0) return 0;
  let number: u32 = 0;
  let next = at;
  while (load<u8>(next) === 0x20 || load<u8>(next) === 0x09) next++;
  const isNegative = load<u8>(next) === 0x2d;
  if (isNegative) next++;
  for (; digitOf(load<u8>(next)) < base; next++) number = number * base + digitOf(load<u8>(next));
  return isNegative ? 0 - number : number;
}

/** The number after a title. */
export function numberOf(title: usize, base: u32 = 10): u32 {
  return numberAt(after(title), base);
}

/** Field `index` (from 1) of /proc/PID/stat, which is in the text. */
export function statField(index: u32): usize {
  let at = text;
  for (let next = text; load<u8>(next) !== 0; next++) if (load<u8>(next) === 0x29) at = next + 2;
  for (let field: u32 = 3; field < index; field++) {
    while (load<u8>(at) !== 0x20) at++;
    at++;
  }
  return at;
}

function digitOf(byte: u32): u32 {
  if (byte - 0x30 <= 9) return byte - 0x30;
  return byte - 0x61 < 6 ? byte - 0x61 + 10 : 99;
}

function addText(more: usize): usize {
  for (let i: u32 = 0; load<u8>(more + i) !== 0; i++)
    store<u8>(path + pathEnd++, load<u8>(more + i));
  store<u8>(path + pathEnd, 0);
  return path;
}

function addNumber(number: u32): usize {
  let divisor: u32 = 1;
  while (number / divisor >= 10) divisor *= 10;
  for (; divisor !== 0; divisor /= 10) {
    store<u8>(path + pathEnd++, 0x30 + ((number / divisor) % 10));
  }
  store<u8>(path + pathEnd, 0);
  return path;
}
