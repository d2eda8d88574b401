// Pass: what lies between the inputs of an output section becomes inputs too, of the linker's own:
// numbers that the script gives, and fill.
//
// Where nothing says what to fill with, code is filled with instructions that do nothing, and
// everything else with zeros.

import type { ObjectFile, Section } from "../../object/object";
import { InputSection } from "../passes/model";
import type { Between, FillPattern } from "./lay-out";
import type { ScriptOutput } from "./model";

const OBJECT: ObjectFile = { name: "(script)", sections: [], symbols: [] };
/** Instructions that do nothing, by their length: `nop`, `xchg %ax, %ax`. */
const NOP_1 = [0x90];
const NOP_2 = [0x66, 0x90];
/** On x86-64 also longer ones: forms of `nopw 0(%rax)`. */
const LONG_NOPS: readonly (readonly number[])[] = [
  NOP_1,
  NOP_2,
  [0x0f, 0x1f, 0x00],
  [0x0f, 0x1f, 0x40, 0x00],
  [0x0f, 0x1f, 0x44, 0x00, 0x00],
  [0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00],
  [0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00],
  [0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
  [0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
  [0x66, 0x2e, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
];

/** Adds the inputs that fill `output`. @param bits of an address */
export function addFilling(output: ScriptOutput, { gaps, data }: Between, bits: number): void {
  if (output.isNoBits || output.isStripped) return;
  const added: InputSection[] = [];
  for (const { offset, size, fill } of gaps) {
    const bytes = fillBytes(Number(size), fill, output.flags.code, bits);
    // Without bytes of its own a gap is zeros anyway.
    if (bytes) added.push(inputOf(bytes, Number(offset), output));
  }
  for (const { offset, width, value } of data) {
    const bytes = new Uint8Array(width);
    for (let at = 0; at < width; at++) bytes[at] = Number((value >> BigInt(8 * at)) & 0xffn);
    added.push(inputOf(bytes, Number(offset), output));
  }
  // A section that only the location counter made has bytes as soon as its file has.
  if (added.length === 0 && output.placed.isZero) {
    added.push(inputOf(new Uint8Array(0), 0, output));
  }
  if (added.length === 0) return;
  output.placed.inputs = [...output.placed.inputs, ...added].sort((a, b) => a.offset - b.offset);
}

function inputOf(bytes: Uint8Array, offset: number, { placed }: ScriptOutput): InputSection {
  const section: Section = {
    name: "(fill)",
    type: "progbits",
    flags: { alloc: true, write: false, execute: false },
    align: 1,
    size: bytes.length,
    bytes,
    relocations: [],
    lines: [],
  };
  const input = new InputSection(OBJECT, section);
  input.live = true;
  input.output = placed;
  input.offset = offset;
  return input;
}

function fillBytes(
  size: number,
  fill: FillPattern,
  isCode: boolean,
  bits: number,
): Uint8Array | undefined {
  if (fill) return repeated(fill, size);
  if (!isCode) return undefined;
  const nops = bits === 64 ? LONG_NOPS : [NOP_1, NOP_2];
  const longest = nops.at(-1) ?? NOP_1;
  const bytes = repeated(longest, size);
  const left = size % longest.length;
  const rest = nops[left - 1];
  if (rest) bytes.set(rest, size - left);
  return bytes;
}

/** `pattern` again and again, the last time as much of it as there is room for. */
function repeated(pattern: ArrayLike<number>, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  bytes.set(Array.from(pattern).slice(0, size));
  for (let done = pattern.length; done > 0 && done < size; done *= 2)
    bytes.copyWithin(done, 0, done);
  return bytes;
}
