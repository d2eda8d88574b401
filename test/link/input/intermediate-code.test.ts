// Objects and archives of compilers that leave the work to the link.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it, type TestContext } from "node:test";
import { isArchive } from "../../../src/link/input/archive";
import { readInput } from "../../../src/link/input/read-input";
import { writeElfObject } from "../../../src/link/output/write-elf-object";
import { objectFile } from "../build-object";
import { diagnosed } from "../expect-diagnostic";
import { start } from "../small-layouts";
import { run, scratch, unlessInstalled } from "../tools";

/** An archive with one member and the index of an `ar` that knows ELF alone. */
function archiveOf(member: Uint8Array, symbol: string): Uint8Array {
  const header = (name: string, size: number) =>
    `${name.padEnd(16)}${"0".padEnd(32)}${String(size).padEnd(10)}\`\n`;
  const names = Buffer.from(`${symbol}\0`);
  const index = Buffer.alloc(8 + names.length + (names.length % 2));
  const first = 8 + 60 + index.length;
  index.writeUInt32BE(1, 0);
  index.writeUInt32BE(first, 4);
  names.copy(index, 8);
  const [table, object] = [header("/", index.length), header("k.o/", member.length)];
  return Buffer.concat([Buffer.from(`!<arch>\n${table}`), index, Buffer.from(object), member]);
}

describe("intermediate code", () => {
  it("of LLVM is recognised, with and without a wrapper", () => {
    for (const magic of [
      [0x42, 0x43, 0xc0, 0xde],
      [0xde, 0xc0, 0x17, 0x0b],
    ]) {
      const bytes = Uint8Array.from([...magic, ...new Array<number>(60).fill(0)]);
      const text = diagnosed("ELF007", () => readInput(bytes, "k.o"));
      assert.match(text, /k\.o is LLVM bitcode[\s\S]*without -flto/);
    }
  });

  it("of GCC is recognised, in an archive too", () => {
    const slim = { __gnu_lto_slim: { type: "object" } } as const;
    const object = objectFile("k.o", { ".data": { bytes: [0], symbols: slim } });
    const bytes = writeElfObject(object);
    const text = diagnosed("ELF007", () => readInput(bytes, "k.o"));
    assert.match(text, /k\.o has GCC's code[\s\S]*-fno-lto, or with -ffat-lto-objects/);
    const archive = archiveOf(bytes, "__gnu_lto_slim");
    assert.ok(isArchive(archive));
    assert.match(
      diagnosed("ELF007", () => readInput(archive, "libk.a")),
      /libk\.a\(k\.o\) has GCC's code/,
    );
    const plain = writeElfObject(objectFile("k.o", start));
    readInput(archiveOf(plain, "_start"), "libk.a");
  });

  const compiled = (t: TestContext, compiler: string, ...flags: string[]) => {
    const file = scratch(t);
    const source = file("k.c", "int f(void) { return 1; }");
    run(compiler, ...flags, "-c", source, "-o", file("k.o"));
    return readInput(readFileSync(file("k.o")), "k.o");
  };

  it("is what gcc makes, but not beside machine code", { skip: unlessInstalled("gcc") }, (t) => {
    diagnosed("ELF007", () => compiled(t, "gcc", "-m32", "-flto"));
    compiled(t, "gcc", "-m32", "-flto", "-ffat-lto-objects");
  });

  it("is what clang makes", { skip: unlessInstalled("clang") }, (t) => {
    diagnosed("ELF007", () => compiled(t, "clang", "--target=i686-elf", "-flto"));
  });
});
