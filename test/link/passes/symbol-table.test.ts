// The kernel's reader of compact symbol tables, compiled to wasm, on tables that the linker made.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import asc from "assemblyscript/asc";
import {
  CODE_COUNT,
  CODE_SYMBOLS,
  ENTRY_BYTES,
  ENTRY_RECORD,
  SECTION_ENTRIES,
  SECTION_RECORD,
  SECTION_SIZE,
  TABLE_CODES,
  TABLE_HEADER_SIZE,
  TABLE_INDEX,
  TABLE_MAGIC,
  TABLE_MAGIC_VALUE,
  TABLE_SECTIONS,
  TABLE_SIZE,
} from "../../../src/abi/symbol-table";
import type { Layout } from "../../../src/link/layout/layout";
import { link } from "../../../src/link/link";
import { sectionAt } from "../../../src/link/passes/image";
import { nops, objectFile, type SectionSpec } from "../build-object";

const DRIVER = `
import { CodePlace } from "./kernel/trap/code-place";
const place = changetype<CodePlace>(memory.data(offsetof<CodePlace>()));
export function find(table: usize, size: u32, address: u32): bool {
  return place.find(table, size, address);
}
export function start(): u32 { return place.start; }
export function cfa(): u32 { return place.cfaOffset; }
export function line(): u32 { return place.line; }
export function writeName(out: usize, capacity: u32): u32 { return place.writeName(out, capacity); }
export function writeFile(out: usize, capacity: u32): u32 { return place.writeFile(out, capacity); }
`;

interface Reader {
  readonly memory: WebAssembly.Memory;
  find(table: number, size: number, address: number): number;
  start(): number;
  cfa(): number;
  line(): number;
  writeName(out: number, capacity: number): number;
  writeFile(out: number, capacity: number): number;
}

const TABLE = 0x2000;
const OUT = 0x1000;

const compiled = compileReader();

async function compileReader(): Promise<Reader> {
  let binary: Uint8Array | undefined;
  const flags = ["--runtime", "stub", "--noAssert", "-O2", "--initialMemory", "8"];
  const { error, stderr } = await asc.main(["driver.ts", ...flags, "-o", "out.wasm"], {
    readFile: (name: string) => (name === "driver.ts" ? DRIVER : readIfThere(name)),
    writeFile: (name: string, content: Uint8Array | string) => {
      if (name === "out.wasm" && typeof content !== "string") binary = content;
    },
    listFiles: () => [],
  });
  assert.ok(!error && binary, stderr.toString());
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary), {
    env: { abort: () => assert.fail("the reader aborted") },
  });
  return exports as unknown as Reader;
}

function readIfThere(name: string): string | null {
  try {
    return readFileSync(name, "utf8");
  } catch {
    return null;
  }
}

const layout: Layout = {
  name: "t",
  regions: {
    low: { start: 0x100000 },
    top: { end: 0x1_0000_0000, start: 0xffffd000, anchor: "end" },
  },
  sections: [
    { name: ".symbols", content: "symbols", inputs: [], permissions: "r" },
    { name: ".text", keep: true },
    { name: ".top.text", region: "top", load: "low", keep: true },
  ],
};

/** `count` bytes of instructions that may fault, of two bytes each: mov eax, [eax]. */
function loads(count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, index) => (index % 2 === 0 ? 0x8b : 0));
}

/** Functions with lines: each is `[file, line]` at every second byte. */
function objectOf(count: number): ReturnType<typeof objectFile> {
  const sections: Record<string, SectionSpec> = {
    ".top.text": { bytes: nops(32), symbols: { _start: 0, top: 16 } },
  };
  for (let number = 0; number < count; number++) {
    const file = `kernel/part${number % 7}/thing.ts`;
    const lines = [0, 2, 4, 6, 40].map((offset, row) => ({
      offset,
      file: row === 2 ? "~lib/memory.ts" : file,
      line: row === 2 ? 1200 : number * 20 + row * row + 1,
      column: 3,
    }));
    sections[`.text.f${number}`] = {
      bytes: loads(60 + (number % 50)),
      align: 16,
      lines,
      frame: {
        steps: [
          { offset: 0, cfaOffset: 4, saved: {} },
          { offset: 1, cfaOffset: 8 + (number % 5) * 4, saved: {} },
        ],
      },
      symbols: { [`kernel/part${number % 7}/thing/function${number}`]: 0 },
    };
  }
  return objectFile("a.o", sections);
}

function text(reader: Reader, length: number): string {
  return new TextDecoder().decode(new Uint8Array(reader.memory.buffer, OUT, length));
}

