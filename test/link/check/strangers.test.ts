// Kernels built in ways that ours is not, as others build theirs: what is right in them gives no
// finding, and the smallest change that breaks it does.

import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { check } from "../../../src/link/check/check";
import { unlessInstalled } from "../tools";
import { change, isSerious, makeKernel } from "./make-kernel";

const skip = unlessInstalled("gcc") || unlessInstalled("ld");
const HEADER = '.section .multiboot, "a"\n.balign 4\n.long 0x1badb002, 3, -(0x1badb002 + 3)\n';

/** The codes found in a kernel; `script` is a linker script's SECTIONS. */
function findingsIn(t: TestContext, assembly: string, sections: string): string[] {
  const script = `ENTRY(_start) SECTIONS { ${sections} /DISCARD/ : { *(.note.gnu*) } }`;
  const { bytes } = makeKernel(t, { assembly, script });
  const findings = check(bytes, "kernel.elf").findings.filter(isSerious);
  return findings.map(({ code, what }) => `${code} ${what}`);
}

/** Boot code where it is loaded, the rest 3 GiB higher. */
const place = (name: string) => `${name} ALIGN(4096) : AT(ADDR(${name}) - 0xc0000000)`;
const HIGHER_HALF = `. = 1M; .boot : { *(.multiboot) *(.boot) } . += 0xc0000000;
  ${place(".text")} { *(.text) } ${place(".data")} { *(.data) } ${place(".bss")} { *(.bss) }`;
const AT_1M = `. = 1M; .text : { *(.multiboot) *(.text) *(.pvh) } .data ALIGN(4096) : { *(.data) }
  .bss ALIGN(4096) : { *(.bss) } image_end = .;`;

/** It runs at its linked addresses without paging: its segments begin at `base`. */
const segmented = (base: number, descriptor = "gdt_descriptor") => {
  const entry = (access: string) => {
    const high = (base >>> 24) & 0xff;
    const low = base & 0xffffff;
    return `.word 0xffff, ${low & 0xffff}\n.byte ${low >> 16}, ${access}, 0xcf, ${high}\n`;
  };
  return `${HEADER}
.section .boot, "ax"
.globl _start
_start:
  lgdt ${descriptor}
  ljmp $8, $high
.balign 8
gdt: .quad 0
${entry("0x9a")}${entry("0x92")}
gdt_descriptor: .word 23
.long gdt
.text
high:
  mov $16, %ax
  mov %ax, %ds
  mov %ax, %ss
  mov $stack_top, %esp
  incl counter
  call work
1: hlt
  jmp 1b
work: mov counter, %eax
  ret
.data
counter: .long 0
.bss
.balign 16
.skip 4096
stack_top:
`;
};

describe("a kernel that sees itself by segments before paging", { skip }, () => {
  it("gives no finding if the base makes linked addresses physical ones", (t) => {
    assert.deepEqual(findingsIn(t, segmented(0x40000000), HIGHER_HALF), []);
  });

  it("gives none if the table is linked high and described by its physical address", (t) => {
    const inData = change(
      change(segmented(0x40000000, "gdt_descriptor - 0xc0000000"), ".long gdt\n", ""),
      "gdt_descriptor: .word 23\n",
      ".data\ngdt_descriptor: .word 23\n.long gdt\n",
    );
    assert.deepEqual(findingsIn(t, inData, HIGHER_HALF), []);
  });

  for (const base of [0, 0x20000000]) {
    it(`gives findings if the base is 0x${base.toString(16)}, which leads elsewhere`, (t) => {
      const found = findingsIn(t, segmented(base), HIGHER_HALF);
      assert.match(found.join("\n"), /LAY012 _start.* jumps to high at 0xc0101000/);
      assert.match(found.join("\n"), /LAY012 high.* reads or writes counter at 0xc0102000/);
    });
  }
});

const ENTRY = `.globl _start
_start: mov $stack_top, %esp
  movl $image_end, kernel_end
1: hlt
  jmp 1b
.bss
`;
const STACK = "\n.balign 4096\n.skip 8192\nstack_top:\n";

describe("a variable called kernel_end", { skip }, () => {
  it("is no mark of the kernel's end", (t) => {
    const variable = ".type kernel_end, @object\n.size kernel_end, 4\nkernel_end: .skip 4";
    assert.deepEqual(findingsIn(t, `${HEADER}.text\n${ENTRY}${variable}${STACK}`, AT_1M), []);
  });

  it("is a mark of it without type and size", (t) => {
    const found = findingsIn(t, `${HEADER}.text\n${ENTRY}kernel_end: .skip 4${STACK}`, AT_1M);
    assert.match(found.join("\n"), /LAY015 kernel_end is 0x00101000, but \.bss reaches up to/);
  });
});

/** Entered by its PVH note at `begin`; the ELF entry point is for somebody else. */
const pvh = (first: string) => `
.section .pvh, "a", @note
.long 4, 4, 18
.asciz "Xen"
.long begin
.section .boot, "ax"
.globl _start
_start: ud2
.skip 100
begin: ${first}
  mov $(stack_top - 0xc0000000), %esp
1: hlt
  jmp 1b
.data
counter: .long 0
.bss
${STACK}`;
const PVH_SECTIONS = change(HIGHER_HALF, "*(.boot) }", "*(.boot) } .pvh : { *(.pvh) }");

describe("a kernel with a PVH entry", { skip }, () => {
  it("starts where the note says", (t) => {
    const script = `ENTRY(_start) SECTIONS { ${PVH_SECTIONS} }`;
    const { bytes } = makeKernel(t, { assembly: pvh("nop"), script });
    const report = check(bytes, "kernel.elf", { loaders: ["qemu"] });
    assert.deepEqual(report.findings.filter(isSerious), []);
    const [verdict] = report.verdicts;
    assert.equal(verdict?.outcome, "loads");
    assert.equal(verdict?.entry, BigInt(0x100000 + 2 + 100));
  });

  it("is followed from there", (t) => {
    const found = findingsIn(t, pvh("incl counter"), PVH_SECTIONS);
    assert.match(found.join("\n"), /^LAY012 begin runs before paging and reads or writes counter/);
  });
});

describe("a kernel without a boot protocol that check knows", { skip }, () => {
  it("may be entered at a load address, and by code that has turned paging on", (t) => {
    const own = change(segmented(0), HEADER, "");
    const physical = `${own}\n.globl own_start\nown_start = _start_high - 0xc0000000`;
    const high = change(physical, "high:\n", "high:\n_start_high:\n");
    const script = `ENTRY(own_start) SECTIONS { ${HIGHER_HALF} /DISCARD/ : { *(.note*) } }`;
    const { bytes } = makeKernel(t, { assembly: high, script });
    assert.deepEqual(check(bytes, "kernel.elf").findings.filter(isSerious), []);
  });
});
