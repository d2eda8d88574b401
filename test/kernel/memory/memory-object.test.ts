import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { ENTRY_P, ENTRY_US } from "../../../src/abi/paging";
import { BOOT_PAGES, type Machine, machineFor, PAGE, RAM_FRAMES } from "./simulated-machine";

const start = machineFor(`
  ${BOOT_PAGES}
  import { createMemoryObject, LARGEST_OBJECT, Mapping, MemoryObject }
    from "./kernel/memory/memory-object";
  import { PageTables } from "./kernel/memory/page-tables";
  import { allocate } from "./kernel/memory/heap";
  export { free } from "./kernel/memory/heap";
  export { noWindowOpen } from "./kernel/memory/window";
  export * from "./kernel/memory/frames";
  import { retainFrame } from "./kernel/memory/frames";
  function at(object: usize): MemoryObject { return changetype<MemoryObject>(object); }
  export function create(): usize { return changetype<usize>(createMemoryObject()); }
  export function frame(object: usize, index: u32): u32 { return at(object).frame(index); }
  export function ensureFrame(object: usize, index: u32): u32 {
    return at(object).ensureFrame(index);
  }
  export function insertFrame(object: usize, index: u32, frame: u32): bool {
    return at(object).insertFrame(index, frame);
  }
  export function truncate(object: usize, pages: u32, bytes: u32): void {
    at(object).truncate((<u64>pages << 12) + bytes);
  }
  export function zero(object: usize, startPage: u32, start: u32, endPage: u32, end: u32): void {
    at(object).zero((<u64>startPage << 12) + start, (<u64>endPage << 12) + end);
  }
  export function grow(object: usize, bytes: u32): void { at(object).size = bytes; }
  export function sizePages(object: usize): u32 { return <u32>(at(object).size >> 12); }
  export function sizeBytes(object: usize): u32 { return <u32>at(object).size & 4095; }
  export function largestPages(): u32 { return <u32>(LARGEST_OBJECT >> 12); }
  export function references(object: usize): u32 { return at(object).references; }
  export function retain(object: usize): void { at(object).retain(); }
  export function release(object: usize): void { at(object).release(); }
  export function createTables(): usize {
    const tables = changetype<PageTables>(allocate(offsetof<PageTables>()));
    tables.start();
    return changetype<usize>(tables);
  }
  export function map(object: usize, tables: usize, start: usize, end: usize, page: u32): usize {
    const mapping = changetype<Mapping>(allocate(offsetof<Mapping>()));
    mapping.start = start;
    mapping.end = end;
    mapping.tables = changetype<PageTables | null>(tables);
    at(object).addMapping(mapping, page);
    return changetype<usize>(mapping);
  }
  export function show(tables: usize, address: usize, frame: u32): void {
    retainFrame(frame);
    store<u32>(changetype<PageTables>(tables).makeEntry(address), frame | ${ENTRY_P | ENTRY_US});
    changetype<PageTables>(tables).residentPages++;
  }
  export function entry(tables: usize, address: usize): u32 {
    const pte = changetype<PageTables>(tables).entry(address);
    return pte === 0 ? 0 : load<u32>(pte);
  }
  export function unmap(object: usize, mapping: usize): void {
    at(object).removeMapping(changetype<Mapping>(mapping));
  }
  export function shown(mapping: usize): usize {
    return changetype<usize>(changetype<Mapping>(mapping).object);
  }
`);

let machine: Machine;
let object = 0;
let framesAtStart = 0;
const call = (name: string, ...values: number[]) => machine.address(name, ...values);
const frameAt = (index: number) => call("frame", object, index);
const ensure = (index: number) => call("ensureFrame", object, index);
const truncate = (pages: number, bytes = 0) => call("truncate", object, pages, bytes);
const references = (frame: number) => call("frameReferences", frame);
const taken = () => framesAtStart - call("freeFrameCount");
const fill = (frame: number) => machine.part.write(frame, new Uint8Array(PAGE).fill(0xaa));
const bytesOf = (frame: number) => [...machine.part.read(frame, PAGE)];
const zeros = (bytes: number[]) => bytes.every((byte) => byte === 0);

beforeEach(() => {
  machine = start();
  call("start", RAM_FRAMES);
  framesAtStart = call("freeFrameCount");
  object = call("create");
});

