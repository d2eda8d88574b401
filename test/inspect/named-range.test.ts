// The names of the parts of a space: regions of the layout, sections of the files, heap and stack.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { USER_END } from "../../src/abi/memory-map";
import type { BootedFiles } from "../../src/inspect/booted-files";
import type { ElfImage, ImageSection } from "../../src/inspect/elf-image";
import { kernelRanges, type NamedRange, userRanges } from "../../src/inspect/named-range";
import { findSpaces } from "../../src/inspect/spaces";
import { resolveLayout } from "../../src/link/layout/resolve";
import { FakeMachine, FILES, IMAGE, USER_STACK } from "./fake-machine";

const MIB = 0x10_0000;

/** `name va-end` for each range, after checking that they ascend without overlaps. */
function listed(ranges: readonly NamedRange[]): string[] {
  for (const [index, { name, va, end }] of ranges.entries()) {
    assert.ok(va < end, `${name} is empty`);
    assert.ok(va >= (ranges[index - 1]?.end ?? 0), `${name} overlaps`);
  }
  return ranges.map(({ name, va, end }) => `${name} ${va.toString(16)}-${end.toString(16)}`);
}

function section(name: string, va: number, size: number): ImageSection {
  return { name, va, size, write: false, execute: true };
}

/** Files whose kernel has these sections, each in a segment of its own, loaded at `pa`. */
function filesOf(sections: readonly ImageSection[], pa = (va: number) => va): BootedFiles {
  const segments = sections.map((each) => ({ ...each, pa: pa(each.va) }));
  const image: ElfImage = { name: "k.elf", segments, sections, symbols: [] };
  const layout = resolveLayout({
    regions: {
      image: { start: 2 * MIB, end: 4 * MIB, title: "image" },
      room: { end: 4 * MIB, reserved: true, title: "room" },
      fixed: { start: 8 * MIB, end: 9 * MIB, reserved: true, title: "fixed" },
      top: { start: 16 * MIB, end: 17 * MIB, anchor: "end", title: "top" },
    },
    spaces: { kernel: { regions: ["top", "image", "room", "fixed"] } },
    sections: [".text", { name: ".parked", region: "top", load: "image" }],
  });
  return { image, layout, programs: new Map() };
}

/** The ranges of the first process, whose space has pages at these addresses besides its own. */
function rangesWithPages(addresses: readonly number[], files = FILES): string[] {
  const machine = new FakeMachine();
  const [first] = machine.processes;
  assert.ok(first);
  for (const va of addresses) machine.map(first.cr3, va, machine.takeUserFrame(), { user: true });
  const spaces = findSpaces(machine.snapshot(), IMAGE);
  const [process] = spaces.processes;
  assert.ok(process);
  return listed(userRanges(files, process, spaces));
}

describe("the ranges of the kernel's space", () => {
  it("are the regions of the layout, with the sections in them", () => {
    const files = filesOf([section(".text", 2 * MIB, 0x1800), section(".data", 0x20_4000, 4)]);
    assert.deepEqual(listed(kernelRanges(files)), [
      "page 0 0-1000",
      ".text 200000-202000",
      "image 202000-204000",
      ".data 204000-205000",
      "room 205000-400000",
      "fixed 800000-900000",
      "top 1000000-1100000",
    ]);
  });

  it("count the load images of other regions as the image, but nothing past its end", () => {
    const sections = [
      section(".text", 2 * MIB, 0x1000),
      section(".parked", 17 * MIB - 0x1000, 0x1000),
    ];
    const loaded = filesOf(sections, (va) => (va === 2 * MIB ? va : 0x20_1000));
    assert.deepEqual(listed(kernelRanges(loaded)).slice(1), [
      ".text 200000-201000",
      "image 201000-202000",
      "room 202000-400000",
      "fixed 800000-900000",
      "top 1000000-10ff000",
      ".parked 10ff000-1100000",
    ]);
    const elsewhere = filesOf(sections, (va) => (va === 2 * MIB ? va : 4 * MIB));
    assert.equal(listed(kernelRanges(elsewhere))[2], "room 201000-400000");
    const atStart = filesOf([section(".parked", 17 * MIB - 0x1000, 0x1000)], () => 2 * MIB);
    assert.equal(listed(kernelRanges(atStart))[1], "image 200000-201000");
  });

  it("give a page that two sections share to the first", () => {
    const sections = [
      section(".a", 2 * MIB, 0x10),
      section(".b", 2 * MIB + 0x10, 0x10),
      section(".c", 2 * MIB + 0x20, 0x1000),
      section(".past", 4 * MIB, 0x10),
    ];
    assert.deepEqual(listed(kernelRanges(filesOf(sections))).slice(1, 4), [
      ".a 200000-201000",
      ".c 201000-202000",
      "room 202000-400000",
    ]);
  });
});

