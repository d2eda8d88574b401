// The kinds of file systems that there are: what /proc/filesystems and sysfs(2) say.

const COUNT: u32 = 5;

export function fileSystemCount(): u32 {
  return COUNT;
}

/** The name of one, from 0 on; 0: there are not so many. */
export function fileSystemName(index: u32): usize {
  switch (index) {
    case 0:
      return cstr("proc");
    case 1:
      return cstr("tmpfs");
    case 2:
      return cstr("sysfs");
    case 3:
      return cstr("pipefs");
    case 4:
      return cstr("devpts");
    default:
      return 0;
  }
}
