// The table of figures in README.md.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { readmeTable, withTable } from "../../bench/kernel/readme-table";
import type { Figures } from "../../bench/kernel/table";

const readme = readFileSync("README.md", "utf8");

test("README has the figures that bench/figures.json has", () => {
  const figures = JSON.parse(readFileSync("bench/figures.json", "utf8")) as Figures;
  const table = readmeTable(figures);
  assert.equal(withTable(readme, table), readme, "npm run bench -- --bless writes both");
  assert.match(table, /\| 4 GiB - 20 KiB \| 3 GiB/);
});

test("a table replaces the one that was there, and nothing else", () => {
  const changed = withTable(readme, "| new |");
  assert.ok(changed.includes("-->\n\n| new |\n\n<!--"));
  assert.equal(changed.split("from `int 0x80`").length, 1);
  assert.equal(withTable(changed, "| new |"), changed);
  assert.throws(() => withTable("no place", ""), /no place for the table/);
});
