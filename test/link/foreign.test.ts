// Objects and archives of other compilers: what the same-bytes corpus does not show by itself.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { readElf } from "../../src/link/elf/read";
import { readInput } from "../../src/link/input/read-input";
import type { Layout } from "../../src/link/layout/layout";
import { link } from "../../src/link/link";
import { elfFile, moduleFiles } from "../../src/link/output/elf-files";
import { mapFile } from "../../src/link/output/map-file";
import { addressOf } from "../../src/link/passes/image";
import { diagnosed } from "./expect-diagnostic";
import { run, scratch, unlessInstalled } from "./tools";

const skip = unlessInstalled("gcc");
const FLAGS = ["-m32", "-O1", "-ffreestanding", "-fno-pic", "-fno-stack-protector"];

/** Compiles sources by name, and names the objects after them. */
function workshop(t: TestContext) {
  const file = scratch(t);
  const compile = (name: string, source: string, ...flags: string[]): string => {
    const object = file(name.replace(/\.\w+$/, ".o"));
    run("gcc", ...FLAGS, ...flags, "-c", file(name, source), "-o", object);
    return object;
  };
  const archive = (name: string, ...members: string[]): string => {
    run("ar", "rcs", file(name), ...members);
    return file(name);
  };
  return { file, compile, archive };
}

