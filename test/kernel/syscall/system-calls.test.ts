import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { MachineName } from "../../../src/machine/machine";
import { skipReason } from "../../machine/installed";
import { NativePrograms, nativeMissing } from "../../user/native-program";
import { runProgram } from "../booted-kernel";

// One program asks for everything (user/calls.ts); it expects what Linux answers.
const GOOD = /^\d+ answers, 0 of them wrong\n$/;

describe("system calls", () => {
  const programs = new NativePrograms();
  before(() => programs.build("calls"));
  after(() => programs.remove());

  it("are answered by the host's Linux as expected", { skip: nativeMissing() }, () => {
    const { output, status } = programs.run("calls", [`${programs.folder}/calls`]);
    assert.match(output, GOOD);
    assert.equal(status, 0);
  });

  for (const machine of ["v86", "qemu"] as const satisfies readonly MachineName[]) {
    const skip = skipReason(machine);
    it(`are answered by our kernel the same way, on ${machine}`, { skip }, async () => {
      const { ending, output } = await runProgram(machine, ["calls", "/bin/calls"]);
      assert.match(output.replace(/^kernel: calls\[1\]: no system call.*\n/gm, ""), GOOD);
      assert.deepEqual(ending, { kind: "exit", status: 0 });
    });
  }
});
