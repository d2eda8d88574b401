// /dev: which devices there are, under which names and numbers.
//
// Source of the numbers: Linux's Documentation/admin-guide/devices.txt; /dev/processes is ours.

import { S_IFCHR, S_IFDIR } from "../../src/abi/files";
import { createInode, FileOperations, Inode, rootDirectory } from "../file/inode";
import { nullOperations, zeroOperations } from "../filesystem/dev/null-and-zero";
import { directoryOperations } from "../filesystem/initramfs/files";
import { processListOperations } from "../filesystem/proc/process-list";
import { consoleTerminal } from "../terminal/console";
import { terminalOperations } from "../terminal/terminal-file";

let directory: Inode | null = null;
let consoleInode: Inode | null = null;

/** Puts /dev into the tree. False when out of memory. */
export function createDeviceFiles(): bool {
  directory = deviceDirectory();
  if (directory === null) return false;
  const terminal = changetype<usize>(consoleTerminal());
  consoleInode = addDevice(cstr("console"), 5, 1, terminalOperations(), terminal);
  return (
    consoleInode !== null &&
    addDevice(cstr("tty"), 5, 0, terminalOperations(), terminal) !== null &&
    addDevice(cstr("null"), 1, 3, nullOperations(), 0) !== null &&
    addDevice(cstr("zero"), 1, 5, zeroOperations(), 0) !== null &&
    addDevice(cstr("processes"), 10, 0, processListOperations(), 0) !== null
  );
}

/** /dev/console, which process 1 starts with. */
export function consoleDevice(): Inode {
  return consoleInode!;
}

/** /dev, which the archive may have already. */
function deviceDirectory(): Inode | null {
  const name = cstr("dev");
  const found = rootDirectory().find(name, 3);
  if (found !== null && found.isDirectory) return found;
  const made = createInode(S_IFDIR | 0o755, name, 3);
  if (made === null) return null;
  made.operations = directoryOperations();
  rootDirectory().add(made);
  return made;
}

/**
 * Adds a device to /dev, in place of what the archive may have under its name. `data` is what its
 * operations find in the inode.
 */
function addDevice(
  name: usize,
  major: u32,
  minor: u32,
  operations: FileOperations,
  data: usize,
): Inode | null {
  let length: u32 = 0;
  while (load<u8>(name + length) !== 0) length++;
  let inode = directory!.find(name, length);
  if (inode === null) {
    inode = createInode(0, name, length);
    if (inode === null) return null;
    directory!.add(inode);
  }
  inode.mode = S_IFCHR | 0o666;
  inode.size = 0;
  inode.data = data;
  inode.device = (major << 8) | minor;
  inode.operations = operations;
  return inode;
}
