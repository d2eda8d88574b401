// A disk with a GUID partition table: what UEFI boots from, and a BIOS too if its first sector has
// code.
//
//   sector 0      the protective MBR: one entry for all of the disk, and maybe a boot loader's code
//          1      the header, 2 to 33 the entries of the partitions
//          2048   the first partition; each begins at a multiple of 1 MiB
//          end    the entries once more, and the header
//
// See UEFI 2.10, chapter 5.

import { alignUp } from "../base/align";
import { crc32 } from "./crc32";

export const SECTOR = 512;
const ALIGNMENT = (1 << 20) / SECTOR;
const ENTRY_SIZE = 128;
const ENTRIES = 128;
const ENTRY_SECTORS = (ENTRIES * ENTRY_SIZE) / SECTOR;
const HEADER_SIZE = 92;
const [MBR_TYPE, MBR_PARTITION] = [0xee, 446];

/** What a partition is for. */
export const PARTITION_TYPES = {
  uefiSystem: "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",
  /** Where GRUB keeps itself on a disk that a BIOS boots. */
  biosBoot: "21686148-6449-6E6F-744E-656564454649",
} as const;

export interface Partition {
  readonly type: (typeof PARTITION_TYPES)[keyof typeof PARTITION_TYPES];
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The first sector of each partition, in their order. */
export function partitionStarts(partitions: readonly Partition[]): number[] {
  let next = ALIGNMENT;
  return partitions.map(({ bytes }) => {
    const start = next;
    next = start + alignUp(Math.ceil(bytes.length / SECTOR), ALIGNMENT);
    return start;
  });
}

/** @param bootCode at the most 440 bytes, which a BIOS runs */
export function partitionedDisk(
  partitions: readonly Partition[],
  bootCode: Uint8Array = new Uint8Array(),
): Uint8Array {
  const starts = partitionStarts(partitions);
  const sectorsOf = ({ bytes }: Partition) => Math.ceil(bytes.length / SECTOR);
  const dataEnd = partitions.reduce(
    (end, each, index) => Math.max(end, (starts[index] ?? 0) + sectorsOf(each)),
    ALIGNMENT,
  );
  const sectors = alignUp(dataEnd + ENTRY_SECTORS + 1, ALIGNMENT);
  const disk = new Uint8Array(sectors * SECTOR);
  writeProtectiveMbr(disk, sectors, bootCode);
  const entries = new Uint8Array(ENTRIES * ENTRY_SIZE);
  for (const [index, partition] of partitions.entries()) {
    const start = starts[index] ?? 0;
    disk.set(partition.bytes, start * SECTOR);
    entries.set(entryOf(partition, index, start, sectorsOf(partition)), index * ENTRY_SIZE);
  }
  const last = sectors - 1;
  disk.set(header(entries, { at: 1, other: last, entriesAt: 2, sectors }), SECTOR);
  disk.set(entries, 2 * SECTOR);
  const entriesAt = last - ENTRY_SECTORS;
  disk.set(header(entries, { at: last, other: 1, entriesAt, sectors }), last * SECTOR);
  disk.set(entries, entriesAt * SECTOR);
  return disk;
}

function writeProtectiveMbr(disk: Uint8Array, sectors: number, bootCode: Uint8Array): void {
  if (bootCode.length > 440) throw new Error("the boot code has more than 440 bytes");
  const view = new DataView(disk.buffer);
  disk.set(bootCode);
  // Some a BIOS boots no disk without an active entry: the first is, and it is for all of the disk.
  disk.set([0x80, 0x00, 0x02, 0x00, MBR_TYPE, 0xff, 0xff, 0xff], MBR_PARTITION);
  view.setUint32(MBR_PARTITION + 8, 1, true);
  view.setUint32(MBR_PARTITION + 12, sectors - 1, true);
  view.setUint16(510, 0xaa55, true);
}

function entryOf(
  { type, name }: Partition,
  index: number,
  start: number,
  sectors: number,
): Uint8Array {
  const entry = new Uint8Array(ENTRY_SIZE);
  const view = new DataView(entry.buffer);
  entry.set(guidBytes(type));
  entry.set(guidBytes(uniqueGuid(index + 1)), 16);
  view.setBigUint64(32, BigInt(start), true);
  view.setBigUint64(40, BigInt(start + sectors - 1), true);
  for (const [at, char] of [...name].entries()) {
    view.setUint16(56 + 2 * at, char.charCodeAt(0), true);
  }
  return entry;
}

interface HeaderPlaces {
  readonly at: number;
  readonly other: number;
  readonly entriesAt: number;
  readonly sectors: number;
}

function header(entries: Uint8Array, { at, other, entriesAt, sectors }: HeaderPlaces): Uint8Array {
  const bytes = new Uint8Array(HEADER_SIZE);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("EFI PART"));
  view.setUint32(8, 0x0001_0000, true);
  view.setUint32(12, HEADER_SIZE, true);
  view.setBigUint64(24, BigInt(at), true);
  view.setBigUint64(32, BigInt(other), true);
  view.setBigUint64(40, BigInt(2 + ENTRY_SECTORS), true);
  view.setBigUint64(48, BigInt(sectors - ENTRY_SECTORS - 2), true);
  bytes.set(guidBytes(uniqueGuid(0)), 56);
  view.setBigUint64(72, BigInt(entriesAt), true);
  view.setUint32(80, ENTRIES, true);
  view.setUint32(84, ENTRY_SIZE, true);
  view.setUint32(88, crc32(entries), true);
  view.setUint32(16, crc32(bytes), true);
  return bytes;
}

/** The same for every image, so that the same files give the same bytes. */
function uniqueGuid(number: number): string {
  return `49535448-4D55-4453-8000-${number.toString(16).padStart(12, "0")}`;
}

/** The first three groups of a GUID are numbers, the lowest byte first. */
function guidBytes(guid: string): Uint8Array {
  const groups = guid.split("-").map((group) => group.match(/../g) ?? []);
  const ordered = groups.flatMap((bytes, index) => (index < 3 ? [...bytes].reverse() : bytes));
  return Uint8Array.from(ordered, (byte) => Number.parseInt(byte, 16));
}
