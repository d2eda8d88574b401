import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { INFO_CURRENT } from "../../../src/abi/kernel-info";
import { FRAME_SIZE } from "../../../src/abi/trap-frame";
import {
  BOOT_PAGES,
  KERNEL_INFO,
  type Machine,
  machineFor,
  PAGE,
} from "../memory/simulated-machine";

const RETURN_TO_USER = 0xfffff100;
const BEFORE_USER_RETURN = 0x12_3450;
const start = machineFor(
  `
  ${BOOT_PAGES}
  import * as threads from "./kernel/thread/thread";
  export * from "./kernel/memory/frames";
  function at(thread: usize): threads.Thread { return changetype<threads.Thread>(thread); }
  export function create(owner: usize): usize {
    return changetype<usize>(threads.createThread(owner));
  }
  export function release(thread: usize): void { at(thread).release(); }
  export function prepare(thread: usize): void { at(thread).prepare(); }
  export function savedEsp(thread: usize): usize { return load<usize>(at(thread).savedEspAddress); }
  export function stack(thread: usize): usize { return at(thread).stack; }
  export function stackTop(thread: usize): usize { return at(thread).stackTop; }
  export function frame(thread: usize): usize { return changetype<usize>(at(thread).frame); }
  export function floatingPoint(thread: usize): usize { return at(thread).floatingPoint; }
  export function isOnAlternative(thread: usize, start: u32, size: u32, esp: u32): bool {
    at(thread).alternativeStack = start;
    at(thread).alternativeSize = size;
    return at(thread).isOnAlternativeStack(esp);
  }
  export function owner(thread: usize): usize { return at(thread).owner; }
  export function state(thread: usize): u32 { return at(thread).state; }
  export function setCurrent(thread: usize): void { threads.setCurrentThread(at(thread)); }
  export function current(): usize { return changetype<usize>(threads.currentThread); }
  export function currentOwner(): usize { return threads.currentOwner; }
  export function tellInspectors(owner: usize): void { threads.tellInspectors(owner); }
`,
  {
    imports: {
      symbols: {
        return_to_user: () => RETURN_TO_USER,
        beforeUserReturn: () => BEFORE_USER_RETURN,
      },
    },
  },
);

const STACK_SIZE = 2 * PAGE;
const OWNER = 0x5000;
let machine: Machine;
let framesAtStart = 0;
const call = (name: string, ...values: number[]) => machine.address(name, ...values);

/** Takes frames until `left` are left; a function that gives them back. */
function leaveFrames(left: number): () => void {
  const frames = Array.from({ length: call("freeFrameCount") - left }, () => call("allocateFrame"));
  return () => {
    for (const frame of frames.reverse()) call("releaseFrame", frame);
  };
}

describe("a thread", () => {
  beforeEach(() => {
    machine = start();
    call("start", 64);
    framesAtStart = call("freeFrameCount");
  });

  it("belongs to its owner and may run", () => {
    const thread = call("create", OWNER);
    assert.equal(call("owner", thread), OWNER);
    assert.equal(call("state", thread), 0);
  });

  it("has a stack of its own, which ends with the frame of its last entry", () => {
    const thread = call("create", OWNER);
    const stack = call("stack", thread);
    assert.equal(call("stackTop", thread), stack + STACK_SIZE);
    assert.equal(call("frame", thread), stack + STACK_SIZE - FRAME_SIZE);
    assert.ok(Math.abs(call("stack", call("create", OWNER)) - stack) > STACK_SIZE);
  });

  it("has the floating-point registers of a program that starts, where FXSAVE can put them", () => {
    const threads = [call("create", OWNER), call("create", OWNER)];
    const areas = threads.map((thread) => call("floatingPoint", thread));
    for (const [i, area] of areas.entries()) {
      assert.equal(area % 16, 0);
      assert.ok(area > (threads[i] ?? 0));
      assert.equal(machine.word(area), 0x37f);
      assert.equal(machine.word(area + 24), 0x1f80);
    }
    assert.ok(Math.abs((areas[1] ?? 0) - (areas[0] ?? 0)) >= 512);
  });

  it("is prepared to go to user mode by the way that every thread goes", () => {
    const thread = call("create", OWNER);
    call("prepare", thread);
    const esp = call("savedEsp", thread);
    const words = [0, 1, 2, 3, 4, 5].map((i) => machine.word(esp + 4 * i));
    assert.deepEqual(words, [0, 0, 0, 0, BEFORE_USER_RETURN, RETURN_TO_USER]);
    assert.equal(esp + 24, call("frame", thread));
  });

  it("gives everything back", () => {
    call("release", call("create", OWNER));
    assert.equal(call("freeFrameCount"), framesAtStart);
  });

  it("is none without memory, and gives back what it got", () => {
    // The record's page, and the two of the stack.
    for (let left = 0; left < 3; left++) {
      const giveBack = leaveFrames(left);
      assert.equal(call("create", OWNER), 0, `with ${left} frames`);
      assert.equal(call("freeFrameCount"), left);
      giveBack();
    }
    leaveFrames(3);
    assert.notEqual(call("create", OWNER), 0);
  });
});

describe("the current thread", () => {
  beforeEach(() => {
    machine = start();
    call("start", 64);
  });

  it("is known with its owner, to inspectors too", () => {
    const thread = call("create", OWNER);
    call("setCurrent", thread);
    assert.equal(call("current"), thread);
    assert.equal(call("currentOwner"), OWNER);
    assert.equal(machine.word(KERNEL_INFO + INFO_CURRENT), OWNER);
    call("tellInspectors", 0);
    assert.equal(machine.word(KERNEL_INFO + INFO_CURRENT), 0);
    assert.equal(call("currentOwner"), OWNER);
  });
});

describe("an alternative stack", () => {
  it("is in use while the stack pointer is in it, down to empty", () => {
    machine = start();
    call("start", 16);
    const thread = call("create", OWNER);
    const isOn = (esp: number) => call("isOnAlternative", thread, 0x1000, 0x800, esp);
    assert.deepEqual([0x1000, 0x1001, 0x1800, 0x1801].map(isOn), [0, 1, 1, 0]);
    assert.equal(call("isOnAlternative", thread, 0, 0, 0x1000), 0);
  });
});
