// Assembly modules: the lines of their instructions, and listings.

import assert from "node:assert/strict";
import test from "node:test";
import { timeHere } from "../../bench/harness/cpu-time";
import { Diagnostic } from "../../src/base/diagnostic";
import type { AssemblyModule } from "../../src/x86/assembler";
import { Assembler, assembleModule } from "../../src/x86/assembler";
import { listing } from "../../src/x86/listing";
import { eax, ecx } from "../../src/x86/registers";
import lines, { mistaken, unreachable } from "./fixtures/lines.asm";

const PATH = "test/x86/fixtures/lines.asm.ts";

test("each instruction of a module knows its line, inside a macro the macro's", () => {
  const [section] = assembleModule(PATH, lines).sections;
  assert.deepEqual(
    section?.lines.map(({ offset, file, line }) => [offset, file, line]),
    [
      [0, PATH, 13],
      [4, PATH, 8],
      [6, PATH, 15],
      [8, PATH, 16],
    ],
  );
});

test("without lines asked for there are none", () => {
  const [section] = assembleModule(PATH, lines, {}).sections;
  assert.deepEqual(section?.lines, []);
});

function placeOf(module: AssemblyModule) {
  try {
    assembleModule(PATH, module);
  } catch (error) {
    if (error instanceof Diagnostic) return `${error.place?.file}:${error.place?.line}`;
    throw error;
  }
  return assert.fail("nothing was wrong");
}

test("a diagnostic points at the line of the module", () => {
  assert.equal(placeOf(mistaken), `${PATH}:22`);
  assert.equal(placeOf(unreachable), `${PATH}:28`);
});

test("a listing shows symbols, lines, bytes, data and zeros", () => {
  const bytes = new Uint8Array(44);
  bytes.set([0x89, 0xc8, 0xe8, 0x01, 0, 0, 0, 0xc3, 0xc3, 0xd6, 0xc7, 0x04, 0x85, 0, 0, 0, 0, 1]);
  bytes[42] = 0x90;
  const starts = [
    { name: "first", at: 0 },
    { name: "second", at: 8 },
    { name: "zeros", at: 24 },
    { name: "cut", at: 43 },
  ];
  const symbolAt = (address: number) => {
    const offset = address - 0x101000;
    const found = starts.filter(({ at }) => at <= offset).at(-1);
    return found && { name: found.name, offset: offset - found.at };
  };
  const lineAt = (address: number) =>
    address < 0x101008 ? { file: "a.ts", line: address < 0x101002 ? 1 : 2, column: 3 } : undefined;
  assert.equal(
    listing({ bytes, address: 0x101000, symbolAt, lineAt }),
    `00101000 <first>:
; a.ts:1
  101000  89 c8                    mov    eax,ecx
; a.ts:2
  101002  e8 01 00 00 00           call   0x101008 <second>
  101007  c3                       ret

00101008 <second>:
  101008  c3                       ret
  101009  d6                       db     0xd6
  10100a  c7 04 85 00 00 00 00 01  mov    DWORD PTR [eax*4],0x1
          00 00 00
  101015  00 00                    add    BYTE PTR [eax],al
  101017  00                       db     0x00

00101018 <zeros>:
  101018  ...
  10102a  90                       nop

0010102b <cut>:
  10102b  00                       db     0x00
`,
  );
});

test("tens of thousands of instructions assemble quickly", () => {
  const a = new Assembler("speed");
  a.section(".text");
  const count = 30_000;
  const assemble = () => {
    for (let i = 0; i < count; i++) {
      if (i % 10 === 0) a.jz(symbolName(i));
      else a.add(eax, ecx);
      a.label(symbolName(i));
    }
    const object = a.finish();
    assert.equal(object.sections[0]?.size, 2 * count);
  };
  // Some 50 ms of processor time; the bound only catches what is worse than linear.
  assert.ok(timeHere(assemble).cpu < 3);
});

function symbolName(i: number): string {
  return `label${i}`;
}
