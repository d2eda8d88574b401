// The root file system: the tree of the initramfs, then /dev.

import { createRoot } from "../file/inode";
import { directoryOperations, startInitramfsFiles } from "../filesystem/initramfs/files";
import { unpackInitramfs } from "../filesystem/initramfs/unpack";
import { inform, warn } from "../log/log";
import { panic } from "../log/panic";
import { mapPhysical } from "../memory/pages";
import { initramfsSize, initramfsStart } from "./boot-record";
import { createDeviceFiles } from "./device-files";

/** Builds the tree of files. */
export function mountRoot(): void {
  startInitramfsFiles();
  const root = createRoot();
  if (root === null) {
    panic(cstr("mount-root: not enough memory for the root directory"));
    return;
  }
  root.operations = directoryOperations();
  unpackModule();
  if (!createDeviceFiles()) panic(cstr("mount-root: not enough memory for /dev"));
}

/** The archive stays where it is; the kernel sees it read-only through its heap. */
function unpackModule(): void {
  const size = initramfsSize();
  if (size === 0) {
    warn(cstr("initramfs: the boot loader brought no module"));
    return;
  }
  const archive = mapPhysical(initramfsStart(), size, 0);
  if (archive === 0) {
    warn(cstr("initramfs: not enough memory to map it"));
    return;
  }
  const count = unpackInitramfs(archive, size);
  inform(cstr("initramfs: %u entries, %u KiB"), count, size >> 10);
}
