import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { BOOT_PAGES, type Machine, machineFor, RAM_FRAMES } from "./simulated-machine";

const start = machineFor(`
  ${BOOT_PAGES}
  import { FramePool, FrameTree, NO_PAGE } from "./kernel/memory/frame-tree";
  import { allocate } from "./kernel/memory/heap";
  export { free } from "./kernel/memory/heap";
  export * from "./kernel/memory/frames";
  function at(tree: usize): FrameTree { return changetype<FrameTree>(tree); }
  export function createTree(): usize { return allocate(offsetof<FrameTree>()); }
  export function frame(tree: usize, index: u32): u32 { return at(tree).frame(index); }
  export function putFrame(tree: usize, index: u32, frame: u32): bool {
    return at(tree).putFrame(index, frame);
  }
  export function dropFrames(tree: usize, index: u32): void { at(tree).dropFrames(index); }
  export function nextPage(tree: usize, index: u32): u32 {
    const page = at(tree).nextPage(index);
    return page === NO_PAGE ? 0xffffffff : <u32>page;
  }
  export function dropFrame(tree: usize, index: u32): void { at(tree).dropFrame(index); }
  export function addPool(tree: usize, other: usize, limit: u32): usize {
    const pool = changetype<FramePool>(allocate(offsetof<FramePool>()));
    pool.limit = limit;
    at(tree).pool = pool;
    at(other).pool = pool;
    return changetype<usize>(pool);
  }
  export function poolFrames(pool: usize): u32 { return changetype<FramePool>(pool).frames; }
  export function isFull(tree: usize): bool { return at(tree).isFull; }
  export function frameCount(tree: usize): u32 { return at(tree).frameCount; }
`);

/** The first and the last index of each height, and what lies around them. */
const EDGES = [0, 1, 63, 64, 65, 4095, 4096, 262143, 262144, 0x00ffffff, 0x01000000, 0xfffffffe];
let machine: Machine;
let tree = 0;
let framesAtStart = 0;
const call = (name: string, ...values: number[]) => machine.address(name, ...values);
const frameAt = (index: number) => call("frame", tree, index);
const drop = (index: number) => call("dropFrames", tree, index);
const taken = () => framesAtStart - call("freeFrameCount");

function put(index: number): number {
  const frame = call("allocateFrame");
  assert.equal(call("putFrame", tree, index, frame), 1);
  return frame;
}

/** Takes frames until `left` are left; a function that gives them back. */
function leaveFrames(left: number): () => void {
  const frames = Array.from({ length: call("freeFrameCount") - left }, () => call("allocateFrame"));
  return () => {
    for (const frame of frames.reverse()) call("releaseFrame", frame);
  };
}

