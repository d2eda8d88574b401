// The tables of passes in ARCHITECTURE.md are those of the pipeline.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { describeStep, levelOf, OPTIMISATIONS, STEPS } from "../../src/compile/pipeline";

/** The rows of the table in ARCHITECTURE.md that begins with `head`, cell by cell. */
function rowsAfter(head: string): string[][] {
  const lines = readFileSync("ARCHITECTURE.md", "utf8").split("\n");
  const begin = lines.indexOf(head);
  assert.ok(begin >= 0, `ARCHITECTURE.md has no table ${head}`);
  const rest = lines.slice(begin + 2);
  const end = rest.findIndex((line) => !line.startsWith("|"));
  return rest.slice(0, end).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe("ARCHITECTURE.md", () => {
  it("lists each pass and part in order, with its level and what it does", () => {
    const expected = STEPS.map((step) => [
      `\`${step}\``,
      `\`-O${levelOf(step)}\``,
      describeStep(step),
    ]);
    assert.deepEqual(rowsAfter("| pass or part | from | what it does |"), expected);
  });

  it("says of each that can be left out what it is worth", () => {
    const names = rowsAfter("| left out | geomean | most |").map(([name]) => name);
    assert.deepEqual(
      names,
      OPTIMISATIONS.map((each) => `\`${each}\``),
    );
  });
});
