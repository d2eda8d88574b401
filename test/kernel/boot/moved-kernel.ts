// A kernel that its loader has moved: one file for QEMU's own loader, with the image at another
// physical address, and with a segment that does what a loader of Multiboot 2 does.
//
//   base                the kernel's image
//   record              a few instructions, and the record for the kernel
//   record + PAGE_SIZE  the initramfs

import { PAGE_SIZE } from "../../../src/abi/memory-map";
import {
  MULTIBOOT2_BOOT_MAGIC,
  TAG_COMMAND_LINE,
  TAG_FRAMEBUFFER,
  TAG_LOAD_BASE,
  TAG_MEMORY_MAP,
  TAG_MODULE,
} from "../../../src/abi/multiboot";
import { alignUp } from "../../../src/base/align";
import { encodeCommandLine } from "../../../src/machine/command-line";
import type { BootOptions } from "../../../src/machine/machine";
import { addressOf, type Built } from "../booted-kernel";
import { type Entry, hostileLoader } from "./hostile-loader";

const MIB = 1 << 20;
const RAM = 1;
/** Where the record is in its page, after the code. */
const RECORD_OFFSET = 1024;

/** The screen, if the record names one: lines have a word more than there are pixels. */
export const [SCREEN_WIDTH, SCREEN_HEIGHT] = [640, 400];
export const SCREEN_PITCH = 4 * SCREEN_WIDTH + 4;

export interface Moved {
  /** Where the image is: a multiple of 1 MiB. */
  readonly base: number;
  /** The page of the record. */
  readonly record: number;
  readonly memoryMiB: number;
  /** The RAM that the record names, in MiB; default: all from 1 MiB on. */
  readonly ram?: readonly (readonly [start: number, end: number])[];
  readonly program: readonly string[];
  /** What the record says of the base, if not the truth. */
  readonly says?: number;
  /** Where the record says that a screen is: 80 by 25 cells, of 32 bits a pixel. */
  readonly screen?: number;
  /** Leaves the worst in every register. */
  readonly isHostile?: boolean;
}

/** What boots the kernel where `moved` says, in QEMU. */
export function movedKernel(built: Built, moved: Moved): BootOptions {
  const { base, record, memoryMiB } = moved;
  const offset = base - MIB;
  const start = addressOf(built.kernel, "_start") + offset;
  const page = Buffer.alloc(PAGE_SIZE);
  const entry = {
    ...{ start, info: record + RECORD_OFFSET, magic: MULTIBOOT2_BOOT_MAGIC },
    isMoved: offset !== 0,
  };
  const breakpoint = addressOf(built.kernel, "bootBeforePaging") + offset;
  page.set(moved.isHostile ? hostileLoader(entry, { at: record, breakpoint }) : plainLoader(entry));
  page.set(recordOf(moved, built.initramfs.length), RECORD_OFFSET);
  const added = Buffer.concat([page, built.initramfs]);
  return {
    kernel: withSegment(built.kernelFile, offset, record, added),
    commandLine: "",
    memoryMiB,
  };
}

function plainLoader({ start, info, magic }: Required<Entry>): Uint8Array {
  const code = [0xb8, ...words(magic), 0xbb, ...words(info), 0xb9, ...words(start), 0xff, 0xe1];
  return Uint8Array.from(code);
}

function recordOf(moved: Moved, size: number): Buffer {
  const { base, record, memoryMiB, program, says = base, ram = [[1, memoryMiB]] } = moved;
  const module = record + PAGE_SIZE;
  const tags = Buffer.concat([
    tag(TAG_COMMAND_LINE, Buffer.from(`${encodeCommandLine(["quiet"], program)}\0`)),
    tag(TAG_MODULE, Buffer.concat([words(module, module + size), Buffer.from("\0")])),
    tag(TAG_MEMORY_MAP, words(24, 0, ...ram.flatMap(mapEntry))),
    tag(TAG_LOAD_BASE, words(says)),
    ...(moved.screen === undefined ? [] : [screenTag(moved.screen)]),
    tag(0, Buffer.alloc(0)),
  ]);
  return Buffer.concat([words(8 + tags.length, 0), tags]);
}

/** Pixels of blue, green, red and nothing. */
function screenTag(address: number): Buffer {
  const place = words(address % 2 ** 32, Math.floor(address / 2 ** 32));
  const shape = words(SCREEN_PITCH, SCREEN_WIDTH, SCREEN_HEIGHT);
  const pixels = Buffer.from([32, 1, 0, 0, 16, 8, 8, 8, 0, 8]);
  return tag(TAG_FRAMEBUFFER, Buffer.concat([place, shape, pixels]));
}

function mapEntry([start, end]: readonly [number, number]): number[] {
  const halves = (miB: number) => [(miB % 4096) * MIB, Math.floor(miB / 4096)];
  return [...halves(start), ...halves(end - start), RAM, 0];
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32LE(value >>> 0, 4 * i);
  return bytes;
}

function tag(type: number, content: Uint8Array): Buffer {
  const bytes = Buffer.alloc(alignUp(8 + content.length, 8));
  bytes.set(words(type, 8 + content.length));
  bytes.set(content, 8);
  return bytes;
}

/** The file with its segments `offset` bytes higher, and one more, where it begins. */
function withSegment(
  original: Uint8Array,
  offset: number,
  address: number,
  bytes: Uint8Array,
): Buffer {
  const file = Buffer.from(original);
  const tableAt = file.readUInt32LE(28);
  const headers = Array.from({ length: file.readUInt16LE(44) }, (_, i) => {
    const header = Buffer.from(file.subarray(tableAt + 32 * i, tableAt + 32 * (i + 1)));
    const load = (header.readUInt32LE(12) + offset) >>> 0;
    header.writeUInt32LE(load, 8);
    header.writeUInt32LE(load, 12);
    return header;
  }).filter((header) => header.readUInt32LE(0) === 1);
  const newTableAt = alignUp(file.length, 4);
  const bytesAt = alignUp(newTableAt + 32 * (headers.length + 1), PAGE_SIZE);
  const added = words(1, bytesAt, address, address, bytes.length, bytes.length, 7, PAGE_SIZE);
  const result = Buffer.alloc(bytesAt + bytes.length);
  result.set(file);
  result.writeUInt32LE(address, 24);
  result.writeUInt32LE(newTableAt, 28);
  result.writeUInt16LE(headers.length + 1, 44);
  result.set(Buffer.concat([...headers, added]), newTableAt);
  result.set(bytes, bytesAt);
  return result;
}
