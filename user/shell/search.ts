// Where programs are: the folders of PATH.

import { S_IFDIR, S_IFMT, S_IFREG, S_IX, STAT_BYTES, STAT_MODE } from "../../src/abi/files";
import { listDirectory } from "../runtime/directory";
import { stat } from "../runtime/system-calls";
import { addressOf, toC } from "../runtime/text";

const status: usize = memory.data(96, 8);

/** The path of the program of that name; empty if there is none. */
export function findProgram(name: string, path: string): string {
  if (name.includes("/")) return name;
  const folders = path.split(":");
  for (let i = 0; i < folders.length; i++) {
    const candidate = join(folders[i], name);
    if (isProgram(candidate)) return candidate;
  }
  return "";
}

/** The names of all programs in the folders of PATH. */
export function listPrograms(path: string): string[] {
  const found: string[] = [];
  const folders = path.split(":");
  for (let i = 0; i < folders.length; i++) {
    const folder = toC(folders[i]);
    const names = listDirectory(addressOf(folder));
    for (let j = 0; j < names.length; j++) {
      if (isProgram(join(folders[i], names[j]))) found.push(names[j]);
    }
  }
  return found;
}

/** Whether a path leads to a directory. */
export function isDirectory(path: string): bool {
  return hasType(path, S_IFDIR);
}

function isProgram(path: string): bool {
  return hasType(path, S_IFREG) && (load<u32>(status + STAT_MODE) & S_IX) !== 0;
}

function hasType(path: string, type: u32): bool {
  const name = toC(path);
  if (stat(addressOf(name), status) !== 0) return false;
  return (load<u32>(status + STAT_MODE) & S_IFMT) === type;
}

function join(folder: string, name: string): string {
  return folder.endsWith("/") ? folder + name : `${folder}/${name}`;
}

if (STAT_BYTES !== 96) ERROR("status has 96 bytes");
