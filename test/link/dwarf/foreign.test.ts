// Debug information that other compilers made, in a linked image.

import assert from "node:assert/strict";
import { test } from "node:test";
import { elfFile } from "../../../src/link/output/elf-files";
import { linkFiles, skip, workshop } from "../foreign-objects";
import { run, unlessInstalled } from "../tools";

test("gdb sees the lines, locals and types of what was linked", {
  skip: skip || unlessInstalled("gdb"),
}, (t) => {
  const { compile, file } = workshop(t);
  const start = compile(
    "start.c",
    "struct page { int flags; } first;\nint f(int);\nvoid _start(void) {\n  f(first.flags);\n}\n",
    "-g",
  );
  const f = compile("f.c", "int f(int number) {\n  return number + 1;\n}\n", "-g");
  const elf = file("k.elf", elfFile(linkFiles([start, f])));
  const text = run(
    "gdb",
    "-batch",
    "-ex",
    "info line f",
    "-ex",
    "ptype first",
    "-ex",
    "info scope f",
    elf,
  );
  assert.match(text, /Line [12] of ".*f\.c" starts at address 0x/);
  assert.match(text, /type = struct page \{\s+int flags;\s+\}/);
  assert.match(text, /Symbol number/);
});
