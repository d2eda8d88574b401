// Kernels that are not ELF files: flat images, which are read by the addresses in their header, and
// other files, which are named for what they are.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it, type TestContext } from "node:test";
import { Diagnostic } from "../../../src/base/diagnostic";
import { check } from "../../../src/link/check/check";
import { run, scratch, unlessInstalled } from "../tools";

const HEADER = 0x1badb002;
const LOAD = 0x100000;

/** A flat image: header, `hlt` and a jump to it, and then `tail`. */
function flat(header: readonly number[], code = [0xf4, 0xeb, 0xfd]): Uint8Array {
  const bytes = new Uint8Array(header.length * 4 + code.length);
  const view = new DataView(bytes.buffer);
  header.forEach((word, index) => {
    view.setUint32(4 * index, word >>> 0, true);
  });
  bytes.set(code, header.length * 4);
  return bytes;
}

const withAddresses = (...addresses: number[]) => [
  HEADER,
  0x10000,
  -(HEADER + 0x10000),
  ...addresses,
];
const ENTRY = LOAD + 32;

/** A file that begins with `parts`, each at its offset. */
function file(size: number, parts: Readonly<Record<number, string>>): Uint8Array {
  const bytes = new Uint8Array(size);
  for (const [offset, text] of Object.entries(parts)) {
    bytes.set(Buffer.from(text, "latin1"), Number(offset));
  }
  return bytes;
}

describe("a flat image with addresses in its header", () => {
  const loaders = ["grub", "qemu", "v86"] as const;

  it("is judged by them", () => {
    const bytes = flat(withAddresses(LOAD, LOAD, 0, LOAD + 0x2000, ENTRY));
    const report = check(bytes, "k.bin", { loaders });
    assert.deepEqual(report.findings, []);
    for (const { outcome, span, entry, loader } of report.verdicts) {
      assert.equal(outcome, "loads", loader);
      assert.deepEqual(span, { start: BigInt(LOAD), end: BigInt(LOAD + 0x2000) });
      assert.equal(entry, BigInt(ENTRY));
    }
    assert.ok(report.ok);
  });

  it("gives findings as an ELF file does: it is loaded over video memory", () => {
    const load = 0xa0000;
    const bytes = flat(withAddresses(load, load, 0, 0, load + 32));
    assert.deepEqual(
      check(bytes, "k.bin").findings.map(({ code }) => code),
      ["LAY016"],
    );
  });

  it("is refused if it has none, or if they do not fit the file", () => {
    const without = flat([HEADER, 0, -HEADER]);
    assert.throws(() => check(without, "k.bin"), isAbout(/header does not say where to load it/));
    const before = flat(withAddresses(LOAD, LOAD + 4, 0, 0, ENTRY));
    assert.throws(() => check(before, "k.bin"), isAbout(/load address does not fit its own/));
  });
});

function isAbout(text: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof Diagnostic);
    assert.equal(error.code, "ELF001");
    assert.match(error.message, text);
    return true;
  };
}

describe("a file that is not a kernel", () => {
  const CASES: readonly [string, Uint8Array, RegExp][] = [
    ["a bzImage, which is a PE file too", file(1024, { 0: "MZ", 514: "HdrS" }), /is a Linux bzI/],
    ["a PE file", file(256, { 0: "MZ", 60: "\x80", 128: "PE\0\0" }), /is a PE file/],
    ["a gzip file", file(64, { 0: "\x1f\x8b\x08" }), /is a gzip file/],
    ["an xz file", file(64, { 0: "\xfd7zXZ\0" }), /is an xz file/],
    ["an image of a CD", file(0x8800, { 32769: "CD001" }), /is an image of a CD/],
    ["LLVM bitcode", file(64, { 0: "BC\xc0\xde" }), /is LLVM bitcode, made with -flto/],
    ["a DOS program without a PE header", file(256, { 0: "MZ" }), /is not an ELF file/],
  ];
  for (const [name, bytes, text] of CASES) {
    it(`is named: ${name}`, () => {
      assert.throws(() => check(bytes, "given"), isAbout(text));
    });
  }

  const skip = unlessInstalled("gcc");
  it("is named: an object of gcc -flto", { skip }, (t: TestContext) => {
    const at = scratch(t);
    const source = at("part.c", "int one(void) { return 1; }\n");
    run("gcc", "-m32", "-flto", "-c", source, "-o", at("part.o"));
    const bytes = readFileSync(at("part.o"));
    assert.throws(() => check(bytes, "part.o"), isAbout(/is an object of gcc -flto/));
  });
});
