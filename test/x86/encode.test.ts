// The shortest encoding of each operand, as the manual has it.

import assert from "node:assert/strict";
import test from "node:test";
import { encode } from "../../src/x86/encode";
import type { Mnemonic } from "../../src/x86/instructions/table";
import type { Operand } from "../../src/x86/operand";
import { mem, mem8, mem32, mem64, relative, symbol } from "../../src/x86/operand";
import {
  al,
  ax,
  cl,
  cs,
  dx,
  eax,
  ebp,
  ebx,
  ecx,
  esi,
  esp,
  gs,
  low8,
  xmm0,
  xmm1,
  xmm7,
} from "../../src/x86/registers";

function hex(mnemonic: Mnemonic, ...operands: Operand[]): string {
  return Buffer.from(encode(mnemonic, ...operands).bytes).toString("hex");
}

test("immediates take a sign-extended byte where it suffices", () => {
  assert.equal(hex("add", ecx, 127), "83c17f");
  assert.equal(hex("add", ecx, -128), "83c180");
  assert.equal(hex("add", ecx, 0xffffff80), "83c180");
  assert.equal(hex("add", ecx, 128), "81c180000000");
  assert.equal(hex("add", ax, 0xff80), "6683c080");
  assert.equal(hex("push", -128), "6a80");
  assert.equal(hex("push", 128), "6880000000");
  assert.equal(hex("imul", ecx, ebx, 10), "6bcb0a");
  assert.equal(hex("imul", ecx, ebx, 1000), "69cbe8030000");
});

test("the accumulator has short forms of its own", () => {
  assert.equal(hex("add", eax, 1000), "05e8030000");
  assert.equal(hex("add", eax, 10), "83c00a");
  assert.equal(hex("cmp", al, 10), "3c0a");
  assert.equal(hex("test", eax, 0x100), "a900010000");
  assert.equal(hex("mov", eax, mem({ disp: 0x1000 })), "a100100000");
  assert.equal(hex("mov", mem({ disp: 0x1000 }), eax), "a300100000");
  assert.equal(hex("mov", ecx, mem({ disp: 0x1000 })), "8b0d00100000");
  assert.equal(hex("xchg", eax, ebx), "93");
  assert.equal(hex("xchg", ebx, eax), "93");
  assert.equal(hex("xchg", ecx, ebx), "87d9");
});

test("one-byte and by-one forms are used", () => {
  assert.equal(hex("inc", esi), "46");
  assert.equal(hex("dec", mem32({ base: eax })), "ff08");
  assert.equal(hex("shl", ecx, 1), "d1e1");
  assert.equal(hex("shl", ecx, 2), "c1e102");
  assert.equal(hex("shl", ecx, cl), "d3e1");
  assert.equal(hex("mov", ecx, 0), "b900000000");
  assert.equal(hex("ret"), "c3");
  assert.equal(hex("jmp", relative(127)), "eb7f");
  assert.equal(hex("jmp", relative(128)), "e980000000");
  assert.equal(hex("jmp", relative(-129)), "e97fffffff");
});

test("displacements take 0, 1 or 4 bytes; EBP always takes one", () => {
  assert.equal(hex("mov", eax, mem({ base: ebx })), "8b03");
  assert.equal(hex("mov", eax, mem({ base: ebp })), "8b4500");
  assert.equal(hex("mov", eax, mem({ base: ebx, disp: 127 })), "8b437f");
  assert.equal(hex("mov", eax, mem({ base: ebx, disp: -128 })), "8b4380");
  assert.equal(hex("mov", eax, mem({ base: ebx, disp: 0xffffff80 })), "8b4380");
  assert.equal(hex("mov", eax, mem({ base: ebx, disp: 128 })), "8b8380000000");
});

test("a SIB byte appears only for ESP and for an index", () => {
  assert.equal(hex("mov", eax, mem({ base: esp })), "8b0424");
  assert.equal(hex("mov", eax, mem({ base: esp, disp: 4 })), "8b442404");
  assert.equal(hex("mov", eax, mem({ index: ebx })), "8b03");
  assert.equal(hex("mov", eax, mem({ base: ecx, index: ebx, scale: 4 })), "8b0499");
  assert.equal(hex("mov", ecx, mem({ disp: 0x10 })), "8b0d10000000");
});

test("base and index change places where that is shorter or necessary", () => {
  assert.equal(hex("mov", eax, mem({ base: ebp, index: ebx })), "8b042b");
  assert.equal(hex("mov", eax, mem({ base: ebx, index: esp })), "8b041c");
  assert.equal(hex("mov", eax, mem({ index: ebx, scale: 2 })), "8b041b");
  assert.equal(hex("mov", eax, mem({ index: ebx, scale: 4 })), "8b049d00000000");
  assert.equal(hex("mov", eax, mem({ base: ebp, index: ebx, scale: 2 })), "8b445d00");
});

test("segment prefixes come first, also for absolute addresses", () => {
  assert.equal(hex("mov", eax, mem({ disp: 0, segment: gs })), "65a100000000");
  assert.equal(hex("mov", ax, mem({ base: ebx, segment: gs })), "65668b03");
});

