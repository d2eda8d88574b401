// The file system's start: the tree from the initramfs, then /dev on top.

import { moduleSize, moduleStart } from "../boot/multiboot";
import { inform, warn } from "../debug/log";
import { panic } from "../debug/panic";
import { mapPhysical } from "../memory/pages";
import { createDevices } from "./devices";
import { mountInitramfs } from "./initramfs";
import { createRoot } from "./inode";
import { directoryOperations, startRegularFiles } from "./regular";

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
