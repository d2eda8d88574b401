// Scripts as layouts: what a layout can say puts everything where the script did, and what it
// cannot is refused with its line.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Diagnostic, Diagnostics } from "../../../src/base/diagnostic";
import { Reporter } from "../../../src/base/reporter";
import { DEFAULT_OPTIONS } from "../../../src/link/by-script/scripted-image";
import { layoutOf } from "../../../src/link/by-script/to-layout";
import { parseScript } from "../../../src/link/gnu-script/parse-script";
import { link } from "../../../src/link/link";
import { linkByScript } from "../../../src/link/link-by-script";
import { addressOf } from "../../../src/link/passes/image";
import { objectFile } from "../build-object";

const OBJECT = objectFile("kernel.o", {
  ".multiboot": { bytes: [1, 2, 3, 4], align: 4, symbols: { header: 0 } },
  ".text": { bytes: new Array(40).fill(0x90), align: 16, symbols: { start: 0, last: 30 } },
  ".rodata": { bytes: [5, 6, 7], symbols: { constant: 0 } },
  ".data": { bytes: [8, 9, 10, 11], align: 4, symbols: { variable: 0 } },
  ".bss": { zeros: 100, align: 32, symbols: { zeros: 0 } },
});

/** Scripts, and the symbols of their own whose addresses are compared. */
const SCRIPTS: Readonly<Record<string, readonly [text: string, symbols: readonly string[]]>> = {
  "an identity-mapped kernel": [
    `ENTRY (start) SECTIONS { . = 1M; first = .;
      .text : ALIGN (4K) { KEEP (*(.multiboot)) *(.text .text.*) }
      .rodata : ALIGN (4K) { *(.rodata*) } .data : ALIGN (4K) { *(.data*) edata = .; }
      .bss : ALIGN (4K) { *(COMMON) *(.bss*) } end = .; size = SIZEOF (.text); }`,
    ["first", "edata", "end", "size"],
  ],
  "a kernel in the higher half": [
    `BASE = 0xC0000000; ENTRY (start) SECTIONS { . = BASE + 1M;
      .text ALIGN (4K) : AT (ADDR (.text) - BASE) { *(.multiboot) *(.text) }
      .rodata ALIGN (4K) : AT (ADDR (.rodata) - BASE) { *(.rodata) }
      .data ALIGN (4K) : AT (ADDR (.data) - BASE) { *(.data) }
      .bss ALIGN (4K) : AT (ADDR (.bss) - BASE) { *(.bss) } end = .; physical_end = . - BASE; }`,
    ["end", "physical_end"],
  ],
  "boot code below a higher half": [
    `ENTRY (start) SECTIONS { . = 1M; .boot : { *(.multiboot) } . += 0xC0000000;
      .text ALIGN (4K) : AT (ADDR (.text) - 0xC0000000) { *(.text) }
      .data ALIGN (4K) : AT (ADDR (.data) - 0xC0000000) { *(.data) *(.rodata) }
      .bss ALIGN (4K) : AT (ADDR (.bss) - 0xC0000000) { *(.bss) } end = .; }`,
    ["end"],
  ],
  "memory regions": [
    `MEMORY { low : ORIGIN = 1M, LENGTH = 64K  high : ORIGIN = 4M, LENGTH = 1M }
      ENTRY (start) SECTIONS { .text : { *(.multiboot .text .rodata) } >low
      .data : ALIGN (4K) { *(.data) } >high .bss : ALIGN (4K) { *(.bss) } >high }`,
    [],
  ],
};
const OWN = ["header", "start", "last", "constant", "variable", "zeros"];

function layoutFor(text: string) {
  const report = new Reporter();
  const layout = layoutOf(
    parseScript(text, "kernel.ld", () => undefined),
    report,
  );
  return { layout, report };
}

describe("a script as a layout", () => {
  for (const [name, [text, symbols]] of Object.entries(SCRIPTS)) {
    it(`puts everything where the script does: ${name}`, () => {
      const { layout, report } = layoutFor(text);
      report.barrier();
      const script = parseScript(text, "kernel.ld", () => undefined);
      const options = DEFAULT_OPTIONS;
      const theirs = linkByScript({ inputs: [OBJECT], script, options, name: "kernel" });
      const ours = link([OBJECT], layout);
      for (const symbol of [...OWN, ...symbols]) {
        assert.equal(addressOf(ours, symbol), addressOf(theirs, symbol), symbol);
      }
      const loads = (image: typeof ours) =>
        image.sections.filter(({ plan }) => plan.allocate).map((each) => each.loadAddress);
      assert.deepEqual(loads(ours), loads(theirs));
    });
  }

  it("warns of numbers that code may use", () => {
    const { report } = layoutFor("BASE = 0xC0000000;");
    assert.match(report.warnings[0]?.message ?? "", /^BASE is a number, which a layout does not/);
  });

  const REFUSED: readonly (readonly [text: string, line: number, what: RegExp])[] = [
    ['SECTIONS { }\nASSERT (1, "")', 2, /ASSERT$/],
    ["SECTIONS {\n .a : { LONG (1) } }", 2, /numbers between inputs$/],
    ["SECTIONS {\n .a (NOLOAD) : { } }", 2, /\(NOLOAD\)$/],
    ["SECTIONS { .a : {\n *(EXCLUDE_FILE (b.o) .a) } }", 2, /EXCLUDE_FILE$/],
    ["SECTIONS { .a : {\n *(SORT_BY_ALIGNMENT (.a)) } }", 2, /this sorting$/],
    ["SECTIONS { .a : { . = ALIGN (4);\n *(.a) } }", 2, /a gap between inputs$/],
    ["SECTIONS { .a :\n AT (0x1000) { *(.a) } }", 2, /this load address$/],
    ["SECTIONS { .a : { *(.a) }\n . = . + 16; }", 2, /a gap between sections$/],
    ["SECTIONS { .a : { *(.a) } =\n0x1234 }", 2, /a fill of several bytes$/],
    ["SECTIONS { .a : { *(.a) } . = ALIGN (4);\n end = .; }", 2, /the value of end$/],
  ];
  for (const [text, line, what] of REFUSED) {
    it(`refuses what a layout cannot say: ${text.replaceAll("\n", " ")}`, () => {
      const { report } = layoutFor(text);
      assert.throws(
        () => report.barrier(),
        (error: Diagnostic) => {
          const [first] = error instanceof Diagnostics ? error.list : [error];
          assert.equal(first?.code, "SCRIPT010");
          assert.equal(first?.place?.line, line);
          assert.match(first?.message ?? "", what);
          return true;
        },
      );
    });
  }
});
