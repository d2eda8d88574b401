// How much findings weigh: what keeps a kernel from booting is an error, what a loader puts up with
// is none; and what a user has allowed is not reported.

import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { allows, parseAllowances } from "../../../src/link/check/allowance";
import { type CheckInput, check } from "../../../src/link/check/check";
import { groupFindings } from "../../../src/link/check/group-findings";
import type { CodedFinding } from "../../../src/link/check/mistake";
import { unlessInstalled } from "../tools";
import { ASSEMBLY, change, isSerious, type KernelParts, makeKernel, SCRIPT } from "./make-kernel";

const skip = unlessInstalled("gcc") || unlessInstalled("ld");

/** `error LAY011`, … of a kernel. */
function weights(t: TestContext, parts: KernelParts, input: CheckInput = {}): string[] {
  const { bytes } = makeKernel(t, parts);
  const { findings } = check(bytes, "kernel.elf", input);
  return findings.filter(isSerious).map(({ severity, code }) => `${severity} ${code}`);
}

/** Linked 3 GiB above where it is loaded; the entry point is given as a load address. */
const PHYSICAL_ENTRY: KernelParts = {
  assembly: `
.section .multiboot, "a"
.balign 4
.long 0x1badb002, 3, -(0x1badb002 + 3)
.text
.globl _start
_start = begin - 0xc0000000
begin: hlt
  jmp begin
`,
  script: `ENTRY(_start) SECTIONS { . = 0xc0100000; .text : AT(1M) { *(.multiboot) *(.text) }
    /DISCARD/ : { *(.note*) } }`,
};

describe("what is about loading", { skip }, () => {
  it("is a warning if one loader loads the kernel, whatever the others do", (t) => {
    assert.deepEqual(weights(t, PHYSICAL_ENTRY), ["warning LAY011"]);
  });

  it("is an error if the kernel is for a loader that refuses it", (t) => {
    const found = weights(t, PHYSICAL_ENTRY, { loaders: ["qemu", "grub"] });
    assert.deepEqual(found, ["error LAY011", "error LAY035"]);
    assert.deepEqual(weights(t, PHYSICAL_ENTRY, { loaders: ["qemu"] }), ["warning LAY011"]);
  });

  it("is an error if no loader loads it", (t) => {
    const script = change(SCRIPT, "AT(shared_load) ", "");
    const found = weights(t, { script: change(script, "AT(shared_load + 4096) ", "") });
    assert.ok(found.includes("error LAY008"), found.join());
  });

  it("is a warning in a kernel that comes with a loader of its own", (t) => {
    const own = change(ASSEMBLY, ".long 0x1badb002, 3, -(0x1badb002 + 3)", ".long 1");
    const script = change(SCRIPT, "AT(shared_load) ", "").replaceAll(".multiboot", ".first");
    const assembly = own.replaceAll(".multiboot", ".first");
    const found = weights(t, { assembly, script });
    assert.ok(found.includes("warning LAY008"), found.join());
    assert.ok(!found.some((each) => each.startsWith("error")), found.join());
  });
});

describe("code before paging", { skip }, () => {
  const early = (before: string, after: string) =>
    change(
      change(ASSEMBLY, "  mov $page_directory, %eax\n", `${before}  mov $page_directory, %eax\n`),
      "1:\n  hlt",
      `1:\n  hlt\n${after}`,
    );

  it("that goes on to paging is an error", (t) => {
    const assembly = early("  mov shared_value, %eax\n", "");
    assert.deepEqual(weights(t, { assembly }), ["error LAY012"]);
  });

  it("that a function does, and returns, is an error too", (t) => {
    const assembly = early("  call early\n", "early: mov shared_value, %eax\n  ret\n");
    assert.deepEqual(weights(t, { assembly }), ["error LAY012"]);
  });

  it("that only reports an error and halts is a warning", (t) => {
    const halt = "fail: mov shared_value, %eax\n3: hlt\n  jmp 3b\n";
    const assembly = early("  cmp $1, %eax\n  je fail\n", halt);
    assert.deepEqual(weights(t, { assembly }), ["warning LAY012"]);
  });
});

