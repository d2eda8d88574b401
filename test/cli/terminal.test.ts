import assert from "node:assert/strict";
import { it } from "node:test";
import { patiently } from "../../src/cli/terminal";

it("says what takes long after half a second, and once", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const said: string[] = [];
  t.mock.method(process.stderr, "write", (text: string) => said.push(text) > 0);
  let finish: (value: number) => void = () => {};
  const slow = patiently("building", () => new Promise<number>((resolve) => (finish = resolve)));
  t.mock.timers.tick(499);
  assert.equal(said.length, 0);
  t.mock.timers.tick(1);
  t.mock.timers.tick(10_000);
  assert.equal(said.length, 1);
  assert.match(said[0] ?? "", /isthmus: building/);
  finish(7);
  assert.equal(await slow, 7);
  assert.equal(await patiently("nothing", async () => 8), 8);
  t.mock.timers.tick(10_000);
  assert.equal(said.length, 1);
});