describe("a memory object", () => {
  it("is empty, and costs a record only", () => {
    assert.equal(call("sizePages", object), 0);
    assert.equal(call("sizeBytes", object), 0);
    assert.equal(call("references", object), 1);
    assert.equal(frameAt(0), 0);
    assert.equal(taken(), 1);
  });

  it("is none without memory", () => {
    call("release", object);
    while (call("allocateFrame") !== 0);
    assert.equal(call("create"), 0);
  });

  const zero = (startPage: number, start: number, endPage: number, end: number) =>
    call("zero", object, startPage, start, endPage, end);
  const zeroAt = (frame: number) => bytesOf(frame).map((byte) => (byte === 0 ? 1 : 0));

  it("gives back whole pages of what is to be zeros, and clears parts of others", () => {
    const frames = [1, 2, 3, 4, 9].map(ensure);
    for (const frame of frames) fill(frame);
    const [first = 0, , third = 0, fourth = 0, last = 0] = frames;
    call("retainFrame", third);
    const free = call("freeFrameCount");
    zero(1, 4000, 4, 100);
    assert.equal(call("freeFrameCount"), free + 1);
    assert.deepEqual([1, 2, 3, 4, 9].map(frameAt), [first, 0, third, fourth, last]);
    assert.equal(zeroAt(first).indexOf(1), 4000);
    assert.equal(zeroAt(first).filter(Boolean).length, 96);
    assert.ok(zeros(bytesOf(third)));
    assert.equal(zeroAt(fourth).lastIndexOf(1), 99);
    assert.equal(zeroAt(fourth).filter(Boolean).length, 100);
    assert.ok(!bytesOf(last).includes(0));
    assert.equal(call("noWindowOpen"), 1);
  });

  it("clears a part within one page, and nothing for an empty range", () => {
    const frame = ensure(5);
    fill(frame);
    zero(5, 10, 5, 10);
    zero(5, 20, 5, 10);
    zero(4, 0, 5, 0);
    assert.ok(!bytesOf(frame).includes(0));
    zero(5, 0, 5, 4095);
    assert.equal(zeroAt(frame).indexOf(0), 4095);
    zero(5, 0, 6, 0);
    assert.equal(frameAt(5), 0);
  });

  it("clears up to the last page that there can be", () => {
    ensure(0xfffffffe);
    zero(0, 0, 0xffffffff, 4096);
    assert.equal(frameAt(0xfffffffe), 0);
    call("ensureFrame", object, 0xffffffff);
    zero(7, 0, 0xffffffff, 8192);
    assert.equal(frameAt(0xffffffff), 0);
  });

  it("gives a hole a zeroed frame, and the same one again", () => {
    const dirty = call("allocateFrame");
    fill(dirty);
    call("releaseFrame", dirty);
    const frame = ensure(7);
    assert.equal(frame, dirty);
    assert.ok(zeros(bytesOf(frame)));
    assert.equal(ensure(7), frame);
    assert.equal(frameAt(7), frame);
    assert.equal(references(frame), 1);
    assert.equal(call("noWindowOpen"), 1);
  });

  it("gives no frame when memory is out, and takes nothing", () => {
    ensure(0);
    const left = [0, 1, 2].map((count) => {
      const held = Array.from({ length: call("freeFrameCount") - count }, () =>
        call("allocateFrame"),
      );
      const frame = ensure(64 * 64);
      if (frame === 0) assert.equal(call("freeFrameCount"), count > 1 ? 1 : count);
      for (const each of held) call("releaseFrame", each);
      return frame;
    });
    assert.equal(left[0], 0);
    call("release", object);
    assert.equal(taken(), 0);
  });

  it("takes a frame with the caller's reference, for a hole only", () => {
    const frame = call("allocateFrame");
    assert.equal(call("insertFrame", object, 3, frame), 1);
    assert.equal(frameAt(3), frame);
    assert.equal(references(frame), 1);
    const other = call("allocateFrame");
    assert.throws(() => call("insertFrame", object, 3, other), /the page has a frame/);
  });

  it("gives everything back with its last reference", () => {
    for (const index of [0, 1, 64, 100000]) ensure(index);
    call("retain", object);
    call("release", object);
    assert.notEqual(frameAt(100000), 0);
    call("release", object);
    assert.equal(taken(), 0);
  });
});

