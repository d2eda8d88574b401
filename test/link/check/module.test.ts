// A trampoline in an ELF file of its own, checked together with its kernel.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it, type TestContext } from "node:test";
import { type CheckInput, check } from "../../../src/link/check/check";
import { readElfObject } from "../../../src/link/input/elf-object";
import type { Layout } from "../../../src/link/layout/layout";
import { resolveLayout } from "../../../src/link/layout/resolve";
import { link } from "../../../src/link/link";
import { elfFile, moduleFiles } from "../../../src/link/output/elf-files";
import { run, scratch, unlessInstalled } from "../tools";
import { ASSEMBLY, change } from "./make-kernel";

const LAYOUT: Layout = {
  boot: "multiboot",
  regions: {
    kernel: { start: 0x100000, end: 0x400000 },
    top: { start: 0xffff0000, end: 2 ** 32, anchor: "end" },
  },
  sections: [
    { name: ".boot", inputs: [{ sections: ".multiboot", keep: true }, ".boot"], permissions: "rx" },
    ...[".text", ".rodata", ".data", ".bss"],
    { name: ".shared_text", region: "top", module: "trampoline", permissions: "rx" },
    { name: ".shared_data", region: "top", module: "trampoline" },
  ],
  closed: [
    { name: "trampoline", sections: [".shared_text", ".shared_data"], exits: ["kernel_main"] },
  ],
};

interface Pair {
  readonly kernel: Uint8Array;
  readonly trampoline: Uint8Array;
}

function pair(t: TestContext, assembly = ASSEMBLY, layout = LAYOUT): Pair {
  const file = scratch(t);
  run("gcc", "-m32", "-c", file("kernel.S", assembly), "-o", file("kernel.o"));
  const object = readElfObject(readFileSync(file("kernel.o")), "kernel.o");
  const image = link([object], layout);
  const trampoline = moduleFiles(image).get("trampoline");
  assert.ok(trampoline);
  return { kernel: elfFile(image), trampoline };
}

function judge({ kernel, trampoline }: Pair, input: CheckInput = {}) {
  const modules = [{ bytes: trampoline, name: "trampoline.elf" }];
  const report = check(kernel, "kernel.elf", { modules, ...input });
  // That boot tables are not judged is no matter of modules.
  const found = report.findings.filter(({ code }) => code !== "LAY038");
  return { report, findings: found.map(({ code, what }) => `${code} ${what}`) };
}

const skip = unlessInstalled("gcc");

describe("a kernel with its trampoline in a module", { skip }, () => {
  it("has no mistakes, and the same proof as one file", (t) => {
    const made = pair(t);
    for (const input of [{}, { layout: resolveLayout(LAYOUT) }]) {
      const { report, findings } = judge(made, input);
      assert.deepEqual(findings, []);
      const { shared } = report;
      assert.deepEqual(
        shared?.part.sections.map(({ name }) => name),
        [".shared_text", ".shared_data"],
      );
      assert.equal(shared.part.slack, 0n);
      assert.deepEqual([shared.proof.leaving, shared.proof.unproven], [[], []]);
      assert.equal(shared.proof.allowed, 1);
    }
  });

  it("says how each part is mapped", (t) => {
    const [module] = judge(pair(t)).report.subject.modules;
    const parts = module?.parts.map(({ segment, names, mustCopy }) => {
      return [names[0], segment.offset % 4096, segment.fileSize, mustCopy];
    });
    assert.deepEqual(parts, [
      [".shared_text", 0, 4096, undefined],
      [".shared_data", 0, 4096, undefined],
    ]);
  });

  it("loads alike whatever the module is, except that v86 loads one module only", (t) => {
    const { kernel, trampoline } = pair(t);
    const again = { bytes: trampoline, name: "again.elf" };
    const modules = [{ bytes: trampoline, name: "trampoline.elf" }, again];
    const { verdicts } = check(kernel, "kernel.elf", { modules });
    const outcomes = verdicts.map(({ loader, outcome }) => `${loader} ${outcome}`);
    assert.deepEqual(outcomes.slice(0, 3), ["grub loads", "qemu loads", "v86 partly"]);
  });
});

