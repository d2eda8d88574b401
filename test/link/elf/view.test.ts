// The one reader of ELF files: both classes, and what it does with a broken file.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Diagnostic } from "../../../src/base/diagnostic";
import { PC_FILES } from "../../../src/link/elf/shape";
import { ElfView } from "../../../src/link/elf/view";
import { diagnosed } from "../expect-diagnostic";

const HIGH = 0xffff_ffff_8000_0000n;
const NAMES = "\0.text\0.symtab\0.strtab\0main\0";

/** Where the parts of a small file lie, by the width of its class. */
const SHAPES = {
  32: { machine: 3, header: 52, segment: 32, section: 40, symbol: 16 },
  64: { machine: 62, header: 64, segment: 56, section: 64, symbol: 24 },
} as const;

type Bits = keyof typeof SHAPES;

/** Appends numbers of some bytes each. */
class Bytes {
  readonly list: number[] = [];

  put(...fields: readonly (readonly [value: number | bigint, size: number])[]): this {
    for (const [value, size] of fields) {
      for (let i = 0; i < size; i++)
        this.list.push(Number((BigInt(value) >> BigInt(8 * i)) & 255n));
    }
    return this;
  }
}

/** A file with one segment at `address`, .text with four bytes in it, and the symbol `main`. */
function elf(bits: Bits, address: bigint): Uint8Array {
  const { machine, header, segment, section, symbol } = SHAPES[bits];
  const wide = bits / 8;
  const [text, symbols] = [header + segment, header + segment + 4];
  const strings = symbols + 2 * symbol;
  const sections = strings + NAMES.length;
  const out = new Bytes();
  out.put([0x464c457f, 4], [bits / 32, 1], [1, 1], [1, 1], [0, 9], [2, 2], [machine, 2], [1, 4]);
  out.put([address, wide], [header, wide], [sections, wide], [0, 4], [header, 2]);
  out.put([segment, 2], [1, 2], [section, 2], [4, 2], [3, 2]);
  const flags = [5, 4] as const;
  out.put([1, 4], ...(bits === 64 ? [flags] : []), [text, wide], [address, wide], [0x100000, wide]);
  out.put([4, wide], [8, wide], ...(bits === 32 ? [flags] : []), [4096, wide]);
  out.put([0x90909090, 4], [0, symbol]);
  const place = [[address + 1n, wide] as const, [2, wide] as const];
  const kind = [[0x12, 1] as const, [0, 1] as const, [1, 2] as const];
  out.put([23, 4], ...(bits === 32 ? [...place, ...kind] : [...kind, ...place]));
  out.list.push(...new TextEncoder().encode(NAMES));
  const row = (name: number, type: number, at: bigint, offset: number, size: number, link = 0) => {
    out.put([name, 4], [type, 4], [type === 1 ? 6 : 0, wide], [at, wide], [offset, wide]);
    out.put([size, wide], [link, 4], [0, 4], [1, wide], [type === 2 ? symbol : 0, wide]);
  };
  row(0, 0, 0n, 0, 0);
  row(1, 1, address, text, 4);
  row(7, 2, 0n, symbols, 2 * symbol, 3);
  row(15, 3, 0n, strings, NAMES.length);
  return Uint8Array.from(out.list);
}

for (const [bits, address] of [
  [32, 0xc010_0000n],
  [64, HIGH],
] as const) {
  test(`a file of ${bits} bits gives its fields, addresses exactly`, () => {
    const file = new ElfView(elf(bits, address), "k.elf", PC_FILES);
    const segments = file.segments();
    const sections = file.sections();
    const symbols = file.symbols(sections);
    assert.deepEqual([file.type, file.entry, file.shape.bits], [2, address, bits]);
    assert.deepEqual(
      [segments.count, segments.end, segments.flags(0), segments.fileSize(0)],
      [1, SHAPES[bits].header + SHAPES[bits].segment, 5, 4],
    );
    assert.deepEqual(
      [segments.address(0), segments.loadAddress(0), segments.memorySize(0), segments.align(0)],
      [address, 0x10_0000n, 8n, 4096n],
    );
    const names = Array.from({ length: sections.count }, (_, index) => sections.name(index));
    assert.deepEqual(names, ["", ".text", ".symtab", ".strtab"]);
    assert.deepEqual([...sections.bytes(1)], [0x90, 0x90, 0x90, 0x90]);
    assert.deepEqual([sections.address(1), sections.flags(1), sections.link(2)], [address, 6, 3]);
    assert.deepEqual([symbols.count, symbols.name(1), symbols.section(1)], [2, "main", 1]);
    assert.deepEqual(
      [symbols.address(1), symbols.size(1), symbols.type(1), symbols.binding(1)],
      [address + 1n, 2, 2, 1],
    );
  });
}

test("the linker takes files of 32 bits for i386 alone, check those of both classes", () => {
  assert.match(
    diagnosed("ELF001", () => new ElfView(elf(64, HIGH), "k.elf")),
    /k\.elf is a 64-bit ELF file[\s\S]*gcc -m32/,
  );
  const other = elf(32, 0x10_0000n);
  other[18] = 40;
  assert.match(
    diagnosed("ELF001", () => new ElfView(other, "k.elf", PC_FILES)),
    /ELF machine 40, not for i386 or x86-64/,
  );
});

/** The bytes of a good file with a word set. */
function damaged(bits: Bits, offset: number, value: number): Uint8Array {
  const bytes = elf(bits, 0x10_0000n);
  new DataView(bytes.buffer).setUint32(offset, value, true);
  return bytes;
}

test("a broken section table is thrown, or collected where damage is wanted", () => {
  const bytes = damaged(32, 32, 0x7fff_ffff);
  const expected = /4 section headers at offset 2147483647 reach beyond its end/;
  assert.match(
    diagnosed("ELF002", () => new ElfView(bytes, "k.elf").sections()),
    expected,
  );
  const damage: string[] = [];
  const file = new ElfView(bytes, "k.elf", PC_FILES, damage);
  const sections = file.sections();
  assert.equal(sections.count, 0);
  assert.equal(file.symbols(sections).count, 0);
  assert.equal(damage.length, 1);
  assert.match(damage[0] ?? "", expected);
});

test("a section that is not all in the file is thrown, or collected and empty", () => {
  const whole = elf(64, HIGH);
  const table = Number(new DataView(whole.buffer).getBigUint64(40, true));
  const bytes = damaged(64, table + 64 + 32, 0x7fff_0000);
  assert.match(
    diagnosed("ELF002", () => new ElfView(bytes, "k.elf", PC_FILES).sections()),
    /a section from offset 120 to 2147418232 reaches beyond the end/,
  );
  const damage: string[] = [];
  const sections = new ElfView(bytes, "k.elf", PC_FILES, damage).sections();
  assert.equal(sections.bytes(1).length, 0);
  assert.equal(sections.name(1), ".text");
  assert.equal(damage.length, 1);
});

test("a broken program header is an error even where damage is collected", () => {
  const bytes = damaged(32, 52 + 16, 0x7fff_0000);
  assert.throws(
    () => new ElfView(bytes, "k.elf", PC_FILES, []).segments(),
    (error) => error instanceof Diagnostic && /segment 0 reaches beyond/.test(error.message),
  );
});
