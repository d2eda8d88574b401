// The verdict on Limine: the rules of its source, on kernels that keep and break each of them.
// Nothing is booted here, and the verdict says so.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readElfFile } from "../../../src/link/check/linked-file";
import { judgeLoader, type LoaderVerdict } from "../../../src/link/check/loader-verdict";
import { Subject } from "../../../src/link/check/subject";
import { unlessInstalled } from "../tools";
import { ASSEMBLY_64, change, type KernelParts, makeKernel, SCRIPT_64 } from "./make-kernel";

const script = (from: string, to: string) => change(SCRIPT_64, from, to);
const REQUEST =
  ".quad 0xc7b1dd30df4c8b88, 0x0a82e883a194f07b, 0xf55038d8e2a1202f, 0x279426fcf5f59740, 0, 0";
const FAR = `${ASSEMBLY_64}.section .far, "aw"\n.skip 4096, 1\n`;
const farAt = (address: string) => script("/DISCARD/", `.far ${address} : { *(.far) } /DISCARD/`);

interface Case extends KernelParts {
  readonly name: string;
  readonly outcome: LoaderVerdict["outcome"];
  readonly says: RegExp;
  readonly mutate?: (view: DataView) => void;
}

const CASES: readonly Case[] = [
  { name: "as it should be", outcome: "loads", says: /^4152 bytes in one piece/ },
  {
    name: "without a request",
    assembly: change(ASSEMBLY_64, "0xc7b1dd30df4c8b88", "1"),
    outcome: "refuses",
    says: /no Limine requests/,
  },
  {
    name: "with a request twice",
    assembly: change(ASSEMBLY_64, REQUEST, `${REQUEST}\n${REQUEST}`),
    outcome: "refuses",
    says: /Conflict detected for request ID F55038D8E2A1202F 279426FCF5F59740/,
  },
  {
    name: "in the lower half",
    script: script("0xffffffff80000000", "0x200000"),
    outcome: "refuses",
    says: /Lower half PHDRs are not allowed/,
  },
  {
    name: "with code and data in one page",
    script: `PHDRS { code PT_LOAD FLAGS(5); data PT_LOAD FLAGS(6); }${change(
      script(".data ALIGN(4096)", ".data"),
      "*(.data) }",
      "*(.data) } :data",
    ).replace("*(.text) }", "*(.text) } :code")}`,
    outcome: "refuses",
    says: /different permissions sharing the same memory page/,
  },
  {
    name: "of which two segments overlap",
    assembly: FAR,
    script: farAt("0xffffffff80001000"),
    flags: ["--no-check-sections"],
    outcome: "refuses",
    says: /overlapping PHDRs/,
  },
  {
    name: "with one section 1 GiB away from the rest",
    assembly: FAR,
    script: farAt("0xffffffffc0000000"),
    outcome: "refuses",
    says: /Out of memory": it wants 1073745920 bytes at once/,
  },
  {
    name: "with one section that ends at 2^64",
    assembly: FAR,
    script: farAt("0xfffffffffffff000"),
    outcome: "partly",
    says: /asks for no memory for segment \d \(\.far\)/,
  },
  {
    name: "with load addresses where there is no memory",
    script: script(".text :", ".text : AT(0xfffffff000000000)"),
    outcome: "loads",
    says: /in one piece/,
  },
  {
    name: "that is a PIE without a dynamic segment",
    mutate: (view) => view.setUint16(16, 3, true),
    outcome: "refuses",
    says: /PT_DYNAMIC segment missing/,
  },
  {
    name: "that is an object",
    mutate: (view) => view.setUint16(16, 1, true),
    outcome: "refuses",
    says: /not of type ET_EXEC nor ET_DYN/,
  },
  {
    name: "with more bytes in the file than in memory",
    mutate: (view) => view.setBigUint64(64 + 40, 1n, true),
    outcome: "refuses",
    says: /p_filesz > p_memsz/,
  },
];

const skip = unlessInstalled("gcc") || unlessInstalled("ld");

describe("the verdict on Limine, for a kernel", { skip }, () => {
  for (const { name, outcome, says, mutate, ...parts } of CASES) {
    it(name, (t) => {
      const { bytes } = makeKernel(t, { bits: 64, ...parts });
      const copy = Uint8Array.from(bytes);
      mutate?.(new DataView(copy.buffer));
      const subject = new Subject(readElfFile(copy, "kernel.elf"));
      const verdict = judgeLoader("limine", subject, 512n << 20n);
      assert.equal(verdict.outcome, outcome, verdict.reasons.join("; "));
      assert.match(verdict.reasons.join("; "), says);
      assert.equal(verdict.basis, "rules");
    });
  }
});
