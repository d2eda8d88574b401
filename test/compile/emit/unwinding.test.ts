// What the unwinder is told of a function's stack is so at each of its instructions, whichever way
// control came: as far as this test can follow it, by pushes, pops and sums of ESP.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileModule } from "../../../src/compile/compile";
import type { Section } from "../../../src/object/object";
import { decode } from "../../../src/x86/decode";
import { print } from "../../../src/x86/print";
import { compileSources } from "../assemblyscript/asc-program";
import { MODES } from "../modes";

const PROGRAM = `
  function work(x: u32): u32 { return x > 99 ? x : insert(x, x * 3) * x; }
  export function insert(node: usize, key: u32): u32 {
    if (!node) return key;
    if (key > 1000) return <u32>-22;
    if (load<u32>(node) == key) return work(node);
    if (key & 1) return insert(load<usize>(node + 4), key) + key;
    const left = insert(load<usize>(node + 8), key);
    if (left == 7) return <u32>-22;
    store<u32>(node + 8, left);
    return work(left) + node + key;
  }
  export function many(a: u32, b: u32, c: u32, d: u32): u32 {
    if (d > 9) return b;
    let sum: u32 = 0;
    for (let i: u32 = 0; i < d; i++) sum += many(a + i, b - sum, c ^ a, d - 1) * (a + b + c);
    return sum / d;
  }
`;

/** Registers that are saved, as distances below the CFA, and how far ESP is below it. */
interface Stack {
  readonly cfaOffset: number;
  readonly saved: Readonly<Record<string, number>>;
}

const CALLEE_SAVED = ["ebx", "esi", "edi", "ebp"];

/** Follows all ways through a function; how many instructions it checked. */
function checkFrames(section: Section): number {
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

describe("what unwinding is told", () => {
  const { module } = compileSources({ "main.ts": PROGRAM }, { target: "user" });
  for (const [mode, { level = 2, without = [], stress = {} }] of Object.entries(MODES)) {
    it(`is so at each instruction, ${mode}`, () => {
      for (const target of ["user", "kernel"] as const) {
        const options = { target, name: "test", level, without, stress };
        const { sections, symbols } = compileModule(module, options);
        for (const name of ["insert", "many"]) {
          const symbol = symbols.find((each) => each.name === name);
          assert.ok(checkFrames(sections[symbol?.section ?? -1]!) > 20);
        }
      }
    });
  }

  it("has the frame open after early exits, and not before", () => {
    const { sections, symbols } = compileModule(module, { target: "user", name: "test" });
    const symbol = symbols.find(({ name }) => name === "insert");
    const { bytes } = sections[symbol?.section ?? -1]!;
    const first = print(decode(bytes, 0)!, { address: 0 }).replace(/\s+/g, " ");
    assert.equal(first, "test eax,eax");
  });
});
