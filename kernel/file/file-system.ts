// A file system: what the files of one tree have in common.
//
//   /            tmpfs, unpacked from the initramfs
//   /dev         tmpfs with the devices
//   /dev/pts     the pseudo-terminals, each while it is open
//   /proc, /sys  made while they are looked at
//
// mount.ts says where it is seen.

import { FramePool } from "../memory/frame-tree";

/** As a pool: the pages of its files, if it was told how many there may be. */
@unmanaged
export class FileSystem extends FramePool {
  /** What stat(2) calls the device: a number of its own, given when it is mounted. */
  device: u32 = 0;
  /** What statfs(2) calls the type: TMPFS_MAGIC, … */
  magic: u32 = 0;
  /** As in /proc/mounts: NUL-terminated. */
  name: usize = 0;
  /** How many inodes there are. */
  inodes: u32 = 0;
  /** How many mounts of its root and views of it there are: without them its names go. */
  views: u32 = 0;
  /** Whether no file can be made, renamed, removed or changed. */
  isReadOnly: bool = false;
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
