// Drawings of a machine made by hand.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Column } from "../../src/draw/columns";
import { drawSvg } from "../../src/inspect/draw-svg";
import { drawText } from "../../src/inspect/draw-text";
import { sizeText, spaceColumns } from "../../src/inspect/space-columns";
import { findSpaces } from "../../src/inspect/spaces";
import { FakeMachine, FILES, IMAGE } from "./fake-machine";

function columns(machine = new FakeMachine()): Column[] {
  const spaces = findSpaces(machine.snapshot(), IMAGE);
  const [process] = spaces.processes;
  return spaceColumns(spaces, process, FILES);
}

function assertOrdered(boxes: Column["boxes"]): void {
  const sorted = [...boxes].sort((a, b) => a.start - b.start);
  for (const [index, box] of sorted.entries()) {
    assert.ok(box.end > box.start, box.label);
    const next = sorted[index + 1];
    if (next) assert.ok(box.end <= next.start, `${box.label} overlaps ${next.label}`);
  }
}

describe("the columns of a machine", () => {
  it("are physical memory, the kernel's space and the process's, without overlaps", () => {
    const all = columns();
    assert.deepEqual(
      all.map(({ title }) => title),
      ["physical memory", "kernel space", "hello (pid 1)"],
    );
    for (const { boxes } of all) assertOrdered(boxes);
  });

  it("mark the shared pages, and nothing else, in all three", () => {
    const shared = columns().map(({ boxes }) =>
      boxes.filter((box) => box.shared).map(({ label }) => label),
    );
    const trampoline = [".trampoline.text", ".trampoline.rodata", ".trampoline.data"];
    assert.deepEqual(shared, [trampoline, trampoline, trampoline]);
  });

  it("name the program's sections, the stack, the guards, and the room", () => {
    const user = columns()[2]?.boxes.map(({ label }) => label) ?? [];
    for (const label of ["page 0, unmapped", ".text", "heap", "stack", "guard, unmapped"]) {
      assert.ok(user.includes(label), `${label} in ${user.join("; ")}`);
    }
    assert.ok(user.some((label) => label.startsWith("room")));
  });

  it("show an open window as a page and closed ones as a gap", () => {
    assert.ok(columns()[1]?.boxes.some(({ label }) => label === "windows, closed"));
    const machine = new FakeMachine();
    machine.enterKernel();
    machine.map(machine.kernelCr3, 0xfffec000, machine.takeUserFrame(), { write: true });
    const window = columns(machine)[1]?.boxes.find(({ label }) => label === "windows");
    assert.deepEqual([window?.start, window?.end], [0xfffec000, 0xfffed000]);
  });
});

describe("the drawing as text", () => {
  const lines = drawText(columns());

  it("has the highest address first and marks what is the same", () => {
    const addresses = lines.flatMap((line) => /^0x([0-9a-f]{8})/.exec(line)?.[1] ?? []);
    assert.deepEqual(addresses, [...addresses].sort().reverse());
    assert.match(
      lines.find((line) => line.startsWith("0xfffff000")) ?? "",
      /\.trampoline\.data +rw- {2}4 KiB +== \.trampoline\.data +rw- {2}4 KiB/,
    );
  });

  it("has one column below the other where they do not fit side by side", () => {
    const narrow = drawText(columns(), undefined, 80);
    for (const line of narrow) assert.ok(line.length <= 60, line);
    const titles = narrow.filter((line) => line.startsWith("address"));
    assert.deepEqual(
      titles.map((line) => line.replace(/^address +/, "")),
      ["physical memory", "kernel space", "hello (pid 1)"],
    );
    const shared = narrow.filter((line) => /\.trampoline\.data +rw- {2}4 KiB +==$/.test(line));
    assert.equal(shared.length, 2, "the spaces; physical memory has it at another address");
    for (const { boxes } of columns()) {
      for (const { label } of boxes) {
        assert.ok(
          narrow.some((line) => line.includes(label.slice(0, 25))),
          label,
        );
      }
    }
    const wide = Math.max(...lines.map((line) => line.length));
    assert.deepEqual(drawText(columns(), undefined, wide), lines);
  });

  it("has no trailing blanks and no overlong lines", () => {
    for (const line of lines) assert.ok(!/\s$/.test(line) && line.length < 140, line);
  });
});

describe("the drawing as SVG", () => {
  const svg = drawSvg("Title <1>", "a & b", columns());

  it("is well-formed, as far as tags and characters go", () => {
    const open: string[] = [];
    for (const [, close, name, self] of svg.matchAll(/<(\/?)([a-z]+)[^<>]*?(\/?)>/gi)) {
      if (close) assert.equal(open.pop(), name);
      else if (!self && name) open.push(name);
    }
    assert.deepEqual(open, []);
    assert.match(svg, /Title &lt;1&gt;/);
    assert.doesNotMatch(svg.replace(/&(amp|lt|gt|quot);/g, ""), /&/);
    assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
  });

  it("is a function of its input", () => {
    assert.equal(drawSvg("Title <1>", "a & b", columns()), svg);
  });

  it("says what the bands mean", () => {
    assert.match(svg, />the same pages</);
    assert.match(svg, />one to one</);
  });
});

describe("sizes", () => {
  it("are short", () => {
    assert.deepEqual([300, 4096, 1536, 61.2 * 1024, 2 ** 32 - 20480].map(sizeText), [
      "300 B",
      "4 KiB",
      "1.5 KiB",
      "61.2 KiB",
      "4 GiB",
    ]);
  });
});
