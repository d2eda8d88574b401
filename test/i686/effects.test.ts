import assert from "node:assert/strict";
import test from "node:test";
import { CodeBuffer, encodeForm } from "../../src/i686/encode";
import type { Form } from "../../src/i686/form";
import { forms } from "../../src/i686/form";
import type { Operand } from "../../src/i686/operand";
import type { GeneralRegister } from "../../src/i686/registers";
import { containing } from "../../src/i686/registers";
import { icedEffects } from "./iced";
import { samples } from "./samples";

interface Touched {
  readonly reads: Set<string>;
  readonly writes: Set<string>;
}

/** What the form's roles and effects say, in iced's terms. */
function touched(form: Form, operands: readonly Operand[]): Touched {
  const reads = new Set(form.effects.reads.map(({ name }) => name as string));
  const writes = new Set(form.effects.writes.map(({ name }) => name as string));
  operands.forEach((operand, index) => {
    if (typeof operand === "number") return;
    if (operand.kind === "memory") {
      for (const register of [operand.base, operand.index]) if (register) reads.add(register.name);
    }
    if (!("name" in operand)) return;
    const role = form.operands[index]?.role;
    const name = /^r(8|16|32)$/.test(operand.kind)
      ? containing(operand as GeneralRegister).name
      : operand.name;
    if (role === "read" || role === "read-write") reads.add(name);
    if (role === "write" || role === "read-write") writes.add(name);
  });
  return { reads, writes };
}

const GENERAL = /^e(ax|bx|cx|dx|si|di|bp|sp)$/;
const general = (names: Iterable<string>) => [...names].filter((name) => GENERAL.test(name)).sort();

function encodeWith(form: Form, operands: readonly Operand[]): Uint8Array {
  const out = new CodeBuffer();
  encodeForm(out, form, operands);
  return out.bytes;
}

test("roles and implicit registers cover all registers that iced says are used", () => {
  const wrong = new Set<string>();
  for (const form of forms) {
    for (const operands of samples(form)) {
      const iced = icedEffects(encodeWith(form, operands));
      const ours = touched(form, operands);
      assert.ok(iced);
      const missing = general(iced.reads).filter((name) => !ours.reads.has(name));
      const unwritten = general(iced.writes).filter((name) => !ours.writes.has(name));
      if (missing.length > 0) wrong.add(`${form.mnemonic} ${operands.length} reads ${missing}`);
      if (unwritten.length > 0)
        wrong.add(`${form.mnemonic} ${operands.length} writes ${unwritten}`);
    }
  }
  assert.deepEqual([...wrong], []);
});

test("flags read, written and undefined are those that iced knows", () => {
  const wrong = new Set<string>();
  for (const form of forms) {
    for (const operands of samples(form)) {
      const iced = icedEffects(encodeWith(form, operands));
      assert.ok(iced);
      const { flagsRead, flagsWritten, flagsUndefined } = form.effects;
      const text = `${form.mnemonic} ${operands.length}`;
      if (flagsRead !== iced.flagsRead) wrong.add(`${text} read ${flagsRead} ${iced.flagsRead}`);
      if (flagsWritten !== iced.flagsWritten)
        wrong.add(`${text} written ${flagsWritten} ${iced.flagsWritten}`);
      if (flagsUndefined !== iced.flagsUndefined)
        wrong.add(`${text} undefined ${flagsUndefined} ${iced.flagsUndefined}`);
    }
  }
  assert.deepEqual([...wrong], []);
});
