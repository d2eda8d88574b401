// `isthmus run --kernel FILE` with kernels that are not ours: which machine a file gets, that
// `check` speaks first, and what is said at the end.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it, type TestContext } from "node:test";
import { change } from "../link/check/make-kernel";
import { multiboot2 } from "../link/check/multiboot2-kernel";
import { run, scratch, unlessInstalled } from "../link/tools";
import { skipReason } from "../machine/installed";
import { HALT, out, poke, print, SPIN, TRIPLE_FAULT, tinyKernel } from "../machine/tiny-kernel";
import { type Circumstances, isthmus } from "./isthmus";

/** Runs the file of these bytes. */
function runFile(
  t: TestContext,
  bytes: Uint8Array,
  words: readonly string[] = [],
  circumstances: Circumstances = {},
) {
  const path = scratch(t)("kernel.bin", bytes);
  return isthmus(["run", "--kernel", path, "--timeout", "600", ...words], circumstances);
}

const MACHINES = ["v86", "qemu"] as const;

describe("isthmus run --kernel, at the end", () => {
  for (const machine of MACHINES) {
    const skip = skipReason(machine);
    const on = ["--machine", machine];

    it(`says that the processor has halted for good, in ${machine}`, { skip }, async (t) => {
      const kernel = tinyKernel(poke(0, 0, 0x48), poke(1, 0, 0x69), HALT);
      const { status, stdout, stderr } = await runFile(t, kernel, on);
      assert.equal(status, 0);
      assert.match(stdout, /^Hi/, "a kernel without serial output shows its screen");
      assert.match(stderr, /the processor has halted with interrupts off; EIP is 0x0010002\d$/m);
    });

    it(`says where a triple fault was, in ${machine}`, { skip }, async (t) => {
      const { status, stdout, stderr } = await runFile(t, tinyKernel(print("x"), TRIPLE_FAULT), on);
      assert.equal(status, 125);
      assert.equal(stdout, "x\n");
      assert.match(stderr, /the machine died: .*; EIP is 0x0010/);
    });

    it(`ends as QEMU does with its exit device, in ${machine}`, { skip }, async (t) => {
      const kernel = tinyKernel(print("done\n"), out(0xf4, 0x10), HALT);
      const { status, stdout, stderr } = await runFile(t, kernel, on);
      assert.equal(status, 33);
      assert.equal(stdout, "done\n");
      assert.match(stderr, /the kernel wrote 16 to the exit device/);
    });
  }

  it("says where it stood when the time was up", async (t) => {
    const { status, stderr } = await runFile(t, tinyKernel(SPIN), [
      "--machine",
      "v86",
      "--timeout",
      "2",
    ]);
    assert.equal(status, 124);
    assert.match(stderr, /timed out after 2 s, as --timeout asked; EIP is 0x00100011$/m);
  });
});

describe("isthmus run --screen", () => {
  // The screen is empty there: no BIOS has written to it.
  const v86 = ["--machine", "v86"];
  const kernel = tinyKernel(print("serial\n"), poke(0, 0, 0x41), poke(3, 2, 0x42), HALT);

  it("writes the screen's text to a file", async (t) => {
    const path = scratch(t)("screen.txt");
    const { stdout } = await runFile(t, kernel, [...v86, "--screen", path]);
    assert.equal(stdout, "serial\n");
    assert.equal(readFileSync(path, "utf8"), "A\n\n   B\n");
  });

  it("writes it to the standard output, after what came over the serial line", async (t) => {
    const { stdout } = await runFile(t, kernel, [...v86, "--screen", "-"]);
    assert.equal(stdout, "serial\nA\n\n   B\n");
  });
});

/** A kernel of 32 or 64 bits in GNU assembler. */
function assembled(t: TestContext, assembly: string, bits: 32 | 64 = 32, script = LOW): Uint8Array {
  const file = scratch(t);
  run("gcc", `-m${bits}`, "-Wa,-g", "-c", file("kernel.S", assembly), "-o", file("kernel.o"));
  const emulation = bits === 32 ? "elf_i386" : "elf_x86_64";
  const options = ["-m", emulation, "-z", "max-page-size=4096", "--no-warn-rwx-segments"];
  run("ld", ...options, "-T", file("kernel.ld", script), file("kernel.o"), "-o", file("k.elf"));
  return readFileSync(file("k.elf"));
}

