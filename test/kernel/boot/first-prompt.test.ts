// What the first prompt costs in v86, where most people see it.

import assert from "node:assert/strict";
import { it } from "node:test";
import { V86Machine } from "../../../src/machine/v86";
import { withMachine } from "../booted-kernel";

/** The faster v86 runs, the more a wait of the kernel's executes: it is fast at the second boot. */
const BOOTS = 6;

it("the kernel boots to a prompt before v86 finds any code worth compiling", async () => {
  for (let boot = 1; boot <= BOOTS; boot++) {
    await withMachine("v86", {}, async (machine) => {
      assert.ok(machine instanceof V86Machine);
      await machine.serial.waitFor("/$ ");
      assert.equal(machine.compilations, 0, `boot ${boot}`);
    });
  }
});
