// The archive that the boot loader hands to the kernel as its only module, in the form of cpio.ts.
//
// Its bytes depend on the files alone: there are no time stamps, the owner is 0 and inode numbers
// count up, so equal files give equal archives.

import { alignUp } from "../base/align";
import { ByteWriter } from "../base/byte-writer";
import { Diagnostic } from "../base/diagnostic";
import { CPIO_HEADER_SIZE, CPIO_TRAILER, cpioHeader } from "./cpio";

const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;
const TYPES = { file: S_IFREG, directory: S_IFDIR, link: S_IFLNK } as const;

export interface ArchiveEntry {
  /** Without a leading slash: `bin/hello`. */
  readonly name: string;
  readonly kind: keyof typeof TYPES;
  /** Permission bits. */
  readonly mode: number;
  /** The contents; of a symbolic link its target, without a NUL. */
  readonly data: Uint8Array;
}

/** A file's entry; 0o755 for programs, 0o644 for other files. */
export function fileEntry(name: string, data: Uint8Array, mode = 0o644): ArchiveEntry {
  return { name, kind: "file", mode, data };
}

/** A symbolic link's entry. */
export function linkEntry(name: string, target: string): ArchiveEntry {
  return { name, kind: "link", mode: 0o777, data: new TextEncoder().encode(target) };
}

/** Writes an archive; the directories of files are added before them. */
export function writeArchive(entries: readonly ArchiveEntry[]): Uint8Array {
  const archive = new ByteWriter();
  for (const [index, entry] of withDirectories(entries).entries()) {
    writeEntry(archive, entry, index + 1);
  }
  writeEntry(archive, { name: CPIO_TRAILER, kind: "file", mode: 0, data: new Uint8Array() }, 0);
  return archive.finish();
}

function withDirectories(entries: readonly ArchiveEntry[]): ArchiveEntry[] {
  const result = new Map<string, ArchiveEntry>();
  for (const entry of entries) {
    const parents = entry.name.split("/").slice(0, -1);
    for (let depth = 1; depth <= parents.length; depth++) {
      const name = parents.slice(0, depth).join("/");
      if (!result.has(name)) {
        result.set(name, { name, kind: "directory", mode: 0o755, data: new Uint8Array() });
      }
    }
    result.set(entry.name, entry);
  }
  return [...result.values()];
}

function writeEntry(archive: ByteWriter, entry: ArchiveEntry, inode: number): void {
  const name = new TextEncoder().encode(`${entry.name}\0`);
  const header = {
    ...{ inode, owner: 0, group: 0, modified: 0 },
    mode: entry.name === CPIO_TRAILER ? 0 : TYPES[entry.kind] | entry.mode,
    links: entry.kind === "directory" ? 2 : 1,
    size: entry.data.length,
    nameLength: name.length - 1,
  };
  archive.text(cpioHeader(header));
  archive.bytes(name);
  archive.alignTo(4);
  archive.bytes(entry.data);
  archive.alignTo(4);
}

/**
 * Reads an archive.
 *
 * @throws Diagnostic MACH002 naming the offset of the first thing that is wrong
 */
export function readArchive(archive: Uint8Array): ArchiveEntry[] {
  const entries: ArchiveEntry[] = [];
  let offset = 0;
  while (true) {
    const { entry, next } = decodeEntry(archive, offset);
    if (entry.name === CPIO_TRAILER) return entries;
    entries.push(entry);
    offset = next;
  }
}

/** The names of the files in /bin of an archive; none if it is not an archive. */
export function programNames(archive: Uint8Array): string[] {
  try {
    const names = readArchive(archive).map(({ name }) => name);
    return names.filter((name) => /^bin\/[^/]+$/.test(name)).map((name) => name.slice(4));
  } catch {
    return [];
  }
}

function decodeEntry(bytes: Uint8Array, offset: number): { entry: ArchiveEntry; next: number } {
  const header = String.fromCharCode(...bytes.subarray(offset, offset + CPIO_HEADER_SIZE));
  if (header.length < CPIO_HEADER_SIZE)
    throw malformed(offset, "the archive ends without a trailer");
  if (!/^07070[12][0-9a-fA-F]{104}$/.test(header)) {
    throw malformed(offset, "there is no newc header");
  }
  const field = (index: number) => Number.parseInt(header.slice(6 + index * 8, 14 + index * 8), 16);
  const nameEnd = offset + CPIO_HEADER_SIZE + field(11);
  const dataStart = alignUp(nameEnd, 4);
  const next = alignUp(dataStart + field(6), 4);
  if (field(11) === 0 || next > bytes.length) throw malformed(offset, "the entry is cut off");
  const entry: ArchiveEntry = {
    name: new TextDecoder().decode(bytes.subarray(offset + CPIO_HEADER_SIZE, nameEnd - 1)),
    kind: kindOf(field(1)),
    mode: field(1) & 0o7777,
    data: bytes.subarray(dataStart, dataStart + field(6)),
  };
  return { entry, next };
}

/** Devices and the like count as files: nothing but their names is looked at. */
function kindOf(mode: number): ArchiveEntry["kind"] {
  if ((mode & S_IFMT) === S_IFDIR) return "directory";
  return (mode & S_IFMT) === S_IFLNK ? "link" : "file";
}

function malformed(offset: number, what: string): Diagnostic {
  return new Diagnostic(
    "MACH002",
    `the initramfs is not a newc cpio archive: ${what}, at offset ${offset}`,
    "Make it with `isthmus build`, or with `cpio --create --format=newc`",
  );
}
