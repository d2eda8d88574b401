// The kinds of file systems that there are: what /proc/filesystems and sysfs(2) say.

import { sameBytes } from "../log/same-bytes";
import { textLength } from "../log/text-length";

const COUNT: u32 = 5;
const NAMES: usize = cstr("proc\0\0\0tmpfs\0\0sysfs\0\0pipefs\0devpts");
const NAME_SIZE: u32 = 7;

export function fileSystemCount(): u32 {
  return COUNT;
}

/** The name of one, from 0 on; 0: there are not so many. */
export function fileSystemName(index: u32): usize {
  return index < COUNT ? NAMES + index * NAME_SIZE : 0;
}

/** The index of a name, NUL-terminated; or -1. */
export function fileSystemIndex(name: usize): i32 {
  // With its NUL, so that the name is neither longer nor shorter.
  const size = min<u32>(textLength(name) + 1, NAME_SIZE);
  let index: i32 = COUNT - 1;
  while (index >= 0 && !sameBytes(fileSystemName(index), name, size)) index--;
  return index;
}
