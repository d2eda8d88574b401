// What is wrong with a script only once its objects are known: each has the line of the script.

import assert from "node:assert/strict";
import { it } from "node:test";
import { type Diagnostic, formatPlace } from "../../../src/base/diagnostic";
import { DEFAULT_OPTIONS } from "../../../src/link/by-script/scripted-image";
import { parseScript } from "../../../src/link/gnu-script/parse-script";
import { linkByScript } from "../../../src/link/link-by-script";
import { objectFile } from "../build-object";

const OBJECT = objectFile("start.o", {
  ".text": { bytes: [0xc3, 0x90, 0x90, 0x90], symbols: { _start: 0 } },
  ".data": { bytes: [1, 2, 3, 4] },
});

function link(text: string) {
  return linkByScript({
    inputs: [OBJECT],
    script: parseScript(text, "kernel.ld", () => undefined),
    options: DEFAULT_OPTIONS,
    name: "kernel",
  });
}

const WRONG: Readonly<Record<string, readonly [text: string, expected: RegExp]>> = {
  "a name that nothing defines": [
    "SECTIONS { .text : { *(.text) }\n  end = nothing; }",
    /^SCRIPT005 kernel.ld:2:9: the script uses nothing, which nothing defines/,
  ],
  "a memory region that is not declared": [
    "SECTIONS {\n .text : { *(.text) } >ram }",
    /^SCRIPT004 kernel.ld:2:2: there is no memory region ram/,
  ],
  "a loaded section without a region": [
    "MEMORY { ram : ORIGIN = 0, LENGTH = 4K }\nSECTIONS { .text : { *(.text) } }",
    /^SCRIPT004 kernel.ld:2:12: no memory region is given for section .text/,
  ],
  "a region that is too short": [
    "MEMORY { ram : ORIGIN = 0, LENGTH = 3 }\n" +
      "SECTIONS { .text : { *(.text) } >ram /DISCARD/ : { *(.data) } }",
    /^SCRIPT007 kernel.ld:2:12: .* it reaches 1 bytes past its end, 0x00000003/,
  ],
  "an assertion that fails": [
    'SECTIONS { .text : { *(.text) } }\nASSERT (SIZEOF (.text) > 4, "too small")',
    /^SCRIPT006 kernel.ld:2:1: an assertion fails: too small/,
  ],
  "a location counter that moves back": [
    "SECTIONS { .text : { *(.text)\n. = 2; } }",
    /^SCRIPT005 kernel.ld:2:1: the location counter would move back from 0x00000004 to 0x00000002/,
  ],
  "a division by zero": ["a = 1 /\n 0;", /^SCRIPT005 kernel.ld:1:7: \/ by zero/],
  "a segment that PHDRS does not declare": [
    "PHDRS { text PT_LOAD; }\nSECTIONS { .text : { *(.text) } :code }",
    /^SCRIPT004 kernel.ld:2:12: section .text is in segment code, which PHDRS does not declare/,
  ],
  "addresses that depend on each other": [
    "SECTIONS { .text SIZEOF (.data) : { *(.text) }\n" +
      ".data : { *(.data) . = . + 1 - (ABSOLUTE (ADDR (.text)) & 1); } }",
    /^SCRIPT005 kernel.ld: the addresses of the script never settle/,
  ],
  "sections that lie over each other": [
    "SECTIONS { .text 0x1000 : { *(.text) }\n.data 0x1002 : { *(.data) } }",
    /^SCRIPT012 kernel.ld:2:1: section .data lies over .text: its load address is 0x00001002/,
  ],
  "sections that are loaded over each other": [
    "SECTIONS { .text 0x1000 : { *(.text) }\n.data 0x2000 : AT(0x1003) { *(.data) } }",
    /^SCRIPT012 kernel.ld:2:1: section .data lies over .text: its load address is 0x00001003/,
  ],
  "zeros that lie over a section": [
    "SECTIONS { .text 0x1000 : { *(.text) }\n.room 0xffe (NOLOAD) : { *(.data) } }",
    /^SCRIPT012 kernel.ld:1:12: section .text lies over .room: its address is 0x00001000/,
  ],
  "a section that the address space ends in": [
    "SECTIONS {\n.text 0xfffffffe : { *(.text) } /DISCARD/ : { *(.data) } }",
    /^SCRIPT012 kernel.ld:2:1: section .text does not fit: it begins at 0xfffffffe/,
  ],
  "a file of gigabytes": [
    "SECTIONS {\n.text : { *(.text) . = . + 0xf0000000; } }",
    /^SCRIPT013 kernel.ld:2:1: with section .text the file would be 40265\d+ bytes long/,
  ],
  "a type of segment that nothing defines": [
    "PHDRS { text\ntoString; } SECTIONS { .text : { *(.text) } :text }",
    /^SCRIPT005 kernel.ld:2:1: the script uses toString, which nothing defines/,
  ],
};

for (const [name, [text, expected]] of Object.entries(WRONG)) {
  it(`reports ${name}, with its line`, () => {
    assert.throws(
      () => link(text),
      (error: Diagnostic) => {
        assert.match(
          `${error.code} ${formatPlace(error.place ?? { file: "?" })}: ${error.message}`,
          expected,
        );
        return true;
      },
    );
  });
}

it("begins at .text where nothing defines the entry, and says so", () => {
  const image = link("ENTRY (nowhere)\nSECTIONS { .text 0x1000 : { *(.text) } }");
  assert.equal(image.entry, 0x1000);
  assert.equal(image.warnings[0]?.code, "SCRIPT009");
});

it("refuses to index an unwind table whose entries relocations change", () => {
  // A common entry, and one of a function, whose length is relocated.
  const common = [16, 0, 0, 0, 0, 0, 0, 0, 1, 0x7a, 0x52, 0, 1, 0x7c, 8, 1, 0x1b, 0, 0, 0];
  const own = [16, 0, 0, 0, 24, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0];
  const object = (refs: { at: number; to: string; kind?: "relative" }[]) =>
    objectFile("a.o", {
      ".text": { bytes: [0xc3], symbols: { start: 0 } },
      ".eh_frame": { bytes: [...common, ...own], align: 4, refs },
    });
  const indexed = (refs: { at: number; to: string; kind?: "relative" }[]) =>
    linkByScript({
      inputs: [object(refs)],
      script: parseScript("SECTIONS { .text 0x1000 : { *(.text) } }", "a.ld", () => undefined),
      options: { ...DEFAULT_OPTIONS, hasUnwindIndex: true },
      name: "kernel",
    });
  const about = { at: 28, to: "start", kind: "relative" } as const;
  assert.ok(indexed([about]).outputs.some(({ name }) => name === ".eh_frame_hdr"));
  assert.throws(() => indexed([{ at: 0, to: "start" }, about]), /cannot be indexed/);
});

it("lets overlays begin at the same address", () => {
  const image = link(
    "SECTIONS { .text 0x1000 : { *(.text) } .data 0x1000 : AT(0x2000) { *(.data) } }",
  );
  assert.deepEqual(
    image.outputs.map(({ address, loadAddress }) => [address, loadAddress]),
    [
      [0x1000n, 0x1000n],
      [0x1000n, 0x2000n],
    ],
  );
});

it("begins at start where nobody names the entry", () => {
  const script = "SECTIONS { .text 0x1000 : { *(.text) } start = 0x1002; }";
  assert.equal(link(script).entry, 0x1002);
});
