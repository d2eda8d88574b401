// mounts and mountinfo: which file systems are seen where. See proc(5).

import { FileContext } from "../../file/file-context";
import { firstMount, Mount } from "../../file/mount";
import { pathText } from "../../file/path-text";
import { Process } from "../../process/process";
import { put, putByte } from "./text";
import { subjectContext } from "./threads";

const MAJOR_SHIFT: u32 = 8;
const MINOR_MASK: u32 = 0xff;
const OCTAL: usize = cstr("\\%03o");

/** mounts: device, place, type, options. */
export function putMounts(process: Process, subject: u32): void {
  const context = subjectContext(process, subject);
  if (context === null) return;
  for (let mount = firstMount(); mount !== null; mount = mount!.next) {
    put(cstr("%s "), <u32>mount.fileSystem.name);
    putPlace(mount, context);
    put(cstr(" %s rw,relatime 0 0\n"), <u32>mount.fileSystem.name);
  }
}

/** mountinfo: the same, with numbers of the mounts: those of their devices. */
export function putMountInformation(process: Process, subject: u32): void {
  const context = subjectContext(process, subject);
  if (context === null) return;
  for (let mount = firstMount(); mount !== null; mount = mount!.next) {
    const device = mount.fileSystem.device;
    const point = mount.root.covers;
    put(cstr("%u %u "), device, point === null ? 0 : point.inode.fileSystem.device);
    put(cstr("%u:%u / "), device >> MAJOR_SHIFT, device & MINOR_MASK);
    putPlace(mount, context);
    put(cstr(" rw,relatime - %s "), <u32>mount.fileSystem.name);
    put(cstr("%s rw\n"), <u32>mount.fileSystem.name);
  }
}

/** The path of the mount, with its blanks and backslashes in octal. */
function putPlace(mount: Mount, context: FileContext): void {
  const path = pathText(mount.root, context.root);
  for (let at = path; load<u8>(at) !== 0; at++) {
    const byte: u32 = load<u8>(at);
    if (byte <= 0x20 || byte === 0x5c) put(OCTAL, byte);
    else putByte(byte);
  }
}
