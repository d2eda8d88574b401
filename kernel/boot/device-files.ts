// /dev: which devices there are, under which names and numbers.
//
// Source of the numbers: Linux's Documentation/admin-guide/devices.txt.

import { isErrno } from "../../src/abi/errno";
import { S_IFCHR, S_IFDIR, S_IFLNK, S_ISVTX } from "../../src/abi/files";
import { DirectoryEntry, rootDirectory } from "../file/directory-entry";
import { FileOperations } from "../file/inode";
import { mount } from "../file/mount";
import { listedName, listedValue, listName } from "../file/name-list";
import { makeFile } from "../file/names";
import { registerSpecialFile } from "../file/special-files";
import {
  fullOperations,
  nullOperations,
  randomOperations,
  zeroOperations,
} from "../filesystem/dev/memory-devices";
import {
  consoleOperations,
  ownTerminalOperations,
  terminalOperations,
} from "../filesystem/dev/terminal-file";
import { createDevpts } from "../filesystem/devpts/devpts";
import { masterOperations } from "../filesystem/devpts/master-file";
import { createTmpfs } from "../filesystem/tmpfs/tmpfs";
import { textLength } from "../log/text-length";
import { consoleTerminal } from "../terminal/console";

const NULL: u32 = (1 << 8) | 3;
const ZERO: u32 = (1 << 8) | 5;
const FULL: u32 = (1 << 8) | 7;
const RANDOM: u32 = (1 << 8) | 8;
const URANDOM: u32 = (1 << 8) | 9;
const TTY: u32 = (5 << 8) | 0;
const CONSOLE: u32 = (5 << 8) | 1;
const PTMX: u32 = (5 << 8) | 2;
const TTY1: u32 = (4 << 8) | 1;
const TTYS0: u32 = (4 << 8) | 64;
const DIRECTORY: u32 = S_IFDIR | 0o755;

const DEVICES: u32 = 10;
const NUMBER_SHIFT: u32 = 16;

let consoleEntry: DirectoryEntry | null = null;

/** Says what the numbers stand for; before any device file is made. */
export function registerDevices(): void {
  const terminal = changetype<usize>(consoleTerminal());
  register(NULL, nullOperations(), 0);
  register(ZERO, zeroOperations(), 0);
  register(FULL, fullOperations(), 0);
  register(RANDOM, randomOperations(), 0);
  register(URANDOM, randomOperations(), 0);
  consoleTerminal().device = CONSOLE;
  register(TTY, ownTerminalOperations(), 0);
  register(CONSOLE, consoleOperations(), terminal);
  register(TTY1, terminalOperations(), terminal);
  register(TTYS0, terminalOperations(), terminal);
  register(PTMX, masterOperations(), 0);
}

function register(device: u32, operations: FileOperations, data: usize): void {
  registerSpecialFile(S_IFCHR, device, operations, data);
}

/** Mounts /dev, over what the archive may have there. False when out of memory. */
export function createDeviceFiles(): bool {
  const point = makeDirectory(rootDirectory(), cstr("dev"), DIRECTORY);
  const directory = createTmpfs(0o755);
  if (point === null || directory === null || !mount(directory, point)) return false;
  list(0, cstr("console"), 0o600, CONSOLE);
  list(1, cstr("tty"), 0o666, TTY);
  list(2, cstr("tty1"), 0o620, TTY1);
  list(3, cstr("ttyS0"), 0o620, TTYS0);
  list(4, cstr("ptmx"), 0o666, PTMX);
  list(5, cstr("null"), 0o666, NULL);
  list(6, cstr("zero"), 0o666, ZERO);
  list(7, cstr("full"), 0o666, FULL);
  list(8, cstr("random"), 0o666, RANDOM);
  list(9, cstr("urandom"), 0o666, URANDOM);
  for (let i: u32 = 0; i < DEVICES; i++) {
    const mode = S_IFCHR | (listedValue(i) & 0o777);
    const number = listedValue(i) >> NUMBER_SHIFT;
    if (make(directory, listedName(i), mode, number) === null) return false;
  }
  // It is the first of the list.
  consoleEntry = directory.firstChild;
  return (
    mountSlaves(directory) &&
    makeDirectory(directory, cstr("shm"), S_IFDIR | S_ISVTX | 0o777) !== null &&
    makeLink(directory, cstr("fd"), cstr("/proc/self/fd")) &&
    makeLink(directory, cstr("stdin"), cstr("/proc/self/fd/0")) &&
    makeLink(directory, cstr("stdout"), cstr("/proc/self/fd/1")) &&
    makeLink(directory, cstr("stderr"), cstr("/proc/self/fd/2"))
  );
}

/** Says which device is number `index` of the list of names: its mode and number go with it. */
function list(index: u32, name: usize, mode: u32, device: u32): void {
  "inline";
  listName(index, name, mode | (device << NUMBER_SHIFT));
}

/** Mounts /dev/pts. */
function mountSlaves(parent: DirectoryEntry): bool {
  const point = makeDirectory(parent, cstr("pts"), DIRECTORY);
  const root = createDevpts(PTMX, masterOperations());
  return point !== null && root !== null && mount(root, point);
}

/** /dev/console, which process 1 starts with. */
export function consoleDevice(): DirectoryEntry {
  return consoleEntry!;
}

/** The directory of that name, made if it is not there; null when out of memory. */
export function makeDirectory(
  parent: DirectoryEntry,
  name: usize,
  mode: u32,
): DirectoryEntry | null {
  const found = parent.find(name, textLength(name));
  if (found !== null && found.inode.isDirectory) return found;
  return make(parent, name, mode, 0);
}

function makeLink(parent: DirectoryEntry, name: usize, text: usize): bool {
  return make(parent, name, S_IFLNK | 0o777, <u32>text) !== null;
}

/** A new file, which its directory holds; null when out of memory. */
function make(parent: DirectoryEntry, name: usize, mode: u32, special: u32): DirectoryEntry | null {
  const made = makeFile(parent, name, textLength(name), mode, special);
  if (isErrno(<u32>made)) return null;
  const entry = changetype<DirectoryEntry>(made);
  entry.release();
  return entry;
}
