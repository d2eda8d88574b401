// Drawings as text: what fits, what is joined, what is left out.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { drawText, LEGEND } from "../../src/draw/draw-text";
import { higherHalf, machineColumns } from "./machine-columns";

const WIDE = 200;

/** The lines of one column of a drawing, from its title down. */
function listOf(title: string, lines: readonly string[]): string[] {
  const start = lines.findIndex((line) => line.startsWith(title));
  const list = lines.slice(start);
  const end = list.indexOf("");
  return list.slice(0, end);
}

/** The letter before a label in a list. */
function letterOf(label: string, list: readonly string[]): string | undefined {
  return list
    .map((line) => /^(\S)[ =][0-9a-f]+ (\S+)/.exec(line))
    .find((m) => m?.[2] === label)?.[1];
}

describe("a drawing as text", () => {
  for (const width of [60, 72, 80, 100, 130, WIDE]) {
    it(`fits ${width} columns, without trailing blanks`, () => {
      for (const line of drawText(machineColumns(), undefined, width)) {
        assert.ok(line.length <= width, line);
        assert.doesNotMatch(line, /\s$/);
      }
    });
  }

  it("has all columns side by side where there is room, else as many as fit", () => {
    const rows = (width: number) =>
      drawText(machineColumns(), undefined, width)
        .filter((line) => /kernel space|physical memory|hello \(pid/.test(line))
        .map((line) => line.trim().split(/ {2,}/));
    assert.deepEqual(rows(WIDE), [["kernel space", "physical memory", "hello (pid 1)"]]);
    assert.deepEqual(rows(80), [["kernel space", "physical memory"], ["hello (pid 1)"]]);
    assert.deepEqual(rows(60), [["kernel space"], ["physical memory"], ["hello (pid 1)"]]);
  });

  it("has the highest address first in each column", () => {
    for (const title of ["kernel space", "physical memory", "hello"]) {
      const list = listOf(title, drawText(machineColumns(), undefined, 60));
      const addresses = list.flatMap((line) => /^..([0-9a-f]{8}) /.exec(line)?.[1] ?? []);
      assert.ok(addresses.length > 5, title);
      assert.deepEqual(addresses, [...addresses].sort().reverse());
    }
  });

  it("has the same letter where the same frames are", () => {
    const lines = drawText(machineColumns(), undefined, 60);
    const [kernel, physical, user] = ["kernel space", "physical memory", "hello"].map((title) =>
      listOf(title, lines),
    );
    assert.ok(kernel && physical && user);
    for (const label of [".trampoline.text", ".trampoline.rodata", ".trampoline.data"]) {
      const letters: (string | undefined)[] = [kernel, physical, user].map((list) =>
        letterOf(label, list),
      );
      assert.ok(letters[0], label);
      assert.equal(new Set(letters).size, 1, `${label}: ${letters}`);
    }
    assert.notEqual(letterOf(".text", kernel), letterOf(".text", user));
  });

  it("marks the loaded space and its registers, and what they would mean in the other", () => {
    const lines = drawText(machineColumns(), undefined, 60);
    assert.match(listOf("hello", lines).join("\n"), /<- loaded\n[\s\S]*\.text <EIP/);
    assert.match(listOf("kernel space", lines).join("\n"), /\(ESP\)[\s\S]*\(EIP\)/);
    assert.doesNotMatch(listOf("kernel space", lines).join("\n"), /loaded|<E/);
  });

  it("folds what is empty in each column by itself, and says how much it is", () => {
    const lines = drawText(higherHalf(), undefined, 60);
    assert.match(listOf("kernel", lines).join("\n"), /⋮ 1023M nothing\n.*text.*\n +⋮ 3G nothing/);
    assert.match(listOf("user", lines).join("\n"), /⋮ 4G − 12K nothing/);
  });

  it("explains its signs", () => {
    const lines = drawText(higherHalf(), undefined, WIDE);
    assert.equal(lines.at(-1), LEGEND);
  });
});
