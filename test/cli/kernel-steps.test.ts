// What a kernel's failed assertions become: calls if it has kernel/log/abort.ts, else traps.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readKernel } from "../../src/cli/kernel-steps";
import { Op } from "../../src/compile/wasm/opcodes";
import type { WasmModule } from "../../src/compile/wasm/wasm";

const MAIN = `
  class Node { next: Node | null; value: u32; }
  export function kernelMain(first: Node): u32 { return first.next!.value; }
`;
const ABORT = `
  declare function stop(line: u32): void;
  export function abort(message: usize, file: usize, line: u32, column: u32): void { stop(line); }
`;

function compiled(sources: Readonly<Record<string, string>>): WasmModule {
  return readKernel("/", (path) => sources[path], {}).module;
}

describe("a null where `!` promises a value", () => {
  it("is a trap, and no text says where: what reports the trap knows", () => {
    const module = compiled({ "kernel/main.ts": MAIN });
    assert(has(module, Op.unreachable));
    assert(!has(module, Op.call));
    assert.doesNotMatch(textOf(module), /kernel/);
  });

  it("calls the kernel's own function with the place, if it has one", () => {
    const module = compiled({ "kernel/main.ts": MAIN, "kernel/log/abort.ts": ABORT });
    assert(has(module, Op.call));
    assert.match(textOf(module), /kernel\/main/);
  });
});

function has({ functions }: WasmModule, op: number): boolean {
  return functions.some(({ body }) => body?.code.op.includes(op));
}

function textOf({ data }: WasmModule): string {
  return data.map(({ bytes }) => Buffer.from(bytes).toString("utf16le")).join("");
}
