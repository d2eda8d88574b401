import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { ENTRY_NX_HIGH, ENTRY_P, ENTRY_RW } from "../../../src/abi/paging";
import {
  BOOT_PAGES,
  type Machine,
  machineFor,
  PAGE,
  PAGE_TABLES,
  PAGE_TABLES_END,
  RAM_FRAMES,
  WINDOWS,
} from "./simulated-machine";

const start = machineFor(`
  ${BOOT_PAGES}
  export * from "./kernel/memory/pages";
  export { freeFrameCount, allocateFrame, releaseFrame } from "./kernel/memory/frames";
  export { kernelPte, identityMapEnd } from "./kernel/memory/kernel-space";
`);

/** Pages that the array of free ranges may grow to: address space of the heap's start. */
const ARRAY_PAGES = 64;
const RANGES_PER_PAGE = 512;
/** The heap begins below, so one more page table begins here. */
const NEXT_TABLE = 0x20_0000;
const FREED_TWICE = /pages: freed twice/;
let machine: Machine;
/** The first address that can be allocated. */
let heap = 0;
let framesAtStart = 0;
const call = (name: string, ...values: number[]) => machine.address(name, ...values);
const allocate = (count: number) => call("allocatePages", count);
const free = (page: number, count: number) => call("freePages", page, count);
const isMapped = (page: number) => (machine.word(call("kernelPte", page)) & ENTRY_P) !== 0;
/** Maps a page that is free, so that only the free ranges can tell. */
const pretendMapped = (page: number) =>
  machine.setWord(call("kernelPte", page), call("allocateFrame") | ENTRY_P);
const taken = () => framesAtStart - call("freeFrameCount");

/** Takes frames until `left` are left; a function that gives them back. */
function leaveFrames(left: number): () => void {
  const frames = Array.from({ length: call("freeFrameCount") - left }, () => call("allocateFrame"));
  return () => {
    for (const frame of frames.reverse()) call("releaseFrame", frame);
  };
}

function boot(frames = RAM_FRAMES): void {
  machine = start();
  call("start", frames);
  heap = call("identityMapEnd") + ARRAY_PAGES * PAGE;
  framesAtStart = call("freeFrameCount");
}

/** The heap's address space holds two ranges: that up to PAGE_TABLES, and that after it. */
const secondRange = (WINDOWS - PAGE_TABLES_END) / PAGE;

