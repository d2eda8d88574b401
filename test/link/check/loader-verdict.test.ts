// What `check` says of a loader, and what the loader does: QEMU -kernel, GRUB from an ISO image,
// and v86 boot each kernel, which must get as far as the verdict says.
//
// A kernel that starts writes `exit N` to the debug console, where N is 1 if its far section is
// where the file says, else 2. What refuses a kernel never gets there.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { readKernel } from "../../../src/link/check/flat-image";
import { readElfFile } from "../../../src/link/check/linked-file";
import { judgeLoader, type LoaderVerdict } from "../../../src/link/check/loader-verdict";
import { Subject } from "../../../src/link/check/subject";
import { openMachine } from "../../../src/machine/open-machine";
import { skipReason } from "../../machine/installed";
import { run, unlessInstalled } from "../tools";
import { change, type KernelParts, makeKernel } from "./make-kernel";
import { multiboot2, relocatable } from "./multiboot2-kernel";

const MEMORY_MIB = 32;
/** How long to wait for a kernel that should run, and for one that should not. */
const PATIENCE_MS = { runs: 30_000, refused: { v86: 500, qemu: 1000, grub: 15_000 } };
const LOOK_MS = 100;
const MACHINES = ["v86", "qemu", "grub"] as const;

const ASSEMBLY = `
.section .multiboot, "a"
.balign 4
.long 0x1badb002, 3, -(0x1badb002 + 3)
.text
.globl _start
_start:
  mov $0xe9, %dx
  mov $text, %esi
  mov $'2', %bl
  mov far_load, %eax
  cmp $0x600dcafe, %eax
  jne 1f
  mov first, %eax
  cmp $0x0badda7a, %eax
  jne 1f
  mov $'1', %bl
1:
  mov %bl, digit
  mov $7, %ecx
  rep outsb
  mov $0xf4, %dx
  out %al, %dx
2:
  hlt
  jmp 2b
.data
first: .long 0x0badda7a
text: .ascii "exit "
digit: .ascii "0\\n"
.bss
zeros: .skip 64
.section .far, "aw"
.long 0x600dcafe
`;

const SCRIPT = `
ENTRY(_start)
SECTIONS {
  . = 1M;
  .text : { *(.multiboot) *(.text) }
  .data ALIGN(4096) : { *(.data) }
  .bss : { *(.bss) }
  far_image = ALIGN(4096);
  .far 0xfffff000 : AT(far_image) { *(.far) }
  far_load = LOADADDR(.far);
  /DISCARD/ : { *(.note*) *(.comment) *(.eh_frame*) }
}
`;

interface Case extends KernelParts {
  readonly name: string;
  readonly mutate?: (bytes: Uint8Array) => void;
  /** Loaded as the flat image that objcopy makes of it. */
  readonly flat?: boolean;
  readonly expected: Readonly<Record<(typeof MACHINES)[number], LoaderVerdict["outcome"]>>;
}

const script = (from: string, to: string) => change(SCRIPT, from, to);
const assembly = (from: string, to: string) => change(ASSEMBLY, from, to);
const all = (outcome: LoaderVerdict["outcome"]) => ({ v86: outcome, qemu: outcome, grub: outcome });
const none = all("refuses");

