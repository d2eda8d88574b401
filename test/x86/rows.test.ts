// Every row of the instruction table, encoded and decoded, against iced-x86.

import assert from "node:assert/strict";
import test from "node:test";
import { chooseForm, NoForm } from "../../src/x86/choose-form";
import { decode } from "../../src/x86/decode";
import { CodeBuffer, encodeForm } from "../../src/x86/encode";
import type { Form } from "../../src/x86/form";
import { forms } from "../../src/x86/form";
import type { Memory, Operand } from "../../src/x86/operand";
import { describeOperand } from "../../src/x86/operand";
import { classify } from "../../src/x86/operand-kind";
import { print } from "../../src/x86/print";
import { containing } from "../../src/x86/registers";
import type { IcedInstruction, IcedMemory, IcedOperand } from "./iced";
import { icedDecode, icedName } from "./iced";
import { samples } from "./samples";

const ADDRESS = 0x1000;

function encodeWith(form: Form, operands: readonly Operand[]): Uint8Array {
  const out = new CodeBuffer();
  encodeForm(out, form, operands);
  return out.bytes;
}

function describe(form: Form, operands: readonly Operand[], bytes: Uint8Array): string {
  const text = `${form.mnemonic} ${operands.map(describeOperand).join(", ")}`;
  return `${text} = ${Buffer.from(bytes).toString("hex")}`;
}

/** An address as the encoder may legally rewrite it: base and index are a multiset of terms. */
function addressKey(base: string | undefined, index: string | undefined, scale: number): string {
  const terms = [base ?? [], index === undefined ? [] : Array(scale).fill(index)].flat();
  return terms.sort().join("+");
}

function sameAddress(ours: Memory, theirs: IcedMemory): boolean {
  return (
    addressKey(ours.base?.name, ours.index?.name, ours.scale) ===
      addressKey(theirs.base, theirs.index, theirs.scale) &&
    (ours.disp | 0) === theirs.disp &&
    ours.segment?.name === theirs.segment
  );
}

function sameOperand(ours: Operand, theirs: IcedOperand, form: Form, index: number, end: number) {
  if (typeof ours === "number") {
    const bits = form.operands[index]?.kind.size ?? 32;
    const mask = 2 ** bits - 1;
    return typeof theirs === "number" && (ours & mask) === (theirs & mask);
  }
  if (ours.kind === "relative") return theirs === (end + ours.displacement) >>> 0;
  if (ours.kind === "memory") return typeof theirs === "object" && sameAddress(ours, theirs);
  if (ours.kind === "symbol") return false;
  // Without a 66 prefix a selector's register is 32 bits wide to iced; the upper half is ignored.
  const selector = ours.kind === "r16" && !form.prefixes.includes(0x66) && form.inRm === index;
  return ours.name === theirs || (selector && containing(ours).name === theirs);
}

/** nop with 66 and far branches have operands in other places than ours. */
function comparesOperands(form: Form): boolean {
  return form.operands.length > 0 && !form.mnemonic.endsWith(" far");
}

function check(form: Form, operands: readonly Operand[], bytes: Uint8Array, iced: IcedInstruction) {
  const { name, prefix } = icedName(form.mnemonic);
  if (iced.length !== bytes.length || iced.mnemonic !== name || iced.prefix !== prefix)
    return false;
  if (!comparesOperands(form)) return true;
  const theirs = iced.operands;
  // The operands of `test` and `xchg` commute, and the encoding does not say their order.
  const ordered = operands.every((operand, index) =>
    sameOperand(operand, theirs[index], form, index, ADDRESS + bytes.length),
  );
  const commutes = name === "test" || name === "xchg";
  const swapped = [theirs[1], theirs[0]];
  return (
    ordered ||
    (commutes &&
      operands.every((operand, index) => sameOperand(operand, swapped[index], form, index, 0)))
  );
}

