// The instructions that are imports of module x86: each is inline, once, in order.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { compileModule } from "../../../src/compile/compile";
import { INTRINSICS } from "../../../src/compile/select/intrinsics";
import type { ObjectFile } from "../../../src/object/object";
import { compileSources } from "../assemblyscript/asc-program";
import { disassemble } from "../native/disassemble";

interface Declaration {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly result: string;
}

/** The functions that src/abi/x86.ts declares. */
function declarations(): Declaration[] {
  const text = readFileSync("src/abi/x86.ts", "utf8");
  const pattern = /declare function (\w+)\(([^)]*)\): (\w+);/g;
  return [...text.matchAll(pattern)].map(([, name = "", list = "", result = ""]) => ({
    name,
    parameters: [...list.matchAll(/\w+: (\w+)/g)].map(([, type = ""]) => type),
    result,
  }));
}

function compileKernel(text: string): ObjectFile {
  const { module, sourceMap } = compileSources({ "main.ts": text });
  return compileModule(module, { target: "kernel", name: "test", sourceMap });
}

/** `export function call_inb(a0: u32): u32 { return x86.inb(a0); }` for each instruction. */
function callAll(): ObjectFile {
  const all = declarations();
  const names = all.map(({ name }) => name).join(", ");
  const functions = all.map(({ name, parameters, result }) => {
    const list = parameters.map((type, i) => `a${i}: ${type}`).join(", ");
    const call = `${name}(${parameters.map((_, i) => `a${i}`).join(", ")})`;
    const statement = result === "void" ? `${call};` : `return ${call};`;
    return `export function call_${name}(${list}): ${result} { ${statement} }`;
  });
  return compileKernel(`import { ${names} } from "./src/abi/x86";\n${functions.join("\n")}\n`);
}

/** What each must contain, once; and nothing else that touches ports, memory or system state. */
const EXPECTED: Readonly<Record<string, RegExp>> = {
  inb: /^in al,dx$/,
  inw: /^in ax,dx$/,
  inl: /^in eax,dx$/,
  outb: /^out dx,al$/,
  outw: /^out dx,ax$/,
  outl: /^out dx,eax$/,
  cli: /^cli$/,
  sti: /^sti$/,
  hlt: /^hlt$/,
  stihlt: /^sti$/,
  pause: /^pause$/,
  fxsave: /^fxsave \[\w+\]$/,
  fxrstor: /^fxrstor \[\w+\]$/,
  fninit: /^fninit$/,
  readcr0: /^mov \w+,cr0$/,
  writecr0: /^mov cr0,\w+$/,
  readcr2: /^mov \w+,cr2$/,
  readcr3: /^mov \w+,cr3$/,
  writecr3: /^mov cr3,\w+$/,
  readcr4: /^mov \w+,cr4$/,
  writecr4: /^mov cr4,\w+$/,
  readeflags: /^pushf$/,
  writeeflags: /^popf$/,
  readesp: /^(lea|mov) \w+,\[?esp\]?$/,
  loadfs: /^mov fs,WORD PTR \[\w+\]$/,
  loadgs: /^mov gs,WORD PTR \[\w+\]$/,
  storefs: /^mov WORD PTR \[\w+\],fs$/,
  storegs: /^mov WORD PTR \[\w+\],gs$/,
  lgdt: /^lgdt \[\w+\]$/,
  lidt: /^lidt \[\w+\]$/,
  ltr: /^ltr \w+$/,
  invlpg: /^invlpg (BYTE PTR )?\[\w+\]$/,
  cpuid: /^cpuid$/,
  rdtsc: /^rdtsc$/,
  rdmsr: /^rdmsr$/,
  wrmsr: /^wrmsr$/,
  load8: /^movzx \w+,BYTE PTR \[\w+\]$/,
  load16: /^movzx \w+,WORD PTR \[\w+\]$/,
  load32: /^mov \w+,DWORD PTR \[\w+\]$/,
  store8: /^mov BYTE PTR \[\w+\],\w+$/,
  store16: /^mov WORD PTR \[\w+\],\w+$/,
  store32: /^mov DWORD PTR \[\w+\],\w+$/,
  xchg32: /^xchg DWORD PTR \[\w+\],\w+$/,
  cmpxchg32: /^lock cmpxchg DWORD PTR \[\w+\],\w+$/,
  int80: /^int 0x80$/,
};

describe("instructions as imports of x86", () => {
  it("are those that src/abi/x86.ts declares", () => {
    const declared = declarations().map(({ name }) => name);
    assert.deepEqual(Object.keys(INTRINSICS).sort(), declared.sort());
    assert.deepEqual(Object.keys(EXPECTED).sort(), declared.sort());
  });

  it("appear exactly once for each call", () => {
    const object = callAll();
    for (const [name, pattern] of Object.entries(EXPECTED)) {
      const code = disassemble(object, `call_${name}`);
      const found = code.filter((line) => pattern.test(line));
      assert.equal(found.length, 1, `${name}:\n${code.join("\n")}`);
    }
  });

  it("sti and hlt of stihlt stand next to each other", () => {
    const code = disassemble(callAll(), "call_stihlt");
    assert.equal(code[code.indexOf("sti") + 1], "hlt");
  });

  it("volatile accesses are neither merged nor dropped nor moved over others", () => {
    const object = compileKernel(`
      import { load32, store32 } from "./src/abi/x86";
      export function twice(p: usize): u32 { return load32(p) + load32(p); }
      export function ignored(p: usize): void { load32(p); load32(p); }
      export function order(p: usize, q: usize): u32 {
        const x = load<u32>(q);
        store32(p, 1);
        store32(p, 2);
        const y = load<u32>(q);
        return x + y;
      }
    `);
    const accesses = (name: string) =>
      disassemble(object, name).filter((line) => line.includes("DWORD PTR [e"));
    assert.equal(accesses("twice").length, 2);
    assert.equal(accesses("ignored").length, 2);
    const [first, second, third, fourth, ...rest] = accesses("order").map((line) =>
      line.startsWith("mov DWORD") ? "store" : "load",
    );
    assert.deepEqual([first, second, third, fourth, rest], ["load", "store", "store", "load", []]);
  });

  it("use short ports in the instruction and save what the callee must keep", () => {
    const object = compileKernel(`
      import { outb, cpuid } from "./src/abi/x86";
      export function post(value: u32): void { outb(0x80, value); }
      export function identify(out: usize): void { cpuid(0, 0, out); }
    `);
    assert.ok(disassemble(object, "post").includes("out 0x80,al"));
    const code = disassemble(object, "identify");
    assert.equal(code[0], "push ebx");
    assert.ok(code.includes("pop ebx"));
  });

  it("that do not exist are refused with file and line", () => {
    const text = `
      @external("x86", "vmxon") declare function vmxon(): void;
      export function run(): void { vmxon(); }`;
    assert.throws(() => compileKernel(text), {
      code: "COMP001",
      message: /x86\.vmxon/,
      place: { file: "main.ts", line: 3, column: 37 },
    });
  });
});