const LOW = `ENTRY(_start) SECTIONS { . = 1M; .note : { *(.pvh) } .text : { *(.multiboot) *(.text) }
  .data ALIGN(4096) : { *(.data) } /DISCARD/ : { *(.note.*) } }`;
const MULTIBOOT = '.section .multiboot, "a"\n.balign 4\n.long 0x1badb002, 3, -(0x1badb002 + 3)\n';
const PVH = '.section .pvh, "a", @note\n.long 4, 4, 18\n.asciz "Xen"\n.long _start\n';
const STOP = ".globl stop\nstop: cli\n1: hlt\n  jmp 1b\n";

/** Turns long mode on, with 1 GiB mapped, and stops there. */
const LONG_MODE = `${PVH}.text
.code32
.globl _start
_start:
  mov $pml4, %eax
  mov %eax, %cr3
  mov $0x20, %eax
  mov %eax, %cr4
  mov $0xc0000080, %ecx
  rdmsr
  or $0x100, %eax
  wrmsr
  mov %cr0, %eax
  or $0x80000000, %eax
  mov %eax, %cr0
  lgdt gdt_descriptor
  ljmp $8, $wide
.code64
wide: movabs $0x123456789a, %rax
${STOP}
.data
gdt: .quad 0, 0x00af9a000000ffff
gdt_descriptor: .word 15
.long gdt
.balign 4096
pml4: .quad pdpt + 3
.balign 4096
pdpt: .quad directory + 3
.balign 4096
directory: .set frame, 0
.rept 512
.quad frame + 0x83
.set frame, frame + 0x200000
.endr
`;

const tools = unlessInstalled("gcc") || unlessInstalled("ld");

