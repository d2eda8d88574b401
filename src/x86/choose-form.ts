// Chooses the form that encodes an instruction in the fewest bytes.
//
// The choice depends on the classes of the operands only (src/x86/operand-kind.ts), so it is made
// once for each mnemonic and tuple of classes and then remembered.
//
// Invariants
//   - Of forms of one length the table's first wins.
//   - Memory without a size is accepted only if all matching forms agree on its size.

import type { Form } from "./form";
import { formsOf } from "./form";
import type { Bits } from "./instructions/row";
import type { Mnemonic } from "./instructions/table";
import type { Memory, Operand } from "./operand";
import { describeOperand } from "./operand";
import type { OperandClass } from "./operand-kind";
import { CLASS_BITS, classify, isAbsoluteMemory, isInvalid, isUnsizedMemory } from "./operand-kind";

const STACK_POINTER = 4;

/** Why no form fits, and what to do: the caller makes a diagnostic or an assertion of it. */
export class NoForm {
  constructor(
    readonly text: string,
    readonly remedy: string,
  ) {}
}

type FormCache = Map<Mnemonic, Map<number, Form | undefined>>;

const caches: Readonly<Record<Bits, FormCache>> = { 32: new Map(), 64: new Map() };

/** The shortest form for `operands`, or why there is none. */
export function chooseForm(
  mnemonic: Mnemonic,
  operands: readonly Operand[],
  bits: Bits = 32,
): Form | NoForm {
  const cache = caches[bits];
  let shape = operands.length;
  for (const operand of operands) shape = (shape << CLASS_BITS) | classify(operand);
  let shapes = cache.get(mnemonic);
  if (shapes === undefined) {
    shapes = new Map();
    cache.set(mnemonic, shapes);
  }
  let form = shapes.get(shape);
  if (form === undefined) {
    form = findForm(mnemonic, operands.map(classify), bits);
    shapes.set(shape, form);
  }
  return form ?? explain(mnemonic, operands, bits);
}

function formsIn(bits: Bits, mnemonic: Mnemonic): readonly Form[] {
  const all = formsOf.get(mnemonic) ?? [];
  return all.filter(({ only }) => only === undefined || only === bits);
}

function matches(form: Form, classes: readonly OperandClass[]): boolean {
  return (
    form.operands.length === classes.length &&
    form.operands.every(({ kind }, index) => kind.accepts.has(classes[index] as OperandClass))
  );
}

/** The sizes that the matching forms give to memory without one. */
function memorySizes(matching: readonly Form[], classes: readonly OperandClass[]): Set<number> {
  const unsized = classes.findIndex(isUnsizedMemory);
  return new Set(matching.flatMap(({ operands }) => operands[unsized]?.kind.size ?? []));
}

function findForm(
  mnemonic: Mnemonic,
  classes: readonly OperandClass[],
  bits: Bits,
): Form | undefined {
  const matching = formsIn(bits, mnemonic).filter((form) => matches(form, classes));
  if (memorySizes(matching, classes).size > 1) return undefined;
  const length = (form: Form) => {
    const rm = classes[form.inRm];
    return form.length + (rm !== undefined && isAbsoluteMemory(rm) ? 4 : 0);
  };
  return matching.reduce<Form | undefined>(
    (best, form) => (best === undefined || length(form) < length(best) ? form : best),
    undefined,
  );
}

/** Forms in the notation of the SDM: `add rm32, imm8`. */
function candidates(mnemonic: Mnemonic, bits: Bits): string {
  const texts = formsIn(bits, mnemonic).map(({ operands }) =>
    [mnemonic, operands.map(({ kind }) => kind.name).join(", ")].join(" ").trim(),
  );
  return [...new Set(texts)].join("; ");
}

function explain(mnemonic: Mnemonic, operands: readonly Operand[], bits: Bits): NoForm {
  const written = `${mnemonic} ${operands.map(describeOperand).join(", ")}`.trim();
  const classes = operands.map(classify);
  const invalid = classes.findIndex(isInvalid);
  if (invalid !== -1) {
    const value = describeOperand(operands[invalid] as Operand);
    return new NoForm(
      `"${written}": ${value} is not an integer of 32 bits`,
      "Give a value from -0x80000000 to 0xffffffff.",
    );
  }
  const matching = formsIn(bits, mnemonic).filter((form) => matches(form, classes));
  const sizes = memorySizes(matching, classes);
  if (sizes.size > 1) {
    const choices = [...sizes].map((size) => `mem${size}(…)`).join(" or ");
    return new NoForm(
      `"${written}" does not say how many bytes of memory it means`,
      `Write ${choices} instead of mem(…).`,
    );
  }
  return new NoForm(
    `there is no instruction "${written}"`,
    `Use one of: ${candidates(mnemonic, bits)}.`,
  );
}

/** Why a memory operand cannot be encoded, if it cannot. */
export function checkMemory(memory: Memory, bits: Bits = 32): NoForm | undefined {
  const { base, index, scale, disp } = memory;
  const kind = bits === 64 ? "r64" : "r32";
  if ((base !== undefined && base.kind !== kind) || (index !== undefined && index.kind !== kind)) {
    return new NoForm(
      `${describeOperand(memory)}: addresses have ${bits} bits here`,
      "Use registers of that width, or choose the mode with a.bits.",
    );
  }
  if ((disp | 0) !== disp && disp >>> 0 !== disp) {
    return new NoForm(
      `the displacement ${disp} is not an integer of 32 bits`,
      "Give a value from -0x80000000 to 0xffffffff.",
    );
  }
  if (index?.number !== STACK_POINTER) return undefined;
  const canSwap = bits === 32 && base !== undefined && base.number !== STACK_POINTER;
  if (scale === 1 && canSwap) return undefined;
  return new NoForm(
    `${describeOperand(memory)}: ${index.name} cannot be the index of a memory operand`,
    `Use another register, or ${index.name} as the base.`,
  );
}
