// The kinds of file systems that there are: what /proc/filesystems and sysfs(2) say.

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
