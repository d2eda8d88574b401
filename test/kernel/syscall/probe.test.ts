// What each system call gives when its arguments are bad: on this kernel as on the host's Linux.
//
// user/probe.ts makes the calls. Where the two differ, EXCEPTIONS says why.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { SYSTEM_CALL_LIMIT, SystemCall } from "../../../src/abi/linux/i386";
import { NativePrograms, nativeMissing } from "../../user/native-program";
import { runProgram } from "../booted-kernel";
import { EXCEPTIONS } from "./probe-exceptions";

const served = Object.values(SystemCall)
  .filter((value) => typeof value === "number")
  .sort((a, b) => a - b);

/** `3-6 9-9`: as the program takes them. */
function ranges(numbers: readonly number[]): string[] {
  const all: [number, number][] = [];
  for (const each of numbers) {
    const last = all.at(-1);
    if (last !== undefined && last[1] === each - 1) last[1] = each;
    else all.push([each, each]);
  }
  return all.map(([first, last]) => `${first}-${last}`);
}

/** The two answers of each call, by number. */
function answersOf(output: string): Map<number, string> {
  const lines = output.matchAll(/^(\d+) (\S+ \S+)$/gm);
  return new Map([...lines].map(([, number, answers = ""]) => [Number(number), answers]));
}

describe("bad arguments", () => {
  const programs = new NativePrograms();
  let own = new Map<number, string>();
  before(async () => {
    await programs.build("probe");
    const { ending, output } = await runProgram("v86", ["probe", `0-${SYSTEM_CALL_LIMIT + 7}`], {
      files: [programs.entry("probe")],
    });
    assert.deepEqual(ending, { kind: "exit", status: 0 });
    own = answersOf(output);
  });
  after(() => programs.remove());

  it("give ENOSYS in every call that the kernel does not serve", () => {
    for (let number = 0; number < SYSTEM_CALL_LIMIT + 8; number++) {
      if (served.includes(number)) continue;
      assert.match(own.get(number) ?? "", /^(38|-) (38|-)$/, `call ${number}`);
    }
  });

  it("give what they give on the host, but for known exceptions", { skip: nativeMissing() }, () => {
    const { status, output } = programs.run("probe", ranges(served));
    assert.equal(status, 0);
    const host = answersOf(output);
    assert.equal(host.size, served.length);
    const different = served
      .filter((number) => own.get(number) !== host.get(number))
      .map((number) => `${SystemCall[number]}: ${own.get(number)}, on Linux ${host.get(number)}`);
    const unexplained = different.filter(
      (text) => EXCEPTIONS[text.split(":")[0] ?? ""] === undefined,
    );
    assert.deepEqual(unexplained, []);
  });
});
