// v86 stopped in the middle of the kernel and of programs, thousands of times, and going on.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { layout } from "../../../kernel/layout";
import { auditMachine } from "../../../src/inspect/audit-machine";
import { unchecked } from "../../../src/inspect/judgement";
import { type Look, Observation } from "../../../src/inspect/observation";
import { Random } from "../../../src/inspect/random";
import { resolveLayout } from "../../../src/link/layout/resolve";
import { build, openKernel, withMachine } from "../booted-kernel";

const STEPS = 10_000;
const STEPS_AT_ONCE = 200;

/** Ends the program, which reads its input, once the random stops are over. */
class ObservationToTheEnd extends Observation {
  override async afterExit<Result>(
    pids: ReadonlySet<number>,
    look: Look<Result>,
    timeoutMs: number,
  ): Promise<Result | undefined> {
    const result = await super.afterExit(pids, look, timeoutMs);
    this.machine.serial.send("\x04");
    return result;
  }
}

describe("v86, stepped through the kernel", () => {
  it("goes on after 10,000 steps from random moments, and the shell answers", async (t) => {
    const seed = 1 + Math.floor(Math.random() * 0xffff);
    t.diagnostic(`seed ${seed}`);
    const random = new Random(seed);
    await withMachine("v86", {}, async (machine) => {
      const { serial } = machine;
      await serial.waitFor(/\/\$ /);
      serial.send("churn 3 &\r");
      await serial.waitFor(/\[\d+\]\r\n[\s\S]*\/\$ /);
      const seen = new Set<number>();
      for (let steps = 0; steps < STEPS; ) {
        await new Promise((resolve) => setTimeout(resolve, random.below(20)));
        await machine.stop();
        const count = 1 + random.below(STEPS_AT_ONCE);
        for (let i = 0; i < count; i++) {
          steps += await machine.step();
          seen.add((await machine.registers()).eip);
        }
        await machine.resume();
      }
      // Most moments lie in the few instructions that churn computes with; v86 itself stops at two.
      assert.ok(seen.size > 50, `${seen.size} different instructions`);
      serial.send("echo $? still here\r");
      // Not what was typed, which the line editor shows, but the answer.
      await serial.waitFor(/\n0 still here\r\n/);
    });
  });

  it("is audited at different instructions by different random stops", async () => {
    const built = await build();
    const machine = openKernel("v86", built, { program: ["shell", "-c", "churn 1000 & cat"] });
    const files = { image: built.kernel, layout: resolveLayout(layout), programs: new Map() };
    const observation = new ObservationToTheEnd(machine, files);
    try {
      const report = await auditMachine(observation, 24, 4711, unchecked("not looked at here"));
      assert.equal(report?.ok, true);
      assert.equal(report.seed, 4711);
      const stops = report.moments.filter(({ name }) => name.startsWith("random stop"));
      const places = new Set(stops.map(({ eip }) => eip));
      assert.equal(stops.length, 24);
      assert.ok(places.size >= 12, `${places.size} different instructions in 24 stops`);
    } finally {
      await observation.close();
    }
  });
});
