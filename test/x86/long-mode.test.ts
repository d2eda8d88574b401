// The rows that only long mode has, against iced-x86 in its 64-bit mode, and what a mode changes in
// rows of both.

import assert from "node:assert/strict";
import test from "node:test";
import { assembleModule } from "../../src/x86/assembler";
import { CodeBuffer, encodeForm, encodeIn } from "../../src/x86/encode";
import { longModeForms } from "../../src/x86/form";
import type { Mnemonic } from "../../src/x86/instructions/table";
import type { Memory, MemoryParts, Operand } from "../../src/x86/operand";
import { describeOperand, mem, mem32, symbol } from "../../src/x86/operand";
import type { OperandKind } from "../../src/x86/operand-kind";
import * as registers from "../../src/x86/registers";
import type { IcedMemory, IcedOperand } from "./iced";
import { icedDecode, icedName } from "./iced";

const { eax, ebx, ecx, es, rax, rbp, rbx, rcx, rsp, r8, r9, r12, r13, r15, registers64 } =
  registers;

const DISPLACEMENTS = [0, 1, -128, 128, 0x12345678, -0x80000000];
const ADDRESSES: readonly MemoryParts[] = [
  { disp: 0x1234 },
  ...registers64.flatMap((base) => DISPLACEMENTS.map((disp) => ({ base, disp }))),
  ...[rax, rbp, r8, r12, r15].flatMap((index) =>
    [rbx, rsp, rbp, r12, r13].flatMap((base) => [
      { base, index },
      { base, index, scale: 8 as const, disp: -4 },
      { index, scale: 4 as const, disp: 0x100 },
    ]),
  ),
];
const IMMEDIATES: Readonly<Record<string, readonly number[]>> = {
  imm8s: [0, 1, 127, -1, -128],
  imm32s: [0, 128, 0xff80, 0x7fff, 0x7fff_ffff, -129, -0x80000000],
};

function samplesOf(kind: OperandKind): readonly Operand[] {
  const known = kind.registers.filter((register) => register !== undefined);
  return [...known, ...(IMMEDIATES[kind.name] ?? []), ...(kind.memory ? ADDRESSES.map(mem) : [])];
}

function tuples(lists: readonly (readonly Operand[])[]): Operand[][] {
  return lists.reduce<Operand[][]>(
    (all, list) => all.flatMap((tuple) => list.map((operand) => [...tuple, operand])),
    [[]],
  );
}

function terms({ base, index, scale }: Memory | IcedMemory): string {
  const name = (register: Memory["base"] | string) =>
    typeof register === "string" ? register : register?.name;
  const scaled = index === undefined ? [] : Array<string>(scale).fill(name(index) ?? "");
  return [...(base === undefined ? [] : [name(base)]), ...scaled].sort().join("+");
}

function isSame(ours: Operand, theirs: IcedOperand): boolean {
  if (typeof ours === "number") return ours === theirs;
  if (ours.kind !== "memory") return "name" in ours && ours.name === theirs;
  return typeof theirs === "object" && terms(ours) === terms(theirs) && ours.disp === theirs.disp;
}

test("iced decodes every row of long mode as what was encoded", () => {
  let count = 0;
  for (const form of longModeForms) {
    for (const operands of tuples(form.operands.map(({ kind }) => samplesOf(kind)))) {
      const out = new CodeBuffer();
      encodeForm(out, form, operands, 64);
      const iced = icedDecode(out.bytes, 0x1000, 64);
      const text = `${form.mnemonic} ${operands.map(describeOperand).join(", ")}`;
      const what = `${text} = ${Buffer.from(out.bytes).toString("hex")}: ${iced?.text}`;
      const name = form.mnemonic === "retfq" ? "retf" : icedName(form.mnemonic).name;
      assert.ok(iced && iced.length === out.length && iced.mnemonic === name, what);
      const straight = operands.every((operand, i) => isSame(operand, iced.operands[i]));
      const swapped = operands.every((operand, i) => isSame(operand, iced.operands[1 - i]));
      assert.ok(straight || (name === "test" && swapped), what);
      count++;
    }
  }
  assert.ok(count > 10_000, `only ${count} instructions were tried`);
});

const hexIn = (bits: 32 | 64, mnemonic: Mnemonic, ...operands: Operand[]) =>
  Buffer.from(encodeIn(bits, mnemonic, operands).bytes).toString("hex");

test("rows of both modes take the mode's addresses, and no encoding of the other's", () => {
  assert.equal(hexIn(64, "mov", eax, mem({ base: rbx, disp: 8 })), "8b4308");
  assert.equal(hexIn(64, "mov", eax, mem({ base: r9 })), "418b01");
  assert.equal(hexIn(32, "mov", eax, mem({ disp: 0x1000 })), "a100100000");
  assert.equal(hexIn(64, "mov", eax, mem({ disp: 0x1000 })), "8b042500100000");
  assert.equal(hexIn(32, "inc", ecx), "41");
  assert.equal(hexIn(64, "inc", ecx), "ffc1");
  assert.throws(() => encodeIn(64, "mov", [eax, mem({ base: ebx })]), /addresses have 64 bits/);
  assert.throws(() => encodeIn(32, "mov", [eax, mem({ base: rbx })]), /addresses have 32 bits/);
  assert.throws(() => encodeIn(64, "push", [es]), /there is no instruction "push es"/);
  assert.throws(() => encodeIn(32, "mov", [rcx, rax]), /there is no instruction "mov rcx, rax"/);
});

test("a symbol alone counts from the end of the instruction, whatever follows it there", () => {
  const object = assembleModule("long.asm.ts", (a) => {
    a.section(".text");
    a.bits(64);
    a.mov(rax, mem({ symbol: "word" }));
    a.add(mem32({ symbol: "word" }), 0x1000);
    a.label("word");
    a.bits(32);
    a.mov(ebx, symbol("word"));
  });
  const [section] = object.sections;
  assert.ok(section);
  const code = Buffer.from(section.bytes).toString("hex");
  assert.equal(code, "488b050a00000081050000000000100000bb00000000");
  assert.deepEqual(
    section.relocations.map(({ offset, kind }) => [offset, kind]),
    [[18, "absolute"]],
  );
});
