// The reader of Multiboot 2's record: what it takes from it, in whatever order the tags come, and
// that a record which makes no sense ends with a sentence.

import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import {
  MULTIBOOT2_BOOT_MAGIC,
  TAG_ACPI_NEW,
  TAG_ACPI_OLD,
  TAG_BASIC_MEMORY,
  TAG_COMMAND_LINE,
  TAG_FRAMEBUFFER,
  TAG_LOAD_BASE,
  TAG_MEMORY_MAP,
  TAG_MODULE,
  TAG_UEFI_MAP,
} from "../../../src/abi/multiboot";
import { alignUp } from "../../../src/base/align";
import { compileKernelPart, type KernelPart } from "../kernel-part";

const startPart = compileKernelPart(
  `
  export { moveImage } from "./kernel/machine/i686/image-offset";
  export { readBootRecord } from "./kernel/boot/read-boot-record";
  export {
    commandLine, hasScreen, initramfsSize, initramfsStart, loaderRsdp, lostFrames,
    limitRam, moveInitramfsPast,
    memoryRangeCount, rangeEnd, rangeStart,
    screenBits, screenColour, screenFrame, screenHeight, screenOffset, screenPitch,
  } from "./kernel/boot/boot-record";
`,
  {
    memory: 16 << 20,
    replace: {
      "kernel/machine/i686/image-offset.ts": `
        let offset: u32 = 0;
        export function moveImage(to: u32): void { offset = to; }
        export function imageOffset(): u32 { return offset; }
        export function beforePaging(physical: u32): usize { return physical - offset; }`,
    },
    imports: {
      panic: {
        panic(reason = 0) {
          throw new Error(part.text(reason));
        },
      },
    },
  },
);

const MIB = 1 << 20;
const PAGE = 4096;
const [RAM, RESERVED] = [1, 2];
const UNKNOWN = 99;
const WRONG_SIZE = /a tag of the loader's record has a wrong size/;

let part: KernelPart;

beforeEach(() => {
  part = startPart();
});

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32LE(value >>> 0, 4 * i);
  return bytes;
}

/** A tag with its padding; `size` is what it says of itself. */
function tag(type: number, content: Uint8Array, size = 8 + content.length): Buffer {
  const bytes = Buffer.alloc(alignUp(8 + content.length, 8));
  bytes.set(words(type, size));
  bytes.set(content, 8);
  return bytes;
}

const END = tag(0, Buffer.alloc(0));

type Range = readonly [base: number | bigint, length: number | bigint, type: number];

function memoryMap(ranges: readonly Range[], entrySize = 24): Buffer {
  const entries = ranges.map(([base, length, type]) => {
    const entry = Buffer.alloc(Math.max(entrySize, 24));
    entry.writeBigUInt64LE(BigInt(base), 0);
    entry.writeBigUInt64LE(BigInt(length), 8);
    entry.writeUInt32LE(type, 16);
    return entry;
  });
  return tag(TAG_MEMORY_MAP, Buffer.concat([words(entrySize, 0), ...entries]));
}

/** UEFI's map: the length is in pages, and a descriptor has 48 bytes. */
function uefiMap(ranges: readonly Range[]): Buffer {
  const descriptors = ranges.map(([base, pages, type]) => {
    const descriptor = Buffer.alloc(48);
    descriptor.writeUInt32LE(type, 0);
    descriptor.writeBigUInt64LE(BigInt(base), 8);
    descriptor.writeBigUInt64LE(BigInt(pages), 24);
    return descriptor;
  });
  return tag(TAG_UEFI_MAP, Buffer.concat([words(48, 1), ...descriptors]));
}

const ALL = memoryMap([[MIB, 15 * MIB, RAM]]);

function recordOf(tags: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(tags);
  return Buffer.concat([words(8 + content.length, 0), content]);
}

function readBytes(record: Uint8Array): void {
  part.write(part.area, record);
  part.call.readBootRecord!(MULTIBOOT2_BOOT_MAGIC, part.area);
}

