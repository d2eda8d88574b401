import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { FRAME_LIST, type Machine, machineFor, PAGE } from "./simulated-machine";

const start = machineFor('export * from "./kernel/memory/frames";');

const COUNT = 16;
const NOT_ALLOCATED = /frames: not an allocated frame/;
let machine: Machine;
const call = (name: string, ...values: number[]) => machine.address(name, ...values);

describe("frames", () => {
  beforeEach(() => {
    machine = start();
    call("startFrameList", FRAME_LIST, COUNT);
  });

  it("takes eight bytes for each frame, in whole pages", () => {
    assert.equal(call("frameListSize", 1024), 8192);
    assert.equal(call("frameListSize", 1025), 12288);
  });

  it("gives none before any is freed", () => {
    assert.equal(call("freeFrameCount"), 0);
    assert.equal(call("allocateFrame"), 0);
  });

  it("gives the lowest of the frames that were reserved first", () => {
    call("freeReserved", 4, 7);
    assert.equal(call("freeFrameCount"), 3);
    const given = [1, 2, 3, 4].map(() => call("allocateFrame"));
    assert.deepEqual(given, [4 * PAGE, 5 * PAGE, 6 * PAGE, 0]);
    assert.equal(call("freeFrameCount"), 0);
  });

  it("frees once what the firmware names twice", () => {
    call("freeReserved", 4, 7);
    call("freeReserved", 5, 8);
    assert.equal(call("freeFrameCount"), 4);
    const given = [1, 2, 3, 4, 5].map(() => call("allocateFrame"));
    assert.deepEqual(given.sort(), [0, 4 * PAGE, 5 * PAGE, 6 * PAGE, 7 * PAGE].sort());
  });

  it("leaves a frame that is in use when its range is freed at boot", () => {
    call("freeReserved", 4, 5);
    call("allocateFrame");
    call("freeReserved", 4, 5);
    assert.equal(call("freeFrameCount"), 0);
  });

  it("counts RAM in ranges", () => {
    call("countRam", 1, 4);
    call("countRam", 6, 8);
    assert.equal(call("totalFrameCount"), 5);
  });

  it("frees a frame with its last reference, and gives it out first", () => {
    call("freeReserved", 4, 7);
    const frame = call("allocateFrame");
    assert.equal(call("frameReferences", frame), 1);
    call("retainFrame", frame);
    assert.equal(call("frameReferences", frame), 2);
    call("releaseFrame", frame);
    assert.equal(call("frameReferences", frame), 1);
    assert.equal(call("freeFrameCount"), 2);
    call("releaseFrame", frame);
    assert.equal(call("freeFrameCount"), 3);
    assert.equal(call("allocateFrame"), frame);
  });

  it("keeps the owner's word with a frame, 0 at first", () => {
    call("freeReserved", 4, 7);
    const frame = call("allocateFrame");
    assert.equal(call("frameLink", frame), 0);
    call("setFrameLink", frame, 0xabcd);
    assert.equal(call("frameLink", frame), 0xabcd);
    call("releaseFrame", frame);
    assert.equal(call("allocateFrame"), frame);
    assert.equal(call("frameLink", frame), 0);
  });

  it("panics if a frame is freed twice", () => {
    call("freeReserved", 4, 7);
    const frame = call("allocateFrame");
    call("releaseFrame", frame);
    assert.throws(() => call("releaseFrame", frame), NOT_ALLOCATED);
  });

  it("panics if a reserved frame is freed, retained or given a word", () => {
    assert.throws(() => call("releaseFrame", 4 * PAGE), NOT_ALLOCATED);
    assert.throws(() => call("retainFrame", 0), NOT_ALLOCATED);
    assert.throws(() => call("setFrameLink", 4 * PAGE, 1), NOT_ALLOCATED);
  });

  it("panics at a frame past the last one, whatever lies after the list", () => {
    machine.setWord(FRAME_LIST + 8 * COUNT + 4, 1);
    assert.throws(() => call("frameReferences", COUNT * PAGE), NOT_ALLOCATED);
    assert.throws(() => call("frameReferences", 0xfffff000), NOT_ALLOCATED);
  });
});

describe("frames above 4 GiB", () => {
  const HIGH = 2 ** 20;
  /** The name of a frame: its number, rotated. */
  const nameOf = (index: number) => ((index << 12) | (index >>> 20)) >>> 0;

  beforeEach(() => {
    machine = start();
    call("startFrameList", FRAME_LIST, HIGH + 16);
    call("freeReserved", HIGH - 2, HIGH + 3);
  });

  it("go to users first, and those below 4 GiB alone to the kernel", () => {
    assert.equal(call("freeFrameCount"), 4);
    assert.equal(call("allocateUserFrame"), nameOf(HIGH + 1));
    assert.equal(call("allocateFrame"), nameOf(HIGH - 2));
    assert.equal(call("allocateUserFrame"), nameOf(HIGH + 2));
    assert.equal(call("allocateUserFrame"), nameOf(HIGH - 1));
    assert.deepEqual([call("allocateUserFrame"), call("allocateFrame")], [0, 0]);
    assert.equal(call("freeFrameCount"), 0);
  });

  it("have names that are no small numbers, so the one at 4 GiB has no owner", () => {
    const names = [1, 2, 3, 4].map(() => call("allocateUserFrame"));
    assert.ok(names.every((name) => name >= PAGE));
    assert.ok(!names.includes(nameOf(HIGH)));
  });

  it("are counted and freed as others are", () => {
    const frame = call("allocateUserFrame");
    call("retainFrame", frame);
    assert.equal(call("frameReferences", frame), 2);
    call("releaseFrame", frame);
    call("releaseFrame", frame);
    assert.throws(() => call("releaseFrame", frame), NOT_ALLOCATED);
    assert.equal(call("allocateFrame"), nameOf(HIGH - 2));
    assert.equal(call("allocateUserFrame"), frame);
  });

  it("are freed as far as the list goes", () => {
    call("freeReserved", HIGH + 14, HIGH + 100);
    assert.equal(call("freeFrameCount"), 6);
  });
});
