// Shapes of instructions, compared with what the disassembler iced-x86 finds: over what GCC and
// Clang compile, and over random bytes.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it, type TestContext } from "node:test";
import { Code, Decoder, DecoderOptions, Mnemonic, OpKind, Register } from "iced-x86";
import { type Bits, shapeAt } from "../../../src/link/check/instruction-shape";
import { readElfFile } from "../../../src/link/check/linked-file";
import { run, scratch, unlessInstalled } from "../tools";

/** What iced says of the instruction at `offset`, as a shape. */
function icedAt(bytes: Uint8Array, offset: number, bits: Bits) {
  const decoder = new Decoder(bits, bytes.subarray(offset, offset + 15), DecoderOptions.None);
  decoder.ip = 0n;
  const instruction = decoder.decode();
  const isValid = instruction.code !== Code.INVALID;
  const { length } = instruction;
  const kinds = Array.from({ length: instruction.opCount }, (_, n) => instruction.opKind(n));
  const isBranch = kinds.some((kind) =>
    [OpKind.NearBranch16, OpKind.NearBranch32, OpKind.NearBranch64].includes(kind),
  );
  const hasMemory = kinds.includes(OpKind.Memory);
  const { memoryBase: base, memoryIndex: index, mnemonic } = instruction;
  const facts = {
    length,
    branch: isBranch
      ? BigInt.asIntN(bits, instruction.nearBranchTarget) - BigInt(length)
      : undefined,
    absolute:
      hasMemory && base === Register.None && index === Register.None
        ? BigInt.asUintN(bits, instruction.memoryDisplacement)
        : undefined,
    relative:
      hasMemory && base === Register.RIP
        ? BigInt.asUintN(64, instruction.memoryDisplacement)
        : undefined,
  };
  instruction.free();
  decoder.free();
  return { isValid, mnemonic, facts };
}

function ownAt(bytes: Uint8Array, offset: number, bits: Bits) {
  const shape = shapeAt(bytes, offset, bits);
  if (!shape) return undefined;
  const { length, branch, memory } = shape;
  const { isIndexed = true, isRelative = false, displacement = 0n } = memory ?? {};
  return {
    length,
    branch: branch === undefined ? undefined : BigInt(branch),
    absolute: memory && !isIndexed && !isRelative ? BigInt.asUintN(bits, displacement) : undefined,
    relative: isRelative ? BigInt.asUintN(64, displacement + BigInt(length)) : undefined,
  };
}

const SOURCE = `
typedef unsigned long word;
typedef float four __attribute__((vector_size(16)));
extern volatile word here, there[64];
extern word call(word, word, ...);
static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g" };
const char *name(unsigned n) { return n < 7 ? names[n] : 0; }
word choose(int n) {
  switch (n) { case 0: return here; case 1: return call(1, 2); case 2: return there[n];
    case 3: return here * 77; case 4: return here / 10; case 5: here = 0x12345678; return 5;
    case 6: return there[here] << n; case 7: return (here >> 3) | 0x80000000u; default: return n; }
}
word loop(word *a, int n) { word s = 0; while (n-- > 0) s += a[n] ^ (s << 5); return s; }
four blend(four a, four b, int n) { for (int i = 0; i < n; i++) a = a * b + b; return a; }
double mix(double x, int n) { double y = 1.5; while (n--) y = y * x + 0.25; return y; }
void system(word p) {
  __asm__ volatile("mov %0, %%cr3" :: "r"(p) : "memory");
  __asm__ volatile("invlpg (%0); lgdt (%0); ltr %w0; cpuid; rdmsr; wrmsr; rdtsc" :: "r"(p)
    : "memory");
  __asm__ volatile("lock xaddl %%eax, (%0); fxsave (%0); cli; hlt; sti; int $0x80" :: "r"(p));
}
`;

/** The code of \`SOURCE\`: the executable sections of an object. */
function compiled(t: TestContext, compiler: string, bits: Bits, ...flags: string[]): Uint8Array[] {
  const file = scratch(t);
  const options = [`-m${bits}`, "-c", "-ffreestanding", ...flags];
  run(compiler, ...options, file("a.c", SOURCE), "-o", file("a.o"));
  const { sections } = readElfFile(readFileSync(file("a.o")), "a.o");
  return sections.filter(({ execute, bytes }) => execute && bytes.length > 0).map((s) => s.bytes);
}

function compareAll(code: Uint8Array, bits: Bits): number {
  let count = 0;
  for (let at = 0; at < code.length; count++) {
    const { isValid, facts } = icedAt(code, at, bits);
    assert.ok(isValid);
    assert.deepEqual(ownAt(code, at, bits), facts, `at ${at}: ${code.subarray(at, at + 8)}`);
    at += facts.length;
  }
  return count;
}

const FLAGS = [["-O0"], ["-O2"], ["-O3", "-mavx2"], ["-Os", "-fpic"], ["-O2", "-fcf-protection"]];

describe("the shape of an instruction", () => {
  for (const compiler of ["gcc", "clang"]) {
    for (const bits of [32, 64] as const) {
      const skip = unlessInstalled(compiler);
      it(`is right in all that ${compiler} compiles for ${bits} bits`, { skip }, (t) => {
        let count = 0;
        for (const flags of FLAGS) {
          for (const code of compiled(t, compiler, bits, ...flags)) count += compareAll(code, bits);
        }
        assert.ok(count > 500, `${count} instructions`);
      });
    }
  }

  for (const bits of [32, 64] as const) {
    it(`is right, or there is none, for random bytes in ${bits}-bit mode`, () => {
      const total = 200_000;
      const bytes = randomBytes(total + 16);
      let valid = 0;
      let missed = 0;
      for (let at = 0; at < total; at++) {
        const { isValid, mnemonic, facts } = icedAt(bytes, at, bits);
        if (!isValid) continue;
        valid++;
        const own = ownAt(bytes, at, bits);
        if (own === undefined) missed++;
        else if (mnemonic !== Mnemonic.INVALID) {
          const where = Buffer.from(bytes.subarray(at, at + 15)).toString("hex");
          assert.deepEqual(own, facts, where);
        }
      }
      assert.ok(valid > total / 2);
      // Addresses of 16 bits, near branches of 16 bits, XOP, 3DNow!.
      assert.ok(missed / valid < 0.02, `${missed} of ${valid} have no shape`);
    });
  }

  it("reads no byte past the end", () => {
    const long = [0x48, 0x81, 0x84, 0x88, 1, 0, 0, 0, 2, 0, 0, 0];
    assert.equal(shapeAt(Uint8Array.from(long), 0, 64)?.length, long.length);
    for (let length = 0; length < long.length; length++) {
      assert.equal(shapeAt(Uint8Array.from(long.slice(0, length)), 0, 64), undefined);
    }
    assert.equal(shapeAt(new Uint8Array(20).fill(0x66), 0, 64), undefined);
  });
});

/** The same bytes each time. */
function randomBytes(count: number): Uint8Array {
  let state = 0x2545f491;
  return Uint8Array.from({ length: count }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 0xff;
  });
}