describe("a trampoline that refers to the kernel", { skip }, () => {
  const assembly = change(
    ASSEMBLY,
    "  pusha\n  mov kernel_cr3",
    "  mov counter, %ecx\n  mov kernel_cr3",
  );

  it("is a warning as long as it is only inferred what is shared", (t) => {
    assert.deepEqual(weights(t, { assembly }), ["warning LAY018"]);
  });
});

describe("the report", { skip }, () => {
  const script = change(SCRIPT, ". = 1M", ". = 0x8000");

  it("is ok up to the severity that it is to fail on", (t) => {
    const { bytes } = makeKernel(t, { script });
    const ok = (failOn?: CheckInput["failOn"]) => {
      return check(bytes, "kernel.elf", failOn ? { failOn } : {}).ok;
    };
    assert.deepEqual(
      [ok(), ok("error"), ok("warning"), ok("note"), ok("never")],
      [true, true, false, false, true],
    );
  });

  it("keeps what is allowed, with the reason, and notes what was allowed in vain", (t) => {
    const { bytes } = makeKernel(t, { script });
    const first = "LAY016@.boot=it is a boot sector, after all,LAY001";
    const allow = [first, "lay016@.data", "LAY038=they are built"];
    const { findings, allowed } = check(bytes, "kernel.elf", { allow });
    assert.deepEqual(
      findings.map(({ severity, subject }) => `${severity} ${subject}`),
      ["note LAY001", "note LAY016@.data"],
    );
    assert.equal(allowed.length, 2);
    assert.equal(allowed[0]?.allowance.reason, "it is a boot sector, after all");
    assert.deepEqual(
      allowed[0]?.findings.map(({ code, subject }) => `${code} ${subject}`),
      ["LAY016 .boot"],
    );
  });
});

const finding = (parts: Partial<CodedFinding>): CodedFinding => ({
  code: "LAY012",
  title: "early",
  severity: "error",
  what: "a runs early",
  change: "Use `a - 1` (0x10), or do it later.",
  subject: "a",
  ...parts,
});

describe("findings that are alike", () => {
  it("are one group, whatever they name", () => {
    const other = { subject: "counter", change: "Use `counter - 1` (0x20), or do it later." };
    const groups = groupFindings([finding({}), finding(other)]);
    assert.deepEqual(
      groups.map(({ first, all }) => [first.subject, all.length]),
      [["a", 2]],
    );
  });

  it("are not of another code, weight or remedy", () => {
    const all = [
      finding({}),
      finding({ code: "LAY013" }),
      finding({ severity: "warning" }),
      finding({ change: "Leave it out." }),
    ];
    assert.equal(groupFindings(all).length, 4);
  });
});

describe("an allowance", () => {
  it("is a code, with a symbol and a reason if they are given", () => {
    assert.deepEqual(parseAllowances("lay001,LAY012@a=x, y, z = 1,LAY013=,LAY014"), [
      { code: "LAY001", symbol: undefined, reason: undefined },
      { code: "LAY012", symbol: "a", reason: "x, y, z = 1" },
      { code: "LAY013", symbol: undefined, reason: undefined },
      { code: "LAY014", symbol: undefined, reason: undefined },
    ]);
  });

  it("with a symbol is for what the finding is about, or the function that makes it", () => {
    const [allowance] = parseAllowances("LAY012@print");
    assert.ok(allowance);
    const subjects = ["print", "print+0x12", "printf", "other"];
    assert.deepEqual(
      subjects.map((subject) => allows(allowance, finding({ subject }))),
      [true, true, false, false],
    );
    assert.ok(allows(allowance, finding({ within: "print+0x4" })));
    assert.ok(!allows(allowance, finding({ code: "LAY013", subject: "print" })));
  });
});
