// The code of a compiled function as text, one instruction a line.

import assert from "node:assert/strict";
import type { ObjectFile } from "../../../src/object/object";
import { decode } from "../../../src/x86/decode";
import { print } from "../../../src/x86/print";

/** The instructions of the function `name`; symbols read as 0, as in the object. */
export function disassemble(object: ObjectFile, name: string): string[] {
  return disassembleWithOffsets(object, name).map(({ text }) => text);
}

/** The same, with how far each begins from the function's start. */
export function disassembleWithOffsets(
  object: ObjectFile,
  name: string,
): { offset: number; text: string }[] {
  const symbol = object.symbols.find((each) => each.name === name && each.type === "function");
  const section = object.sections[symbol?.section ?? -1];
  assert.ok(section, `no function ${name}`);
  const lines: { offset: number; text: string }[] = [];
  for (let offset = 0; offset < section.size; ) {
    const instruction = decode(section.bytes, offset);
    assert.ok(instruction, `${name}: bytes at ${offset} are not an instruction`);
    const text = print(instruction, { address: offset }).replace(/\s+/g, " ");
    lines.push({ offset, text });
    offset += instruction.length;
  }
  return lines;
}
