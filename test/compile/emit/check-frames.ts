// What the unwinder is told of a function's stack, beside what its instructions do to it: as far as
// it can be followed, by pushes, pops and sums of ESP.

import assert from "node:assert/strict";
import type { Section } from "../../../src/object/object";
import { decode } from "../../../src/x86/decode";
import { print } from "../../../src/x86/print";

/** Registers that are saved, as distances below the CFA, and how far ESP is below it. */
interface Stack {
  readonly cfaOffset: number;
  readonly saved: Readonly<Record<string, number>>;
}

const CALLEE_SAVED = ["ebx", "esi", "edi", "ebp"];

/** Follows all ways through a function; how many instructions it checked. */
export function checkFrames(section: Section): number {
  const seen = new Set<number>();
  const work: (Stack & { offset: number })[] = [{ offset: 0, cfaOffset: 4, saved: {} }];
  for (let at = work.pop(); at; at = work.pop()) {
    const { offset, cfaOffset, saved } = at;
    if (seen.has(offset)) continue;
    seen.add(offset);
    const instruction = decode(section.bytes, offset);
    assert.ok(instruction);
    const text = print(instruction, { address: offset }).replace(/\s+/g, " ");
    const step = section.frame?.steps.filter((each) => each.offset <= offset).at(-1);
    const told = { cfaOffset: step?.cfaOffset ?? 4, saved: step?.saved ?? {} };
    assert.deepEqual(told, { cfaOffset, saved }, `${section.name} ${offset.toString(16)}: ${text}`);
    const next = offset + instruction.length;
    const [, mnemonic = "", operands = ""] = /^(\S+) ?(.*)$/.exec(text)!;
    const target = /^0x([0-9a-f]+)/.exec(operands)?.[1];
    if (/^j/.test(mnemonic) && target) {
      work.push({ ...at, offset: Number.parseInt(target, 16) });
    }
    if (mnemonic === "ret") assert.deepEqual({ cfaOffset, saved }, { cfaOffset: 4, saved: {} });
    if (/^(ret|jmp|ud[12])$/.test(mnemonic)) continue;
    work.push({ offset: next, ...after(at, mnemonic, operands) });
  }
  return seen.size;
}

function after({ cfaOffset, saved }: Stack, mnemonic: string, operands: string): Stack {
  const [, sum] = /^esp,0x([0-9a-f]+)$/.exec(operands) ?? [];
  if (sum && mnemonic === "sub") return { cfaOffset: cfaOffset + Number.parseInt(sum, 16), saved };
  if (sum && mnemonic === "add") return { cfaOffset: cfaOffset - Number.parseInt(sum, 16), saved };
  const [, distance] = /^esp,\[esp\+0x([0-9a-f]+)\]$/.exec(operands) ?? [];
  if (distance && mnemonic === "lea") {
    return { cfaOffset: cfaOffset - Number.parseInt(distance, 16), saved };
  }
  if (mnemonic === "push") {
    const isSaved = CALLEE_SAVED.includes(operands) && !(operands in saved);
    const place = { [operands]: cfaOffset + 4 };
    return { cfaOffset: cfaOffset + 4, saved: isSaved ? { ...saved, ...place } : saved };
  }
  if (mnemonic !== "pop") return { cfaOffset, saved };
  const left = Object.entries(saved).filter(
    ([name, place]) => name !== operands || place !== cfaOffset,
  );
  return { cfaOffset: cfaOffset - 4, saved: Object.fromEntries(left) };
}
