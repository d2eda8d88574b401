// The columns of a kernel's files: from the file alone, by a layout's spaces, with a module.

import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { Column } from "../../src/draw/columns";
import { drawSvg } from "../../src/draw/draw-svg";
import { drawText } from "../../src/draw/draw-text";
import { joinsOf } from "../../src/draw/joins";
import { fileColumns } from "../../src/inspect/file-columns";
import { readElfFile } from "../../src/link/check/linked-file";
import { Subject } from "../../src/link/check/subject";
import type { Layout } from "../../src/link/layout/layout";
import { resolveLayout } from "../../src/link/layout/resolve";
import { link } from "../../src/link/link";
import { elfFile, moduleFiles } from "../../src/link/output/elf-files";
import { nops, objectFile } from "../link/build-object";
import { makeKernel } from "../link/check/make-kernel";
import { run, scratch, unlessInstalled } from "../link/tools";

const object = objectFile("k.o", {
  ".text": { bytes: nops(100), symbols: { _start: 0 } },
  ".data": { bytes: nops(5000) },
  ".user": { bytes: nops(10) },
  ".shared": { bytes: nops(20) },
});

const LAYOUT: Layout = {
  regions: {
    kernel: { start: 0x100000 },
    low: { start: 0x1000, end: 0x100000 },
    guard: { start: 0xffffe000, end: 0xfffff000, reserved: true, title: "guard" },
    top: { end: 2 ** 32 },
  },
  spaces: {
    kernel: { regions: ["kernel", "guard", "top"], title: "the kernel's" },
    user: { regions: ["low", "top"] },
  },
  sections: [
    ".text",
    ".data",
    { name: ".user", region: "low", load: "kernel", keep: true },
    { name: ".shared", region: "top", load: "kernel", keep: true },
  ],
};

function draw(layout = LAYOUT, withLayout = true) {
  const image = link([object], layout);
  const modules = [...moduleFiles(image)].map(([name, bytes]) => readElfFile(bytes, name));
  const options = { modules, ...(withLayout && { layout: resolveLayout(layout) }) };
  return fileColumns(new Subject(readElfFile(elfFile(image), "k.elf"), options));
}

/** \`.text\`, \`.shared*\`: a star for what is shared. */
function labels({ boxes }: Column): string[] {
  const sorted = [...boxes].sort((a, b) => a.start - b.start);
  return sorted.map(({ label, shared }) => `${label}${shared ? "*" : ""}`);
}

describe("the columns of a file", () => {
  it("are physical memory and each space of the layout, shared sections marked", () => {
    const { columns } = draw();
    assert.deepEqual(
      columns.map((column) => [column.title, labels(column)]),
      [
        ["the kernel's", [".text", ".data", "guard", ".shared*"]],
        ["physical memory", [".text", ".data", ".user", ".shared*"]],
        ["user space", [".user", ".shared*"]],
      ],
    );
    const [kernel, physical, user] = columns;
    assert.ok(kernel && physical && user);
    const shared = [kernel, user].map(
      (space) => joinsOf(space, physical).find(({ box }) => box.shared)?.frames.label,
    );
    assert.deepEqual(shared, [".shared", ".shared"]);
  });

  it("say what of a last page is lost, and where the load image has a hole", () => {
    const sections = LAYOUT.sections?.map((section) =>
      section === ".data" ? { name: ".data", address: 0x105000 } : section,
    );
    const [, physical] = draw({ ...LAYOUT, sections: sections ?? [] }).columns;
    assert.deepEqual(labels(physical as Column), [".text", "hole", ".data", ".user", ".shared*"]);
    const [text, hole] = physical?.boxes ?? [];
    assert.deepEqual([text?.start, text?.used, text?.end], [0x100000, 0x100064, 0x101000]);
    assert.deepEqual([hole?.start, hole?.end, hole?.bytes], [0x101000, 0x105000, 0x4000]);
  });

  it("are guessed without a layout: user programs see what lies at the end", () => {
    const { columns } = draw(LAYOUT, false);
    assert.deepEqual(
      columns.map((column) => [column.title, labels(column)]),
      [
        ["kernel space", [".user", ".text", ".data", ".shared*"]],
        ["physical memory", [".text", ".data", ".user", ".shared*"]],
        ["user space", [".shared*"]],
      ],
    );
    const low = draw({ sections: [".text", ".data", ".user", ".shared"] }, false);
    assert.deepEqual(
      low.columns.map(({ title }) => title),
      ["linear addresses", "physical memory"],
    );
  });

  it("show a module in the spaces, and in no place of physical memory", () => {
    const sections = LAYOUT.sections?.map((section) =>
      typeof section === "object" && section.name === ".shared"
        ? { name: ".shared", region: "top", module: "top", keep: true }
        : section,
    );
    const { columns } = draw({ ...LAYOUT, sections: sections ?? [] });
    assert.deepEqual(columns.map(labels), [
      [".text", ".data", "guard", ".shared*"],
      [".text", ".data", ".user"],
      [".user", ".shared*"],
    ]);
    assert.match(columns[1]?.subtitle ?? "", /modules/);
  });

  it("are drawn as text and as a picture", (t) => {
    const { columns, addressText } = draw();
    const lines = drawText(columns, addressText);
    assert.match(lines.join("\n"), /^a=fffff000 \.shared +rw- +4K +a=fffff000 \.shared/m);
    const svg = drawSvg({ title: "k.elf", summary: "a & b", columns, addressText });
    assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
    assert.match(svg, />4 GiB</);
    assert.match(svg, /unused end of a page/);
    if (unlessInstalled("rsvg-convert")) return;
    const file = scratch(t);
    run("rsvg-convert", file("k.svg", svg), "-o", file("k.png"));
  });
});

const skip = unlessInstalled("gcc") || unlessInstalled("ld");

describe("the columns of a 64-bit file", { skip }, () => {
  const draw64 = (t: TestContext) => {
    const { bytes } = makeKernel(t, { bits: 64 });
    return fileColumns(new Subject(readElfFile(bytes, "k.elf")));
  };

  it("have the addresses of both halves", (t) => {
    const { columns, addressText } = draw64(t);
    const [linear] = columns;
    assert.deepEqual(
      linear?.boxes.map(({ start, label }) => [addressText(start), label]),
      [
        ["0xffffffff80000000", ".text"],
        ["0xffffffff80001000", ".data"],
      ],
    );
    assert.equal(addressText(linear?.top ?? 0), "2^64");
    assert.match(drawText(columns, addressText).join("\n"), / ffffffff80001000 .*\.data/m);
  });
});
