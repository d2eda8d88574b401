// The names that privileged instructions have in the message about a program that tried one.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadKernelPart } from "../kernel-part";

const part = loadKernelPart(`
  export { privilegedInstruction } from "./kernel/machine/i686/privileged";
`);

function nameOf(...bytes: number[]): string | undefined {
  part.write(part.area, new Uint8Array([...bytes, ...new Array(16 - bytes.length).fill(0)]));
  const name = part.call.privilegedInstruction!(part.area);
  return name === 0 ? undefined : part.text(name);
}

describe("a privileged instruction", () => {
  it("is named by its opcode, whatever prefixes come first", () => {
    assert.equal(nameOf(0xf4), "hlt");
    assert.equal(nameOf(0x66, 0x2e, 0xef), "out");
    assert.equal(nameOf(0x0f, 0x01, 0x38), "invlpg");
    assert.equal(nameOf(0x90), undefined);
    assert.equal(nameOf(...new Array(15).fill(0x66)), undefined);
  });

  it("is told from the others that share its opcode", () => {
    const names = ["sldt", "str", "lldt", "ltr", undefined, undefined];
    for (const [i, name] of names.entries())
      assert.equal(nameOf(0x0f, 0x00, 0xc0 | (i << 3)), name);
  });
});
