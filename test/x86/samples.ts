// Operands to try each row of the instruction table with.

import type { Form } from "../../src/x86/form";
import type { MemoryParts, Operand, Scale } from "../../src/x86/operand";
import { mem, relative } from "../../src/x86/operand";
import type { OperandKind } from "../../src/x86/operand-kind";
import { eax, ebp, ebx, esp, fs, gs, registers32 } from "../../src/x86/registers";

const DISPLACEMENTS = [0, 1, -1, 127, -128, 128, -129, 0x12345678, -0x80000000, 0xfffffff0];

/** Addresses of every shape: each base, each index, each scale, each length of displacement. */
export const addresses: readonly MemoryParts[] = [
  { disp: 0 },
  { disp: 0x12345678 },
  { disp: 0xffffd000 },
  { base: eax, segment: gs, disp: 4 },
  { segment: fs, disp: 0x10 },
  ...registers32.flatMap((base) => DISPLACEMENTS.map((disp) => ({ base, disp }))),
  ...registers32
    .filter((index) => index !== esp)
    .flatMap((index) =>
      ([1, 2, 4, 8] as Scale[]).flatMap((scale) => [
        { index, scale },
        { index, scale, disp: -4 },
        ...[eax, ebx, esp, ebp].flatMap((base) => [
          { base, index, scale },
          { base, index, scale, disp: 127 },
          { base, index, scale, disp: 0x8000 },
        ]),
      ]),
    ),
];

const FEW_ADDRESSES: readonly MemoryParts[] = [
  { disp: 0x1234 },
  { base: ebx, disp: 8 },
  { base: esp, index: ebp, scale: 8, disp: 0x400, segment: gs },
];

const IMMEDIATES: Readonly<Record<string, readonly number[]>> = {
  imm8: [0, 1, 127, 128, 255, -1, -128],
  imm16: [0, 1, 0x1234, 0xffff, -1, -0x8000],
  imm32: [0, 1, 128, 0x12345678, 0xffffffff, -1, -0x80000000],
  imm8s: [0, 1, 2, 127, -1, -128],
  uimm8: [0, 1, 31, 128, 255],
  uimm16: [0, 8, 0xffff],
  rel8: [0, 127, -128],
  rel32: [0, -1, 127, 128, -129, 0x123456, -0x80000000],
};

function samplesOf(kind: OperandKind, memory: readonly MemoryParts[]): readonly Operand[] {
  if (kind.fixed !== undefined) return [kind.fixed];
  if (kind.place === "offset") return [mem({ disp: 0x1234 }), mem({ disp: 0x10, segment: gs })];
  const numbers = IMMEDIATES[kind.name] ?? [];
  if (kind.place === "relative") return numbers.map(relative);
  const registers = kind.registers.filter((register) => register !== undefined);
  return [...registers, ...numbers, ...(kind.memory ? memory.map(mem) : [])];
}

function combine(lists: readonly (readonly Operand[])[]): Operand[][] {
  return lists.reduce<Operand[][]>(
    (tuples, list) => tuples.flatMap((tuple) => list.map((operand) => [...tuple, operand])),
    [[]],
  );
}

/** Tuples of operands that a form accepts. */
export function* samples(form: Form): Generator<readonly Operand[]> {
  const kinds = form.operands.map(({ kind }) => kind);
  yield* combine(kinds.map((kind) => samplesOf(kind, FEW_ADDRESSES)));
  if (form.inRm === -1 || kinds[form.inRm]?.memory !== true) return;
  const others = kinds.map((kind) => samplesOf(kind, FEW_ADDRESSES).slice(0, 1));
  for (const address of addresses) {
    yield* combine(others.map((list, index) => (index === form.inRm ? [mem(address)] : list)));
  }
}