const CASES: readonly Case[] = [
  { name: "a high section with AT past the kernel", expected: all("loads") },
  {
    name: "a high section without AT",
    script: script(" AT(far_image)", ""),
    expected: { ...none, v86: "partly" },
  },
  {
    name: "a section at 3 GiB",
    script: change(script(" AT(far_image)", ""), "0xfffff000", "0xc0000000"),
    expected: { ...none, v86: "partly" },
  },
  {
    name: "a section at 1 GiB, in a machine of 32 MiB",
    script: script("AT(far_image)", "AT(0x40000000)"),
    expected: { ...none, v86: "partly" },
  },
  {
    name: "two sections in one place",
    script: script("AT(far_image)", "AT(ADDR(.data))"),
    flags: ["--no-check-sections"],
    expected: { ...none, v86: "partly" },
  },
  {
    name: "an entry point in no segment",
    flags: ["-e", "0x300000"],
    expected: none,
  },
  {
    name: "a kernel that runs high before paging, and is translated",
    script: change(script(". = 1M;", ". = 0xc0100000;"), ".text :", ".text : AT(1M)")
      .replace(".data ALIGN(4096) :", ".data ALIGN(4096) : AT(ADDR(.data) - 0xc0000000)")
      .replace(".bss :", ".bss : AT(ADDR(.bss) - 0xc0000000)")
      .replace("far_image = ALIGN(4096)", "far_image = ALIGN(4096) - 0xc0000000"),
    assembly: change(
      change(assembly("$text", "$text - 0xc0000000"), "%bl, digit", "%bl, digit - 0xc0000000"),
      "mov first",
      "mov first - 0xc0000000",
    ),
    expected: all("loads"),
  },
  {
    name: "a kernel at 0x10000",
    script: script(". = 1M;", ". = 0x10000;"),
    expected: all("loads"),
  },
  {
    name: "a section in video memory",
    script: script("AT(far_image)", "AT(0xa0000)"),
    // It comes first in the file then; the header must stay in the window.
    flags: ["-z", "max-page-size=512"],
    expected: { v86: "partly", qemu: "refuses", grub: "partly" },
  },
  {
    name: "no header",
    assembly: assembly(".long 0x1badb002, 3", ".long 0x1badb003, 3"),
    expected: none,
  },
  {
    name: "a header past 8 KiB",
    script: script("*(.multiboot) *(.text)", "*(.text) . += 0x2000; *(.multiboot)"),
    expected: none,
  },
  {
    name: "a header with an unknown flag",
    assembly: assembly("3, -(0x1badb002 + 3)", "3 + 8, -(0x1badb002 + 11)"),
    expected: { v86: "loads", qemu: "loads", grub: "refuses" },
  },
  {
    name: "a header with addresses that cover everything",
    assembly: assembly(
      "3, -(0x1badb002 + 3)",
      "0x10003, -(0x1badb002 + 0x10003), 0x100000, 0x100000, far_load + 4, 0, _start",
    ),
    expected: all("loads"),
  },
  {
    name: "a header with addresses that leave out the far section",
    assembly: assembly(
      "3, -(0x1badb002 + 3)",
      "0x10003, -(0x1badb002 + 0x10003), 0x100000, 0x100000, far_load, 0, _start",
    ),
    expected: all("partly"),
  },
  {
    name: "a flat image with addresses",
    flat: true,
    assembly: assembly(
      "3, -(0x1badb002 + 3)",
      "0x10003, -(0x1badb002 + 0x10003), 0x100000, 0x100000, far_load + 4, 0, _start",
    ),
    expected: all("loads"),
  },
  {
    name: "a 64-bit file",
    bits: 64,
    assembly: change(ASSEMBLY, ".text\n", ".text\n.code32\n"),
    script: script("0xfffff000", "0xfffff000"),
    expected: { v86: "refuses", qemu: "refuses", grub: "loads" },
  },
  {
    name: "a PVH note that names another entry than the file",
    assembly: `${change(
      change(ASSEMBLY, ".long 0x1badb002, 3, -(0x1badb002 + 3)", ""),
      "_start:",
      "_start: ud2\nbegin:",
    )}.section .pvh, "a", @note\n.long 4, 4, 18\n.asciz "Xen"\n.long begin\n`,
    script: script("*(.text) }", "*(.text) } .pvh : { *(.pvh) }"),
    expected: { v86: "refuses", qemu: "loads", grub: "refuses" },
  },
  {
    name: "an object file's type",
    mutate: (bytes) => {
      bytes[16] = 1; // ET_REL
    },
    expected: { v86: "loads", qemu: "loads", grub: "refuses" },
  },
];

const BY_GRUB = { v86: "refuses", qemu: "refuses", grub: "loads" } as const;

