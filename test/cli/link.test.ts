// `isthmus link`: from a compiler's object and a layout file to an ELF file.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { readElf } from "../../src/link/elf/read";
import { writeElfObject } from "../../src/link/output/write-elf-object";
import type { ObjectFile } from "../../src/object/object";
import { nops, objectFile } from "../link/build-object";
import { isthmus } from "./isthmus";

const directory = mkdtempSync(join(tmpdir(), "isthmus-cli-link-"));
after(() => rmSync(directory, { recursive: true }));

function object(name: string, file: ObjectFile): void {
  writeFileSync(join(directory, name), writeElfObject(file));
}

object(
  "start.o",
  objectFile("start.o", {
    ".text": { bytes: nops(8), symbols: { _start: 0 }, refs: [{ at: 4, to: "word" }] },
    ".text.unused": { bytes: nops(40), symbols: { unused: 0 } },
    ".shared": { bytes: nops(5), symbols: { shared: 0 } },
  }),
);
object("word.o", objectFile("word.o", { ".data": { bytes: [1, 2, 3, 4], symbols: { word: 0 } } }));

const layout = {
  regions: { kernel: { start: "0x200000" }, top: { end: "0x1_0000_0000" } },
  sections: [
    ".text",
    { name: ".data" },
    { name: ".shared", region: "top", load: "kernel", keep: true },
  ],
};
writeFileSync(join(directory, "parked.json"), JSON.stringify(layout));
writeFileSync(
  join(directory, "parked.ts"),
  `const name: string = ".shared";
   export default { ...${JSON.stringify(layout)}, closed: [{ name: "t", sections: [name] }] };`,
);

const link = (...words: string[]) => isthmus(["link", ...words], { directory });

describe("isthmus link", () => {
  it("links without a layout, from 1 MiB on", async () => {
    const { status, stdout, stderr } = await link("start.o", "word.o", "-o", "plain.elf");
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(stdout, /^ +\d+ {2}plain\.elf\n$/);
    const elf = readElf(readFileSync(join(directory, "plain.elf")), "plain.elf");
    assert.equal(elf.entry, 0x100000);
  });

  it("links files as they are", async () => {
    writeFileSync(join(directory, "font.psf"), "font");
    const { status, stderr } = await link("start.o", "word.o", "binary:font.psf", "-o", "f.elf");
    assert.deepEqual([status, stderr], [0, ""]);
    const bytes = readFileSync(join(directory, "f.elf"));
    const { symbols, segments } = readElf(bytes, "f.elf");
    const at = symbols.find(({ name }) => name === "_binary_font_psf_start")?.value ?? 0;
    const home = segments.find(({ address, memorySize }) => {
      return at >= address && at < address + memorySize;
    });
    const offset = at - (home?.address ?? 0) + (home?.offset ?? 0);
    assert.equal(bytes.toString("latin1", offset, offset + 4), "font");
    const missing = await link("start.o", "word.o", "binary:none.psf", "-o", "f.elf");
    assert.match(missing.stderr, /there is no file none\.psf/);
  });

  it("obeys a layout, as JSON or as a module, and says so as JSON", async () => {
    for (const file of ["parked.json", "parked.ts"]) {
      const words = ["start.o", "word.o", "-o", "parked.elf", "--layout", file, "--json"];
      const { status, stdout, stderr } = await link(...words);
      assert.deepEqual([status, stderr], [0, ""]);
      const { entry, sections } = JSON.parse(stdout);
      assert.equal(entry, 0x200000);
      assert.deepEqual(sections[2], {
        name: ".shared",
        vma: 0xfffff000,
        lma: 0x202000,
        size: 4096,
        permissions: "rw",
      });
    }
  });

  it("leaves out what nothing needs when asked to, and maps it", async () => {
    const words = ["start.o", "word.o", "-o", "small.elf", "--gc-sections", "--map", "-"];
    const { stdout } = await link(...words);
    const [, kept = "", left = ""] = /^([\s\S]*)Left out([\s\S]*)$/.exec(stdout) ?? [];
    assert.match(kept, /00100000 00100000 +8 +\.text +start\.o/);
    assert.match(left, /\.text\.unused +start\.o/);
  });

  it("writes over nothing that it reads, nor two things to one place", async () => {
    const refused: readonly (readonly [words: string[], expected: RegExp])[] = [
      [["-o", "./start.o"], /CLI001\]: \.\/start\.o would overwrite the input start\.o/],
      [["-o", "a.elf", "--map", "word.o"], /CLI001\]: word\.o would overwrite the input word\.o/],
      [["-o", "parked.json", "--layout", "parked.json"], /CLI001\]: parked\.json would overwrite/],
      [["-o", "a.elf", "--map", "a.elf"], /CLI001\]: the image and its map would both/],
      [["-o", "a.elf", "--map", "-", "--json"], /CLI001\]: --json and --map - cannot both go/],
    ];
    for (const [words, expected] of refused) {
      const { status, stdout, stderr } = await link("start.o", "word.o", ...words);
      assert.deepEqual([status, stdout], [2, ""], words.join(" "));
      assert.match(stderr, expected);
    }
    assert.equal((await link("start.o", "word.o", "-o", "still.elf")).status, 0);
  });

  it("lists every reason why it cannot link", async () => {
    const { status, stderr } = await link("start.o", "-o", "x.elf");
    assert.equal(status, 2);
    assert.match(
      stderr,
      /error\[LINK004\]: undefined symbol "word", used at \.text\+0x4 of start\.o/,
    );
    const missing = await link("no-such.o", "-o", "x.elf");
    assert.match(missing.stderr, /CLI002.*no-such\.o/);
    const nothing = await link("-o", "x.elf");
    assert.match(nothing.stderr, /no objects to link/);
    const nowhere = await link("start.o");
    assert.match(nowhere.stderr, /-o OUT/);
  });

  it("names the field of a layout that is wrong", async () => {
    const wrong = (fields: object) => {
      writeFileSync(join(directory, "wrong.json"), JSON.stringify({ ...layout, ...fields }));
      return link("start.o", "word.o", "-o", "x.elf", "--layout", "wrong.json");
    };
    const cases: [object, RegExp][] = [
      [{ section: [] }, /LAYOUT013.*has no field `section`[\s\S]*Did you mean `sections`/],
      [{ sections: [{ name: ".text", align: "big" }] }, /sections\[0\]\.align is "big", not a num/],
      [{ sections: [{ inputs: [] }] }, /sections\[0\]\.name is undefined, not given/],
      [{ regions: { a: { start: "0x_" } } }, /regions\.a\.start is "0x_", not an address/],
      [{ regions: { "a b": { start: true } } }, /regions\["a b"\]\.start is true, not an address/],
      [{ boot: "grub" }, /boot is "grub", not one of "multiboot"/],
      [{ spaces: [] }, /spaces is a list, not an object/],
    ];
    for (const [fields, expected] of cases) {
      const { status, stderr } = await wrong(fields);
      assert.equal(status, 2);
      assert.match(stderr, expected);
      assert.doesNotMatch(stderr, /\n\s+at /);
    }
  });
});
