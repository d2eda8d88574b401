// Machines and loaders that the kernel cannot work with: each gets a sentence, on the serial line
// and on the screen, and a halt. Never a reset, never silence.
//
// The loader's record is made by hand: QEMU loads the kernel with one more segment, which holds the
// record, the initramfs, and a few instructions that hand them over as a loader would.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { alignUp } from "../../../src/base/align";
import { encodeCommandLine } from "../../../src/machine/command-line";
import type { Ending, Machine, QemuOptions } from "../../../src/machine/machine";
import { openMachine } from "../../../src/machine/open-machine";
import { HANG_MS } from "../../hang-guard";
import { skipReason } from "../../machine/installed";
import { addressOf, type Built, build, withMachine } from "../booted-kernel";
import { hostileLoader, MULTIBOOT_MAGIC } from "./hostile-loader";

const MIB = 1 << 20;
const PAGE = 4096;
const [RAM, RESERVED] = [1, 2];
/** Where the segment with the record lies; the initramfs is at the next page. */
const RECORD = 24 * MIB;
const MODULE = RECORD + PAGE;
/** Where the loader's own code is, in the record's page. */
const HAND_OVER = RECORD + 2048;

type MapEntry = readonly [base: number, length: number, type: number, size?: number];

interface LoaderRecord {
  readonly map: readonly MapEntry[];
  /** Start and end, if not those of the initramfs. */
  readonly module?: readonly [start: number, end: number];
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32LE(value >>> 0, 4 * i);
  return bytes;
}

/** Code that ends by jumping to the kernel at `start` with its magic in EAX and `info` in EBX. */
type Loader = (start: number, info: number) => Uint8Array;

const plainLoader: Loader = (start, info) =>
  Uint8Array.from([
    0xb8,
    ...words(MULTIBOOT_MAGIC),
    0xbb,
    ...words(info),
    0xb9,
    ...words(start),
    0xff,
    0xe1,
  ]);

/** The page at RECORD: the loader's code, the record itself, and at HAND_OVER more code. */
function recordPage(
  record: LoaderRecord,
  start: number,
  initramfsSize: number,
  loader: Loader,
): Buffer {
  const [info, module, map, line] = [64, 128, 256, 1024].map((offset) => RECORD + offset);
  const entries = record.map.map(([base, length, type, size = 20]) =>
    words(size, base, 0, length, 0, type),
  );
  const mapBytes = Buffer.concat(entries);
  const page = Buffer.alloc(PAGE);
  page.set([0xe9, ...words(HAND_OVER - RECORD - 5)]);
  page.set(loader(start, info!), HAND_OVER - RECORD);
  const flags = (1 << 2) | (1 << 3) | (1 << 6);
  const fields = [flags, 0, 0, 0, line!, 1, module!, 0, 0, 0, 0, mapBytes.length, map!];
  page.set(words(...fields), 64);
  page.set(words(...(record.module ?? [MODULE, MODULE + initramfsSize]), 0, 0), 128);
  page.set(mapBytes, 256);
  page.write(encodeCommandLine(["quiet"], ["true"]), 1024);
  return page;
}

/** The kernel's file with the segment at RECORD, where it begins. */
function withRecord(built: Built, record: LoaderRecord, loader = plainLoader): Uint8Array {
  const { kernel, initramfs } = built;
  const kernelFile = Buffer.from(built.kernelFile);
  const count = kernelFile.readUInt16LE(44);
  const loads = Array.from({ length: count }, (_, i) => {
    const at = kernelFile.readUInt32LE(28) + 32 * i;
    return kernelFile.subarray(at, at + 32);
  }).filter((header) => header.readUInt32LE(0) === 1);
  const page = recordPage(record, addressOf(kernel, "_start"), initramfs.length, loader);
  const added = Buffer.concat([page, initramfs]);
  const tableAt = alignUp(kernelFile.length, 4);
  const addedAt = alignUp(tableAt + 32 * (loads.length + 1), PAGE);
  const file = Buffer.alloc(addedAt + added.length);
  file.set(kernelFile);
  file.writeUInt32LE(RECORD, 24); // the entry point
  file.writeUInt32LE(tableAt, 28);
  file.writeUInt16LE(loads.length + 1, 44);
  file.set(Buffer.concat(loads), tableAt);
  const header = words(1, addedAt, RECORD, RECORD, added.length, added.length, 7, PAGE);
  file.set(header, tableAt + 32 * loads.length);
  file.set(added, addedAt);
  return file;
}

interface Seen {
  readonly ending: Ending | "timeout";
  readonly serial: string;
  readonly screen: string;
}

async function see(machine: Machine): Promise<Seen> {
  const late = new Promise<"timeout">((resolve) => {
    setTimeout(() => resolve("timeout"), HANG_MS).unref();
  });
  const ending = await Promise.race([machine.ended, late]);
  const screen = (await machine.screen()).join("\n");
  return { ending, serial: machine.serial.text(), screen };
}

