// The file system's start: the tree from the initramfs, then /dev on top.

import { createRoot } from "../file/inode";
import { directoryOperations, startRegularFiles } from "../filesystem/initramfs/files";
import { mountInitramfs } from "../filesystem/initramfs/unpack";
import { inform, warn } from "../log/log";
import { panic } from "../log/panic";
import { mapPhysical } from "../memory/pages";
import { createDevices } from "./device-files";
import { moduleSize, moduleStart } from "./multiboot";

/** Builds the tree of files. */
export function startFiles(): void {
  startRegularFiles();
  const root = createRoot();
  if (root === null) {
    panic(cstr("files: not enough memory for the root directory"));
    return;
  }
  root.operations = directoryOperations();
  mountModule();
  if (!createDevices()) panic(cstr("files: not enough memory for /dev"));
}

/** The boot loader's module stays where it is; the kernel sees it read-only through its heap. */
function mountModule(): void {
  const size = moduleSize();
  if (size === 0) {
    warn(cstr("initramfs: the boot loader brought no module"));
    return;
  }
  const archive = mapPhysical(moduleStart(), size, 0);
  if (archive === 0) {
    warn(cstr("initramfs: not enough memory to map it"));
    return;
  }
  const count = mountInitramfs(archive, size);
  inform(cstr("initramfs: %u entries, %u KiB"), count, size >> 10);
}
