import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { compileKernelPart, type KernelPart } from "../kernel-part";

const startPart = compileKernelPart(
  `
  export { readBootRecord } from "./kernel/boot/read-boot-record";
  export {
    initramfsSize, initramfsStart, isRam, memoryRangeCount, moveInitramfsPast, rangeEnd, rangeStart,
  } from "./kernel/boot/boot-record";
`,
  {
    memory: 16 << 20,
    replace: {
      "kernel/machine/i686/image-offset.ts": `
        export function imageOffset(): u32 { return 0; }
        export function beforePaging(physical: u32): usize { return physical; }`,
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

const MAGIC = 0x2badb002;
const RAM = 1;
const RESERVED = 2;
const MIB = 1 << 20;
const PAGE = 4096;
const WRONG_SIZE = /an entry of the memory map has a wrong size/;

/** An entry of the memory map; `size` is what it says of its own. */
type MapEntry = readonly [
  base: number | bigint,
  length: number | bigint,
  type: number,
  size?: number,
];

interface LoaderRecord {
  readonly map?: readonly MapEntry[];
  /** If not that of the entries. */
  readonly mapLength?: number;
  readonly module?: readonly [start: number, end: number];
}

let part: KernelPart;

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32LE(value >>> 0, 4 * i);
  return bytes;
}

function mapEntry([base, length, type, size = 20]: MapEntry): Buffer {
  const bytes = Buffer.alloc(24);
  bytes.writeUInt32LE(size, 0);
  bytes.writeBigUInt64LE(BigInt(base), 4);
  bytes.writeBigUInt64LE(BigInt(length), 12);
  bytes.writeUInt32LE(type, 20);
  return bytes;
}

/** Hands the record to the kernel's reader. */
function read({ map = [[MIB, 15 * MIB, RAM]], mapLength, module }: LoaderRecord): void {
  const [record, moduleAt, mapAt] = [part.area, part.area + 256, part.area + 512];
  const entries = Buffer.concat(map.map(mapEntry));
  const flags = (1 << 6) | (module ? 1 << 3 : 0);
  const fields = new Array<number>(13).fill(0);
  fields[0] = flags;
  fields[5] = module ? 1 : 0;
  fields[6] = moduleAt;
  fields[11] = mapLength ?? entries.length;
  fields[12] = mapAt;
  part.write(record, words(...fields));
  part.write(moduleAt, words(...(module ?? [0, 0]), 0, 0));
  part.write(mapAt, entries);
  part.call.readBootRecord!(MAGIC, record);
}

/** The ranges of RAM, in bytes. */
function ranges(): [start: number, end: number][] {
  return Array.from({ length: part.call.memoryRangeCount!() }, (_, i) => [
    part.call.rangeStart!(i) * PAGE,
    part.call.rangeEnd!(i) * PAGE,
  ]);
}

function ram(...map: MapEntry[]): [number, number][] {
  part = startPart();
  read({ map });
  return ranges();
}

describe("the loader's memory map", () => {
  beforeEach(() => {
    part = startPart();
  });

  it("gives whole frames from 1 MiB up to 64 GiB", () => {
    assert.deepEqual(ram([0, 0x9fc00, RAM], [MIB, 3 * MIB, RAM]), [[MIB, 4 * MIB]]);
    assert.deepEqual(ram([0, 2 * MIB + 5, RAM]), [[MIB, 2 * MIB]]);
    assert.deepEqual(ram([0xfff0_0001, 2 * MIB, RAM]), [[0xfff0_1000, 2 ** 32 + MIB]]);
    assert.deepEqual(ram([MIB, 0xffff_ffff_ffff_ffffn, RAM]), [[MIB, 2 ** 36]]);
    assert.deepEqual(ram([2 ** 36 - MIB, 2 * MIB, RAM]), [[2 ** 36 - MIB, 2 ** 36]]);
  });

  it("takes out of RAM what is reserved within it, wherever it is named", () => {
    const all: MapEntry = [MIB, 15 * MIB, RAM];
    const hole: MapEntry = [4 * MIB + 1, PAGE, RESERVED];
    const around = [
      [MIB, 4 * MIB],
      [4 * MIB + 2 * PAGE, 16 * MIB],
    ];
    assert.deepEqual(ram(all, hole), around);
    assert.deepEqual(ram(hole, all), around);
    assert.deepEqual(ram(all, [0, 2 * MIB, 3]), [[2 * MIB, 16 * MIB]]);
    assert.deepEqual(ram(all, [15 * MIB, 9 * MIB, 4]), [[MIB, 15 * MIB]]);
    assert.deepEqual(ram(all, [20 * MIB, 9 * MIB, 5], [0, MIB, 2]), [[MIB, 16 * MIB]]);
    assert.deepEqual(ram(all, [3 * MIB, 0, RESERVED]), [[MIB, 16 * MIB]]);
    assert.deepEqual(ram(all, [2 * MIB, PAGE, 2], [3 * MIB, PAGE, 2]), [
      [MIB, 2 * MIB],
      [2 * MIB + PAGE, 3 * MIB],
      [3 * MIB + PAGE, 16 * MIB],
    ]);
    const twice: MapEntry[] = [all, [8 * MIB, 8 * MIB, RAM], [7 * MIB, 8 * MIB, 2]];
    assert.deepEqual(ram(...twice), [
      [MIB, 7 * MIB],
      [15 * MIB, 16 * MIB],
    ]);
  });

  it("loses RAM, never gains any, when there are more pieces than there is room for", () => {
    const holes = Array.from(
      { length: 200 },
      (_, i): MapEntry => [2 * MIB + 2 * i * PAGE, PAGE, RESERVED],
    );
    const found = ram([MIB, 15 * MIB, RAM], ...holes);
    assert.ok(found.length <= 128);
    for (const [base] of holes) {
      assert.ok(found.every(([start, end]) => Number(base) < start || Number(base) >= end));
    }
  });

  it("is refused when all of it is reserved, or nothing is RAM", () => {
    const nothing = /the loader names no memory/;
    assert.throws(() => ram([MIB, MIB, RESERVED]), nothing);
    assert.throws(() => ram([MIB, 15 * MIB, RAM], [0, 32 * MIB, RESERVED]), nothing);
    assert.throws(() => ram([0xffff_ffff_ffff_f000n, 0xffff_ffffn, RAM]), nothing);
  });

  it("is refused when an entry's size leads nowhere", () => {
    for (const size of [0, 19, 21, 0xffff_ffec, 0xffff_fffc, 0xffff_ffff]) {
      assert.throws(() => ram([MIB, 15 * MIB, RAM, size]), WRONG_SIZE, `${size}`);
    }
  });

  it("may have longer entries, and a rest that is none", () => {
    const padded: MapEntry[] = [
      [MIB, MIB, RAM, 44],
      [0, 0, 0],
      [8 * MIB, MIB, RAM],
    ];
    assert.deepEqual(ram(...padded), [
      [MIB, 2 * MIB],
      [8 * MIB, 9 * MIB],
    ]);
    part = startPart();
    read({ map: [[MIB, MIB, RAM]], mapLength: 24 + 23 });
    assert.deepEqual(ranges(), [[MIB, 2 * MIB]]);
  });
});

describe("the loader's module", () => {
  beforeEach(() => {
    part = startPart();
  });

  const place = () => [part.call.initramfsStart!(), part.call.initramfsSize!()];

  it("is the initramfs", () => {
    read({ module: [3 * MIB, 4 * MIB] });
    assert.deepEqual(place(), [3 * MIB, MIB]);
    read({ module: [15 * MIB, 16 * MIB] });
    assert.deepEqual(place(), [15 * MIB, MIB]);
    read({ module: [5, 5] });
    assert.deepEqual(place(), [5, 0]);
  });

  it("is refused when it ends before it begins or lies outside memory", () => {
    assert.throws(() => read({ module: [3 * MIB, 3 * MIB - 1] }), /ends before it begins/);
    for (const end of [17 * MIB, 0x8000_0000, 0xffff_ffff]) {
      assert.throws(() => read({ module: [3 * MIB, end] }), /the module is not in memory/);
    }
  });

  it("is moved past what is claimed, and needs room there", () => {
    read({ map: [[MIB, 7 * MIB, RAM]], module: [2 * MIB, 4 * MIB] });
    part.write(2 * MIB, "begin");
    part.call.moveInitramfsPast!(MIB, 5 * MIB + 1);
    assert.deepEqual(place(), [5 * MIB + PAGE, 2 * MIB]);
    assert.equal(Buffer.from(part.read(5 * MIB + PAGE, 5)).toString(), "begin");
    const noRoom = /no room for the initramfs/;
    assert.throws(() => part.call.moveInitramfsPast!(MIB, 7 * MIB), noRoom);
  });

  it("may be moved to ranges that touch, in whatever order they are named", () => {
    const map: MapEntry[] = [
      [6 * MIB, MIB, RAM],
      [MIB, 3 * MIB, RAM],
      [4 * MIB, 2 * MIB, RAM],
    ];
    read({ map, module: [MIB, 3 * MIB] });
    part.call.moveInitramfsPast!(MIB, 3 * MIB);
    assert.deepEqual(place(), [3 * MIB, 2 * MIB]);
    assert.equal(part.call.isRam!(MIB, 6 * MIB), 1);
    assert.equal(part.call.isRam!(MIB, 6 * MIB + 1), 0);
  });

  it("does not pass for one that fits because its end wraps", () => {
    read({});
    assert.equal(part.call.isRam!(2 * MIB, 0xfff0_0000), 0);
    assert.equal(part.call.isRam!(2 * MIB, MIB), 1);
  });
});