test("every byte of every function is found with its name, file, line and frame", async () => {
  const reader = await compiled;
  const image = link([objectOf(300)], layout);
  const table = image.sections[0]?.bytes ?? new Uint8Array();
  new Uint8Array(reader.memory.buffer).set(table, TABLE);
  assert.equal(image.functions.length, 302);
  for (const { name, address, size, lines, bodyCfa } of image.functions) {
    for (let offset = 0; offset < size; offset++) {
      assert.ok(reader.find(TABLE, table.length, address + offset), name);
      assert.equal(reader.start() >>> 0, address);
      assert.equal(text(reader, reader.writeName(OUT, 200)), name);
      const expected = lines.filter((line) => line.offset <= offset).pop();
      assert.equal(reader.line(), expected?.line ?? 0);
      assert.equal(text(reader, reader.writeFile(OUT, 200)), expected?.file ?? "");
      assert.equal(reader.cfa(), offset === 0 && bodyCfa ? 4 : (bodyCfa ?? 0));
    }
  }
});

test("lines at which code cannot stop belong to the line before", async () => {
  const reader = await compiled;
  const lines = [
    ["start", 1, "nop", [0x90]],
    ["load", 2, "mov eax, [ebx]", [0x8b, 0x03]],
    ["arithmetic", 2, "add eax, 3", [0x83, 0xc0, 0x03]],
    ["address", 2, "lea eax, [eax + 4]", [0x8d, 0x40, 0x04]],
    ["call", 5, "call", [0xe8, 0, 0, 0, 0]],
    ["branch", 5, "jmp", [0xeb, 0]],
    ["division", 7, "div ecx", [0xf7, 0xf1]],
    ["push", 7, "push eax", [0x50]],
    ["privileged", 9, "mov cr3, eax", [0x0f, 0x22, 0xd8]],
    ["segment", 10, "mov ds, eax", [0x8e, 0xd8]],
    ["unknown bytes", 11, "", [0x0f, 0xff]],
    ["after them", 12, "nop", [0x90]],
  ] as const;
  const bytes = lines.flatMap(([, , , code]) => [...code]);
  const offsets = lines.map((_, at) => lines.slice(0, at).flatMap(([, , , code]) => code).length);
  const section: SectionSpec = {
    bytes: Uint8Array.from(bytes),
    symbols: { f: 0 },
    lines: offsets.map((offset, row) => ({ offset, file: "a.ts", line: row + 1, column: 1 })),
  };
  const top = { bytes: nops(16), symbols: { _start: 0 } };
  const image = link([objectFile("a.o", { ".text.f": section, ".top.text": top })], layout);
  const table = image.sections[0]?.bytes ?? new Uint8Array();
  new Uint8Array(reader.memory.buffer).set(table, TABLE);
  const start = image.functions.find(({ name }) => name === "f")?.address ?? 0;
  for (const [row, [what, line]] of lines.entries()) {
    assert.ok(reader.find(TABLE, table.length, start + (offsets[row] ?? 0)), what);
    assert.equal(reader.line(), line, what);
  }
  assert.equal(image.functions.find(({ name }) => name === "f")?.lines.length, lines.length);
});

test("an address outside every function is not found", async () => {
  const reader = await compiled;
  const image = link([objectOf(3)], layout);
  const table = image.sections[0]?.bytes ?? new Uint8Array();
  new Uint8Array(reader.memory.buffer).set(table, TABLE);
  const code = sectionAt(image, image.functions[0]?.address ?? 0);
  for (const address of [0, 0xfffff, code?.end ?? 0, 0xffffefff]) {
    assert.ok(!reader.find(TABLE, table.length, address), address.toString(16));
  }
  assert.ok(reader.find(TABLE, table.length, 0xffffffff - 4096 + 17), "the trampoline's function");
});

test("names are cut to the given capacity", async () => {
  const reader = await compiled;
  const image = link([objectOf(1)], layout);
  const table = image.sections[0]?.bytes ?? new Uint8Array();
  const memory = new Uint8Array(reader.memory.buffer);
  memory.set(table, TABLE);
  const name = "kernel/part0/thing/function0";
  const { address } = image.functions.find((func) => func.name === name) ?? { address: 0 };
  for (let capacity = 0; capacity <= name.length + 1; capacity++) {
    memory.fill(0xaa, OUT, OUT + 64);
    assert.ok(reader.find(TABLE, table.length, address));
    const length = reader.writeName(OUT, capacity);
    assert.ok(length <= capacity);
    assert.equal(memory[OUT + capacity], 0xaa);
    if (capacity >= name.length) assert.equal(text(reader, length), name);
  }
});

