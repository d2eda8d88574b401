// Which lines the compact symbol table keeps.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LinkedFunction } from "../../../src/link/passes/functions";
import type { InputSection } from "../../../src/link/passes/model";
import { stopLines } from "../../../src/link/passes/stop-lines";
import { Assembler } from "../../../src/x86/assembler";
import { mem, mem32 } from "../../../src/x86/operand";
import { ds, eax, ebx, ecx, esp, fs } from "../../../src/x86/registers";

/** The lines that are kept of a `nop` at line 1 and an instruction at line 2. */
function kept(instruction: (a: Assembler) => void): number[] {
  const a = new Assembler("t");
  a.section(".text");
  a.function("f", () => {
    a.line("f.ts", 1);
    a.nop();
    a.line("f.ts", 2);
    instruction(a);
  });
  const [section] = a.finish().sections;
  assert.ok(section);
  const input = { section, relocations: section.relocations } as unknown as InputSection;
  return stopLines(new LinkedFunction("f", input, 0, section.size)).map(({ line }) => line);
}

describe("a line is kept where code", () => {
  it("calls", () =>
    assert.deepEqual(
      kept((a) => a.call("g")),
      [1, 2],
    ));
  it("uses memory by a register", () => {
    assert.deepEqual(
      kept((a) => a.mov(eax, mem({ base: ebx }))),
      [1, 2],
    );
    assert.deepEqual(
      kept((a) => a.mov(eax, mem({ index: ecx, scale: 4, symbol: "table" }))),
      [1, 2],
    );
    assert.deepEqual(
      kept((a) => a.mov(eax, mem({ base: esp, index: ecx }))),
      [1, 2],
    );
  });
  it("uses the first page, where null points", () => {
    assert.deepEqual(
      kept((a) => a.mov(mem32({ disp: 0 }), 1)),
      [1, 2],
    );
    assert.deepEqual(
      kept((a) => a.mov(eax, mem({ disp: 4095 }))),
      [1, 2],
    );
  });
  it("uses another segment, or loads one", () => {
    assert.deepEqual(
      kept((a) => a.mov(ecx, mem({ disp: 0x20000, segment: fs }))),
      [1, 2],
    );
    assert.deepEqual(
      kept((a) => a.mov(ds, eax)),
      [1, 2],
    );
  });
  it("divides", () =>
    assert.deepEqual(
      kept((a) => a.div(ecx)),
      [1, 2],
    ));
});

describe("a line is left out where code", () => {
  it("uses registers alone", () =>
    assert.deepEqual(
      kept((a) => a.add(eax, 3)),
      [1],
    ));
  it("uses a variable of the program, by address or by symbol", () => {
    assert.deepEqual(
      kept((a) => a.mov(eax, mem({ disp: 0x101000 }))),
      [1],
    );
    assert.deepEqual(
      kept((a) => a.mov(ecx, mem({ disp: 0x101000 }))),
      [1],
    );
    assert.deepEqual(
      kept((a) => a.mov(mem32({ symbol: "counter" }), 7)),
      [1],
    );
    assert.deepEqual(
      kept((a) => a.inc(mem32({ symbol: "counter", disp: 4 }))),
      [1],
    );
  });
  it("uses the function's frame", () => {
    assert.deepEqual(
      kept((a) => a.mov(mem32({ base: esp, disp: 4 }), 0)),
      [1],
    );
  });
});
