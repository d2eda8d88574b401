import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { INFO_OFFSET } from "../../../src/abi/kernel-info";
import { KERNEL, PAGE_TABLES as REAL_PAGE_TABLES } from "../../../src/abi/memory-map";
import { ENTRY_NX_HIGH, ENTRY_P, ENTRY_PS, ENTRY_RW } from "../../../src/abi/paging";
import type { AddressSpace, Mapping } from "../../../src/inspect/walk";
import {
  BOOT,
  DIRECTORIES,
  KERNEL_INFO,
  type Machine,
  machineFor,
  PAGE,
  RAM,
  SECTIONS,
  TABLES,
  TRAMPOLINE,
  TRAMPOLINE_LOAD,
} from "./simulated-machine";

const SOURCE = `
  ${BOOT}
  export * from "./kernel/memory/kernel-space";
  export { allocateFrame, freeFrameCount, releaseFrame } from "./kernel/memory/frames";
  export function withoutNx(): void { startPaging(false); }
`;
const startAsLinked = machineFor(SOURCE, { realAddresses: true });
const startMoved = machineFor(SOURCE);

const INFO_CR3 = 4;
/** Four instructions `int3`. */
const INT3S = 0xcccc_cccc;
let machine: Machine;
const call = (name: string, ...values: number[]) => machine.address(name, ...values);

