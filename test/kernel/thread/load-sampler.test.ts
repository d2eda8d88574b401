// When the load is sampled: every five seconds while a thread runs or could, not while none does.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileKernelPart } from "../kernel-part";

const SECOND = 1_000_000_000;

const start = compileKernelPart(
  `
  import { averageLoad } from "./kernel/thread/load";
  import { startLoad } from "./kernel/thread/load-sampler";
  import { goBusy, setRunnable } from "./kernel/thread/schedule";
  import { due, fire } from "./kernel/thread/timer";
  import { setUptime } from "./kernel/thread/uptime";
  export function start(): void { startLoad(); }
  export function at(seconds: u32): void { setUptime(<u64>seconds * ${SECOND}); }
  export function runnable(count: u32): void { setRunnable(count); }
  export function dueAt(): u32 { return <u32>(due() / ${SECOND}); }
  export function fireTimer(): void { fire(); }
  export function runAgain(): void { goBusy(); }
  export function average(): u32 { return averageLoad(0); }
`,
  {
    replace: {
      "kernel/thread/schedule.ts": `
        let runnable: u32 = 1;
        let busy: u32 = 0;
        export function setRunnable(count: u32): void { runnable = count; }
        export function countRunnable(): u32 { return runnable; }
        export function onceBusy(index: u32): void { busy = index; }
        export function goBusy(): void {
          const handler = busy;
          busy = 0;
          if (handler !== 0) call_indirect<void>(handler);
        }
      `,
      "kernel/thread/timer.ts": `
        @unmanaged export class Timer { deadline: u64 = 0; handler: u32 = 0; }
        let set: usize = 0;
        /** 0: no timer is set. */
        export function due(): u64 { return set === 0 ? 0 : changetype<Timer>(set).deadline; }
        export function setTimer(timer: Timer, deadline: u64): void {
          timer.deadline = deadline;
          set = changetype<usize>(timer);
        }
        export function fire(): void {
          const timer = changetype<Timer>(set);
          set = 0;
          call_indirect<void>(timer.handler, timer);
        }
      `,
      "kernel/thread/uptime.ts": `
        let uptime: u64 = 0;
        export function setUptime(value: u64): void { uptime = value; }
        export function readUptime(): u64 { return uptime; }
      `,
    },
  },
);

describe("samples of the load", () => {
  it("are due every five seconds while threads run", () => {
    const { call } = start();
    call.start!();
    assert.equal(call.dueAt!(), 5);
    const first = call.average!();
    call.at!(5);
    call.fireTimer!();
    assert.equal(call.dueAt!(), 10);
    assert.ok(call.average!() > first);
  });

  it("are not due while none runs, and are made up for at the end of that", () => {
    const { call } = start();
    call.start!();
    call.runnable!(0);
    call.at!(5);
    call.fireTimer!();
    assert.equal(call.dueAt!(), 0, "an idle machine is not interrupted");
    const idle = call.average!();
    call.at!(5 + 600 + 2);
    call.runnable!(1);
    call.runAgain!();
    assert.ok(call.average!() < idle, "ten minutes without load");
    assert.equal(call.dueAt!(), 5 + 600 + 5, "in step with those before");
    call.at!(610);
    call.fireTimer!();
    assert.equal(call.dueAt!(), 615);
  });
});