describe("a memory object's size", () => {
  it("may be as large as a file's on Linux", () => {
    const most = call("largestPages");
    assert.equal(most, 0xffffffff);
    truncate(most);
    const kept = ensure(0);
    const last = ensure(most - 1);
    assert.equal(call("sizePages", object), most);
    truncate(most - 1, 4095);
    assert.equal(frameAt(most - 1), last);
    truncate(most - 1);
    assert.equal(frameAt(most - 1), 0);
    truncate(1);
    assert.equal(frameAt(0), kept);
  });

  it("keeps the page that it ends in, and zeroes what lies past it", () => {
    truncate(3);
    const frames = [0, 1, 2].map(ensure);
    frames.forEach(fill);
    truncate(1, 100);
    assert.deepEqual([0, 1, 2].map(frameAt), [...frames.slice(0, 2), 0]);
    const last = bytesOf(frames[1] ?? 0);
    assert.deepEqual(last.slice(99, 101), [0xaa, 0]);
    assert.ok(zeros(last.slice(100)));
    assert.deepEqual(bytesOf(frames[0] ?? 0), Array(PAGE).fill(0xaa));
    assert.equal(call("noWindowOpen"), 1);
  });

  it("may end in a hole", () => {
    truncate(2);
    truncate(0, 100);
    assert.equal(frameAt(0), 0);
    assert.equal(call("sizeBytes", object), 100);
  });

  it("zeroes nothing when it ends with a page", () => {
    truncate(2);
    const frames = [0, 1].map(ensure);
    frames.forEach(fill);
    truncate(1);
    assert.deepEqual(bytesOf(frames[0] ?? 0), Array(PAGE).fill(0xaa));
  });

  it("shows zeros where it grows, whatever was written past its end", () => {
    truncate(0, 100);
    const frames = [0, 1].map(ensure);
    frames.forEach(fill);
    truncate(2, 200);
    assert.deepEqual(bytesOf(frames[0] ?? 0).slice(98, 102), [0xaa, 0xaa, 0, 0]);
    assert.equal(frameAt(1), 0);
  });

  it("keeps all when it grows by writing first", () => {
    const frame = ensure(0);
    fill(frame);
    call("grow", object, 50);
    truncate(1);
    assert.deepEqual(bytesOf(frame).slice(48, 52), [0xaa, 0xaa, 0, 0]);
  });
});

describe("the mappings of a memory object", () => {
  const START = 0x40_0000;
  let tables = 0;
  let frames: number[] = [];
  const entryAt = (page: number) => call("entry", tables, START + page * PAGE);
  const present = () => [0, 1, 2, 3].map((page) => (entryAt(page) === 0 ? 0 : 1));
  const show = (page: number, index: number) =>
    call("show", tables, START + page * PAGE, frames[index] ?? 0);
  const map = (pages: number, first: number, from = 0) =>
    call("map", object, tables, START + from * PAGE, START + (from + pages) * PAGE, first);

  beforeEach(() => {
    tables = call("createTables");
    truncate(8);
    frames = Array.from({ length: 8 }, (_, index) => ensure(index));
  });

  it("hold a reference each", () => {
    const mapping = map(4, 0);
    assert.equal(call("references", object), 2);
    assert.equal(call("shown", mapping), object);
    call("unmap", object, mapping);
    assert.equal(call("references", object), 1);
    assert.equal(call("shown", mapping), 0);
  });

  it("lose the pages that are truncated, and no others", () => {
    map(4, 2);
    for (const page of [0, 1, 2, 3]) show(page, page + 2);
    truncate(6);
    assert.deepEqual(present(), [1, 1, 1, 1]);
    truncate(5);
    assert.deepEqual(present(), [1, 1, 1, 0]);
    truncate(3, 1);
    assert.deepEqual(present(), [1, 1, 0, 0]);
    truncate(2);
    assert.deepEqual(present(), [0, 0, 0, 0]);
  });

  it("lose all pages when the object ends before they begin", () => {
    map(4, 4);
    for (const page of [0, 1, 2, 3]) show(page, page + 4);
    truncate(1);
    assert.deepEqual(present(), [0, 0, 0, 0]);
    assert.equal(frameAt(0), frames[0]);
  });

  it("lose copies that a space made, too", () => {
    map(2, 0);
    const copy = call("allocateFrame");
    call("show", tables, START, copy);
    call("releaseFrame", copy);
    const before = call("freeFrameCount");
    truncate(0);
    assert.equal(entryAt(0), 0);
    // The copy, and the eight frames of the object.
    assert.ok(call("freeFrameCount") >= before + 9);
  });

  it("are found again when others come and go", () => {
    const [first, second, third] = [map(1, 0, 0), map(1, 1, 1), map(1, 2, 2)];
    for (const page of [0, 1, 2]) show(page, page);
    call("unmap", object, second);
    truncate(0);
    assert.deepEqual(present(), [0, 1, 0, 0]);
    call("unmap", object, third);
    call("unmap", object, first);
    assert.equal(call("references", object), 1);
    truncate(8);
    const again = map(1, 0, 1);
    truncate(0);
    assert.deepEqual(present(), [0, 0, 0, 0]);
    call("unmap", object, again);
  });

  it("may have no tables yet", () => {
    call("map", object, 0, START, START + PAGE, 0);
    truncate(0);
    assert.equal(call("sizePages", object), 0);
  });
});
