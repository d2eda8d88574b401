// What the first prompt costs in v86, where most people see it.

import assert from "node:assert/strict";
import { it } from "node:test";
import { V86Machine } from "../../../src/machine/v86";
import { withMachine } from "../booted-kernel";

it("the kernel boots to a prompt before v86 finds any code worth compiling", async () => {
  await withMachine("v86", {}, async (machine) => {
    assert.ok(machine instanceof V86Machine);
    await machine.serial.waitFor("/$ ");
    assert.equal(machine.compilations, 0);
  });
});
