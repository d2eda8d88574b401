import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { BOOT_PAGES, type Machine, machineFor, PAGE, RAM_FRAMES } from "./simulated-machine";

const start = machineFor(`
  ${BOOT_PAGES}
  export * from "./kernel/memory/frame-contents";
  export * from "./kernel/memory/frames";
  export { noWindowOpen } from "./kernel/memory/window";
`);

let machine: Machine;
const call = (name: string, ...values: number[]) => machine.address(name, ...values);
const bytesOf = (frame: number) => machine.part.read(frame, PAGE);
const dirtyFrame = () => {
  const frame = call("allocateFrame");
  machine.part.write(frame, new Uint8Array(PAGE).fill(0xaa));
  return frame;
};

describe("the contents of frames", () => {
  beforeEach(() => {
    machine = start();
    call("start", RAM_FRAMES);
  });

  it("are cleared from an offset on", () => {
    const frame = dirtyFrame();
    call("clearFrame", frame, 100);
    assert.deepEqual([...bytesOf(frame).slice(98, 102)], [0xaa, 0xaa, 0, 0]);
    assert.equal(bytesOf(frame).at(-1), 0);
    call("clearFrame", frame, 0);
    assert.deepEqual(bytesOf(frame), new Uint8Array(PAGE));
    assert.equal(call("noWindowOpen"), 1);
  });

  it("are copied to a frame of its own", () => {
    const frame = dirtyFrame();
    const copy = call("copyOfFrame", frame);
    assert.notEqual(copy, frame);
    assert.deepEqual(bytesOf(copy), bytesOf(frame));
    assert.equal(call("frameReferences", copy), 1);
    assert.equal(call("noWindowOpen"), 1);
  });

  it("cannot be copied without memory", () => {
    const frame = dirtyFrame();
    while (call("allocateFrame") !== 0);
    assert.equal(call("copyOfFrame", frame), 0);
  });
});

describe("the frame of zeros", () => {
  beforeEach(() => {
    machine = start();
    call("start", RAM_FRAMES);
  });

  it("is one frame for all", () => {
    call("releaseFrame", dirtyFrame());
    const zeros = call("zeroFrame");
    assert.deepEqual(bytesOf(zeros), new Uint8Array(PAGE));
    const before = call("freeFrameCount");
    assert.equal(call("zeroFrame"), zeros);
    assert.equal(call("freeFrameCount"), before);
  });

  it("has a copy of zeros", () => {
    const zeros = call("zeroFrame");
    call("releaseFrame", dirtyFrame());
    const copy = call("copyOfFrame", zeros);
    assert.notEqual(copy, zeros);
    assert.deepEqual(bytesOf(copy), new Uint8Array(PAGE));
    assert.equal(call("frameReferences", zeros), 1);
  });

  it("is none without memory, and comes when there is some", () => {
    const frames = Array.from({ length: RAM_FRAMES }, () => call("allocateFrame"));
    assert.equal(call("zeroFrame"), 0);
    call("releaseFrame", frames[0] ?? 0);
    assert.notEqual(call("zeroFrame"), 0);
  });
});
