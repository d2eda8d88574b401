import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { BOOT_PAGES, type Machine, machineFor, PAGE } from "./simulated-machine";

const start = machineFor(`
  ${BOOT_PAGES}
  export { allocate, free } from "./kernel/memory/heap";
  export { freeFrameCount } from "./kernel/memory/frames";
  export { allocatePages, freePages } from "./kernel/memory/pages";
`);

const FRAMES = 64;
const HEADER = 32;
const NO_OBJECT = /heap: free of an address that is not an object/;
let machine: Machine;
let framesAtStart = 0;
const call = (name: string, ...values: number[]) => machine.address(name, ...values);
const allocate = (size: number) => call("allocate", size);
const free = (object: number) => call("free", object);
const pageOf = (object: number) => object - (object % PAGE);
/** How many frames are taken since the start. */
const taken = () => framesAtStart - call("freeFrameCount");

/** Allocates objects until their page is full: all but the first are on it. */
function fillPage(size: number): number[] {
  const objects = [allocate(size)];
  const room = Math.floor((PAGE - HEADER) / size);
  while (objects.length < room) objects.push(allocate(size));
  return objects;
}

describe("the heap", () => {
  beforeEach(() => {
    machine = start();
    call("start", FRAMES);
    // The kernel's page table for the heap stays from now on.
    call("allocatePages", 1);
    framesAtStart = call("freeFrameCount");
  });

  it("gives an object that is zeroed and aligned, whatever its place held before", () => {
    const object = allocate(100);
    assert.equal(object % 32, 0);
    machine.part.write(object, new Uint8Array(100).fill(0xaa));
    free(object);
    assert.equal(allocate(100), object);
    assert.deepEqual(machine.part.read(object, 100), new Uint8Array(100));
  });

  it("aligns objects of 16 bytes to 16", () => {
    assert.deepEqual(
      fillPage(16).map((object) => object % 16),
      new Array(254).fill(0),
    );
  });

  it("gives objects of one size that do not overlap", () => {
    const objects = fillPage(96);
    objects.forEach((object, i) => {
      machine.part.write(object, new Uint8Array(96).fill(i + 1));
    });
    objects.forEach((object, i) => {
      assert.deepEqual(machine.part.read(object, 96), new Uint8Array(96).fill(i + 1));
    });
  });

  it("fills a page to its last object, and not past it", () => {
    const [first = 0, ...others] = fillPage(2032);
    assert.deepEqual(others.map(pageOf), [pageOf(first)]);
    assert.deepEqual(
      [first, ...others].map((object) => (object - pageOf(first) - HEADER) % 2032),
      [0, 0],
    );
    assert.ok([first, ...others].every((object) => object + 2032 <= pageOf(first) + PAGE));
    assert.notEqual(pageOf(allocate(2032)), pageOf(first));
  });

  it("serves sizes between two classes from the larger one", () => {
    const object = allocate(97);
    assert.equal(pageOf(allocate(128)), pageOf(object));
    assert.notEqual(pageOf(allocate(96)), pageOf(object));
  });

  it("takes a new page only when every page of the size is full", () => {
    const first = fillPage(1008);
    assert.equal(taken(), 1);
    const second = allocate(1008);
    assert.equal(taken(), 2);
    free(first[2] ?? 0);
    assert.equal(allocate(1008), first[2], "the page that was full has a free object again");
    assert.equal(pageOf(allocate(1008)), pageOf(second));
    assert.equal(taken(), 2);
  });

  it("gives a page back with its last object", () => {
    const objects = fillPage(672);
    objects.slice(1).forEach(free);
    assert.equal(taken(), 1);
    free(objects[0] ?? 0);
    assert.equal(taken(), 0);
  });

  it("uses other pages of a size when one in the middle of their list has gone", () => {
    const pages = [fillPage(1008), fillPage(1008), fillPage(1008)];
    // Each has a free object now; the list is 2, 1, 0.
    for (const objects of pages) free(objects.pop() ?? 0);
    pages[1]?.forEach(free);
    assert.equal(taken(), 2);
    const given = [allocate(1008), allocate(1008)].map(pageOf);
    assert.deepEqual(
      given,
      [pages[2]?.[0], pages[0]?.[0]].map((each) => pageOf(each ?? 0)),
    );
    allocate(1008);
    assert.equal(taken(), 3);
  });

  it("uses other pages of a size when the first of their list has gone", () => {
    const pages = [fillPage(1008), fillPage(1008), fillPage(1008)];
    for (const objects of pages) free(objects.pop() ?? 0);
    pages[2]?.forEach(free);
    assert.equal(taken(), 2);
    const given = [allocate(1008), allocate(1008)].map(pageOf);
    assert.deepEqual(
      given,
      [pages[1]?.[0], pages[0]?.[0]].map((each) => pageOf(each ?? 0)),
    );
  });

  it("uses other pages of a size when the last of their list has gone", () => {
    const pages = [fillPage(1008), fillPage(1008), fillPage(1008)];
    for (const objects of pages) free(objects.pop() ?? 0);
    pages[0]?.forEach(free);
    const given = [allocate(1008), allocate(1008)].map(pageOf);
    assert.deepEqual(
      given,
      [pages[2]?.[0], pages[1]?.[0]].map((each) => pageOf(each ?? 0)),
    );
    assert.equal(taken(), 2);
  });

  it("gives an object that is too large for a shared page pages of its own", () => {
    const object = allocate(2033);
    assert.equal(object, pageOf(object) + HEADER);
    assert.notEqual(pageOf(allocate(2033)), pageOf(object));
    const larger = allocate(2 * PAGE - HEADER);
    assert.equal(taken(), 4);
    assert.deepEqual(
      machine.part.read(larger, 2 * PAGE - HEADER),
      new Uint8Array(2 * PAGE - HEADER),
    );
    free(larger);
    assert.equal(taken(), 2);
    allocate(2 * PAGE - HEADER + 1);
    assert.equal(taken(), 5);
  });

  it("has no object of nearly 4 GiB", () => {
    assert.equal(allocate(0xffffffff), 0);
    assert.equal(allocate(0xffffffe0), 0);
    assert.equal(taken(), 0);
  });

  it("gives 0 when there is no frame, and works again when there is", () => {
    const left = call("allocatePages", call("freeFrameCount"));
    assert.notEqual(left, 0);
    assert.equal(allocate(16), 0);
    assert.equal(allocate(5000), 0);
    call("freePages", left, framesAtStart);
    assert.notEqual(allocate(16), 0);
    assert.notEqual(allocate(5000), 0);
  });

  it("ignores the address 0 when it frees", () => {
    free(0);
    assert.equal(taken(), 0);
  });

  it("panics at an address inside an object", () => {
    const object = allocate(64);
    assert.throws(() => free(object + 16), NO_OBJECT);
  });

  it("panics at an address in a page that is not the heap's", () => {
    const page = call("allocatePages", 1);
    assert.throws(() => free(page + HEADER), NO_OBJECT);
    // With a size, but no object in use.
    machine.setWord(page, 64);
    assert.throws(() => free(page + HEADER), NO_OBJECT);
  });
});
