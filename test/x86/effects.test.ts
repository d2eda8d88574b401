// What rows say of registers and flags, compared with iced-x86.

import assert from "node:assert/strict";
import test from "node:test";
import { CodeBuffer, encodeForm } from "../../src/x86/encode";
import { AC, DF, IF, STATUS_FLAGS } from "../../src/x86/flags";
import type { Form } from "../../src/x86/form";
import { forms } from "../../src/x86/form";
import type { Operand } from "../../src/x86/operand";
import type { GeneralRegister } from "../../src/x86/registers";
import { containing } from "../../src/x86/registers";
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

const ALLOCATED = /^e(ax|bx|cx|dx|si|di|bp|sp)$|^xmm[0-7]$/;
const allocated = (names: Iterable<string>) =>
  [...names].filter((name) => ALLOCATED.test(name)).sort();

function encodeWith(form: Form, operands: readonly Operand[]): Uint8Array {
  const out = new CodeBuffer();
  encodeForm(out, form, operands);
  return out.bytes;
}

/** Scalars that replace another without reading it; to iced what stays beside them is read. */
const KEEPS_THE_REST = /^(mov|sqrt|round|cvts[is]2|cvtsd2)s[sd]$/;

test("roles and implicit registers cover all registers that iced says are used", () => {
  const wrong = new Set<string>();
  for (const form of forms) {
    for (const operands of samples(form)) {
      const iced = icedEffects(encodeWith(form, operands));
      const ours = touched(form, operands);
      assert.ok(iced);
      const kept = KEEPS_THE_REST.test(form.mnemonic) ? ours.writes : undefined;
      const missing = allocated(iced.reads).filter(
        (name) => !ours.reads.has(name) && !(kept?.has(name) ?? false),
      );
      const unwritten = allocated(iced.writes).filter((name) => !ours.writes.has(name));
      if (missing.length > 0) wrong.add(`${form.mnemonic} ${operands.length} reads ${missing}`);
      if (unwritten.length > 0)
        wrong.add(`${form.mnemonic} ${operands.length} writes ${unwritten}`);
    }
  }
  assert.deepEqual([...wrong], []);
});

/** The flags that iced knows of. */
const KNOWN = STATUS_FLAGS | IF | DF | AC;

/** A count that leaves flags alone or, being 1, defines more of them than others do. */
const SHIFT = /^(rol|ror|rcl|rcr|shl|shr|sar|shld|shrd)$/;

test("flags read, written and undefined are those that iced knows", () => {
  const wrong = new Set<string>();
  for (const form of forms) {
    if (SHIFT.test(form.mnemonic)) continue;
    for (const operands of samples(form)) {
      const iced = icedEffects(encodeWith(form, operands));
      assert.ok(iced);
      const { flagsRead, flagsWritten, flagsUndefined } = form.effects;
      // With ECX = 0 a repeated comparison leaves the flags as they were.
      const kept = form.mnemonic.startsWith("rep") ? iced.flagsWritten : 0;
      if ((flagsRead & KNOWN) !== (iced.flagsRead | kept)) wrong.add(`${form.mnemonic} reads`);
      if ((flagsWritten & KNOWN) !== iced.flagsWritten) wrong.add(`${form.mnemonic} writes`);
      if (flagsUndefined !== iced.flagsUndefined) wrong.add(`${form.mnemonic} leaves undefined`);
    }
  }
  assert.deepEqual([...wrong], []);
});

test("a shift promises no flag that iced says may be undefined or kept", () => {
  for (const form of forms.filter(({ mnemonic }) => SHIFT.test(mnemonic))) {
    for (const operands of samples(form)) {
      const count = operands.at(-1);
      if (typeof count === "number" && (count & 31) === 0) continue;
      const iced = icedEffects(encodeWith(form, operands));
      assert.ok(iced);
      const { flagsRead, flagsWritten, flagsUndefined } = form.effects;
      const all = iced.flagsWritten | iced.flagsUndefined;
      // A rotate of 8 or 16 bits by their multiple leaves flags alone, too; ours say undefined.
      assert.equal(all & ~(flagsWritten | flagsUndefined), 0, form.mnemonic);
      assert.equal(iced.flagsRead & ~flagsRead, 0, form.mnemonic);
      if (all !== 0) assert.equal(flagsWritten & ~iced.flagsWritten, 0, form.mnemonic);
    }
  }
});