describe("the ranges of a user's space", () => {
  const top = [
    "guard ffffc000-ffffd000",
    ".trampoline.text ffffd000-ffffe000",
    ".trampoline.rodata ffffe000-fffff000",
    ".trampoline.data fffff000-100000000",
  ];

  it("are the program's sections, and heap and stack by position", () => {
    assert.deepEqual(rangesWithPages([]), [
      "page 0 0-1000",
      ".text 1000-2000",
      "heap 2000-ffffb000",
      "stack ffffb000-ffffc000",
      ...top,
    ]);
  });

  it("have no heap between sections without a gap", () => {
    const program: ElfImage = {
      name: "hello",
      segments: [],
      sections: [section(".text", 0x1000, 0x1000), section(".data", 0x2000, 8)],
      symbols: [],
    };
    const files = { ...FILES, programs: new Map([["hello", program]]) };
    assert.deepEqual(rangesWithPages([], files).slice(1, 4), [
      ".text 1000-2000",
      ".data 2000-3000",
      "heap 3000-ffffb000",
    ]);
  });

  it("take pages for the stack's that are less than 1 MiB below it", () => {
    const near = USER_STACK - MIB;
    assert.ok(rangesWithPages([near]).includes(`stack ${near.toString(16)}-ffffc000`));
    const far = near - 0x1000;
    assert.ok(rangesWithPages([far]).includes("stack ffffb000-ffffc000"));
    assert.ok(rangesWithPages([USER_END]).includes("stack ffffb000-ffffc000"));
  });

  it("have no stack if nothing is mapped there", () => {
    const machine = new FakeMachine();
    const [first] = machine.processes;
    assert.ok(first);
    machine.setWord(machine.map(first.cr3, USER_STACK, 0, {}), 0);
    const spaces = findSpaces(machine.snapshot(), IMAGE);
    const [process] = spaces.processes;
    assert.ok(process);
    assert.deepEqual(listed(userRanges(FILES, process, spaces)).slice(1), [
      ".text 1000-2000",
      "heap 2000-ffffc000",
      ...top,
    ]);
  });

  it("call a page what it is if its frame is the kernel's, or a page table", () => {
    const machine = new FakeMachine();
    const [first] = machine.processes;
    assert.ok(first);
    const { kernel } = findSpaces(machine.snapshot(), IMAGE);
    const heap = machine.takeUserFrame();
    machine.map(kernel.cr3, 0x40_0000, heap, {});
    machine.map(first.cr3, 0x10_0000, heap, { user: true });
    const table = findSpaces(machine.snapshot(), IMAGE).processes[0]?.space.tables.at(-1);
    machine.map(first.cr3, 0x10_1000, table?.pa ?? 0, { user: true });
    const spaces = findSpaces(machine.snapshot(), IMAGE);
    const [process] = spaces.processes;
    assert.ok(process);
    const region = kernelRanges(FILES).find(({ va, end }) => va <= 0x40_0000 && end > 0x40_0000);
    assert.deepEqual(listed(userRanges(FILES, process, spaces)).slice(1, 6), [
      ".text 1000-2000",
      "heap 2000-100000",
      `kernel's ${region?.name} 100000-101000`,
      "page table 101000-102000",
      "heap 102000-ffffb000",
    ]);
  });

  it("call the room of an unknown program by its region's title", () => {
    assert.deepEqual(rangesWithPages([], { ...FILES, programs: new Map() }), [
      "page 0 0-1000",
      "a user program 1000-ffffb000",
      "stack ffffb000-ffffc000",
      ...top,
    ]);
  });

  it("end where user programs do, without a layout", () => {
    assert.deepEqual(rangesWithPages([], { ...FILES, layout: undefined }), [
      "page 0 0-1000",
      ".text 1000-2000",
      "heap 2000-ffffb000",
      "stack ffffb000-ffffc000",
      ...top.slice(1),
    ]);
  });
});
