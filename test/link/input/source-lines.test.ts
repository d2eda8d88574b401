// Source lines in diagnostics, from the DWARF of other compilers.

import assert from "node:assert/strict";
import { test } from "node:test";
import { diagnosed } from "../expect-diagnostic";
import { FLAGS, linkFiles, skip, workshop } from "../foreign-objects";
import { run, unlessInstalled } from "../tools";

test("diagnostics name the source line that DWARF has, for every DWARF of gcc", { skip }, (t) => {
  const { compile } = workshop(t);
  const source =
    "void alocate_frame(void);\n\nvoid allocate_frame(void) {}\n" +
    "void _start(void) {\n  alocate_frame();\n}\n";
  for (const version of [2, 3, 4, 5]) {
    const object = compile("start.c", source, `-gdwarf-${version}`);
    const text = diagnosed("LINK004", () => linkFiles([object]));
    assert.match(text, /start\.c:5(:3)?: error\[LINK004\]: undefined symbol "alocate_frame"/);
    assert.match(text, /Did you mean "allocate_frame"\?/);
  }
});

test("clang's and nasm's lines are found too", {
  skip: unlessInstalled("clang") || unlessInstalled("nasm"),
}, (t) => {
  const { file } = workshop(t);
  const c = file("start.c", "void missing(void);\nvoid _start(void) {\n  missing();\n}\n");
  run("clang", ...FLAGS, "-g", "-c", c, "-o", file("start.o"));
  assert.match(
    diagnosed("LINK004", () => linkFiles([file("start.o")])),
    /start\.c:3:3: error\[LINK004\]/,
  );
  const source = "global _start\nextern missing\nsection .text\n_start:\n  nop\n  call missing\n";
  run("nasm", "-f", "elf32", "-g", "-F", "dwarf", file("s.nasm", source), "-o", file("s.o"));
  assert.match(
    diagnosed("LINK004", () => linkFiles([file("s.o")])),
    /s\.nasm:6: error\[LINK004\]/,
  );
});