describe("the kernel's space at boot", () => {
  let space: AddressSpace;
  let byAddress: ReadonlyMap<number, Mapping>;
  const rightsAt = (address: number) => {
    const found = byAddress.get(address);
    if (found === undefined) return "unmapped";
    return `r${found.writable ? "w" : ""}${found.executable ? "x" : ""}`;
  };

  function look(): void {
    space = machine.walk(call("kernelCr3"));
    byAddress = new Map(space.mappings.map((each) => [each.va, each]));
  }

  beforeEach(() => {
    machine = startAsLinked();
    call("startSpace", 16);
    look();
  });

  it("has its tables where an inspector is told", () => {
    assert.equal(call("kernelCr3"), TABLES);
    assert.equal(machine.word(KERNEL_INFO + INFO_CR3), TABLES);
    assert.deepEqual(space.defects, []);
  });

  it("maps low memory, the image and its tables to themselves, up to the end of the tables", () => {
    const end = call("identityMapEnd");
    assert.ok(end > TABLES);
    const images: number[] = Object.values(TRAMPOLINE_LOAD);
    for (let page = PAGE; page < end; page += PAGE) {
      if (!images.includes(page)) assert.equal(byAddress.get(page)?.pa, page, `page ${page}`);
    }
    assert.equal(rightsAt(end), "unmapped");
    const tables = space.tables.filter(({ level }) => level !== "PDPT");
    assert.ok(tables.every(({ pa }) => pa > TABLES && pa < end));
  });

  it("has no page 0", () => {
    assert.equal(rightsAt(0), "unmapped");
  });

  it("hides the trampoline's load images", () => {
    for (const page of Object.values(TRAMPOLINE_LOAD)) assert.equal(rightsAt(page), "unmapped");
    assert.equal(rightsAt(TRAMPOLINE_LOAD.data + PAGE), "rw");
  });

  it("gives each section of the image its rights, and no page both W and X", () => {
    for (const [name, rights] of Object.entries({ boot: "rx", text: "rx", rodata: "r" })) {
      const [first, size] = SECTIONS[name] ?? [0, 0];
      assert.equal(rightsAt(first), rights, name);
      assert.equal(rightsAt(first + size - PAGE), rights, `the end of ${name}`);
      assert.equal(rightsAt(first + size), "rw", `after ${name}`);
    }
    assert.equal(rightsAt(SECTIONS.symbols?.[0] ?? 0), "r");
    assert.equal(rightsAt(PAGE), "rw");
    assert.deepEqual(
      space.mappings.filter((each) => each.writable && each.executable),
      [],
    );
  });

  it("has no code behind the trampoline's in its page", () => {
    const page = TRAMPOLINE_LOAD.text;
    assert.notEqual(machine.word(page + 0x300 - 4), INT3S);
    for (let at = page + 0x300; at < page + PAGE; at += 4) assert.equal(machine.word(at), INT3S);
    assert.notEqual(machine.word(page + PAGE), INT3S);
  });

  it("has the trampoline at its addresses, global, and nothing else that is", () => {
    const found = space.mappings.filter(({ global }) => global);
    assert.deepEqual(
      found.map(({ va, pa }) => [va, pa, rightsAt(va)]),
      [
        [TRAMPOLINE.text, TRAMPOLINE_LOAD.text, "rx"],
        [TRAMPOLINE.rodata, TRAMPOLINE_LOAD.rodata, "r"],
        [TRAMPOLINE.data, TRAMPOLINE_LOAD.data, "rw"],
      ],
    );
  });

  it("has nothing for user mode", () => {
    assert.ok(space.mappings.every(({ user }) => !user));
  });

  it("shows every page table at its place in one array", () => {
    const tables = space.tables.filter(({ level }) => level === "table");
    for (const { va, pa } of tables) {
      const place = REAL_PAGE_TABLES + (va / PAGE) * 8;
      assert.equal(byAddress.get(place)?.pa, pa, `the table of ${va}`);
      assert.equal(rightsAt(place), "rw");
    }
    // The identity map's, the trampoline's, and four directories.
    assert.ok(tables.length >= 6);
  });

  it("has enough tables when it crosses into the next 2 MiB", () => {
    const tables = 0x1f_c000;
    call("buildKernelSpace", tables, 0);
    look();
    const end = call("identityMapEnd");
    assert.ok(end > 0x20_0000);
    for (let page = tables; page < end; page += PAGE) {
      assert.equal(byAddress.get(page)?.pa, page, `page ${page}`);
    }
    assert.deepEqual(space.defects, []);
  });

  it("has the list of frames after its tables, in whatever frames it is given", () => {
    const [list, frames] = [3 * 0x20_0000 + 2 * PAGE, [0x1234_5000, 0xbeef_0000, 0x0000_2007]];
    call("buildKernelSpace", TABLES, list);
    const end = call("identityMapEnd");
    assert.equal(call("heapStart"), end + list);
    const offsets = [0, 0x20_0000, list - PAGE];
    for (const [i, offset] of offsets.entries()) call("mapFrameListPage", offset, frames[i] ?? 0);
    look();
    assert.deepEqual(space.defects, []);
    const found = offsets.map((offset) => [
      byAddress.get(end + offset)?.pa,
      rightsAt(end + offset),
    ]);
    const places = [0x1234_5000, 0xbeef_0000, 0x7_0000_2000];
    assert.deepEqual(
      found,
      places.map((pa) => [pa, "rw"]),
    );
    assert.equal(rightsAt(end + PAGE), "unmapped");
    // The tables of the whole list are there: the heap begins in one of them.
    assert.ok(
      space.tables.some(({ level, va }) => level === "table" && va > end + list - 0x20_0000),
    );
    assert.equal(byAddress.get(end - PAGE)?.pa, end - PAGE);
  });

  it("has the image and tables higher by the offset to which the loader moved them", () => {
    const offset = 0x40_0000;
    machine.setWord(KERNEL_INFO + INFO_OFFSET, offset);
    call("buildKernelSpace", TABLES, 0);
    look();
    assert.equal(call("kernelCr3"), TABLES + offset);
    assert.equal(machine.word(KERNEL_INFO + INFO_CR3), TABLES + offset);
    assert.deepEqual(space.defects, []);
    const images: number[] = Object.values(TRAMPOLINE_LOAD);
    for (let page = PAGE; page < call("identityMapEnd"); page += PAGE) {
      const pa = page < KERNEL ? page : page + offset;
      if (!images.includes(page)) assert.equal(byAddress.get(page)?.pa, pa, `page ${page}`);
    }
    for (const [va, load] of Object.entries(TRAMPOLINE).map(
      ([name, at]) => [at, TRAMPOLINE_LOAD[name as keyof typeof TRAMPOLINE]] as const,
    )) {
      assert.equal(byAddress.get(va)?.pa, load + offset);
    }
  });

  it("is switched on by tables that have the code where it was loaded, if it was moved", () => {
    const scratch = call("identityMapEnd");
    assert.equal(call("firstTables", scratch), TABLES);
    const offset = 0x40_0000;
    machine.setWord(KERNEL_INFO + INFO_OFFSET, offset);
    call("buildKernelSpace", TABLES, 0);
    look();
    const others = new Map(space.mappings.map((each) => [each.va, each.pa]));
    assert.equal(call("firstTables", scratch), scratch + offset);
    space = machine.walk(scratch + offset);
    const large = space.mappings.filter(({ size }) => size !== PAGE);
    assert.deepEqual(
      large.map(({ va, pa, size, executable }) => [va, pa, size, executable]),
      [[0x40_0000, 0x40_0000, 0x20_0000, true]],
    );
    const small = space.mappings.filter(({ size }) => size === PAGE);
    for (const { va, pa } of small) assert.equal(others.get(va), pa);
    assert.equal(small.length, others.size);
  });

  it("is switched on so in any GiB", () => {
    const scratch = call("identityMapEnd");
    const offset = 0x7f00_0000;
    machine.setWord(KERNEL_INFO + INFO_OFFSET, offset);
    call("buildKernelSpace", TABLES, 0);
    call("firstTables", scratch);
    assert.equal(machine.word(scratch + 8), scratch + PAGE + offset + ENTRY_P);
    assert.equal(machine.word(scratch), machine.word(TABLES));
    const entry = scratch + PAGE + (0x3f00_0000 / 0x20_0000) * 8;
    assert.equal(machine.word(entry), 0x7f00_0000 | ENTRY_P | ENTRY_RW | ENTRY_PS);
  });

  it("does without NX where the processor has none", () => {
    call("withoutNx");
    call("buildKernelSpace", TABLES, 0);
    look();
    assert.equal(rightsAt(PAGE), "rwx");
    assert.deepEqual(space.defects, []);
  });
});

