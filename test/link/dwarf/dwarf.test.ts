// Debug information, checked with the standard tools.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Layout } from "../../../src/link/layout/layout";
import { link } from "../../../src/link/link";
import { elfFile } from "../../../src/link/output/elf-files";
import { addressOf } from "../../../src/link/passes/image";
import type { ObjectFile } from "../../../src/object/object";
import { Assembler } from "../../../src/x86/assembler";
import { eax, ebx, esi, esp } from "../../../src/x86/registers";
import { nops, objectFile, type SectionSpec } from "../build-object";
import { run, scratch, unlessInstalled } from "../tools";

const layout: Layout = {
  name: "t",
  keep: ["*"],
  regions: { low: { start: 0x8048000 } },
  sections: [{ name: ".text" }, { name: ".data" }],
};

/** Two functions of two files; `frames` also has lines of a function inlined from the other. */
const sources = objectFile("a.o", {
  ".text.main": {
    bytes: nops(40),
    symbols: { _start: { size: 40 }, "kernel/main/main": { size: 40, binding: "local" } },
    lines: [
      { offset: 0, file: "kernel/main.ts", line: 12, column: 3 },
      { offset: 7, file: "kernel/main.ts", line: 13, column: 10 },
      { offset: 30, file: "kernel/main.ts", line: 2, column: 1 },
    ],
  },
  ".text.frames": {
    bytes: nops(600),
    symbols: { "kernel/memory/frames/allocateFrame": { size: 600 } },
    lines: [
      { offset: 0, file: "kernel/memory/frames.ts", line: 300, column: 1 },
      { offset: 5, file: "kernel/main.ts", line: 40, column: 2 },
      { offset: 9, file: "kernel/memory/frames.ts", line: 301, column: 7 },
      { offset: 500, file: "kernel/memory/frames.ts", line: 5, column: 7 },
    ],
  },
});

/** What the line table says of each byte of the image. */
const expected: [string, number, string, number][] = [
  ["_start", 0, "kernel/main.ts", 12],
  ["_start", 6, "kernel/main.ts", 12],
  ["_start", 7, "kernel/main.ts", 13],
  ["_start", 39, "kernel/main.ts", 2],
  ["kernel/memory/frames/allocateFrame", 4, "kernel/memory/frames.ts", 300],
  ["kernel/memory/frames/allocateFrame", 5, "kernel/main.ts", 40],
  ["kernel/memory/frames/allocateFrame", 9, "kernel/memory/frames.ts", 301],
  ["kernel/memory/frames/allocateFrame", 499, "kernel/memory/frames.ts", 301],
  ["kernel/memory/frames/allocateFrame", 599, "kernel/memory/frames.ts", 5],
];

test("addr2line finds function, file and line", { skip: unlessInstalled("addr2line") }, (t) => {
  const image = link([sources], layout);
  const path = scratch(t)("t.elf", elfFile(image));
  for (const [symbol, offset, file, line] of expected) {
    const address = (addressOf(image, symbol) ?? 0) + offset;
    const [name, place] = run("addr2line", "-f", "-e", path, address.toString(16)).split("\n");
    assert.match(place ?? "", new RegExp(`(^|/)${file}:${line}$`));
    assert.match(name ?? "", /(^|\/)(main|allocateFrame)$/);
  }
});

test("objdump decodes every row of the line table", { skip: unlessInstalled("objdump") }, (t) => {
  const path = scratch(t)("t.elf", elfFile(link([sources], layout)));
  const text = run("objdump", "--dwarf=decodedline", path);
  const rows = [...text.matchAll(/^(?:main|frames)\.ts +(\d+) +(0x[0-9a-f]+)/gm)];
  assert.deepEqual(
    rows.map(([, line]) => Number(line)),
    [12, 13, 2, 300, 40, 301, 5],
  );
});

test("gdb maps lines and addresses both ways", { skip: unlessInstalled("gdb") }, (t) => {
  const image = link([sources], layout);
  const path = scratch(t)("t.elf", elfFile(image));
  const command = (text: string) => run("gdb", "-batch", "-nx", "-ex", text, path);
  assert.match(command("info line kernel/main.ts:13"), /Line 13 of "kernel\/main\.ts" starts at/);
  assert.match(command("info address allocateFrame"), /"?allocateFrame"? is a function at/);
  const address = addressOf(image, "kernel/memory/frames/allocateFrame");
  assert.match(command(`info symbol ${address}`), /allocateFrame in section \.text/);
});

/** _start calls outer, which saves registers and calls inner, which stops. */
function unwindable(): ObjectFile {
  const a = new Assembler("unwind.asm.ts", { lines: true });
  a.section(".text");
  a.function("_start", () => {
    a.frame(4);
    a.call("outer");
    a.hlt();
  });
  a.function("outer", () => {
    a.frame(4);
    a.push(ebx);
    a.frame(8, { ebx: 8 });
    a.sub(esp, 200);
    a.frame(208, { ebx: 8 });
    a.mov(ebx, 7);
    a.call("inner");
    a.add(esp, 200);
    a.frame(8, { ebx: 8 });
    a.pop(ebx);
    a.frame(4);
    a.ret();
  });
  a.function("inner", () => {
    a.frame(4);
    a.push(esi);
    a.frame(8, { esi: 8 });
    a.mov(esi, 9);
    a.int3();
    a.pop(esi);
    a.frame(4);
    a.mov(eax, 1);
    a.ret();
  });
  return a.finish();
}

test("gdb unwinds code that keeps no frame pointer", { skip: unlessInstalled("gdb") }, (t) => {
  const path = scratch(t)("t.elf", elfFile(link([unwindable()], layout)));
  const commands = ["run", "bt", "up", "info registers ebx esi", "up", "info registers ebx"];
  const text = run("gdb", "-batch", "-nx", ...commands.flatMap((each) => ["-ex", each]), path);
  assert.match(text, /#0 .*inner .*unwind\.asm\.ts|#0 .*inner/);
  assert.match(text, /#1 .*outer/);
  assert.match(text, /#2 .*_start/);
  assert.match(text, /ebx +0x7/, "outer's EBX");
});

test("readelf decodes the frames that the objects describe", {
  skip: unlessInstalled("readelf"),
}, (t) => {
  const frame = {
    steps: [
      { offset: 0, cfaOffset: 4, saved: {} },
      { offset: 1, cfaOffset: 8, saved: { edi: 8 } },
      { offset: 100, cfaOffset: 300, saved: { edi: 8, ebp: 12 } },
      { offset: 500, cfaOffset: 4, saved: {} },
    ],
  };
  const sections: Record<string, SectionSpec> = {
    ".text": { bytes: nops(600), symbols: { _start: 0 }, frame },
  };
  const path = scratch(t)("t.elf", elfFile(link([objectFile("a.o", sections)], layout)));
  const text = run("readelf", "--debug-dump=frames-interp", path);
  const rows = [...text.matchAll(/^(0804[0-9a-f]+) esp\+(\d+) +(.*)$/gm)].map((row) =>
    row.slice(1),
  );
  assert.deepEqual(rows, [
    // eax, ecx and edx are undefined; ebx, ebp, esi and edi saved or the same.
    ["08048000", "4", "u     u     u     s     s     s     s     c-4   "],
    ["08048001", "8", "u     u     u     s     s     s     c-8   c-4   "],
    ["08048064", "300", "u     u     u     s     c-12  s     c-8   c-4   "],
    ["080481f4", "4", "u     u     u     s     s     s     s     c-4   "],
  ]);
});