describe("the machine for a kernel", { skip: tools }, () => {
  it("is v86 for i386 without QEMU, and the end names symbol and line", async (t) => {
    const kernel = assembled(t, `${MULTIBOOT}.text\n.globl _start\n_start: nop\n${STOP}`);
    const withoutPath = { environment: { PATH: "/nonexistent" } };
    const { status, stderr } = await runFile(t, kernel, [], withoutPath);
    assert.equal(status, 0);
    assert.match(stderr, /EIP is 0x[0-9a-f]{8} \(stop\+0x2, .*kernel\.S:\d+\)$/m);
  });

  it("is QEMU for x86-64, by the PVH note", { skip: skipReason("qemu") }, async (t) => {
    const { status, stderr } = await runFile(t, assembled(t, LONG_MODE, 64));
    assert.equal(status, 0, stderr);
    assert.match(stderr, /halted with interrupts off; RIP is 0x[0-9a-f]{8} \(stop\+0x2, /);
  });

  it("is QEMU for x86-64, and the end says so where it is missing", async (t) => {
    const kernel = assembled(t, LONG_MODE, 64);
    const withoutPath = { environment: { PATH: "/nonexistent" } };
    const { status, stderr } = await runFile(t, kernel, [], withoutPath);
    assert.equal(status, 2);
    assert.match(stderr, /MACH004.*this kernel, for x86-64, needs QEMU: qemu-system-x86_64 is not/);
  });

  it("is QEMU for i386 by the PVH note alone", { skip: skipReason("qemu") }, async (t) => {
    const kernel = assembled(t, `${PVH}.text\n.globl _start\n_start: nop\n${STOP}`);
    const { status, stderr } = await runFile(t, kernel);
    assert.equal(status, 0);
    assert.match(stderr, /EIP is 0x[0-9a-f]{8} \(stop\+0x2/);
  });

  it("is GRUB for Multiboot 2", { skip: skipReason("grub") }, async (t) => {
    const header = multiboot2(MULTIBOOT);
    const { status, stderr } = await runFile(
      t,
      assembled(t, `${header}\n.text\n.globl _start\n_start: nop\n${STOP}`),
    );
    assert.equal(status, 0, stderr);
    assert.match(stderr, /EIP is 0x[0-9a-f]{8} \(stop\+0x2/);
  });

  it("takes a flat image with addresses in its header", async (t) => {
    const source = `.section .multiboot, "a"
header: .long 0x1badb002, 0x10000, -(0x1badb002 + 0x10000), header, header, 0, 0, _start
.text
.globl _start
_start: nop
${STOP}`;
    const file = scratch(t);
    const elf = file("k.elf", assembled(t, source));
    run("objcopy", "-O", "binary", elf, file("k.bin"));
    const { status, stderr } = await runFile(t, readFileSync(file("k.bin")));
    assert.equal(status, 0, stderr);
    assert.match(stderr, /halted with interrupts off; EIP is 0x0010002\d$/m);
  });
});

/** The smallest file that QEMU's Linux loader takes: a boot sector, and a sector of setup code. */
function bzImage(code: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * 512);
  const view = new DataView(bytes.buffer);
  view.setUint8(0x1f1, 1); // sectors of setup code
  view.setUint16(0x1fe, 0xaa55, true);
  bytes.set([0xeb, 0x5e], 0x200); // jmp past the header, to 0x260
  view.setUint32(0x202, 0x53726448, true);
  view.setUint16(0x206, 0x0202, true);
  view.setUint8(0x211, 1); // loaded high
  bytes.set(code, 0x260);
  return bytes;
}

describe("a bzImage", { skip: skipReason("qemu") }, () => {
  it("is booted by QEMU, unchecked", async (t) => {
    // In real mode: mov dx, port; mov al, value; out dx, al.
    const real = (port: number, value: number) => out(port, value).slice(1);
    const { status, stdout } = await runFile(t, bzImage([...real(0x3f8, 0x4c), ...real(0xf4, 3)]));
    assert.equal(stdout, "L\n");
    assert.equal(status, 7);
  });
});

describe("a file that no machine boots", () => {
  const refuse = async (t: TestContext, bytes: Uint8Array, expected: RegExp) => {
    const { status, stderr } = await runFile(t, bytes);
    assert.equal(status, 2, stderr);
    assert.match(stderr, expected);
    assert.doesNotMatch(stderr, /\n\s+at /);
  };

  it("is refused before a machine is started", async (t) => {
    await refuse(t, Buffer.from("{}"), /error\[ELF001\].*is not an ELF file/);
    await refuse(
      t,
      readFileSync(process.execPath).subarray(0, 100_000),
      /error\[(ELF002|MACH009)\]/,
    );
    const none = tinyKernel(HALT);
    none.fill(0, 84, 88); // the header's magic number
    await refuse(t, none, /error\[MACH009\]: no machine here boots .*no multiboot header found/);
  });
});

describe("what check finds", { skip: tools }, () => {
  const EARLY = `${MULTIBOOT}.text
.globl _start
_start: incl counter
  mov $0x3f8, %dx
  mov $0x21, %al
  out %al, %dx
${STOP}
.section .high, "aw"
counter: .long 0
`;
  const SCRIPT = change(LOW, "/DISCARD/", ".high 0xf0000000 : AT(0x180000) { *(.high) } /DISCARD/");

  it("comes first, and an error stops the run", async (t) => {
    const kernel = assembled(t, EARLY, 32, SCRIPT);
    const { status, stdout, stderr } = await runFile(t, kernel);
    assert.equal(status, 2);
    assert.equal(stdout, "");
    assert.match(stderr, /^.*kernel\.S:\d+: error\[LAY012\]: _start runs before paging/m);
    assert.match(stderr, /was not started: 1 error\n.*--force starts it all the same/);
  });

  it("does not stop it with --force", async (t) => {
    const kernel = assembled(t, EARLY, 32, SCRIPT);
    const { status, stdout, stderr } = await runFile(t, kernel, ["--force"]);
    assert.equal(status, 0);
    assert.equal(stdout, "!\n");
    assert.match(stderr, /error\[LAY012\]/);
  });

  it("is for the machine that was chosen", async (t) => {
    const kernel = assembled(t, `${PVH}.text\n.globl _start\n_start: nop\n${STOP}`);
    const { status, stderr } = await runFile(t, kernel, ["--machine", "v86"]);
    assert.equal(status, 2);
    assert.match(stderr, /error\[LAY035\]: the kernel is for v86, which does not load it/);
  });
});
