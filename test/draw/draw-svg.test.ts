// Drawings as SVG: well-formed, of both themes, and to scale where they say so.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import type { Column } from "../../src/draw/columns";
import { drawSvg } from "../../src/draw/draw-svg";
import { type PlacedColumn, placeColumns } from "../../src/draw/place-columns";
import { run, scratch, unlessInstalled } from "../link/tools";
import { goldens } from "./golden";
import { higherHalf, machineColumns } from "./machine-columns";

const svg = drawSvg({ title: "Title <1>", summary: "a & b", columns: machineColumns() });

describe("a drawing as SVG", () => {
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

  it("is of the reader's theme, or of one that was asked for", () => {
    assert.match(svg, /@media \(prefers-color-scheme: dark\)/);
    const columns = machineColumns();
    const of = (theme: "light" | "dark") => drawSvg({ title: "", summary: "", columns, theme });
    assert.match(of("light"), /\.paper { fill: #ffffff; }/);
    assert.match(of("dark"), /\.paper { fill: #0d1117; }/);
    for (const theme of ["light", "dark"] as const) assert.doesNotMatch(of(theme), /@media/);
  });

  it("has a class for every colour, and no colour outside the style sheet", () => {
    const [, style = ""] = /<style>([\s\S]*?)<\/style>/.exec(svg) ?? [];
    assert.doesNotMatch(svg.replace(style, ""), /#[0-9a-f]{6}/);
    const known = new Set([...style.matchAll(/\.([a-zA-Z]+)/g)].map(([, name]) => name));
    const used = [...svg.matchAll(/ class="([^"]+)"/g)].flatMap(([, names = ""]) =>
      names.split(" "),
    );
    assert.deepEqual(
      [...new Set(used)].filter((name) => !known.has(name)),
      [],
    );
  });

  it("names the loaded space and the registers", () => {
    assert.match(svg, />CR3 0x00205000, 24 KiB mapped ◀ loaded</);
    for (const name of ["EIP", "ESP", "CR3"]) assert.match(svg, new RegExp(`>${name}<`));
  });

  it("can be rendered", { skip: unlessInstalled("rsvg-convert") }, (t) => {
    const file = scratch(t);
    for (const { file: name, text } of goldens()) {
      if (name.endsWith(".svg")) run("rsvg-convert", file("a.svg", text), "-o", file("a.png"));
    }
  });
});

describe("the stored drawings", () => {
  for (const { file, text } of goldens()) {
    it(`${file} is as it is drawn now`, () => {
      assert.equal(text, readFileSync(file, "utf8"), "see `npm run bless -- draw`");
    });
  }
});

describe("the places of boxes", () => {
  const place = (columns: readonly Column[]) =>
    placeColumns(columns, { left: 100, space: 200, physical: 300, gap: 100 }, 50);
  const pieceOf = (column: PlacedColumn | undefined, label: string) => {
    const piece = column?.pieces.find(({ box }) => box.label === label);
    assert.ok(piece, label);
    return piece;
  };

  for (const [name, columns] of [
    ["a machine", machineColumns()],
    ["a kernel in the higher half", higherHalf()],
  ] as const) {
    it(`touch from top to bottom, and every space is as high as the others: ${name}`, () => {
      const placed = place(columns);
      for (const { column, pieces } of placed.columns) {
        for (const [index, { y, height }] of pieces.entries()) {
          const next = pieces[index + 1]?.y ?? placed.bottom;
          assert.ok(Math.abs(y + height - next) < 0.01, `${column.title}, piece ${index}`);
        }
        if (!column.isPhysical) assert.ok(Math.abs((pieces[0]?.y ?? 0) - placed.top) < 0.01);
      }
    });
  }

  it("are level with their frames in the kernel's space, at any offset", () => {
    const [kernel, physical] = place(higherHalf()).columns;
    assert.equal(pieceOf(kernel, "text").y, pieceOf(physical, "text").y);
  });

  it("are joined by ribbons from side to side: both spaces to the shared frames", () => {
    const { columns, ribbons } = place(higherHalf());
    const [kernel, physical, user] = columns;
    assert.ok(kernel && physical && user);
    const shared = ribbons.filter(({ box }) => box.shared);
    const { y, height } = pieceOf(physical, "tramp");
    const frames = { top: y, bottom: y + height };
    assert.deepEqual(
      shared.map(({ fromX, toX }) => [fromX, toX]),
      [
        [kernel.x + kernel.width, physical.x],
        [physical.x + physical.width, user.x],
      ],
    );
    assert.deepEqual([shared[0]?.to, shared[1]?.from], [frames, frames]);
  });
});
