// Device files and FIFOs: what their type and numbers stand for, wherever their names are.
//
// A driver registers its operations under its numbers at boot; an inode of those numbers that is
// made later gets them. A device that is not registered has a name and cannot be opened (ENXIO).

import { S_IFBLK, S_IFCHR, S_IFIFO, S_IFMT } from "../../src/abi/files";
import { panic } from "../log/panic";
import { FileOperations, Inode } from "./inode";

/** Room for the devices that there are. */
const MOST_KINDS: u32 = 32;

@unmanaged
class Kind {
  type: u32 = 0;
  device: u32 = 0;
  operations: FileOperations | null = null;
  data: usize = 0;
}

const KIND_SIZE: u32 = <u32>offsetof<Kind>();
const kinds: usize = memory.data(MOST_KINDS * KIND_SIZE, 4);
let kindCount: u32 = 0;

/**
 * From now on, files of `type` (S_IFCHR, …) and that device number do what `operations` say. `data`
 * is what they find in the inode.
 */
export function registerSpecialFile(
  type: u32,
  device: u32,
  operations: FileOperations,
  data: usize,
): void {
  if (kindCount === MOST_KINDS) panic(cstr("special-files: no room for another kind"));
  const kind = changetype<Kind>(kinds + kindCount++ * KIND_SIZE);
  kind.type = type;
  kind.device = device;
  kind.operations = operations;
  kind.data = data;
}

/** Gives a new inode the operations of its type and numbers, if they are known. */
export function specialFile(inode: Inode, device: u32): void {
  const type = inode.mode & S_IFMT;
  const isDevice = type === S_IFCHR || type === S_IFBLK;
  if (isDevice) inode.device = device;
  else if (type !== S_IFIFO) return;
  for (let i: u32 = 0; i < kindCount; i++) {
    const kind = changetype<Kind>(kinds + i * KIND_SIZE);
    if (kind.type !== type || (isDevice && kind.device !== device)) continue;
    inode.operations = kind.operations;
    inode.data = kind.data;
  }
}
