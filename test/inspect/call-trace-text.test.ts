// A traced call as text, from a trace made by hand.

import assert from "node:assert/strict";
import { it } from "node:test";
import type { CallTrace, Step } from "../../src/inspect/call-trace";
import { traceLines } from "../../src/inspect/call-trace-text";

const USER_CR3 = 0x1b8fa0;
const KERNEL_CR3 = 0x148000;

function step(address: number, symbol: string, more: Partial<Step>): Step {
  const place = { file: "trampoline.asm.ts", line: 7 };
  const space = { space: "user", cr3: USER_CR3 } as const;
  return { address, symbol, text: "nop", place, changed: {}, ...space, ...more };
}

const TRACE: CallTrace = {
  machine: "v86",
  process: { pid: 3, name: "cat" },
  call: { number: 3, name: "read" },
  steps: [
    step(0x1053, "_start+0x53", { text: "int    0x80", place: undefined, changed: { cs: 8 } }),
    step(0xffffd800, "entry", { text: "mov    cr3,eax", changed: { cr3: KERNEL_CR3 } }),
    step(0xffffd803, "entry+0x3", { space: "kernel", cr3: KERNEL_CR3, text: undefined }),
  ],
  end: "count",
  result: undefined,
};

it("groups the steps of a call by function and line, and marks where CR3 changes", () => {
  assert.deepEqual(
    traceLines(TRACE, (text) => text),
    [
      "read by cat (pid 3) on v86",
      "",
      "_start:",
      "  user    00001053  int    0x80                                 cs=0008",
      "",
      "entry:",
      "  ; trampoline.asm.ts:7",
      "  user    ffffd800  mov    cr3,eax                              cr3=00148000",
      "  ------  CR3 = 00148000: the kernel's space",
      "  kernel  ffffd803  (not an instruction that we know)",
      "",
      "3 instructions, 1 change of CR3; stopped here: --count N asks for more",
    ],
  );
});

it("prints the result of a call that returned as a signed number", () => {
  const lines = traceLines({ ...TRACE, end: "returned", result: -14 }, (text) => text);
  assert.equal(lines.at(-1), "3 instructions, 1 change of CR3, result -14; back in the program");
});