describe("pages of the heap", () => {
  beforeEach(() => boot());

  it("are zeroed, writable, not executable, and have a frame each", () => {
    machine.part.write(heap, new Uint8Array(2 * PAGE).fill(0xaa));
    const pages = allocate(2);
    assert.equal(pages, heap);
    assert.deepEqual(machine.part.read(pages, 2 * PAGE), new Uint8Array(2 * PAGE));
    const entries = [0, 1].map((i) => machine.word(call("kernelPte", pages) + 8 * i));
    for (const entry of entries) assert.equal(entry & 0xfff, ENTRY_P | ENTRY_RW);
    assert.notEqual(entries[0], entries[1]);
    assert.equal(machine.word(call("kernelPte", pages) + 4), ENTRY_NX_HIGH);
    assert.equal(taken(), 2);
  });

  it("give frames and addresses back when they are freed", () => {
    const pages = allocate(3);
    free(pages, 3);
    assert.equal(taken(), 0);
    assert.ok(![0, 1, 2].some((i) => isMapped(pages + i * PAGE)));
    assert.equal(allocate(3), pages);
  });

  it("come from the first free range that is large enough", () => {
    const [first, , third] = [allocate(1), allocate(1), allocate(3), allocate(1)] as const;
    free(first, 1);
    free(third, 3);
    assert.equal(allocate(2), third, "the first range is too small");
    assert.equal(allocate(1), first);
    assert.equal(allocate(1), third + 2 * PAGE, "exactly what is left of the range");
  });

  it("join the free range before them", () => {
    const pages = allocate(3);
    allocate(1);
    free(pages, 1);
    free(pages + PAGE, 2);
    assert.equal(allocate(3), pages);
  });

  it("join the free range after them", () => {
    const pages = allocate(3);
    allocate(1);
    free(pages + PAGE, 2);
    free(pages, 1);
    assert.equal(allocate(3), pages);
  });

  it("join the free ranges on both sides", () => {
    const pages = allocate(4);
    allocate(1);
    free(pages, 1);
    free(pages + 2 * PAGE, 2);
    free(pages + PAGE, 1);
    assert.equal(allocate(4), pages);
  });

  it("make a range of their own between two that they do not touch", () => {
    const pages = allocate(5);
    allocate(1);
    free(pages, 1);
    free(pages + 4 * PAGE, 1);
    free(pages + 2 * PAGE, 1);
    const given = [allocate(1), allocate(1), allocate(1)];
    assert.deepEqual(given, [pages, pages + 2 * PAGE, pages + 4 * PAGE]);
  });

  it("lie past the page tables when there is no room below", () => {
    const below = (PAGE_TABLES - heap) / PAGE;
    // Address space without frames: no machine here has that many.
    assert.equal(allocate(below + 1), 0);
    const map = (count: number) => call("mapPhysical", 0x4000_0000, count * PAGE, 0);
    assert.equal(map(below), heap);
    assert.equal(map(secondRange - 1), PAGE_TABLES_END);
    assert.equal(allocate(1), WINDOWS - PAGE);
  });

  it("are none when no address is free, and are again when one is", () => {
    const map = (count: number) => call("mapPhysical", 0x4000_0000, count * PAGE, 0);
    map((PAGE_TABLES - heap) / PAGE);
    map(secondRange - 2);
    const pages = [allocate(1), allocate(1)];
    assert.equal(allocate(1), 0);
    assert.equal(call("allocateStack"), 0);
    assert.equal(map(1), 0);
    for (const page of pages) free(page, 1);
    assert.equal(allocate(2), pages[0]);
  });

  it("panic when they are freed twice", () => {
    const freeAgain = (index: number) => {
      boot();
      const pages = allocate(3);
      free(pages, 2);
      pretendMapped(pages + index * PAGE);
      free(pages + index * PAGE, 1);
    };
    assert.throws(() => freeAgain(0), FREED_TWICE, "the start of a free range");
    assert.throws(() => freeAgain(1), FREED_TWICE, "inside a free range");
  });

  it("panic when they reach into the free range after them", () => {
    const pages = allocate(2);
    free(pages + PAGE, 1);
    pretendMapped(pages + PAGE);
    assert.throws(() => free(pages, 2), FREED_TWICE);
  });
});

describe("pages of the heap without memory", () => {
  beforeEach(() => {
    boot();
    // The kernel's page table for the heap is there, and stays.
    allocate(1);
    framesAtStart = call("freeFrameCount");
  });

  it("are none, and what was taken for the first of them is given back", () => {
    for (let left = 0; left < 3; left++) {
      const giveBack = leaveFrames(left);
      assert.equal(allocate(3), 0);
      assert.equal(call("freeFrameCount"), left);
      giveBack();
    }
    assert.equal(allocate(3), heap + PAGE, "the addresses are free again");
    assert.equal(taken(), 3);
  });

  it("are none without a frame for a page table", () => {
    // Up to where the next page table begins.
    call("mapPhysical", 0x4000_0000, NEXT_TABLE - heap - PAGE, 0);
    const giveBack = leaveFrames(1);
    assert.equal(allocate(1), 0);
    assert.equal(call("freeFrameCount"), 1);
    giveBack();
    assert.equal(allocate(1), NEXT_TABLE);
  });

  it("panic at boot if there is not even one for the array of ranges", () => {
    machine = start();
    assert.throws(() => call("start", 0), /pages: no frame for the free ranges/);
  });
});

describe("the array of free ranges", () => {
  /** Allocates pages one by one so that freeing every other makes `count` more ranges. */
  function scatter(count: number): number[] {
    const pages = Array.from({ length: 2 * count }, () => allocate(1));
    return pages.filter((_, i) => i % 2 === 0);
  }

  beforeEach(() => boot());

  it("grows by a page when one is full, and shrinks again", () => {
    // Two ranges are there from the start: the rest of the heap, and that past the page tables.
    const pages = scatter(RANGES_PER_PAGE - 1);
    const [last = 0, ...others] = pages;
    const before = taken();
    for (const page of others) free(page, 1);
    assert.equal(taken(), before - others.length, "the first page holds 512 ranges");
    free(last, 1);
    assert.equal(taken(), before - others.length, "a page freed, and one taken for the array");
    assert.equal(isMapped(heap - ARRAY_PAGES * PAGE + PAGE), true);
    assert.equal(allocate(1), last, "all ranges are still in order");
    assert.equal(taken(), before - others.length);
    assert.equal(isMapped(heap - ARRAY_PAGES * PAGE + PAGE), false);
    for (const page of others) assert.equal(allocate(1), page);
  });
});

