// What cannot be read or is not supported in a GNU ld script, each with its place.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Diagnostic, formatPlace } from "../../../src/base/diagnostic";
import { parseScript } from "../../../src/link/gnu-script/parse-script";
import type { Script } from "../../../src/link/gnu-script/syntax";

function parse(text: string, files: Readonly<Record<string, string>> = {}): Script {
  return parseScript(text, "kernel.ld", (name) => files[name]);
}

/** Code, place and text of what `text` is refused for. */
function refusal(text: string, files: Readonly<Record<string, string>> = {}): string {
  try {
    parse(text, files);
  } catch (error) {
    if (error instanceof Diagnostic && error.place) {
      return `${error.code} ${formatPlace(error.place)}: ${error.message}`;
    }
    throw error;
  }
  return "accepted";
}

describe("a GNU ld script", () => {
  const REFUSED: readonly (readonly [text: string, expected: RegExp])[] = [
    ["SECTIONS {\n  OVERLAY 0x1000 : { }\n}", /^SCRIPT002 kernel.ld:2:3: OVERLAY is not/],
    ["SECTIONS { }\nINSERT AFTER .text;", /^SCRIPT002 kernel.ld:2:1: INSERT is not supported/],
    ["VERSION { V1 { }; }", /^SCRIPT002 kernel.ld:1:1: VERSION is not supported/],
    ["SECTIONS { .text : { INPUT_SECTION_FLAGS (X) *(.a) } }", /:1:22: INPUT_SECTION_FLAGS is/],
    ["SECTIONS { .text : { *(.text) }", /^SCRIPT001 kernel.ld:1:32: .*but the script ends$/],
    ["SECTION { }", /^SCRIPT001 kernel.ld:1:1: there is no command SECTION$/],
    ["a = 1\nb = 2;", /^SCRIPT001 kernel.ld:2:1: ";" is expected after the value of a/],
    ["a = ALING (4);", /^SCRIPT001 kernel.ld:1:5: there is no function ALING/],
    ["a = MAX (4);", /^SCRIPT001 kernel.ld:1:11: "," is expected between the arguments of MAX/],
    ["a = 08;", /^SCRIPT001 kernel.ld:1:5: "08" is not a number/],
    ["a = 4 +;", /^SCRIPT001 kernel.ld:1:8: an expression is expected/],
    ["/* no end", /^SCRIPT001 kernel.ld:1:1: the comment never ends/],
    ['ENTRY ("start)', /^SCRIPT001 kernel.ld:1:8: the quoted name never ends/],
    ["a = `;", /^SCRIPT001 kernel.ld:1:5: "`" has no meaning here/],
    ["MEMORY { ram : LENGTH = 4 }", /^SCRIPT001 kernel.ld:1:16: ORIGIN is expected in a memory/],
    ["SECTIONS { .text : { KEEP *(.text) } }", /^SCRIPT001 .*: "\(" is expected after KEEP/],
    ["toString", /^SCRIPT001 kernel.ld:1:1: there is no command toString$/],
    ["INCLUDE nothing.ld", /^SCRIPT003 kernel.ld:1:9: there is no file nothing.ld to include/],
  ];
  for (const [text, expected] of REFUSED) {
    it(`is refused with its place: ${text.replaceAll("\n", " ")}`, () => {
      assert.match(refusal(text), expected);
    });
  }

  it("suggests the command that was meant", () => {
    assert.throws(
      () => parse("SECTION { }"),
      (error: Diagnostic) => error.remedy === "Did you mean SECTIONS?",
    );
  });

  it("stops at what is too complex to be evaluated, and takes what is not", () => {
    const nested = (open: string, count: number, close = "") =>
      `${open.repeat(count)}1${close.repeat(count)}`;
    parse(`a = ${nested("(", 200, ")")}; b = ${nested("-", 200)}; c = ${nested("1+", 1900)};`);
    const many = 100_000;
    const values = [
      nested("(", many, ")"),
      nested("-", many),
      nested("1+", many),
      nested("1?1:", many),
    ];
    for (const value of values) {
      assert.match(refusal(`a = ${value};`), /^SCRIPT001 kernel.ld:1:\d+: this is too complex/);
    }
    const patterns = [
      `*(${"SORT(".repeat(many)}`,
      `*(${"EXCLUDE_FILE(a) ".repeat(many)}`,
      "SORT(".repeat(many),
    ];
    for (const pattern of patterns) {
      assert.match(refusal(`SECTIONS { .text : { ${pattern}`), /^SCRIPT001 .* too complex/);
    }
  });

  it("includes files among commands, statements, regions and content", () => {
    const files = {
      "head.ld": "ENTRY (start)\nSECTIONS { INCLUDE outputs.ld }",
      "outputs.ld": ".text : { INCLUDE content.ld }",
      "content.ld": "*(.text)",
      "regions.ld": "ram : ORIGIN = 0, LENGTH = 1M",
    };
    const script = parse("INCLUDE head.ld\nMEMORY { INCLUDE regions.ld }", files);
    assert.equal(script.entry, "start");
    assert.equal(script.regions[0]?.name, "ram");
    const [output] = script.statements;
    assert.equal(output?.kind === "output" && output.content.length, 1);
  });

  it("gives the place in the included file, and stops files that include each other", () => {
    const files = { "inner.ld": "\n  VERSION { }", "loop.ld": "INCLUDE loop.ld" };
    assert.match(refusal("INCLUDE inner.ld", files), /^SCRIPT002 inner.ld:2:3: VERSION/);
    assert.match(refusal("INCLUDE loop.ld", files), /^SCRIPT003 loop.ld:1:9: .* nested more than/);
  });

  it("reads numbers of every base and unit", () => {
    const texts = ["0x10", "$10", "16", "020", "10H", "10000B", "4K", "0x1M", "1m"];
    const { statements } = parse(texts.map((text, index) => `n${index} = ${text};`).join("\n"));
    const values = statements.map((each) =>
      each.kind === "assignment" && each.value.kind === "number" ? each.value.value : undefined,
    );
    assert.deepEqual(values, [16n, 16n, 16n, 16n, 16n, 16n, 4096n, 0x100000n, 0x100000n]);
  });

  it("tells names of files from expressions", () => {
    const text = "SECTIONS { .text : { lib-a+b.a:x?.o(.text.[a-c]*) end = . - 4 * 2; } }";
    const [output] = parse(text).statements;
    assert.ok(output?.kind === "output");
    const [input, assignment] = output.content;
    assert.equal(input?.kind === "input" && input.file, "lib-a+b.a:x?.o");
    assert.equal(assignment?.kind === "assignment" && assignment.name, "end");
  });

  it("keeps what its other commands say", () => {
    const script = parse(`OUTPUT_FORMAT ("elf32-i386", "elf32-i386", "elf32-i386")
      OUTPUT_ARCH (i386:x86-64) TARGET (binary) STARTUP (crt0.o) SEARCH_DIR ("=/lib")
      INPUT (a.o, -lb) GROUP (c.a AS_NEEDED (d.a)) EXTERN (one two) OUTPUT (kernel.elf)
      FORCE_COMMON_ALLOCATION`);
    assert.equal(script.format, "elf32-i386");
    assert.equal(script.architecture, "i386:x86-64");
    assert.equal(script.startup?.name, "crt0.o");
    assert.deepEqual(script.searchFolders, ["=/lib"]);
    assert.deepEqual(
      script.inputs.map(({ isGroup, files }) => [isGroup, files.map(({ name }) => name)]),
      [
        [false, ["a.o", "-lb"]],
        [true, ["c.a", "d.a"]],
      ],
    );
    assert.deepEqual(script.undefinedNames, ["one", "two"]);
  });
});
