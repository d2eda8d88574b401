// The history of the benchmark's figures.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { historyLines, lastCosts } from "../../bench/kernel/history";
import { ROWS } from "../../bench/kernel/rows";

describe("the history of figures", () => {
  it("tells of what a run has changed, and of new rows", () => {
    const lines = historyLines("2026-11-29", { a: 84, b: 5 }, { a: 81, b: 5, c: 1.5 });
    assert.equal(lines, "2026-11-29\ta\t84\t81\n2026-11-29\tc\t-\t1.5\n");
    assert.equal(historyLines("2026-11-29", { a: 1 }, { a: 1 }), "");
  });

  it("says what each row cost last", () => {
    const first = historyLines("2026-11-01", {}, { a: 84, b: 5 });
    const history = first + historyLines("2026-11-02", lastCosts(first), { a: 81, b: 5 });
    assert.deepEqual(lastCosts(history), { a: 81, b: 5 });
  });

  it("has every row", () => {
    const path = new URL("../../bench/history.tsv", import.meta.url);
    const costs = lastCosts(readFileSync(path, "utf8"));
    for (const { id } of ROWS) assert.ok((costs[id] ?? 0) > 0, id);
  });
});
