// The code of a compiled function as text, one instruction a line.

import assert from "node:assert/strict";
import type { ObjectFile } from "../../../src/object/object";
import { decode } from "../../../src/x86/decode";
import { print } from "../../../src/x86/print";

/** The instructions of the function `name`; symbols read as 0, as in the object. */
export function disassemble(object: ObjectFile, name: string): string[] {
  const symbol = object.symbols.find((each) => each.name === name && each.type === "function");
  const section = object.sections[symbol?.section ?? -1];
  assert.ok(section, `no function ${name}`);
  const lines: string[] = [];
  for (let offset = 0; offset < section.size; ) {
    const instruction = decode(section.bytes, offset);
    assert.ok(instruction, `${name}: bytes at ${offset} are not an instruction`);
    lines.push(print(instruction, { address: offset }).replace(/\s+/g, " "));
    offset += instruction.length;
  }
  return lines;
}
