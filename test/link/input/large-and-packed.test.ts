// Objects of unusual form: packed debug sections, and more sections than 16 bits can number.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { CHDR_TYPE, ELFCOMPRESS_ZSTD, SHF_COMPRESSED } from "../../../src/abi/elf";
import type { Diagnostic } from "../../../src/base/diagnostic";
import { type ElfSection, readElf } from "../../../src/link/elf/read";
import { readElfObject } from "../../../src/link/input/elf-object";
import { link } from "../../../src/link/link";
import { elfFile } from "../../../src/link/output/elf-files";
import { addressOf } from "../../../src/link/passes/image";
import { diagnosed } from "../expect-diagnostic";
import { run, scratch, unlessInstalled } from "../tools";

const SOURCE = `
  extern int missing(int);
  int helper(int n) { return n * 3; }
  void _start(void) {
    helper(7);
  }
  #ifdef BROKEN
  int broken(void) {
    return missing(1);
  }
  #endif
`;

/** The path of SOURCE as an object, and of the same object with its debug sections packed. */
function compiled(t: TestContext, ...flags: string[]): { plain: string; packed: string } {
  const file = scratch(t);
  const plain = file("a.o");
  const packed = file("packed.o");
  const options = ["-m32", "-O1", "-g", "-ffreestanding", "-fno-pic", ...flags];
  run("gcc", ...options, "-c", file("a.c", SOURCE), "-o", plain);
  run("objcopy", "--compress-debug-sections=zlib", plain, packed);
  return { plain, packed };
}

function read(path: string) {
  return readElfObject(readFileSync(path), "a.o");
}

function isPacked({ flags }: ElfSection): boolean {
  return (flags & SHF_COMPRESSED) !== 0;
}

test("debug sections packed by zlib are unpacked and relocated", {
  skip: unlessInstalled("gcc"),
}, (t) => {
  const { plain, packed } = compiled(t);
  assert.ok(readElf(readFileSync(packed), "packed.o").sections.some(isPacked));
  const debugOf = (path: string) =>
    link([read(path)], { orphans: "place" })
      .sections.filter(({ name }) => /^\.debug/.test(name))
      .map(({ name, bytes }) => [name, bytes]);
  assert.deepEqual(debugOf(packed), debugOf(plain));

  const image = link([read(packed)], { orphans: "place" });
  const at = `0x${(addressOf(image, "helper") ?? 0).toString(16)}`;
  const line = run("addr2line", "-fe", scratch(t)("a.elf", elfFile(image)), at);
  assert.match(line, /^helper\n.*a\.c:3/);
});

test("diagnostics find lines in packed sections", { skip: unlessInstalled("gcc") }, (t) => {
  const { packed } = compiled(t, "-DBROKEN");
  assert.throws(
    () => link([read(packed)], { orphans: "place" }),
    (error: Diagnostic) => error.code === "LINK004" && error.place?.line === 9,
  );
});

test("sections packed otherwise are refused, with the compiler option that helps", {
  skip: unlessInstalled("gcc"),
}, (t) => {
  const bytes = new Uint8Array(readFileSync(compiled(t).packed));
  const section = readElf(bytes, "a.o").sections.find(isPacked);
  bytes[(section?.offset ?? 0) + CHDR_TYPE] = ELFCOMPRESS_ZSTD;
  const text = diagnosed("ELF006", () => readElfObject(bytes, "a.o"));
  assert.match(text, /compressed with zstd\n +help: .*-gz=zlib/);
});

test("an object may have more than 65,280 sections", { skip: unlessInstalled("as") }, (t) => {
  const COUNT = 66_000;
  const file = scratch(t);
  const lines = [".globl _start", ".text", "_start:", `jmp f${COUNT - 1}`];
  for (let index = 0; index < COUNT; index++) {
    lines.push(
      `.section .text.f${index},"ax"`,
      `.globl f${index}`,
      `f${index}: call f${index >> 1}`,
    );
  }
  run("as", "--32", file("a.s", `${lines.join("\n")}\n`), "-o", file("a.o"));
  const object = readElfObject(readFileSync(file("a.o")), "a.o");
  assert.ok(object.sections.length > 65_280);
  const image = link([object], { regions: { kernel: { start: 0x100000 } } });
  const [text] = image.sections;
  const last = addressOf(image, `f${COUNT - 1}`) ?? 0;
  assert.equal(last, 0x100005 + 5 * (COUNT - 1));
  // `call` at the last function: the target counts from the end of the instruction.
  const view = new DataView(text?.bytes.buffer ?? new ArrayBuffer(0));
  const target = last + 5 + view.getInt32(last + 1 - 0x100000, true);
  assert.equal(target, addressOf(image, `f${(COUNT - 1) >> 1}`));
});
