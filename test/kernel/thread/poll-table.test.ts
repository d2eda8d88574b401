import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { BOOT_PAGES, type Machine, machineFor } from "../memory/simulated-machine";

const start = machineFor(`
  ${BOOT_PAGES}
  import * as table from "./kernel/thread/poll-table";
  import {
    createThread, currentThread, setCurrentThread, ThreadState,
  } from "./kernel/thread/thread";
  import { wakeAll } from "./kernel/thread/schedule";
  import { onNextInterrupt } from "./kernel/thread/timer";
  import { WaitQueue } from "./kernel/thread/wait-queue";
  import { allocateFrame } from "./kernel/memory/frames";
  export { freeFrameCount } from "./kernel/memory/frames";
  import { freeFrameCount as freeFrames } from "./kernel/memory/frames";
  const first = changetype<WaitQueue>(memory.data(offsetof<WaitQueue>(), 4));
  const second = changetype<WaitQueue>(memory.data(offsetof<WaitQueue>(), 4));
  function queue(index: u32): WaitQueue { return index === 0 ? first : second; }
  function interruptIn(nanoseconds: u32): u32 { return nanoseconds; }
  export function startThread(): void {
    onNextInterrupt(interruptIn.index);
    setCurrentThread(createThread(0x5000)!);
  }
  export function takeFrames(): void { while (freeFrames() !== 0) allocateFrame(); }
  export function startCollecting(): void { table.startCollecting(); }
  export function stopCollecting(): bool { return table.stopCollecting(); }
  export function wait(index: u32): void { table.pollWait(queue(index)); }
  export function leave(): void { table.leaveQueues(); }
  export function isEmpty(index: u32): bool { return queue(index).isEmpty(); }
  let told: u32 = 0;
  function note(_queue: WaitQueue, events: u32): void { told = told * 10 + events; }
  export function collectByNote(): void { table.collectBy(note.index); }
  export function waitFor(index: u32, events: u32): void {
    table.pollWaitFor(queue(index), events);
  }
  export function takeTold(): u32 { const was = told; told = 0; return was; }
  export function wake(index: u32): void { wakeAll(queue(index)); }
  export function block(): void { currentThread.state = ThreadState.blocked; }
  export function isRunnable(): bool { return currentThread.state === ThreadState.runnable; }
  export function takeFirst(index: u32): usize {
    return changetype<usize>(queue(index).takeFirst());
  }
`);

let machine: Machine;
const call = (name: string, ...values: number[]) => machine.call(name, ...values);
const areEmpty = () => [call("isEmpty", 0), call("isEmpty", 1)];

describe("a thread that polls", () => {
  beforeEach(() => {
    machine = start();
    call("start", 32);
    call("startThread");
  });

  it("waits in each queue that it is told of, until it leaves them", () => {
    const free = call("freeFrameCount");
    call("startCollecting");
    call("wait", 0);
    call("wait", 1);
    assert.equal(call("stopCollecting"), 1);
    assert.deepEqual(areEmpty(), [0, 0]);
    call("leave");
    assert.deepEqual(areEmpty(), [1, 1]);
    assert.equal(call("freeFrameCount"), free);
  });

  it("leaves the other queues when one has let it go", () => {
    call("startCollecting");
    call("wait", 0);
    call("wait", 1);
    call("wait", 1);
    call("stopCollecting");
    assert.notEqual(call("takeFirst", 0), 0);
    assert.notEqual(call("takeFirst", 1), 0);
    call("leave");
    assert.deepEqual(areEmpty(), [1, 1]);
  });

  it("is told that there was no memory for a queue", () => {
    call("takeFrames");
    call("startCollecting");
    for (let i = 0; i < 300; i++) call("wait", 0);
    assert.equal(call("stopCollecting"), 0);
    call("leave");
    assert.deepEqual(areEmpty(), [1, 1]);
    call("startCollecting");
    assert.equal(call("stopCollecting"), 1);
  });

  it("runs on when one of them is woken, and is in the others still", () => {
    call("startCollecting");
    call("wait", 0);
    call("wait", 1);
    call("stopCollecting");
    call("block");
    call("wake", 0);
    assert.equal(call("isRunnable"), 1);
    assert.deepEqual(areEmpty(), [1, 0]);
    call("leave");
    assert.deepEqual(areEmpty(), [1, 1]);
  });

  it("lets others collect in their own way, with what a queue is woken for", () => {
    call("collectByNote");
    call("waitFor", 0, 4);
    call("waitFor", 1, 1);
    assert.deepEqual(areEmpty(), [1, 1]);
    assert.equal(call("takeTold"), 41);
    call("startCollecting");
    call("wait", 1);
    assert.deepEqual(areEmpty(), [1, 0]);
    assert.equal(call("takeTold"), 0);
    call("stopCollecting");
    call("leave");
  });
});