const MULTIBOOT2_CASES: readonly Case[] = [
  {
    name: "a Multiboot 2 header",
    assembly: multiboot2(ASSEMBLY),
    expected: BY_GRUB,
  },
  {
    name: "a Multiboot 2 header past 16 KiB, in a 64-bit file",
    bits: 64,
    assembly: multiboot2(change(ASSEMBLY, ".text\n", ".text\n.code32\n")),
    script: script("*(.multiboot) *(.text)", "*(.text) . += 0x4000; *(.multiboot)"),
    expected: BY_GRUB,
  },
  {
    name: "a Multiboot 2 header past 32 KiB",
    assembly: multiboot2(ASSEMBLY),
    script: script("*(.multiboot) *(.text)", "*(.text) . += 0x8000; *(.multiboot)"),
    expected: none,
  },
  {
    name: "a Multiboot 2 header with an unknown tag",
    assembly: multiboot2(ASSEMBLY, ".short 99, 0\n.long 8\n"),
    expected: none,
  },
  {
    name: "a Multiboot 2 header with an unknown optional tag",
    assembly: multiboot2(ASSEMBLY, ".short 99, 1\n.long 8\n"),
    expected: BY_GRUB,
  },
  {
    name: "a Multiboot 2 header with a tag that is not padded before the end tag",
    assembly: change(
      multiboot2(ASSEMBLY, ".short 6, 0\n.long 12, 0\n"),
      ".balign 8\n.short 0, 0\n",
      ".short 0, 0\n",
    ),
    expected: none,
  },
  {
    name: "a Multiboot 2 header without an end tag, before zeros",
    assembly: change(
      multiboot2(ASSEMBLY, ".short 6, 0\n.long 8\n"),
      ".short 0, 0\n.long 8\nheader_end:",
      "header_end: .skip 16",
    ),
    expected: BY_GRUB,
  },
  {
    name: "a Multiboot 2 header with an entry for 32-bit UEFI",
    assembly: multiboot2(ASSEMBLY, ".short 8, 0\n.long 12, 0\n"),
    expected: none,
  },
  {
    name: "a Multiboot 2 header with the addresses of load and entry",
    assembly: multiboot2(
      ASSEMBLY,
      ".short 2, 0\n.long 24, header, 0x100000, image_end, 0\n" + ".short 3, 0\n.long 12, _start\n",
    ),
    script: script("far_image =", "image_end = .; far_image ="),
    // Nothing but what the addresses say is loaded: not the far section.
    expected: { ...BY_GRUB, grub: "partly" },
  },
  {
    name: "a flat image with the addresses of load and entry in a Multiboot 2 header",
    flat: true,
    assembly: multiboot2(
      ASSEMBLY,
      ".short 2, 0\n.long 24, header, 0x100000, far_load + 4, 0\n" +
        ".short 3, 0\n.long 12, _start\n",
    ),
    expected: BY_GRUB,
  },
  {
    name: "a Multiboot 2 header with an address to load to, but none to jump to",
    assembly: multiboot2(ASSEMBLY, ".short 2, 0\n.long 24, header, 0x100000, 0x102000, 0\n"),
    expected: none,
  },
  {
    name: "an image that may lie anywhere from 16 MiB on",
    assembly: relocatable("0x1000000", "0x2000000", 1),
    expected: BY_GRUB,
  },
  {
    name: "an image that may lie anywhere, as high as possible",
    assembly: relocatable("0x100000", "0xffffffff", 2),
    expected: BY_GRUB,
  },
  {
    name: "an image that may lie where there is no room for it",
    assembly: relocatable("0x1000000", "0x1001000", 1),
    expected: none,
  },
  {
    name: "an image that may lie where there is no memory",
    assembly: relocatable("0x10000000", "0x20000000", 1),
    expected: none,
  },
  {
    name: "an image that may lie anywhere, with a section without AT",
    assembly: relocatable("0x1000000", "0x2000000", 1),
    script: script(" AT(far_image)", ""),
    expected: none,
  },
];

/** Waits until the kernel reports, GRUB shows an error, or `patience` has passed. */
async function observe(
  machine: (typeof MACHINES)[number],
  kernel: Uint8Array,
  patience: number,
): Promise<LoaderVerdict["outcome"]> {
  const options = { kernel, commandLine: "", memoryMiB: MEMORY_MIB };
  const running = openMachine(machine, options);
  try {
    await running.start();
    for (const start = Date.now(); Date.now() - start < patience; ) {
      const ending = await Promise.race([running.ended, sleep(LOOK_MS, undefined, { ref: false })]);
      if (ending?.kind === "exit") return ending.status === 1 ? "loads" : "partly";
      if (ending !== undefined) break;
      if (machine === "grub" && /^error: /m.test((await running.screen()).join("\n"))) break;
    }
    return "refuses";
  } catch {
    return "refuses"; // QEMU says why it does not start.
  } finally {
    await running.close();
  }
}

function kernelOf(t: TestContext, { mutate, flat, ...parts }: Case): Uint8Array {
  const kernel = makeKernel(t, {
    ...parts,
    assembly: parts.assembly ?? ASSEMBLY,
    script: parts.script ?? SCRIPT,
  });
  if (flat) run("objcopy", "-O", "binary", kernel.path, `${kernel.path}.bin`);
  const bytes = flat ? readFileSync(`${kernel.path}.bin`) : Uint8Array.from(kernel.bytes);
  mutate?.(bytes);
  return bytes;
}

for (const machine of MACHINES) {
  const skip = skipReason(machine) || unlessInstalled("gcc") || unlessInstalled("ld");
  const concurrency = machine === "v86" ? 1 : 3;
  describe(`the verdict on ${machine}`, { skip, concurrency }, () => {
    for (const each of [...CASES, ...MULTIBOOT2_CASES]) {
      it(`is what happens: ${each.name}`, async (t) => {
        const bytes = kernelOf(t, each);
        const subject = new Subject(
          each.flat ? readKernel(bytes, "k.bin") : readElfFile(bytes, "kernel.elf"),
        );
        const memory = BigInt(MEMORY_MIB) << 20n;
        const verdict = judgeLoader(machine, subject, memory);
        assert.equal(verdict.outcome, each.expected[machine], verdict.reasons.join("; "));
        const refused = verdict.outcome === "refuses";
        const patience = refused ? PATIENCE_MS.refused[machine] : PATIENCE_MS.runs;
        const seen = await observe(machine, bytes, patience);
        assert.equal(seen, verdict.outcome, verdict.reasons.join("; "));
      });
    }
  });
}