describe("pages of the kernel's space", () => {
  /** An address that has no page table yet. */
  const HEAP = 0x60_0000;
  const pde = (address: number) => DIRECTORIES + Math.floor(address / 0x20_0000) * 8;
  const pte = (address: number) => call("kernelPte", address);
  const map = (address: number, frame: number, flags = ENTRY_RW) =>
    call("mapKernelPage", address, frame, flags);
  const framesFree = () => call("freeFrameCount");
  let frame = 0;

  beforeEach(() => {
    machine = startMoved();
    call("startSpace", 16);
    frame = call("allocateFrame");
  });

  it("have an entry if there is a page table", () => {
    assert.equal(call("kernelEntry", HEAP), 0);
    map(HEAP, frame);
    assert.equal(call("kernelEntry", HEAP), pte(HEAP));
    assert.equal(call("kernelEntry", HEAP + 5 * PAGE), pte(HEAP + 5 * PAGE));
  });

  it("are mapped to a frame, never executable", () => {
    assert.equal(map(HEAP, frame), 1);
    assert.equal(machine.word(pte(HEAP)), frame | ENTRY_P | ENTRY_RW);
    assert.equal(machine.word(pte(HEAP) + 4), ENTRY_NX_HIGH);
    assert.equal(map(HEAP + PAGE, frame, 0), 1);
    assert.equal(machine.word(pte(HEAP + PAGE)), frame | ENTRY_P);
  });

  it("translate to the frame, byte by byte", () => {
    map(HEAP, frame);
    assert.equal(call("physicalAddress", HEAP + 0x123), frame + 0x123);
  });

  it("get a page table first, empty and flushed where it appears", () => {
    const table = pte(HEAP);
    machine.part.write(table, new Uint8Array(PAGE).fill(0xff));
    const before = framesFree();
    map(HEAP + PAGE, frame);
    assert.equal(framesFree(), before - 1);
    const entry = machine.word(pde(HEAP));
    assert.equal(entry & 0xfff, ENTRY_P | ENTRY_RW);
    assert.ok(entry >= RAM);
    assert.deepEqual(machine.flushed, [table]);
    assert.deepEqual(machine.part.read(table, 8), new Uint8Array(8));
    assert.deepEqual(machine.part.read(table + 16, PAGE - 16), new Uint8Array(PAGE - 16));
  });

  it("share a page table with their neighbours", () => {
    map(HEAP, frame);
    const before = framesFree();
    map(HEAP + 511 * PAGE, frame);
    assert.equal(framesFree(), before);
    map(HEAP + 512 * PAGE, frame);
    assert.equal(framesFree(), before - 1);
  });

  it("are refused when there is no frame for a page table", () => {
    while (framesFree() > 0) call("allocateFrame");
    assert.equal(map(HEAP, frame), 0);
    assert.equal(machine.word(pde(HEAP)), 0);
    call("releaseFrame", frame);
    assert.equal(map(HEAP, frame), 1);
  });

  it("panic when one is mapped already", () => {
    map(HEAP, frame);
    assert.throws(() => map(HEAP, frame), /kernel-space: page is mapped already/);
  });

  it("panic when one that is not mapped is taken out", () => {
    map(HEAP, frame);
    assert.throws(() => call("unmapKernelPage", HEAP + PAGE), /kernel-space: page is not mapped/);
  });

  it("are taken out and flushed, and the frame is the caller's again", () => {
    map(HEAP, frame);
    map(HEAP + PAGE, frame);
    machine.flushed.length = 0;
    assert.equal(call("unmapKernelPage", HEAP), frame);
    assert.equal(machine.word(pte(HEAP)), 0);
    assert.deepEqual(machine.flushed, [HEAP]);
    assert.equal(machine.word(pte(HEAP + PAGE)), frame | ENTRY_P | ENTRY_RW);
  });

  it("give the page table back with the last of them", () => {
    const before = framesFree();
    map(HEAP, frame);
    map(HEAP + PAGE, frame);
    call("unmapKernelPage", HEAP);
    assert.equal(framesFree(), before - 1);
    machine.flushed.length = 0;
    call("unmapKernelPage", HEAP + PAGE);
    assert.equal(framesFree(), before);
    assert.equal(machine.word(pde(HEAP)), 0);
    assert.deepEqual(machine.flushed, [HEAP + PAGE, pte(HEAP)]);
  });

  it("leave a table that was made at boot where it is", () => {
    const bootTable = TABLES + PAGE;
    machine.setWord(pde(HEAP), bootTable | ENTRY_P | ENTRY_RW);
    const before = framesFree();
    map(HEAP, frame);
    assert.equal(call("unmapKernelPage", HEAP), frame);
    assert.equal(framesFree(), before);
    assert.equal(machine.word(pde(HEAP)), bootTable | ENTRY_P | ENTRY_RW);
  });

  it("have a table of the heap from the end of the identity map on", () => {
    machine.setWord(pde(HEAP), call("identityMapEnd") | ENTRY_P | ENTRY_RW);
    assert.throws(() => map(HEAP, frame), /frames: not an allocated frame/);
  });
});
