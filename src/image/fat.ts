// A FAT32 file system with a fixed set of files: what the firmware of a PC reads.
//
//   sector  0  boot sector, 1  FSInfo, 6 and 7  copies of both
//          32  the first FAT, the second after it: one word for each cluster
//          ..  clusters of one sector, from number 2 on: a directory's entries, a file's bytes
//
// UEFI wants FAT32 on disks, and FAT32 is what has 65525 clusters or more, so a volume has at least
// 33 MiB, nearly all of them zeros. Names have the form of DOS: eight characters and three.
// See Microsoft's FAT specification, 1.03, and UEFI 2.10, 13.3.
//
// Invariants
//   - The clusters of a file or directory follow one another, so a chain is a run.
//   - The same files give the same bytes: times are constant.

import { alignUp } from "../base/align";

const SECTOR = 512;
const RESERVED_SECTORS = 32;
const BACKUP_BOOT_SECTOR = 6;
const FATS = 2;
/** Fewer would be FAT16. */
const LEAST_CLUSTERS = 65_525;
const FIRST_CLUSTER = 2;
const END_OF_CHAIN = 0x0fff_ffff;
const MEDIA = 0xf8;
const ENTRY_SIZE = 32;
const [ATTRIBUTE_VOLUME, ATTRIBUTE_DIRECTORY, ATTRIBUTE_ARCHIVE] = [0x08, 0x10, 0x20];
/** 1 January 2020. */
const DATE = ((2020 - 1980) << 9) | (1 << 5) | 1;
const LABEL = "ISTHMUS";
const SERIAL_NUMBER = 0x4953_5448;

/** A file by its path: `EFI/BOOT/BOOTX64.EFI`. */
export interface FatFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

interface Directory {
  readonly name: string;
  readonly directories: Map<string, Directory>;
  readonly files: Map<string, Uint8Array>;
}

/** What is at a run of clusters, and the entry that names it. */
interface Node {
  readonly first: number;
  readonly bytes: Uint8Array;
}

/** The bytes of a volume with these files. */
export function fatVolume(files: readonly FatFile[]): Uint8Array {
  const nodes: Node[] = [];
  const root = treeOf(files);
  const placed = new Placement(nodes);
  placed.place(root, undefined);
  const clusters = Math.max(LEAST_CLUSTERS, placed.next - FIRST_CLUSTER);
  const fatSectors = Math.ceil(((clusters + FIRST_CLUSTER) * 4) / SECTOR);
  const dataStart = RESERVED_SECTORS + FATS * fatSectors;
  const volume = new Uint8Array((dataStart + clusters) * SECTOR);
  writeBootSectors(volume, fatSectors, placed.rootCluster);
  writeFats(volume, fatSectors, nodes);
  for (const { first, bytes } of nodes) {
    volume.set(bytes, (dataStart + first - FIRST_CLUSTER) * SECTOR);
  }
  return volume;
}

function emptyDirectory(name: string): Directory {
  return { name, directories: new Map(), files: new Map() };
}

function treeOf(files: readonly FatFile[]): Directory {
  const root = emptyDirectory("");
  for (const { path, bytes } of files) {
    const names = path.split("/");
    const last = names.pop() ?? "";
    let directory = root;
    for (const name of names) {
      const next = directory.directories.get(name) ?? emptyDirectory(name);
      directory.directories.set(name, next);
      directory = next;
    }
    directory.files.set(last, bytes);
  }
  return root;
}

/** Gives files and directories their clusters, the root's first. */
class Placement {
  readonly #nodes: Node[];
  next = FIRST_CLUSTER;
  rootCluster = FIRST_CLUSTER;

  constructor(nodes: Node[]) {
    this.#nodes = nodes;
  }

