import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileKernelPart } from "../kernel-part";

const start = compileKernelPart(`
  import * as load from "./kernel/thread/load";
  export function sample(runnable: u32): void { load.sampleLoad(runnable); }
  export function idle(times: u32): void { load.sampleIdle(times); }
  export function average(period: u32): u32 { return load.averageLoad(period); }
  export function one(): u32 { return load.LOAD_ONE; }
`);

/** The averages after so many minutes with so many runnable threads. */
function after(minutes: number, runnable: number): number[] {
  const { call } = start();
  const samples = minutes * 12;
  for (let i = 0; i < samples; i++) call.sample!(runnable);
  return [0, 1, 2].map((period) => call.average!(period) / call.one!());
}

describe("the load", () => {
  it("comes to 1 - 1/e of what runs within its period", () => {
    for (const [period, minutes] of [1, 5, 15].entries()) {
      const average = after(minutes, 2)[period] ?? 0;
      assert.ok(Math.abs(average - 2 * (1 - 1 / Math.E)) < 0.03, `${minutes}: ${average}`);
    }
  });

  it("comes to what runs for long, however many that are", () => {
    for (const runnable of [0, 1, 1000]) {
      for (const average of after(120, runnable)) {
        assert.ok(average <= runnable && average >= runnable * 0.95 - 0.01, `${average}`);
      }
    }
  });

  it("is the same whether idle times are counted one by one or made up for", () => {
    const averages = (idle: (call: ReturnType<typeof start>["call"]) => void) => {
      const { call } = start();
      for (let i = 0; i < 50; i++) call.sample!(3);
      idle(call);
      return [0, 1, 2].map((period) => call.average!(period));
    };
    const oneByOne = averages((call) => {
      for (let i = 0; i < 30; i++) call.sample!(0);
    });
    assert.deepEqual(
      averages((call) => call.idle!(30)),
      oneByOne,
    );
  });

  it("is nothing after a very long idle time, which takes no long time to make up for", () => {
    const { call } = start();
    for (let i = 0; i < 3000; i++) call.sample!(1_000_000);
    call.idle!(0xffffffff);
    assert.deepEqual(
      [0, 1, 2].map((period) => call.average!(period)),
      [0, 0, 0],
    );
  });
});
