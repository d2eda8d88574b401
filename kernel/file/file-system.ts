// A file system: what the files of one tree have in common.
//
//   /            tmpfs, unpacked from the initramfs
//   /dev         tmpfs with the devices
//   /proc        made while it is looked at
//
// mount.ts says where it is seen.

@unmanaged
export class FileSystem {
  /** What stat(2) calls the device: a number of its own, given when it is mounted. */
  device: u32 = 0;
  /** What statfs(2) calls the type: TMPFS_MAGIC, … */
  magic: u32 = 0;
  /** As in /proc/mounts: NUL-terminated. */
  name: usize = 0;
  /** How many inodes there are. */
  inodes: u32 = 0;
  /** Whether files can be made, renamed, removed and changed. */
  isWritable: bool = false;
  /**
   * Function index of (directory entry, name, length): usize, which finds or makes what is seen at
   * that name, if anything is: its address with a reference, or -errno. 0: every name is an entry
   * already.
   */
  lookup: u32 = 0;
  /**
   * Function index of (file system, mode, device): Inode | null, which makes an inode of any kind
   * with one reference, or null when out of memory. 0: names cannot be made or removed.
   */
  create: u32 = 0;
}