describe("a module that does not match", { skip }, () => {
  const cases: readonly [string, RegExp, (t: TestContext) => Pair][] = [
    [
      "it is of another build",
      /LAY027 entry is at 0xffffe000 in trampoline\.elf, but the kernel .* at 0xffffe010/,
      (t) => {
        const text = '.section .shared_text, "ax"\n';
        const grown = change(ASSEMBLY, text, `${text}.balign 16\nnop\n.balign 16\n`);
        return { kernel: pair(t, grown).kernel, trampoline: pair(t).trampoline };
      },
    ],
    [
      "nothing asks for modules on pages",
      /LAY027 the boot header does not ask for modules on pages/,
      (t) =>
        pair(t, change(ASSEMBLY, "0x1badb002, 3, -(0x1badb002 + 3)", "0x1badb002, 2, -0x1badb004")),
    ],
    [
      "its addresses are taken",
      /LAY027 \.shared_data of trampoline\.elf, at 0xfffff000, overlaps segment \d/,
      (t) => {
        const sections = LAYOUT.sections?.map((section) =>
          typeof section === "object" && section.name === ".shared_data"
            ? { name: ".shared_data", region: "top", load: "kernel" }
            : section,
        );
        const { kernel } = pair(t, ASSEMBLY, { ...LAYOUT, sections: sections ?? [] });
        return { kernel, trampoline: pair(t).trampoline };
      },
    ],
    [
      "it has nothing to map",
      /LAY027 trampoline\.elf has no segment to map/,
      (t) => {
        const made = pair(t);
        const empty = Uint8Array.from(made.trampoline);
        empty.fill(0, 52, 52 + 64); // both program headers
        return { ...made, trampoline: empty };
      },
    ],
    [
      "it is for another machine",
      /LAY027 trampoline\.elf has 64 bits, the kernel 32/,
      (t) => {
        const file = scratch(t);
        const source = file("t.S", '.section .shared_text, "ax"\nret\n');
        run("gcc", "-m64", "-c", source, "-o", file("t.o"));
        run("ld", "-Ttext=0xfffe0000", file("t.o"), "-o", file("t.elf"), "-e", "0");
        return { ...pair(t), trampoline: readFileSync(file("t.elf")) };
      },
    ],
    [
      "code before paging uses it",
      /LAY012 _start.* runs before paging and reads or writes kernel_cr3/,
      (t) =>
        pair(t, change(ASSEMBLY, "mov %eax, %cr3\n  mov %cr0", "mov %eax, kernel_cr3\n  mov %cr0")),
    ],
    [
      "its code refers to the kernel too early",
      /LAY018 entry.* refers to counter/,
      (t) => {
        const early = change(ASSEMBLY, "  pusha\n", "  pusha\n  mov counter, %eax\n");
        return pair(t, early, { ...LAYOUT, closed: [] });
      },
    ],
  ];
  for (const [name, says, make] of cases) {
    it(`is found: ${name}`, (t) => {
      const { findings } = judge(make(t));
      assert.ok(
        findings.some((text) => says.test(text)),
        findings.join("\n") || "nothing was found",
      );
    });
  }

  it("must be copied if its file has not all of its pages", (t) => {
    const file = scratch(t);
    const source = file("t.S", '.section .shared_data, "aw"\n.long 1\n.bss\n.skip 64\n');
    run("gcc", "-m32", "-c", source, "-o", file("t.o"));
    const script = file("t.ld", "SECTIONS { .shared_data 0xfffff000 : { *(.shared_data .bss) } }");
    run("ld", "-m", "elf_i386", "-T", script, file("t.o"), "-o", file("t.elf"));
    const made = { ...pair(t), trampoline: readFileSync(file("t.elf")) };
    const [module] = judge(made).report.subject.modules;
    assert.match(module?.parts[0]?.mustCopy ?? "", /other bytes of the file|zeros at its end/);
  });
});