function read(...tags: Uint8Array[]): void {
  readBytes(recordOf([...tags, END]));
}

function ranges(): [start: number, end: number][] {
  return Array.from({ length: part.call.memoryRangeCount!() }, (_, i) => [
    part.call.rangeStart!(i) * PAGE,
    part.call.rangeEnd!(i) * PAGE,
  ]);
}

interface Screen {
  readonly address?: bigint;
  readonly pitch?: number;
  readonly width?: number;
  readonly height?: number;
  readonly bits?: number;
  readonly kind?: number;
  readonly colours?: readonly number[];
}

function screenTag(screen: Screen = {}): Buffer {
  const { address = 0xc000_0000n, pitch = 3200, width = 800, height = 600 } = screen;
  const { bits = 32, kind = 1, colours = [16, 8, 8, 8, 0, 8] } = screen;
  const [low, high] = [Number(address & 0xffff_ffffn), Number(address >> 32n)];
  const place = words(low, high, pitch, width, height);
  return tag(TAG_FRAMEBUFFER, Buffer.concat([place, Buffer.from([bits, kind, 0, 0, ...colours])]));
}

/** The frame that the screen begins in, and where in it. */
function place(): number[] {
  return [part.call.screenFrame!() >>> 0, part.call.screenOffset!()];
}

describe("the screen of a record of Multiboot 2", () => {
  it("is used if there is room on it for the console", () => {
    read(ALL, screenTag());
    const { hasScreen, screenBits, screenColour, screenHeight, screenPitch } = part.call;
    assert.equal(hasScreen!(), 1);
    assert.deepEqual(place(), [0xc000_0000, 0]);
    assert.deepEqual([screenPitch!(), screenHeight!(), screenBits!()], [3200, 600, 32]);
    assert.deepEqual(
      [0, 1, 2].map((colour) => screenColour!(colour)),
      [16, 8, 0],
    );
  });

  it("is used wherever it is: above 4 GiB, across that, and not at the start of a page", () => {
    for (const [address, frame, offset] of [
      [0x70_0000_0000n, 0x70, 0],
      [0x1_0000_0000n, 1, 0],
      [0xfff0_0000n, 0xfff0_0000, 0],
      [0x1_2345_6789n, 0x2345_6001, 0x789],
    ] as const) {
      part = startPart();
      read(ALL, screenTag({ address }));
      assert.deepEqual(place(), [frame, offset], `${address}`);
    }
  });

  it("is not used if it is too small or too large, has other pixels, or is out of reach", () => {
    const screens: Screen[] = [
      { width: 639 },
      { height: 399 },
      { width: 801 },
      { pitch: 3199 },
      { pitch: 0x10001 },
      { height: 0x4001 },
      { bits: 16 },
      { bits: 0 },
      { kind: 0 },
      { kind: 2 },
      { address: 0n },
      { address: 0x1000_0000_0000n },
      { address: 0xfff_fff0_0000n },
      { colours: [16, 8, 8, 8, 0, 5] },
      { colours: [32, 8, 8, 8, 0, 8] },
      { bits: 24, colours: [17, 8, 8, 8, 0, 8] },
    ];
    for (const screen of screens) {
      part = startPart();
      read(ALL, screenTag(screen));
      const text = Object.entries(screen).flat().join(" ");
      assert.equal(part.call.hasScreen!(), 0, text);
    }
    const short = screenTag().subarray(0, 32);
    short.writeUInt32LE(32, 4);
    assert.throws(() => read(ALL, short), WRONG_SIZE);
  });
});