describe("a tree of frames", () => {
  beforeEach(() => {
    machine = start();
    call("start", RAM_FRAMES);
    framesAtStart = call("freeFrameCount");
    tree = call("createTree");
  });

  it("is a hole at first", () => {
    for (const index of EDGES) assert.equal(frameAt(index), 0);
    assert.equal(call("frameCount", tree), 0);
  });

  it("shares a pool with others, which is full at its limit", () => {
    const other = call("createTree");
    const pool = call("addPool", tree, other, 3);
    put(0);
    put(70);
    assert.equal(call("putFrame", other, 0, call("allocateFrame")), 1);
    assert.deepEqual([call("isFull", tree), call("isFull", other)], [1, 1]);
    const frame = call("allocateFrame");
    assert.equal(call("putFrame", other, 1, frame), 0);
    assert.equal(call("frameCount", other), 1);
    call("dropFrame", tree, 70);
    assert.equal(call("isFull", other), 0);
    assert.equal(call("putFrame", other, 1, frame), 1);
    call("dropFrames", other, 0);
    assert.equal(call("poolFrames", pool), 1);
    drop(0);
    assert.equal(call("poolFrames", pool), 0);
  });

  it("finds the next page that has a frame", () => {
    const next = (index: number) => call("nextPage", tree, index) >>> 0;
    const none = 0xffffffff;
    assert.equal(next(0), none);
    for (let count = 1; count <= EDGES.length; count++) {
      const last = EDGES[count - 1] ?? 0;
      put(last);
      for (const index of EDGES.slice(0, count)) {
        assert.equal(next(index), index);
        const after = EDGES.slice(0, count).find((each) => each > index) ?? none;
        assert.equal(next(index + 1), after, `after ${index} of ${count}`);
      }
    }
    assert.equal(next(0xfffffffe), 0xfffffffe);
    assert.equal(next(0xffffffff), none);
  });

  it("gives back one frame, and keeps its neighbours", () => {
    const frames = EDGES.map(put);
    for (const [order, index] of EDGES.entries()) {
      const free = call("freeFrameCount");
      call("dropFrame", tree, index);
      assert.equal(call("freeFrameCount"), free + 1);
      assert.equal(frameAt(index), 0);
      assert.equal(call("frameCount", tree), EDGES.length - order - 1);
      for (const [other, edge] of EDGES.entries()) {
        if (other > order) assert.equal(frameAt(edge), frames[other]);
      }
    }
    drop(0);
    assert.equal(call("nextPage", tree, 0) >>> 0, 0xffffffff);
  });

  it("needs no node for a single page", () => {
    const before = call("freeFrameCount");
    const frame = put(0);
    assert.equal(frameAt(0), frame);
    assert.equal(before - call("freeFrameCount"), 1);
    for (const index of [1, 64, 0xffffffff]) assert.equal(frameAt(index), 0);
  });

  it("finds each page, in whatever order they come", () => {
    for (const order of [EDGES, [...EDGES].reverse()]) {
      const frames = order.map(put);
      assert.deepEqual(order.map(frameAt), frames);
      for (const hole of [2, 62, 66, 4094, 4097, 0x00fffffe, 0xfffffffd]) {
        assert.equal(frameAt(hole), 0, `page ${hole}`);
      }
      assert.equal(call("frameCount", tree), order.length);
      drop(0);
    }
  });

  for (const [i, from] of EDGES.entries()) {
    it(`drops all pages from ${from} on, and keeps those before`, () => {
      const frames = EDGES.map(put);
      drop(from);
      assert.deepEqual(
        EDGES.map(frameAt),
        frames.map((frame, j) => (j < i ? frame : 0)),
      );
      assert.equal(call("frameCount", tree), i);
      drop(0);
      call("free", tree);
      assert.equal(taken(), 0);
    });
  }

  it("keeps what lies before a hole that everything is dropped from", () => {
    const frame = put(3);
    for (const index of [4, 63, 64, 5000, 0xfffffffe]) drop(index);
    assert.equal(frameAt(3), frame);
    drop(2);
    assert.equal(frameAt(3), 0);
  });

  it("frees nodes that have become empty, and only those", () => {
    const low = put(0);
    put(64);
    drop(1);
    assert.equal(frameAt(0), low);
    drop(0);
    call("free", tree);
    assert.equal(taken(), 0);
  });

  it("can be filled again after everything was dropped", () => {
    put(5000);
    drop(0);
    const frame = put(0);
    assert.equal(frameAt(0), frame);
    assert.equal(frameAt(5000), 0);
  });

  it("takes no frame when it runs out of nodes, and gives back what it got", () => {
    const low = put(0);
    const frame = call("allocateFrame");
    // Nodes of a height of 6 lie in two pages of the heap; the first may have a place left.
    for (const left of [0, 1]) {
      const giveBack = leaveFrames(left);
      const fits = call("putFrame", tree, 0xfffffffe, frame) === 1;
      giveBack();
      if (left === 0) assert.equal(fits, false);
      if (fits) break;
      assert.equal(call("frameCount", tree), 1);
      assert.equal(frameAt(0xfffffffe), 0);
      assert.equal(frameAt(0), low);
    }
    if (frameAt(0xfffffffe) === 0) call("releaseFrame", frame);
    drop(0);
    call("free", tree);
    assert.equal(taken(), 0);
  });
});