test("iced decodes every row, with every kind of operand, as what was encoded", () => {
  let count = 0;
  for (const form of forms) {
    for (const operands of samples(form)) {
      const bytes = encodeWith(form, operands);
      const iced = icedDecode(bytes, ADDRESS);
      count++;
      if (iced !== undefined && check(form, operands, bytes, iced)) continue;
      // `xchg eax, eax` is the encoding of nop.
      if (form.mnemonic === "xchg" && iced?.mnemonic === "nop") continue;
      assert.fail(`${describe(form, operands, bytes)}: iced says ${JSON.stringify(iced)}`);
    }
  }
  assert.ok(count > 50_000, `only ${count} instructions were tried`);
});

test("every row decodes to operands that encode to the same bytes again", () => {
  for (const form of forms) {
    for (const operands of samples(form)) {
      const bytes = encodeWith(form, operands);
      const decoded = decode(bytes);
      assert.ok(decoded, describe(form, operands, bytes));
      assert.equal(decoded.length, bytes.length, describe(form, operands, bytes));
      const again = encodeWith(decoded.form, decoded.operands);
      assert.deepEqual(again, bytes, describe(form, operands, bytes));
    }
  }
});

test("an instruction cut short is not an instruction", () => {
  for (const form of forms) {
    for (const operands of samples(form)) {
      const bytes = encodeWith(form, operands);
      // A prefix alone, or 9B before a floating-point instruction, can be one of its own.
      assert.equal(decode(bytes.subarray(0, -1)), undefined, describe(form, operands, bytes));
    }
  }
});

test("the selected form is the shortest of all that accept the operands", () => {
  for (const form of forms) {
    for (const operands of samples(form)) {
      const selected = chooseForm(form.mnemonic, operands);
      if (selected instanceof NoForm) continue; // memory of unknown size; its test is elsewhere
      const length = encodeWith(selected, operands).length;
      for (const other of forms) {
        if (other.mnemonic !== form.mnemonic || !accepts(other, operands)) continue;
        const bytes = encodeWith(other, operands);
        assert.ok(length <= bytes.length, describe(other, operands, bytes));
      }
    }
  }
});

function accepts(form: Form, operands: readonly Operand[]): boolean {
  return (
    form.operands.length === operands.length &&
    form.operands.every(({ kind }, index) => kind.accepts.has(classify(operands[index] as Operand)))
  );
}

/** Instructions that we print shorter, or under the names that objdump has for them. */
function printsDifferently(form: Form): boolean {
  const { name } = icedName(form.mnemonic);
  const isString = /^(movs|cmps|stos|lods|scas|ins|outs)[bwd]$|^xlatb$/.test(name);
  if (isString && form.operands.length === 0) return true;
  return name !== form.mnemonic && !form.mnemonic.startsWith("lock ");
}

/** Spacing aside, iced names more sizes of memory, and orders operands that commute otherwise. */
function normalized(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/,1$/, ",0x1")
    .replace(/^int 0x3$/, "int3")
    .replace(/^(xchg|test) (.*),(.*)$/, (_, name, ...pair) => `${name} ${pair.slice(0, 2).sort()}`)
    .replace(/\b(FWORD|TBYTE|FPUENV32|FPUSTATE32|FXSAVE_512BYTE|NEAR) PTR /g, "")
    .replace(/\bds:\[(0x[0-9a-f]+)\]/, "ds:$1")
    .replace(/\b([fg]s):\[(0x[0-9a-f]+)\]/, "$1:$2");
}

test("prints as iced's Intel syntax does", () => {
  for (const form of forms) {
    if (printsDifferently(form)) continue;
    for (const operands of samples(form)) {
      const bytes = encodeWith(form, operands);
      const decoded = decode(bytes);
      const iced = icedDecode(bytes, ADDRESS);
      assert.ok(decoded && iced, describe(form, operands, bytes));
      if (decoded.form.mnemonic === "nop") continue;
      const ours = print(decoded, { address: ADDRESS });
      assert.equal(normalized(ours), normalized(iced.text), describe(form, operands, bytes));
    }
  }
});
