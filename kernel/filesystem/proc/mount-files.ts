// mounts and mountinfo: which file systems are seen where, as far as the process sees that place.
// See proc(5).

import { MS_NOEXEC, MS_NOSUID, MS_RDONLY } from "../../../src/abi/linux/mount";
import { firstMount } from "../../file/mount";
import { isReachable, pathText } from "../../file/path-text";
import { Process } from "../../process/process";
import { put, putByte } from "./text";
import { subjectContext } from "./threads";

const MAJOR_SHIFT: u32 = 8;
const MINOR_MASK: u32 = 0xff;
const SPACE: u32 = 0x20;
const BACKSLASH: u32 = 0x5c;
/** What MS_NOSUID, MS_NODEV and MS_NOEXEC are called, each in NAME_SIZE bytes. */
const NAMES: usize = cstr(",nosuid\0,nodev\0\0,noexec");
const NAME_SIZE: usize = 8;
const OCTAL: usize = cstr("\\%03o");

/** mounts: what is mounted, place, type, options. */
export function putMounts(process: Process, subject: u32): void {
  putAll(process, subject, false);
}

/** mountinfo: the same, with the numbers of the mounts, and what of a file system is shown. */
export function putMountInformation(process: Process, subject: u32): void {
  putAll(process, subject, true);
}

function putAll(process: Process, subject: u32, isLong: bool): void {
  const context = subjectContext(process, subject);
  if (context === null) return;
  for (let mount = firstMount(); mount !== null; mount = mount!.next) {
    const root = mount.root;
    pathText(root, context.root);
    if (!isReachable) continue;
    const fileSystem = mount.fileSystem;
    const parent = mount.parent;
    if (isLong) {
      const device = fileSystem.device;
      put(cstr("%u "), mount.id);
      put(cstr("%u "), parent === null ? 0 : parent.id);
      put(cstr("%u:%u "), device >> MAJOR_SHIFT, device & MINOR_MASK);
      putEscaped(pathText(root.real, root.real.root));
    } else putEscaped(mount.source);
    putEscaped(pathText(root, context.root));
    if (!isLong) {
      put(cstr("%s "), <u32>fileSystem.name);
      putOptions(mount.flags | (fileSystem.isReadOnly ? MS_RDONLY : 0));
      put(cstr(" 0 0\n"));
      continue;
    }
    putOptions(mount.flags);
    put(cstr(" - %s "), <u32>fileSystem.name);
    putEscaped(mount.source);
    put(fileSystem.isReadOnly ? cstr("ro\n") : cstr("rw\n"));
  }
}

function putOptions(flags: u32): void {
  put((flags & MS_RDONLY) === 0 ? cstr("rw") : cstr("ro"));
  let name = NAMES;
  for (let flag = MS_NOSUID; flag <= MS_NOEXEC; flag <<= 1) {
    if ((flags & flag) !== 0) put(name);
    name += NAME_SIZE;
  }
  put(cstr(",relatime"));
}

/** With its blanks and backslashes in octal, and a blank after it. */
function putEscaped(text: usize): void {
  for (let at = text; load<u8>(at) !== 0; at++) {
    const byte: u32 = load<u8>(at);
    if (byte <= SPACE || byte === BACKSLASH) put(OCTAL, byte);
    else putByte(byte);
  }
  putByte(SPACE);
}
