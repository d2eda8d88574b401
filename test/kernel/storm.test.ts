// System calls at random: no panic, and no memory of the kernel's is lost, also when there is none.
//
// A short share: `npm run storm` makes ten million.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { skipReason } from "../machine/installed";
import { runStorm } from "./storm";

const CALLS = 60_000;

describe("system calls at random", { skip: skipReason("qemu") }, () => {
  for (const [what, seed, starves] of [
    ["lose no memory", 7, false],
    ["lose none if allocations fail", 3, true],
  ] as const) {
    it(what, async () => {
      const { output, isGood } = await runStorm("qemu", seed, CALLS, starves);
      assert.ok(isGood, output);
      assert.match(output, /^6\d{4} calls, \d+ processes, 0 frames and 0 objects lost$/m);
    });
  }
});