test("a damaged table gives wrong answers at worst, never a trap or an endless loop", async () => {
  const reader = await compiled;
  const image = link([objectOf(40)], layout);
  const table = image.sections[0]?.bytes ?? new Uint8Array();
  const memory = new Uint8Array(reader.memory.buffer);
  let seed = 1;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  for (let round = 0; round < 3000; round++) {
    const damaged = table.slice();
    // Half of the damage goes to the header and the section records, where it hurts most.
    const range = round % 2 === 0 ? 80 : damaged.length;
    for (let hit = 0; hit < 4; hit++) damaged[random(range)] = random(256);
    const length = round % 3 === 0 ? random(damaged.length) : damaged.length;
    // The table ends where memory ends, so a read beyond it traps.
    const at = memory.length - length;
    memory.set(damaged.subarray(0, length), at);
    const { address } = image.functions[random(image.functions.length)] ?? { address: 0 };
    if (!reader.find(at, length, address)) continue;
    assert.ok(reader.writeName(OUT, 100) <= 100);
    assert.ok(reader.writeFile(OUT, 100) <= 100);
  }
});

test("a name that does not end is not read for ever", async () => {
  const reader = await compiled;
  // Two functions: the first one's name is so long that nobody should come to the second.
  assert.equal(findAfterName(reader, 1000), 1);
  assert.equal(findAfterName(reader, 2_000_000), 0);
});

/** Whether a function is found that comes after one with a name of so many letters. */
function findAfterName(reader: Reader, letters: number): number {
  const codes = TABLE_HEADER_SIZE + SECTION_RECORD + ENTRY_BYTES;
  const code = codes + 4 * CODE_COUNT;
  const record = code + CODE_SYMBOLS + 4;
  // The one code has a symbol for 0, "A" or a size of 65, and one for 1, which is a byte of 0.
  const bits = [1, 0, 1, 1, ...new Array<number>(letters).fill(0), 1, 1, 1, 0, 1, 1, 1, 1];
  const size = record + Math.ceil(bits.length / 8);
  const bytes = Buffer.alloc(size);
  bytes.writeUInt32LE(TABLE_MAGIC_VALUE, TABLE_MAGIC);
  bytes.writeUInt32LE(size, TABLE_SIZE);
  bytes.writeUInt32LE(1, TABLE_SECTIONS);
  bytes.writeUInt32LE(TABLE_HEADER_SIZE + SECTION_RECORD, TABLE_INDEX);
  bytes.writeUInt32LE(codes, TABLE_CODES);
  bytes.writeUInt32LE(130, TABLE_HEADER_SIZE + SECTION_SIZE);
  bytes.writeUInt32LE(1, TABLE_HEADER_SIZE + SECTION_ENTRIES);
  bytes.writeUInt32LE(record, TABLE_HEADER_SIZE + SECTION_RECORD + ENTRY_RECORD);
  for (let i = 0; i < CODE_COUNT; i++) bytes.writeUInt32LE(code, codes + 4 * i);
  bytes.writeUInt16LE(2, code);
  bytes[code + CODE_SYMBOLS] = 65;
  bits.forEach((bit, i) => {
    bytes[record + (i >> 3)] = (bytes[record + (i >> 3)] ?? 0) | (bit << (i & 7));
  });
  new Uint8Array(reader.memory.buffer).set(bytes, TABLE);
  return reader.find(TABLE, size, 100);
}

test("the table states its size", () => {
  const table = link([objectOf(5)], layout).sections[0]?.bytes ?? new Uint8Array();
  assert.equal(new DataView(table.buffer).getUint32(TABLE_SIZE, true), table.length);
});

test("a function's frame is that of its body, not of prologue or pushed arguments", () => {
  const steps = [
    [0, 4],
    [1, 8],
    [4, 40],
    [6, 44, 4], // arguments are pushed for most of it
    [8, 48, 8],
    [38, 40],
    [40, 8], // an early return
    [41, 4],
    [42, 40],
    [50, 4],
  ].map(([offset = 0, cfaOffset = 0, pushed = 0]) => ({ offset, cfaOffset, pushed, saved: {} }));
  const object = objectFile("a.o", {
    ".text": { bytes: nops(60), symbols: { _start: 0, second: 50 }, frame: { steps } },
    ".text.bare": { bytes: nops(9), symbols: { bare: 0 } },
    ".top.text": { bytes: nops(1) },
  });
  const { functions } = link([object], layout);
  assert.deepEqual(
    functions.map(({ name, bodyCfa }) => [name, bodyCfa]),
    [
      ["_start", 40],
      ["second", 4],
      ["bare", undefined],
    ],
  );
});