test("operands tell a move or comparison of doubles from the string instruction", () => {
  assert.equal(hex("movsd"), "a5");
  assert.equal(hex("movsd", xmm1, mem({ base: esi })), "f20f100e");
  assert.equal(hex("movsd", mem({ base: esi }), xmm1), "f20f110e");
  assert.equal(hex("movsd", xmm1, xmm7), "f20f10cf");
  assert.equal(hex("cmpsd"), "a7");
  assert.equal(hex("cmpsd", xmm0, xmm1, 2), "f20fc2c102");
});

test("a mandatory prefix follows the segment's and precedes the opcode", () => {
  assert.equal(hex("movss", xmm0, mem({ disp: 8, segment: gs })), "65f30f100508000000");
  assert.equal(hex("movd", eax, xmm7), "660f7ef8");
  assert.equal(hex("movq", mem({ base: ebx }), xmm0), "660fd603");
  assert.equal(hex("psrlq", xmm1, 32), "660f73d120");
  assert.equal(hex("roundsd", xmm0, xmm1, 3), "660f3a0bc103");
});

test("symbols become references at the offset of their field", () => {
  const target = "frames";
  const reference = (offset: number, kind: string, width: number, addend: number) => [
    { offset, kind, width, target, addend, minus: undefined },
  ];
  const at = (mnemonic: Mnemonic, ...operands: Operand[]) => {
    const { bytes, references } = encode(mnemonic, ...operands);
    for (const { offset, width } of references) {
      assert.deepEqual([...bytes.subarray(offset, offset + width)], Array(width).fill(0));
    }
    return references;
  };
  assert.deepEqual(at("call", symbol(target)), reference(1, "relative", 4, -4));
  assert.deepEqual(at("jmp", symbol(target, 8)), reference(1, "relative", 4, 4));
  assert.deepEqual(at("je", symbol(target)), reference(2, "relative", 4, -4));
  assert.deepEqual(at("loop", symbol(target)), reference(1, "relative", 1, -1));
  assert.deepEqual(at("mov", ecx, symbol(target, 4)), reference(1, "absolute", 4, 4));
  assert.deepEqual(at("mov", ax, symbol(target)), reference(2, "absolute", 2, 0));
  assert.deepEqual(at("mov", al, symbol(target)), reference(1, "absolute", 1, 0));
  assert.deepEqual(at("add", eax, symbol(target)), reference(1, "absolute", 4, 0));
  assert.deepEqual(at("push", symbol(target)), reference(1, "absolute", 4, 0));
  assert.deepEqual(at("mov", eax, mem({ symbol: target })), reference(1, "absolute", 4, 0));
  const element = mem({ base: ebx, index: ecx, scale: 4, symbol: target, disp: -8 });
  assert.deepEqual(at("mov", eax, element), reference(3, "absolute", 4, -8));
  assert.deepEqual(at("jmp far", 8, symbol(target)), reference(1, "absolute", 4, 0));
  assert.equal(hex("jmp far", 8, symbol(target)), "ea000000000800");
  const both = at("mov", mem32({ symbol: target }), symbol(target, 2));
  assert.deepEqual(both, [...reference(2, "absolute", 4, 0), ...reference(6, "absolute", 4, 2)]);
});

test("what no row encodes is refused with a text that says why", () => {
  const fails = (pattern: RegExp, mnemonic: Mnemonic, ...operands: Operand[]) =>
    assert.throws(() => encode(mnemonic, ...operands), pattern);
  fails(/no instruction "mov 1, eax"/, "mov", 1, eax);
  fails(/no instruction "mov cs, eax"/, "mov", cs, eax);
  fails(/no instruction "mov eax, ax"/, "mov", eax, ax);
  fails(/no instruction "in eax, 256"/, "in", eax, 256);
  fails(/no instruction "mov al, 256"/, "mov", al, 256);
  fails(/no instruction "add ax, 65536"/, "add", ax, 0x10000);
  fails(/no instruction "shl eax, -1"/, "shl", eax, -1);
  fails(/no instruction "shl eax, dx"/, "shl", eax, dx);
  fails(/no instruction "lock add eax, ebx"/, "lock add", eax, ebx);
  fails(/not an integer of 32 bits/, "mov", eax, 0x1_0000_0000);
  fails(/not an integer of 32 bits/, "mov", eax, 1.5);
  fails(/not an integer of 32 bits/, "mov", eax, Number.NaN);
  fails(/not an integer of 32 bits/, "mov", eax, mem({ base: eax, disp: 2 ** 32 }));
  fails(/how many bytes of memory/, "inc", mem({ base: eax }));
  fails(/how many bytes of memory/, "mov", mem({ base: eax }), 1);
  fails(/how many bytes of memory/, "movzx", eax, mem({ base: eax }));
  fails(/no instruction "addsd xmm0, eax"/, "addsd", xmm0, eax);
  fails(/no instruction "movss mem64/, "movss", mem64({ base: eax }), xmm0);
  fails(/how many bytes of memory/, "fld", mem({ base: eax }));
  fails(/no instruction "mov eax, mem8/, "mov", eax, mem8({ base: eax }));
  fails(/esp cannot be the index/, "mov", eax, mem({ index: esp }));
  fails(/esp cannot be the index/, "mov", eax, mem({ base: ebx, index: esp, scale: 2 }));
  fails(/esp cannot be the index/, "mov", eax, mem({ base: esp, index: esp }));
  assert.throws(() => low8(esi), /esi has no byte register/);
});