async function bootWith(
  record: LoaderRecord,
  loader?: Loader,
  qemu: QemuOptions = {},
): Promise<Seen> {
  const kernel = withRecord(await build(), record, loader);
  const machine = openMachine("qemu", { kernel, commandLine: "", memoryMiB: 64 }, qemu);
  try {
    await machine.start();
    return await see(machine);
  } finally {
    await machine.close();
  }
}

function assertSaid({ ending, serial, screen }: Seen, sentence: RegExp): void {
  assert.equal(typeof ending === "string" ? ending : ending.kind, "panic", serial);
  for (const text of [(ending as { text: string }).text, serial, screen]) {
    assert.match(text, sentence);
  }
}

describe("a processor that cannot run the kernel", { skip: skipReason("qemu") }, () => {
  const cases = [
    ["486", /processor: no PAE/],
    ["pentium", /processor: no PAE/],
    ["qemu32,-pae", /processor: no PAE/],
    ["qemu32,-cmov", /processor: no CMOV/],
  ] as const;
  for (const [cpu, sentence] of cases) {
    it(`is told so: -cpu ${cpu}`, async () => {
      await withMachine("qemu", { qemu: { cpu } }, async (machine) => {
        assertSaid(await see(machine), sentence);
      });
    });
  }
});

describe("a loader that leaves the worst in every register", { skip: skipReason("qemu") }, () => {
  it("boots the kernel all the same", async () => {
    const { kernel } = await build();
    const breakpoint = addressOf(kernel, "bootBeforePaging");
    const loader: Loader = (start, info) =>
      hostileLoader({ start, info }, { at: HAND_OVER, breakpoint });
    const record: LoaderRecord = { map: [[MIB, 63 * MIB, RAM]] };
    for (const program of ["qemu-system-i386", "qemu-system-x86_64"] as const) {
      const { ending, serial } = await bootWith(record, loader, { program });
      assert.deepEqual(ending, { kind: "exit", status: 0 }, `${program}: ${serial}`);
    }
  });
});

describe("a loader's record", { skip: skipReason("qemu") }, () => {
  const all: MapEntry = [MIB, 63 * MIB, RAM];

  it("boots the kernel when it makes sense, also with reserved memory amid RAM", async () => {
    for (const map of [[all], [all, [3 * MIB + 1, 9 * MIB, RESERVED] as const]]) {
      const { ending, serial } = await bootWith({ map });
      assert.deepEqual(ending, { kind: "exit", status: 0 }, serial);
    }
  });

  const cases: Readonly<Record<string, readonly [LoaderRecord, RegExp]>> = {
    "whose module ends before it begins": [
      { map: [all], module: [MODULE, MODULE - 1] },
      /the module ends before it begins/,
    ],
    "whose module lies outside memory": [
      { map: [all], module: [MODULE, 0xffff_ffff] },
      /the module is not in memory/,
    ],
    "with an entry of size 0xfffffffc": [
      { map: [[MIB, 63 * MIB, RAM, 0xffff_fffc]] },
      /an entry of the memory map has a wrong size/,
    ],
    "with an entry of size 0": [
      { map: [[MIB, 63 * MIB, RAM, 0]] },
      /an entry of the memory map has a wrong size/,
    ],
    "whose RAM is all reserved": [
      { map: [all, [0, 64 * MIB, RESERVED]] },
      /the loader names no memory/,
    ],
    "without room for the initramfs": [
      { map: [[MIB, MIB, RAM]], module: [MIB + PAGE, 2 * MIB] },
      /no room for the list of frames and the initramfs/,
    ],
    "with less memory than the kernel's image takes": [
      { map: [[MIB, 64 << 10, RAM]], module: [0, 0] },
      /no room for the list of frames/,
    ],
  };
  for (const [what, [record, sentence]] of Object.entries(cases)) {
    it(`${what} is refused`, async () => assertSaid(await bootWith(record), sentence));
  }

  it("with less memory than the least ends with a sentence, whatever the amount", async () => {
    const { kernel, initramfs } = await build();
    const least = alignUp(addressOf(kernel, "kernel_end") - MIB, PAGE);
    let wasEnough = false;
    for (let size = least; size < MIB; size += 17 * PAGE) {
      const module = [MODULE, initramfs.length, RAM] as const;
      const { ending, serial, screen } = await bootWith({ map: [[MIB, size, RAM], module] });
      const amount = `${size >> 10} KiB: ${JSON.stringify(ending)} ${serial}`;
      assert.match(typeof ending === "string" ? ending : ending.kind, /^(panic|exit)$/, amount);
      wasEnough = typeof ending === "object" && ending.kind === "exit" && ending.status === 0;
      if (wasEnough) break;
      assert.match(serial, /memory|no room/, amount);
      assert.match(screen, /memory|no room/, amount);
    }
    assert.ok(wasEnough, "a megabyte was not enough");
  });
});