describe("a record of Multiboot 2", () => {
  it("gives memory, module and command line, in any order, and other tags are passed over", () => {
    const tags = [
      tag(TAG_COMMAND_LINE, Buffer.from("quiet -- true\0")),
      tag(UNKNOWN, Buffer.alloc(13)),
      tag(TAG_MODULE, Buffer.concat([words(3 * MIB, 4 * MIB), Buffer.from("initramfs\0")])),
      tag(TAG_LOAD_BASE, words(MIB)),
      ALL,
    ];
    for (const order of [tags, [...tags].reverse()]) {
      part = startPart();
      read(...order);
      assert.deepEqual(ranges(), [[MIB, 16 * MIB]]);
      assert.equal(part.text(part.call.commandLine!()), "quiet -- true");
      assert.deepEqual([part.call.initramfsStart!(), part.call.initramfsSize!()], [3 * MIB, MIB]);
    }
  });

  it("brings ACPI's RSDP, of which the newer counts, whole and not beyond", () => {
    const old = tag(TAG_ACPI_OLD, Buffer.alloc(20, "o"));
    const recent = tag(TAG_ACPI_NEW, Buffer.alloc(40, "n"));
    const rsdp = () => Buffer.from(part.read(part.call.loaderRsdp!(), 37)).toString("latin1");
    const nothing = "\0".repeat(37);
    read(ALL);
    assert.equal(rsdp().slice(0, 36), nothing.slice(0, 36));
    const after = rsdp()[36];
    for (const tags of [[recent], [old, recent], [recent, old]]) {
      part = startPart();
      read(ALL, ...tags);
      assert.equal(rsdp(), `${"n".repeat(36)}${after}`);
    }
    part = startPart();
    read(old, ALL);
    assert.equal(rsdp().slice(0, 36), `${"o".repeat(20)}${nothing.slice(0, 16)}`);
  });

  it("tells where the image was moved to, and is seen lower by that much", () => {
    part.call.moveImage!(2 * MIB);
    const record = recordOf([ALL, tag(TAG_LOAD_BASE, words(3 * MIB)), END]);
    part.write(part.area, record);
    part.call.readBootRecord!(MULTIBOOT2_BOOT_MAGIC, part.area + 2 * MIB);
    assert.deepEqual(ranges(), [[MIB, 16 * MIB]]);
    part.write(part.area, recordOf([ALL, tag(TAG_LOAD_BASE, words(MIB)), END]));
    assert.throws(
      () => part.call.readBootRecord!(MULTIBOOT2_BOOT_MAGIC, part.area + 2 * MIB),
      /the kernel is not where the loader says/,
    );
  });

  it("needs no end tag, and no NUL after the command line", () => {
    readBytes(recordOf([ALL, tag(TAG_COMMAND_LINE, Buffer.from("quiet"))]));
    assert.equal(part.text(part.call.commandLine!()), "quiet");
  });

  it("has the initramfs as its first module", () => {
    read(ALL, tag(TAG_MODULE, words(2 * MIB, 3 * MIB)), tag(TAG_MODULE, words(5 * MIB, 6 * MIB)));
    assert.equal(part.call.initramfsStart!(), 2 * MIB);
  });

  it("may have a map with longer entries, and what one entry reserves is not RAM", () => {
    const map: Range[] = [
      [4 * MIB, PAGE, RESERVED],
      [MIB, 15 * MIB, RAM],
      [8 * MIB, PAGE, 0x14],
    ];
    const found = [
      [MIB, 4 * MIB],
      [4 * MIB + PAGE, 8 * MIB],
      [8 * MIB + PAGE, 16 * MIB],
    ];
    for (const size of [24, 40]) {
      part = startPart();
      read(memoryMap(map, size));
      assert.deepEqual(ranges(), found);
    }
  });

  it("tells of memory by UEFI's map if there is no other, and joins what touches", () => {
    const CONVENTIONAL = 7;
    const kinds = [1, 2, 3, 4, CONVENTIONAL];
    const many = Array.from({ length: 200 }, (_, i): Range => {
      return [MIB + i * PAGE, 1, kinds[i % kinds.length]!];
    });
    const high: Range = [2 ** 32, 2 ** 20, CONVENTIONAL];
    const runtime: Range = [8 * MIB, 1, 6];
    read(tag(TAG_BASIC_MEMORY, words(640, 1024)), uefiMap([...many, high, runtime]));
    const above = [2 ** 32, 2 * 2 ** 32];
    assert.deepEqual(ranges(), [[MIB, MIB + 200 * PAGE], above]);
    assert.equal(part.call.lostFrames!(), 0);
    part = startPart();
    read(uefiMap(many), ALL);
    assert.deepEqual(ranges(), [[MIB, 16 * MIB]]);
    part = startPart();
    read(tag(TAG_BASIC_MEMORY, words(640, 1024)));
    assert.deepEqual(ranges(), [[MIB, 2 * MIB]]);
  });

  it("counts the RAM that is in too many pieces to be used", () => {
    read(memoryMap(Array.from({ length: 200 }, (_, i) => [(1 + i) * MIB, 2 * PAGE, RAM])));
    assert.equal(part.call.memoryRangeCount!(), 128);
    assert.equal(part.call.lostFrames!(), 2 * (200 - 128));
  });

  it("counts the RAM beyond 64 GiB, which no processor with PAE is sure to reach", () => {
    const GIB = 1024 * MIB;
    read(
      memoryMap([
        [MIB, MIB, RAM],
        [63 * GIB, 2 * GIB, RAM],
        [70 * GIB, GIB, RAM],
      ]),
    );
    assert.deepEqual(ranges(), [
      [MIB, 2 * MIB],
      [63 * GIB, 64 * GIB],
    ]);
    assert.equal(part.call.lostFrames!(), (2 * GIB) / PAGE);
  });

  it("counts the RAM for which there is no room in the list of frames", () => {
    read(
      memoryMap([
        [MIB, MIB, RAM],
        [4 * MIB, 4 * MIB, RAM],
        [9 * MIB, MIB, RAM],
      ]),
    );
    part.call.limitRam!((10 * MIB) / PAGE);
    assert.equal(part.call.lostFrames!(), 0);
    part.call.limitRam!((6 * MIB) / PAGE);
    assert.deepEqual(ranges(), [
      [MIB, 2 * MIB],
      [4 * MIB, 6 * MIB],
    ]);
    assert.equal(part.call.lostFrames!(), (3 * MIB) / PAGE);
  });

  it("is refused when a tag does not fit into it", () => {
    assert.throws(() => read(ALL, tag(UNKNOWN, Buffer.alloc(8), 0)), WRONG_SIZE);
    assert.throws(() => read(ALL, tag(UNKNOWN, Buffer.alloc(8), 7)), WRONG_SIZE);
    assert.throws(() => read(ALL, tag(UNKNOWN, Buffer.alloc(8), 0xffff_fff8)), WRONG_SIZE);
    const cut = recordOf([ALL, END]);
    cut.writeUInt32LE(cut.length - 4, 0);
    assert.throws(() => readBytes(cut), WRONG_SIZE);
  });

  it("is refused when a tag is too short for what it says", () => {
    for (const type of [
      TAG_MODULE,
      TAG_BASIC_MEMORY,
      TAG_MEMORY_MAP,
      TAG_UEFI_MAP,
      TAG_LOAD_BASE,
    ]) {
      part = startPart();
      assert.throws(() => read(ALL, tag(type, Buffer.alloc(0))), WRONG_SIZE, `${type}`);
    }
  });

  it("is refused when the entries of a map have no length", () => {
    const wrong = /the entries of the memory map have a wrong size/;
    for (const size of [0, 19]) {
      assert.throws(() => read(memoryMap([[MIB, MIB, RAM]], size)), wrong);
    }
    const descriptors = uefiMap([[MIB, 256, 7]]);
    descriptors.writeUInt32LE(31, 8);
    assert.throws(() => read(descriptors), wrong);
  });

  it("is refused when it makes no sense", () => {
    assert.throws(() => read(), /the loader names no memory/);
    assert.throws(() => read(memoryMap([[MIB, MIB, 7]])), /the loader names no memory/);
    const module = (start: number, end: number) => tag(TAG_MODULE, words(start, end));
    assert.throws(() => read(ALL, module(4 * MIB, 3 * MIB)), /ends before it begins/);
    assert.throws(() => read(module(MIB, 0xffff_ffff), ALL), /the module is not in memory/);
    assert.throws(
      () => read(ALL, tag(TAG_LOAD_BASE, words(2 * MIB))),
      /the kernel is not where the loader says/,
    );
  });

  it("whatever it is, is read to an end: whole ranges of RAM, or a sentence", () => {
    const record = recordOf([
      tag(TAG_COMMAND_LINE, Buffer.from("quiet\0")),
      tag(TAG_MODULE, words(3 * MIB, 4 * MIB, 0)),
      memoryMap([
        [MIB, 7 * MIB, RAM],
        [9 * MIB, MIB, RAM],
        [3 * MIB, PAGE, RESERVED],
      ]),
      uefiMap([[MIB, 256, 7]]),
      END,
    ]);
    let seed = 1;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % below;
    };
    const refusals = new Set<string>();
    for (let round = 0; round < 2000; round++) {
      const damaged = Buffer.from(record);
      // Not the size of all: what lies beyond it is the test's own memory.
      for (let i = 0; i <= round % 4; i++) {
        damaged[8 + random(record.length - 8)] = [0, 1, 0x7f, 0xff, random(256)][random(5)]!;
      }
      part = startPart();
      try {
        readBytes(damaged);
        for (const [start, end] of ranges()) assert.ok(start >= MIB && start < end, `${round}`);
      } catch (error) {
        const { message } = error as Error;
        assert.match(message, /^(multiboot2|boot-record): /, `round ${round}`);
        refusals.add(message);
      }
    }
    assert.ok(refusals.size >= 4, [...refusals].join("; "));
  });
});

