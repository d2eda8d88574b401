// The commands `isthmus check`, `explain` and `script`.

import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { MISTAKES } from "../../src/link/check/mistakes";
import { ASSEMBLY, change, makeKernel, SCRIPT } from "../link/check/make-kernel";
import { run, scratch, unlessInstalled } from "../link/tools";
import { isthmus } from "./isthmus";

/** A kernel whose code no longer fits its page. */
const GROWN = change(ASSEMBLY, "kernel_main:\n", "kernel_main:\n.skip 5000, 0x90\n");
const skip = unlessInstalled("gcc") || unlessInstalled("ld");

describe("isthmus check", { skip }, () => {
  it("finds nothing in a correct kernel, and says what it proved", async (t) => {
    const { path } = makeKernel(t);
    const { status, stdout } = await isthmus(["check", path, "--loader", "grub,qemu,v86"]);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /^grub +loads +0x00100000 to 0x[0-9a-f]{8}, starts at 0x0010000c$/m);
    assert.match(stdout, /closed, by disassembly/);
    assert.match(stdout, /no mistake was found/);
  });

  it("proves by relocations when it is given the objects", async (t) => {
    const { path, objects } = makeKernel(t);
    const { status, stdout } = await isthmus(["check", path, ...objects]);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /closed, by relocations/);
  });

  it("takes an archive of objects as well", async (t) => {
    const { path, objects } = makeKernel(t);
    const archive = scratch(t)("libkernel.a");
    run("ar", "rcs", archive, ...objects);
    const { status, stdout } = await isthmus(["check", path, archive]);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /closed, by relocations/);
  });

  it("takes a second linked file as a module, and says how to map it", async (t) => {
    const { path } = makeKernel(t);
    const file = scratch(t);
    const source = file("t.S", '.section .part, "aw"\n.skip 4096, 1\n');
    run("gcc", "-m32", "-c", source, "-o", file("t.o"));
    const script = file("t.ld", "SECTIONS { .part 0xf0000000 : { *(.part) } }");
    const options = ["-m", "elf_i386", "-z", "max-page-size=4096", "-T", script];
    run("ld", ...options, "-e", "0", file("t.o"), "-o", file("t.elf"));
    const { status, stdout } = await isthmus(["check", path, file("t.elf")]);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /^module .*t\.elf: \d+ bytes, placed on a page after the kernel$/m);
    assert.match(
      stdout,
      /^ +\.part: map its 4096 bytes at offset 0x1000 at 0xf0000000, rw- \(1 page\)/m,
    );
    const { modules } = JSON.parse(
      (await isthmus(["check", path, file("t.elf"), "--json"])).stdout,
    );
    assert.deepEqual(modules[0].parts, [
      { sections: [".part"], vma: "0xf0000000", offset: 4096, size: 4096, permissions: "rw-" },
    ]);
  });

  it("names what it found and the line to change, with exit status 1", async (t) => {
    const { path } = makeKernel(t, { script: change(SCRIPT, "AT(shared_load) ", "") });
    const { status, stdout } = await isthmus(["check", path]);
    assert.equal(status, 1);
    assert.match(
      stdout,
      /kernel\.elf: error\[LAY008\]: segment .*\.shared_text.* is loaded at 0xffffe000/,
    );
    assert.match(stdout, /change: Write `AT\(…\)` at \.shared_text/);
    assert.match(stdout, /^grub +refuses\n +"out of memory"/m);
  });

  it("reports everything as JSON", async (t) => {
    const { path } = makeKernel(t, { script: change(SCRIPT, "AT(shared_load) ", "") });
    const { status, stdout } = await isthmus(["check", path, "--json", "--memory", "64"]);
    assert.equal(status, 1);
    const report = JSON.parse(stdout);
    assert.equal(report.ok, false);
    assert.ok(report.findings.some(({ code }: { code: string }) => code === "LAY008"));
    assert.equal(report.verdicts.length, 4);
    assert.equal(report.shared.how, "inferred");
    assert.equal(report.shared.proven, true);
  });

  it("allows a mistake that is made on purpose, and refuses an unknown code", async (t) => {
    const { path } = makeKernel(t, { script: change(SCRIPT, ". = 1M", ". = 0x8000") });
    const strict = ["check", path, "--fail-on", "warning"];
    assert.equal((await isthmus(strict)).status, 1);
    assert.equal((await isthmus([...strict, "--allow", "lay016"])).status, 0);
    const { status, stderr } = await isthmus(["check", path, "--allow", "LAY999"]);
    assert.equal(status, 2);
    assert.match(stderr, /LAY999/);
  });

  it("fails for a loader that the kernel is meant for and that refuses it", async (t) => {
    const { path } = makeKernel(t);
    const { status, stdout } = await isthmus(["check", path, "--loader", "limine"]);
    assert.equal(status, 1);
    assert.match(stdout, /limine +refuses/);
  });

  it("judges both headers of a kernel that has two, each with GRUB's command", async (t) => {
    const both = (tag: string) => {
      const first = ".long 0x1badb002, 3, -(0x1badb002 + 3)\n";
      const second = `.balign 8
second: .long 0xe85250d6, 0, second_end - second, -(0xe85250d6 + (second_end - second))
${tag}
.short 0, 0
.long 8
second_end:
`;
      return makeKernel(t, { assembly: change(ASSEMBLY, first, first + second) }).path;
    };
    const whole = await isthmus(["check", both(""), "--loader", "grub"]);
    assert.equal(whole.status, 0, whole.stdout);
    const line = (outcome: string, command: string) => {
      return `^grub +${outcome}[^\n]*\n(?: {10}[^\n]*\n)* +by GRUB's command: ${command} `;
    };
    assert.match(whole.stdout, new RegExp(line("loads", "multiboot"), "m"));
    assert.match(whole.stdout, new RegExp(line("loads", "multiboot2"), "m"));
    const path = both(".short 99, 0\n.long 8");
    const { status, stdout } = await isthmus(["check", path, "--loader", "grub"]);
    assert.equal(status, 0, stdout);
    assert.match(stdout, new RegExp(line("loads", "multiboot"), "m"));
    assert.match(stdout, new RegExp(line("refuses", "multiboot2"), "m"));
    const { verdicts } = JSON.parse((await isthmus(["check", path, "--json"])).stdout);
    assert.deepEqual(
      verdicts.map(({ loader, command = "" }: Record<string, string>) => `${loader} ${command}`),
      ["grub multiboot", "grub multiboot2", "qemu ", "v86 ", "limine "],
    );
  });

  it("refuses a file that is not a kernel, without a stack trace", async (t) => {
    const file = scratch(t);
    const { path, objects } = makeKernel(t);
    const whole = readFileSync(path);
    run("ar", "rcs", file("lib.a"), ...objects);
    const layout = (text: string) => {
      return ["check", path, "--layout", file(`${text.length}.json`, text)];
    };
    const cases: readonly [readonly string[], RegExp][] = [
      [["check", "package.json"], /error\[ELF001\].*not an ELF file/],
      [["check", file("empty.elf", "")], /error\[ELF001\].*not an ELF file/],
      [["check", file("cut.elf", whole.subarray(0, 100))], /error\[ELF002\].*beyond its end/],
      [["check", objects[0] ?? ""], /error\[ELF001\].*is an object, not a linked kernel/],
      [["check", file("lib.a")], /error\[ELF001\].*is an archive of objects/],
      [["check", path, file("none.txt", "no")], /error\[ELF001\].*none\.txt is not an ELF file/],
      [["check", "test"], /CLI002\]: test is a folder/],
      [["check", "packag.json"], /no file packag\.json\n +help: Did you mean package\.json\?/],
      [["check"], /check needs a file.*\n +help: See `npx isthmus check --help`/],
      [["check", path, "--lader", "grub"], /Did you mean --loader\?/],
      [layout('{ "sections": [{ "name": ".t", "region": "kernl" }] }'), /\.json: error.*kernl/],
      [layout('{ "bot": "none" }'), /LAYOUT013.*`bot`\n +help: Did you mean `boot`\?/],
      [layout("{"), /CLI003.*not valid JSON/],
      [["map", objects[0] ?? ""], /is an object, not a linked kernel/],
      [["map", path, "--svg", "no/such/folder.svg"], /CLI007.*cannot be written/],
      [["script", "--layout", file("l.json", "{}"), "-o", "no/such/s.ld"], /CLI007/],
      [["link", ...objects, "-o", "no/such/k.elf"], /CLI007/],
      [
        ["link", "package.json", "-o", file("k.elf")],
        /package\.json is not an ELF file\n.*as data, write `binary:package\.json`/,
      ],
    ];
    for (const [words, expected] of cases) {
      const { status, stderr } = await isthmus([...words]);
      assert.equal(status, 2, words.join(" "));
      assert.match(stderr, expected);
      assert.doesNotMatch(stderr, /\n\s+at /);
    }
  });

  it("writes to a device without making a file of it", async (t) => {
    const layout = scratch(t)("l.json", "{}");
    const { status } = await isthmus(["script", "--layout", layout, "-o", "/dev/null"]);
    assert.equal(status, 0);
    assert.ok(statSync("/dev/null").isCharacterDevice());
  });
});