function linkFiles(paths: readonly string[], layout: Layout = {}) {
  const base = (path: string) => path.replace(/^.*\//, "");
  return link(
    paths.map((path) => readInput(readFileSync(path), base(path))),
    layout,
  );
}

const START = "void f(void); void _start(void) { f(); }";

test("an archive gives the members that are needed, and what those need", { skip }, (t) => {
  const { compile, archive } = workshop(t);
  const start = compile("start.c", START);
  const library = archive(
    "lib.a",
    compile("a_member_with_a_name_of_more_than_fifteen.c", "void g(void); void f(void) { g(); }"),
    compile("unneeded.c", "void unneeded(void) {} int never;"),
    compile("g.c", "void g(void) {}"),
  );
  const image = linkFiles([start, library]);
  const members = [...mapFile(image).matchAll(/lib\.a\(([\w.]+)\)/g)].map((match) => match[1]);
  assert.deepEqual([...new Set(members)], ["a_member_with_a_name_of_more_than_fifteen.o", "g.o"]);
});

test("an archive counts where it stands: it serves only what comes before it", { skip }, (t) => {
  const { compile, archive } = workshop(t);
  const start = compile("start.c", START);
  const library = archive("lib.a", compile("f.c", "void f(void) {}"));
  diagnosed("LINK004", () => linkFiles([library, start]));
  assert.ok(addressOf(linkFiles([start, library]), "f"));
});

test("wholeArchives takes every member; a rule may name members", { skip }, (t) => {
  const { compile, archive } = workshop(t);
  const start = compile("start.c", "void _start(void) {}");
  const library = archive("lib.a", compile("f.c", "void f(void) {}"), compile("g.c", "int g = 1;"));
  const image = linkFiles([start, library], {
    wholeArchives: ["lib.a"],
    sections: [
      { name: ".special", permissions: "rx", inputs: [{ sections: "*", objects: "lib.a(f.o)" }] },
      ".text",
      ".rodata",
      ".data",
      ".bss",
    ],
    discard: [".note*", ".comment", ".eh_frame"],
  });
  assert.equal(addressOf(image, "f"), addressOf(image, "special_start"));
  assert.ok(addressOf(image, "g"));
});

test("a weak reference pulls no member, a common symbol pulls a definition", { skip }, (t) => {
  const { compile, archive } = workshop(t);
  const source = "extern void f(void) __attribute__((weak)); int value; void _start(void) { f(); }";
  const start = compile("start.c", source, "-fcommon");
  const library = archive(
    "lib.a",
    compile("f.c", "void f(void) {}"),
    compile("value.c", "int value = 7;"),
    compile("tentative.c", "int value;", "-fcommon"),
  );
  const image = linkFiles([start, library]);
  assert.equal(addressOf(image, "f"), undefined);
  const value = image.symbols.find(({ name }) => name === "value");
  assert.equal(value?.input?.object.name, "lib.a(value.o)");
});

test("archives without an index work, thin ones are refused", { skip }, (t) => {
  const { compile, file } = workshop(t);
  const f = compile("f.c", "void f(void) {}");
  const start = compile("start.c", START);
  run("ar", "rcS", file("plain.a"), f);
  assert.ok(addressOf(linkFiles([start, file("plain.a")]), "f"));
  run("ar", "rcT", file("thin.a"), f);
  assert.match(
    diagnosed("ARCH001", () => linkFiles([start, file("thin.a")])),
    /thin\.a is a thin archive[\s\S]*ar rcs/,
  );
});

test("the largest common symbol counts, with the strictest alignment", { skip }, (t) => {
  const { compile } = workshop(t);
  const a = compile(
    "a.c",
    "char b[10] __attribute__((aligned(64))); void _start(void) {}",
    "-fcommon",
  );
  const b = compile("b.c", "char b[100]; char c;", "-fcommon");
  const image = linkFiles([a, b]);
  const symbol = image.symbols.find(({ name }) => name === "b");
  assert.equal(symbol?.size, 100);
  assert.equal((symbol?.address ?? 1) % 64, 0);
});

test("diagnostics name the source line that DWARF has, for every DWARF of gcc", { skip }, (t) => {
  const { compile } = workshop(t);
  const source =
    "void alocate_frame(void);\n\nvoid allocate_frame(void) {}\n" +
    "void _start(void) {\n  alocate_frame();\n}\n";
  for (const version of [2, 3, 4, 5]) {
    const object = compile("start.c", source, `-gdwarf-${version}`);
    const text = diagnosed("LINK004", () => linkFiles([object]));
    assert.match(text, /start\.c:5(:3)?: error\[LINK004\]: undefined symbol "alocate_frame"/);
    assert.match(text, /Did you mean "allocate_frame"\?/);
  }
});

test("names of C++ are shown as people write them", { skip }, (t) => {
  const { compile } = workshop(t);
  const source =
    'namespace a { int f(const char *); } extern "C" int _start() { return a::f(""); }';
  const text = diagnosed("LINK004", () => linkFiles([compile("start.cpp", source)]));
  assert.match(text, /undefined symbol "a::f\(char const\*\)" \(_ZN1a1fEPKc\), used at/);
});

test("clang's and nasm's lines are found too", {
  skip: unlessInstalled("clang") || unlessInstalled("nasm"),
}, (t) => {
  const { file } = workshop(t);
  const c = file("start.c", "void missing(void);\nvoid _start(void) {\n  missing();\n}\n");
  run("clang", ...FLAGS, "-g", "-c", c, "-o", file("start.o"));
  assert.match(
    diagnosed("LINK004", () => linkFiles([file("start.o")])),
    /start\.c:3:3: error\[LINK004\]/,
  );
  const source = "global _start\nextern missing\nsection .text\n_start:\n  nop\n  call missing\n";
  run("nasm", "-f", "elf32", "-g", "-F", "dwarf", file("s.nasm", source), "-o", file("s.o"));
  assert.match(
    diagnosed("LINK004", () => linkFiles([file("s.o")])),
    /s\.nasm:6: error\[LINK004\]/,
  );
});

test("gdb sees the lines, locals and types of what was linked", {
  skip: skip || unlessInstalled("gdb"),
}, (t) => {
  const { compile, file } = workshop(t);
  const start = compile(
    "start.c",
    "struct page { int flags; } first;\nint f(int);\nvoid _start(void) {\n  f(first.flags);\n}\n",
    "-g",
  );
  const f = compile("f.c", "int f(int number) {\n  return number + 1;\n}\n", "-g");
  const elf = file("k.elf", elfFile(linkFiles([start, f])));
  const text = run(
    "gdb",
    "-batch",
    "-ex",
    "info line f",
    "-ex",
    "ptype first",
    "-ex",
    "info scope f",
    elf,
  );
  assert.match(text, /Line [12] of ".*f\.c" starts at address 0x/);
  assert.match(text, /type = struct page \{\s+int flags;\s+\}/);
  assert.match(text, /Symbol number/);
});

test("gc-sections drops what nothing needs, and keeps what is marked", { skip }, (t) => {
  const { compile } = workshop(t);
  const source = `
    int unused(void) { return 1; }
    int used(void) { return 2; }
    __attribute__((constructor)) void construct(void) {}
    __attribute__((retain, used)) int retained = 5;
    void _start(void) { used(); }
  `;
  const object = compile(
    "start.c",
    source,
    "-ffunction-sections",
    "-fdata-sections",
    "-fno-inline",
    "-O0",
  );
  const names = (layout: Layout) =>
    ["unused", "used", "construct", "retained"].filter(
      (name) => addressOf(linkFiles([object], layout), name) !== undefined,
    );
  assert.deepEqual(names({}), ["unused", "used", "construct", "retained"]);
  assert.deepEqual(names({ gcSections: true }), ["used", "construct", "retained"]);
});

test("a template in two objects is in the image once, its debug information too", { skip }, (t) => {
  const { compile, file } = workshop(t);
  const header = "template <class T> struct Box { T v; T get() { return v * 3; } };\n";
  const a = compile(
    "a.cpp",
    `${header}int f(Box<int> &); Box<int> b; extern "C" void _start() { b.get(); f(b); }`,
    "-g",
    "-O0",
  );
  const b = compile("b.cpp", `${header}int f(Box<int> &b) { return b.get(); }`, "-g", "-O0");
  const image = linkFiles([a, b]);
  const copies = image.symbols.filter(({ name }) => name === "_ZN3BoxIiE3getEv");
  assert.equal(copies.length, 1);
  const elf = file("k.elf", elfFile(image));
  const text = run("readelf", "--debug-dump=decodedline", elf);
  assert.doesNotMatch(text, /warning|corrupt/i);
});

test("orphans are an error by default, or go behind their like", { skip }, (t) => {
  const { compile } = workshop(t);
  const source = `
    __attribute__((section("descriptors"))) int table = 5;
    __attribute__((section("texts"))) const char text[] = "x";
    __attribute__((section("earliest"))) void early(void) {}
    void _start(void) {}
  `;
  const object = compile("start.c", source);
  diagnosed(["LINK005", "LINK005", "LINK005"], () => linkFiles([object]));
  const image = linkFiles([object], { orphans: "place" });
  const home = (name: string) =>
    image.symbols.find((symbol) => symbol.name === name)?.input?.output?.name;
  assert.deepEqual(["table", "text", "early"].map(home), [".data", ".rodata", ".text"]);
});

test("notes and unwind tables are left out, unless a rule asks for them", { skip }, (t) => {
  const { compile } = workshop(t);
  const object = compile("start.c", "void _start(void) {}", "-fasynchronous-unwind-tables");
  assert.equal(linkFiles([object]).sections.length, 4);
  const kept = linkFiles([object], {
    sections: [".text", ".rodata", { name: ".eh_frame", permissions: "r" }, ".data", ".bss"],
  });
  assert.ok((kept.sections.find(({ name }) => name === ".eh_frame")?.size ?? 0) > 20);
});

test("a section that the image lacks may not be referred to", { skip }, (t) => {
  const { compile } = workshop(t);
  const source = `
    __attribute__((section(".discarded"))) int gone = 1;
    int _start(void) { return gone; }
  `;
  const object = compile("start.c", source, "-g");
  const text = diagnosed("LINK024", () => linkFiles([object], { discard: [".discarded"] }));
  assert.match(text, /start\.c:3.*refers to "gone" in \.discarded of start\.o/);
});

test("a module is an ELF file of its own, linked with the image", { skip }, (t) => {
  const { compile } = workshop(t);
  const source = `
    extern char shared_text_start[], shared_text_size[];
    __attribute__((section(".shared_text"))) int enter(void) { return 7; }
    int _start(void) { return (int)shared_text_start + (int)shared_text_size; }
  `;
  const object = compile("start.c", source);
  const layout: Layout = {
    regions: { kernel: { start: 0x100000 }, top: { end: 0x1_0000_0000 } },
    sections: [
      ".text",
      { name: ".shared_text", region: "top", permissions: "rx", module: "trampoline" },
    ],
  };
  const image = linkFiles([object], layout);
  const kernel = readElf(elfFile(image), "kernel.elf");
  const [bytes] = [...moduleFiles(image).values()];
  assert.deepEqual([...moduleFiles(image).keys()], ["trampoline"]);
  const module = readElf(bytes ?? new Uint8Array(), "trampoline.elf");
  assert.deepEqual(
    kernel.segments.map(({ address }) => address),
    [0x100000],
  );
  assert.deepEqual(
    module.segments.map(({ address, offset }) => [address, offset % 4096]),
    [[0xfffff000, 0]],
  );
  assert.ok(module.symbols.some(({ name, value }) => name === "enter" && value === 0xfffff000));
});

test("a module's whole pages are in its file; where it is loaded has no symbol", { skip }, (t) => {
  const { compile } = workshop(t);
  const source = (extra: string) => `
    ${extra}
    __attribute__((section(".top_data"))) int table[1000] = { 1 };
    char zeros[5000];
    int _start(void) { return table[0] + zeros[0]; }
  `;
  const layout: Layout = {
    regions: { kernel: { start: 0x100000 }, top: { start: 0xf0000000 } },
    sections: [
      ".text",
      { name: ".top_data", region: "top", module: "part" },
      { name: ".bss", region: "top", module: "part" },
    ],
  };
  const image = linkFiles([compile("start.c", source(""))], layout);
  const bytes = moduleFiles(image).get("part") ?? new Uint8Array();
  const { segments } = readElf(bytes, "part.elf");
  assert.deepEqual(
    segments.map(({ fileSize, memorySize, address }) => [fileSize, memorySize, address]),
    [[12288, 12288, 0xf0000000]],
  );
  const offset = segments[0]?.offset ?? 0;
  assert.equal(bytes[offset], 1);
  assert.ok(bytes.subarray(offset + 1, offset + 12288).every((byte) => byte === 0));
  const used = compile("used.c", source("extern char top_data_load[]; char *at = top_data_load;"));
  assert.match(
    diagnosed("LINK004", () => linkFiles([used], { ...layout, orphans: "place" })),
    /top_data_load/,
  );
  const symbols = { at: { of: ".bss", edge: "load" } } as const;
  diagnosed("LAYOUT011", () => linkFiles([used], { ...layout, symbols }));
});

test("linker scripts and other files are told apart", () => {
  const encode = (text: string) => new TextEncoder().encode(text);
  const script = "/* GNU ld script */\nGROUP ( /lib/libc.so.6 libc_nonshared.a )\n";
  assert.match(
    diagnosed("ELF001", () => readInput(encode(script), "libc.so")),
    /libc\.so is a linker script/,
  );
  diagnosed("ELF001", () => readInput(encode("int main;"), "a.c"));
  diagnosed("ARCH002", () => readInput(encode("!<arch>\nwhat follows is no header"), "a.a"));
});
