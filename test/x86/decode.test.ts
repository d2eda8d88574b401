// Decoding: agrees with iced-x86 on random bytes and never reads past the end.

import assert from "node:assert/strict";
import test from "node:test";
import { decode } from "../../src/x86/decode";
import { CodeBuffer, encodeForm } from "../../src/x86/encode";
import { forms } from "../../src/x86/form";
import { nopFill } from "../../src/x86/nop";
import { print } from "../../src/x86/print";
import { icedDecode, icedName } from "./iced";
import { samples } from "./samples";

/** A reproducible sequence of 32-bit numbers (xorshift). */
function* randomNumbers(seed: number): Generator<number, never> {
  let state = seed;
  for (;;) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield state >>> 0;
  }
}

function* randomCode(count: number): Generator<Uint8Array> {
  const numbers = randomNumbers(0x1234567);
  const encoded = forms.map((form) => {
    const out = new CodeBuffer();
    for (const operands of samples(form)) {
      encodeForm(out, form, operands);
      break;
    }
    return out.bytes;
  });
  for (let i = 0; i < count; i++) {
    const bytes = new Uint8Array(16).map(() => numbers.next().value & 0xff);
    // Every other one is a valid instruction with one byte changed: random bytes seldom get far.
    if (i % 2 === 0) {
      const from = encoded[numbers.next().value % encoded.length] as Uint8Array;
      bytes.set(from);
      bytes[numbers.next().value % from.length] = numbers.next().value & 0xff;
    }
    yield bytes;
  }
}

test("what is decoded from random bytes is the same instruction to iced", () => {
  let accepted = 0;
  for (const bytes of randomCode(60_000)) {
    const ours = decode(bytes);
    if (ours === undefined) continue;
    accepted++;
    const text = `${Buffer.from(bytes).toString("hex")}: ${print(ours)}`;
    const iced = icedDecode(bytes);
    assert.ok(iced, `${text}; iced knows no such instruction`);
    const { name, prefix } = icedName(ours.form.mnemonic);
    const found = [iced.prefix, iced.mnemonic, iced.length];
    assert.deepEqual([prefix, name, ours.length], found, `${text}; iced says ${iced.text}`);
  }
  assert.ok(accepted > 20_000, `only ${accepted} were instructions`);
});

test("no byte past the end is read and nothing is thrown, at any offset", () => {
  for (const bytes of randomCode(2000)) {
    for (let end = 0; end <= bytes.length; end++) {
      const part = bytes.subarray(0, end);
      const instruction = decode(part);
      assert.ok(instruction === undefined || instruction.length <= end);
    }
  }
  assert.equal(decode(new Uint8Array(0)), undefined);
  assert.equal(decode(Uint8Array.of(0x90), 1), undefined);
  assert.equal(decode(Uint8Array.of(0x90), 1000), undefined);
});

test("an instruction has at most 15 bytes", () => {
  const prefixes = new Uint8Array(20).fill(0x66);
  prefixes[19] = 0x90;
  assert.equal(decode(prefixes), undefined);
});

test("padding of any length is no-operations of that length", () => {
  for (let length = 0; length <= 40; length++) {
    const bytes = nopFill(length);
    let offset = 0;
    while (offset < bytes.length) {
      const instruction = decode(bytes, offset);
      assert.equal(instruction?.form.mnemonic, "nop");
      assert.equal(icedDecode(bytes.subarray(offset))?.mnemonic, "nop");
      offset += instruction?.length ?? 1;
    }
    assert.equal(offset, length);
  }
});

test("prints branch targets with their symbols", () => {
  const call = decode(Uint8Array.of(0xe8, 0xfb, 0xff, 0xff, 0xff));
  assert.ok(call);
  const symbolAt = (address: number) => ({ name: "start", offset: address - 0x100000 });
  assert.equal(print(call, { address: 0x100000, symbolAt }), "call   0x100000 <start>");
  assert.equal(print(call, { address: 0x100010, symbolAt }), "call   0x100010 <start+0x10>");
});

test("a branch target wraps at 4 GiB", () => {
  const jump = decode(Uint8Array.of(0xeb, 0x10));
  assert.ok(jump);
  assert.equal(print(jump, { address: 0xfffffff8 }), "jmp    0xa");
});
