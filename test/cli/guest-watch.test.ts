// A guest is looked at without stopping it: QEMU may not come back from that while it reads a disk.

import assert from "node:assert/strict";
import { it } from "node:test";
import { GuestWatch } from "../../src/cli/guest-watch";
import type { Machine } from "../../src/machine/machine";

it("a guest that is watched is never stopped", async () => {
  const calls: string[] = [];
  const machine = new Proxy({} as Machine, {
    get: (_, name) => async () => {
      calls.push(String(name));
      return name === "screen" ? ["text", ""] : undefined;
    },
  });
  const { screen } = await new GuestWatch(machine, undefined).end();
  assert.deepEqual(screen, ["text"]);
  assert.deepEqual(calls.sort(), ["glance", "screen"]);
});
