// /dev: the console, the empty file and the endless one.

import { EINVAL } from "../../src/abi/errno";
import { S_IFCHR, S_IFDIR } from "../../src/abi/files";
import { createInode, Inode, rootDirectory } from "../file/inode";
import { File, FileOperations } from "../file/open-file";
import { portion, transferSize } from "../file/transfer";
import { directoryOperations, refuseControl, refuseList } from "../filesystem/initramfs/files";
import { processListOperations } from "../filesystem/proc/process-list";
import { clearUser, UserPointer } from "../memory/user-memory";
import { current } from "../process/process";
import { consoleOperations, startConsoleFile } from "../terminal/terminal-file";
import { takeBreath } from "../thread/schedule";

const nothing: FileOperations = changetype<FileOperations>(memory.data(20, 4));
const zeros: FileOperations = changetype<FileOperations>(memory.data(20, 4));

let consoleInode: Inode | null = null;

/** Puts /dev into the tree. False when out of memory. */
export function createDevices(): bool {
  startConsoleFile();
  nothing.read = readNothing.index;
  nothing.write = writeNothing.index;
  nothing.control = refuseControl.index;
  nothing.list = refuseList.index;
  zeros.read = readZeros.index;
  zeros.write = writeNothing.index;
  zeros.control = refuseControl.index;
  zeros.list = refuseList.index;

  const directory = deviceDirectory();
  if (directory === null) return false;
  consoleInode = addDevice(directory, cstr("console"), 7, 5, 1, consoleOperations());
  return (
    consoleInode !== null &&
    addDevice(directory, cstr("tty"), 3, 5, 0, consoleOperations()) !== null &&
    addDevice(directory, cstr("null"), 4, 1, 3, nothing) !== null &&
    addDevice(directory, cstr("zero"), 4, 1, 5, zeros) !== null &&
    addDevice(directory, cstr("processes"), 9, 10, 0, processListOperations()) !== null
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

/** Adds a device, in the place of what the archive may have under its name. */
function addDevice(
  directory: Inode,
  name: usize,
  nameLength: u32,
  major: u32,
  minor: u32,
  operations: FileOperations,
): Inode | null {
  let inode = directory.find(name, nameLength);
  if (inode === null) {
    inode = createInode(0, name, nameLength);
    if (inode === null) return null;
    directory.add(inode);
  }
  inode.mode = S_IFCHR | 0o666;
  inode.size = 0;
  inode.device = (major << 8) | minor;
  inode.operations = operations;
  return inode;
}

function readNothing(_file: File, _to: UserPointer, _size: u32): i32 {
  return 0;
}

/** Nothing is read, so the address does not matter. */
function writeNothing(_file: File, _from: UserPointer, size: u32): i32 {
  return <i32>size < 0 ? -EINVAL : <i32>size;
}

function readZeros(_file: File, to: UserPointer, size: u32): i32 {
  const wanted = transferSize(to, size);
  if (wanted <= 0) return wanted;
  let done: u32 = 0;
  while (done < <u32>wanted) {
    const part = portion(to, done, <u32>wanted);
    const result = clearUser(current.space!, to.plus(done), part);
    if (result !== 0) return done !== 0 ? <i32>done : result;
    done += part;
    if (done < <u32>wanted) takeBreath();
    if (current.pendingSignal !== 0) break;
  }
  return <i32>done;
}
