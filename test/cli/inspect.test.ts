// `isthmus audit` and `isthmus map` on this project's own kernel.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MACHINE_NAMES } from "../../src/machine/machine";
import { skipReason } from "../machine/installed";
import { isthmus } from "./isthmus";

interface AuditReport {
  readonly ok: boolean;
  readonly sharedBytes: number;
  readonly shared: readonly { va: number; pa: number; flags: string }[];
  readonly laws: readonly { number: number; verdict: string; why: string }[];
  readonly spaces: readonly { name: string; cr3: number; mappedBytes: number }[];
  readonly moments: readonly { name: string; cpl: number }[];
}

const TRAMPOLINE_MAX = 12288;

for (const machine of MACHINE_NAMES) {
  describe(`isthmus audit on ${machine}`, { skip: skipReason(machine) }, () => {
    it("finds the laws to hold while several processes run", async () => {
      const words = ["audit", "--machine", machine, "--json", "--stops", "3", "--", "churn", "2"];
      const { status, stdout, stderr } = await isthmus(words);
      assert.equal(status, 0, stdout + stderr);
      const report = JSON.parse(stdout) as AuditReport;
      assert.equal(report.ok, true);
      assert.ok(report.sharedBytes > 0 && report.sharedBytes <= TRAMPOLINE_MAX);
      assert.equal(report.shared.length * 4096, report.sharedBytes);
      assert.deepEqual(
        report.laws.map(({ number, verdict }) => [number, verdict]),
        [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => [number, "holds"]),
        JSON.stringify(report.laws, undefined, 1),
      );
      assert.ok(report.spaces.length >= 4, "the kernel and three processes at least");
      assert.ok(report.moments.some(({ name, cpl }) => name === "user mode" && cpl === 3));
    });
  });
}

describe("isthmus audit", () => {
  it("cannot audit a run without a process, and says what the kernel said", async () => {
    const { status, stderr } = await isthmus(["audit", "--", "no-such-program"]);
    assert.equal(status, 2);
    assert.match(stderr, /CLI004.*no process.*cannot run/);
  });
});

describe("isthmus map", () => {
  it("draws the spaces of a running machine as JSON", async () => {
    const { status, stdout, stderr } = await isthmus(["map", "--json", "--", "spin"]);
    assert.equal(status, 0, stderr);
    const { columns } = JSON.parse(stdout) as {
      columns: { title: string; boxes: { label: string; shared: boolean }[] }[];
    };
    assert.deepEqual(
      columns.map(({ title }) => title),
      ["kernel space", "physical memory", "spin (pid 1)"],
    );
    for (const { boxes } of columns) {
      assert.equal(boxes.filter(({ shared }) => shared).length, 3);
    }
  });

  it("draws a file without booting it, as SVG on request", async () => {
    const { status, stdout } = await isthmus(["map", "build/kernel.elf", "--svg", "-"]);
    assert.equal(status, 0);
    assert.match(stdout, /^<svg .*\.trampoline\.text.*<\/svg>\n$/s);
  });

  it("explains the signs of the drawing", async () => {
    const { stdout } = await isthmus(["map", "build/kernel.elf"]);
    assert.match(
      stdout,
      /\n\na b … {2}the same frames {3}= {2}in several spaces {3}⋮ {2}nothing\n/,
    );
  });

  it("names the processes there are when asked for another", async () => {
    const { status, stderr } = await isthmus(["map", "--pid", "77", "--", "spin"]);
    assert.equal(status, 2);
    assert.match(stderr, /no process 77, only 1/);
  });
});