  /** Returns the first cluster of the directory. `parent`: its parent's; none for the root. */
  place(directory: Directory, parent: number | undefined): number {
    const count =
      directory.directories.size + directory.files.size + (parent === undefined ? 1 : 2);
    const entries = new Uint8Array(alignUp(count * ENTRY_SIZE, SECTOR));
    const first = this.#take(entries);
    let at = 0;
    const add = (entry: Uint8Array) => {
      entries.set(entry, at);
      at += ENTRY_SIZE;
    };
    if (parent === undefined) add(entryOf(LABEL.padEnd(11), ATTRIBUTE_VOLUME, 0, 0));
    else {
      // The root is cluster 0 to its children.
      add(entryOf(".".padEnd(11), ATTRIBUTE_DIRECTORY, first, 0));
      const up = parent === this.rootCluster ? 0 : parent;
      add(entryOf("..".padEnd(11), ATTRIBUTE_DIRECTORY, up, 0));
    }
    for (const [name, child] of directory.directories) {
      add(entryOf(shortName(name), ATTRIBUTE_DIRECTORY, this.place(child, first), 0));
    }
    for (const [name, bytes] of directory.files) {
      add(entryOf(shortName(name), ATTRIBUTE_ARCHIVE, this.#take(bytes), bytes.length));
    }
    return first;
  }

  /** Takes clusters for these bytes; 0 if there are none. */
  #take(bytes: Uint8Array): number {
    if (bytes.length === 0) return 0;
    const first = this.next;
    this.#nodes.push({ first, bytes });
    this.next += Math.ceil(bytes.length / SECTOR);
    return first;
  }
}

/** The name as a directory entry has it: `BOOTX64 EFI`. */
function shortName(name: string): string {
  const [, stem = "", extension = ""] =
    /^([A-Z0-9_]{1,8})(?:\.([A-Z0-9_]{1,3}))?$/.exec(name) ?? [];
  if (stem === "") throw new Error(`${name} is not a name of eight characters and three`);
  return stem.padEnd(8) + extension.padEnd(3);
}

function entryOf(name: string, attributes: number, cluster: number, size: number): Uint8Array {
  const entry = new Uint8Array(ENTRY_SIZE);
  const view = new DataView(entry.buffer);
  entry.set(new TextEncoder().encode(name));
  entry[11] = attributes;
  for (const offset of [16, 18, 24]) view.setUint16(offset, DATE, true);
  view.setUint16(20, cluster >>> 16, true);
  view.setUint16(26, cluster & 0xffff, true);
  view.setUint32(28, size, true);
  return entry;
}

function writeBootSectors(volume: Uint8Array, fatSectors: number, rootCluster: number): void {
  const boot = new Uint8Array(SECTOR);
  const view = new DataView(boot.buffer);
  const text = new TextEncoder();
  boot.set([0xeb, 0x58, 0x90]); // a jump past the table, which says that there is no code
  boot.set(text.encode("ISTHMUS "), 3);
  view.setUint16(11, SECTOR, true);
  boot[13] = 1; // sectors in a cluster
  view.setUint16(14, RESERVED_SECTORS, true);
  boot[16] = FATS;
  boot[21] = MEDIA;
  view.setUint16(24, 63, true);
  view.setUint16(26, 255, true);
  view.setUint32(32, volume.length / SECTOR, true);
  view.setUint32(36, fatSectors, true);
  view.setUint32(44, rootCluster, true);
  view.setUint16(48, 1, true); // FSInfo
  view.setUint16(50, BACKUP_BOOT_SECTOR, true);
  boot[64] = 0x80;
  boot[66] = 0x29; // the next three are there
  view.setUint32(67, SERIAL_NUMBER, true);
  boot.set(text.encode(LABEL.padEnd(11)), 71);
  boot.set(text.encode("FAT32   "), 82);
  boot.set([0xfa, 0xf4, 0xeb, 0xfd], 90); // cli; hlt; jmp
  view.setUint16(510, 0xaa55, true);
  const info = new Uint8Array(SECTOR);
  const infoView = new DataView(info.buffer);
  infoView.setUint32(0, 0x4161_5252, true);
  infoView.setUint32(484, 0x6141_7272, true);
  infoView.setUint32(488, 0xffff_ffff, true); // how many are free, and where: not known
  infoView.setUint32(492, 0xffff_ffff, true);
  infoView.setUint32(508, 0xaa55_0000, true);
  for (const sector of [0, BACKUP_BOOT_SECTOR]) {
    volume.set(boot, sector * SECTOR);
    volume.set(info, (sector + 1) * SECTOR);
  }
}

function writeFats(volume: Uint8Array, fatSectors: number, nodes: readonly Node[]): void {
  const fat = new Uint32Array((fatSectors * SECTOR) / 4);
  fat[0] = 0x0fff_ff00 | MEDIA;
  fat[1] = END_OF_CHAIN;
  for (const { first, bytes } of nodes) {
    const last = first + Math.ceil(bytes.length / SECTOR) - 1;
    for (let cluster = first; cluster < last; cluster++) fat[cluster] = cluster + 1;
    fat[last] = END_OF_CHAIN;
  }
  const bytes = new Uint8Array(4 * fat.length);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of fat.entries()) view.setUint32(4 * index, value, true);
  for (let copy = 0; copy < FATS; copy++) {
    volume.set(bytes, (RESERVED_SECTORS + copy * fatSectors) * SECTOR);
  }
}
