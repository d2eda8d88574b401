// Files on a link's command line that are neither object nor archive.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readInput } from "../../../src/link/input/read-input";
import { diagnosed } from "../expect-diagnostic";

test("linker scripts and other files are refused, each with its reason", () => {
  const encode = (text: string) => new TextEncoder().encode(text);
  const script = "/* GNU ld script */\nGROUP ( /lib/libc.so.6 libc_nonshared.a )\n";
  assert.match(
    diagnosed("ELF001", () => readInput(encode(script), "libc.so")),
    /libc\.so is a linker script/,
  );
  diagnosed("ELF001", () => readInput(encode("int main;"), "a.c"));
  diagnosed("ARCH002", () => readInput(encode("!<arch>\nwhat follows is no header"), "a.a"));
});