describe("a kernel stack", () => {
  beforeEach(() => {
    boot();
    allocate(1);
    framesAtStart = call("freeFrameCount");
  });

  it("has two pages, and below them one that is not mapped", () => {
    const stack = call("allocateStack");
    assert.equal(taken(), 2);
    const mapped = [-1, 0, 1, 2].map((i) => isMapped(stack + i * PAGE));
    assert.deepEqual(mapped, [false, true, true, false]);
    assert.equal(call("allocateStack"), stack + 3 * PAGE, "the guard page is taken");
  });

  it("gives its guard page back with the others", () => {
    const stack = call("allocateStack");
    call("freeStack", stack);
    assert.equal(taken(), 0);
    assert.equal(allocate(3), stack - PAGE);
  });

  it("is none without memory, and what was taken for it is given back", () => {
    for (let left = 0; left < 2; left++) {
      const giveBack = leaveFrames(left);
      assert.equal(call("allocateStack"), 0);
      assert.equal(call("freeFrameCount"), left);
      giveBack();
    }
    assert.equal(call("allocateStack"), heap + 2 * PAGE);
  });
});

describe("physical memory that is mapped", () => {
  const FAR = 0x4000_0000;

  beforeEach(() => {
    boot();
    allocate(1);
    framesAtStart = call("freeFrameCount");
  });

  it("appears at its offset in the page, with as many pages as it touches", () => {
    const address = call("mapPhysical", FAR + 0xffe, PAGE + 2 + 1, ENTRY_RW);
    assert.equal(address, heap + PAGE + 0xffe);
    const entries = [0, 1, 2, 3].map((i) =>
      machine.word(call("kernelPte", address - 0xffe + i * PAGE)),
    );
    const flags = ENTRY_P | ENTRY_RW;
    assert.deepEqual(entries, [FAR | flags, (FAR + PAGE) | flags, (FAR + 2 * PAGE) | flags, 0]);
    assert.equal(taken(), 0);
  });

  it("ends for as many pages as are asked for, and leaves their frames alone", () => {
    const address = call("mapPhysical", FAR, 3 * PAGE, ENTRY_RW);
    const free = call("freeFrameCount");
    call("unmapPhysical", address, 2);
    const entries = [0, 1, 2].map((i) => machine.word(call("kernelPte", address + i * PAGE)));
    assert.deepEqual(entries, [0, 0, (FAR + 2 * PAGE) | ENTRY_P | ENTRY_RW]);
    assert.equal(call("freeFrameCount"), free);
    assert.equal(call("mapPhysical", FAR, 2 * PAGE, 0), address);
  });

  it("is read-only if nothing else is asked for", () => {
    const address = call("mapPhysical", FAR, PAGE, 0);
    assert.equal(machine.word(call("kernelPte", address)), FAR | ENTRY_P);
    assert.equal(isMapped(address + PAGE), false);
  });

  it("may lie across 4 GiB, and above", () => {
    const address = call("mapFrames", 0xffff_f000, 2, ENTRY_RW);
    const entries = [0, 4, 8, 12].map((at) => machine.word(call("kernelPte", address) + at));
    const high = (frame: number) => 0x8000_0000 + frame;
    const flags = ENTRY_P | ENTRY_RW;
    assert.deepEqual(entries, [0xffff_f000 + flags, high(0), flags, high(1)]);
  });

  it("is taken back when there is no frame for its second page table", () => {
    const table = 512 * PAGE;
    const giveBack = leaveFrames(0);
    // It begins in the first 2 MiB, which have a table, and ends in the next.
    assert.equal(call("mapPhysical", FAR, table, 0), 0);
    assert.equal(isMapped(heap + PAGE), false);
    giveBack();
    assert.equal(allocate(1), heap + PAGE);
  });
});