describe("the initramfs", () => {
  const SIZE = 0x1800;
  /** Where it is after [start, end) was claimed, if it began at `at` and the image was moved so. */
  function movedFrom(at: number, start: number, end: number, offset = 0): number {
    part = startPart();
    part.call.moveImage!(offset);
    const module = tag(TAG_MODULE, words(at, at + SIZE));
    part.write(part.area, recordOf([ALL, module, END]));
    part.call.readBootRecord!(MULTIBOOT2_BOOT_MAGIC, part.area + offset);
    const bytes = Buffer.alloc(SIZE, "initramfs");
    part.write(at - offset, bytes);
    part.call.moveInitramfsPast!(start, end);
    const now = part.call.initramfsStart!();
    assert.deepEqual(Buffer.from(part.read(now - offset, SIZE)), bytes);
    return now;
  }

  it("stays where it is if nothing else claims that memory", () => {
    assert.equal(movedFrom(6 * MIB, 4 * MIB, 6 * MIB), 6 * MIB);
    assert.equal(movedFrom(4 * MIB - SIZE, 4 * MIB, 6 * MIB), 4 * MIB - SIZE);
    assert.equal(movedFrom(MIB, 4 * MIB, 6 * MIB), MIB);
  });

  it("goes to the next page after what is claimed, if it is in the way or in low memory", () => {
    assert.equal(movedFrom(6 * MIB - 1, 4 * MIB, 6 * MIB), 6 * MIB);
    assert.equal(movedFrom(6 * MIB, 4 * MIB, 6 * MIB + 1), 6 * MIB + PAGE);
    assert.equal(movedFrom(4 * MIB - SIZE + 1, 4 * MIB, 6 * MIB), 6 * MIB);
    assert.equal(movedFrom(MIB - PAGE, 4 * MIB, 6 * MIB), 6 * MIB);
    assert.equal(movedFrom(7 * MIB, 6 * MIB, 8 * MIB, 4 * MIB), 8 * MIB);
  });
});