describe("isthmus explain", () => {
  it("lists every mistake, and explains each", async () => {
    const { status, stdout } = await isthmus(["explain", "--list"]);
    assert.equal(status, 0);
    assert.equal(stdout.match(/^LAY\d{3} +\S/gm)?.length, MISTAKES.length);
    const long = await isthmus(["explain", "lay010"]);
    assert.match(long.stdout, /^LAY010: .*\n\n[\s\S]+\nWrong\n {4}[\s\S]+\nRight\n {4}/);
  });

  it("refuses a code that does not exist", async () => {
    const { status, stderr } = await isthmus(["explain", "LAY01"]);
    assert.equal(status, 2);
    assert.match(stderr, /no code LAY01/);
  });

  it("has a reason, a wrong and a right example for each row", () => {
    for (const { code, title, why, wrong, right } of MISTAKES) {
      assert.match(code, /^LAY\d{3}$/);
      for (const text of [title, why, wrong, right]) assert.ok(text.length > 5, code);
      assert.notEqual(wrong, right);
    }
  });
});

describe("isthmus script", () => {
  it("writes a script, a header and a table", async (t) => {
    const file = scratch(t);
    const layout = file("isthmus.layout.json");
    const top = { start: 0xfff00000, end: 2 ** 32, anchor: "end" };
    const sections = [".text", { name: ".shared", region: "top", load: "kernel" }];
    const regions = { kernel: { start: 0x100000 }, top };
    writeFileSync(layout, JSON.stringify({ regions, sections }));
    const print = ["script", "--layout", layout, "--linker", "lld"];
    const { status, stdout } = await isthmus(print);
    assert.equal(status, 0);
    assert.match(stdout, /for LLVM's lld/);
    assert.match(stdout, /shared_start = \(0x100000000 - shared_size\) & 0xfffff000;/);
    const header = await isthmus([...print, "--header", "-", "--table", "-"]);
    assert.match(header.stdout, /extern char shared_load\[\];/);
    assert.match(
      header.stdout,
      /\{"\.shared", shared_start, shared_load, shared_size, LAYOUT_WRITE\}/,
    );
  });

  it("names the linker that was meant", async () => {
    const { status, stderr } = await isthmus(["script", "--linker", "bdf"]);
    assert.equal(status, 2);
    assert.match(stderr, /Did you mean bfd\?/);
  });
});

describe("isthmus map FILE.elf", { skip }, () => {
  it("draws the spaces of a layout beside each other", async (t) => {
    const { path } = makeKernel(t);
    const layout = scratch(t)("l.json");
    const sections = [".boot", ".text", ".rodata", ".data", ".bss"];
    const top = [".shared_text", ".shared_data"].map((name) => ({ name, region: "top" }));
    const regions = { kernel: { start: "0x100000" }, top: { end: "0x100000000" } };
    const spaces = { kernel: { regions: ["kernel", "top"] }, user: { regions: ["top"] } };
    writeFileSync(layout, JSON.stringify({ regions, spaces, sections: [...sections, ...top] }));
    const { status, stdout } = await isthmus(["map", path, "--layout", layout]);
    assert.equal(status, 0);
    assert.match(stdout, /^kernel space +physical memory +user space$/m);
    assert.match(
      stdout,
      /^b=ffffe000 \.shared_text +r-x +4K .* b=ffffe000 \.shared_text +r-x +4K$/m,
    );
    assert.match(stdout, /KiB of physical memory, of which \d+ B are holes/);
    const { columns, use } = JSON.parse((await isthmus(["map", path, "--json"])).stdout);
    assert.equal(columns[2].boxes[0].start, 0xffffe000);
    assert.equal(columns[2].boxes[0].shared, true);
    assert.equal(use.gaps, 0);
  });
});

describe("isthmus map --diff", { skip }, () => {
  it("says what moved, grew, was added and was removed", async (t) => {
    const [a, b] = [makeKernel(t), makeKernel(t, { assembly: GROWN })];
    const { status, stdout } = await isthmus(["map", "--diff", a.path, b.path]);
    assert.equal(status, 0);
    assert.match(stdout, /^ {2}\.text +0x00101000, \d+ bytes \(\+5000\)$/m);
    assert.match(stdout, /^ {2}\.rodata +0x00102000 -> 0x00103000, LMA 0x00102000 -> 0x00103000/m);
    assert.match(stdout, /^ {2}\.shared_text +0xffffe000, LMA 0x[0-9a-f]+ -> 0x/m);
    const same = await isthmus(["map", "--diff", a.path, a.path, "--json"]);
    const diff = JSON.parse(same.stdout);
    assert.deepEqual(diff.changes, []);
    assert.equal(diff.before.bytes, diff.after.bytes);
  });

  it("needs two files", async (t) => {
    const { path } = makeKernel(t);
    assert.match((await isthmus(["map", "--diff", path])).stderr, /--diff needs two files/);
    assert.match((await isthmus(["map", path, path])).stderr, /see --diff/);
  });
});
