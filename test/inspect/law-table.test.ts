// ARCHITECTURE.md's table of the laws says what the audit says, and names what is there.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { LAW_TITLES } from "../../src/inspect/audit";

const LAW_FILES = "src/inspect";

/** The rows of the table under the heading `The laws`, as cells. */
function lawTable(): string[][] {
  const page = readFileSync("ARCHITECTURE.md", "utf8");
  const section = page.split(/^## /m).find((each) => each.startsWith("The laws\n"));
  const rows = (section ?? "").split("\n").filter((line) => /^\| \d/.test(line));
  return rows.map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe("the table of the laws", () => {
  it("has the titles of the audit, in its order", () => {
    const titles = LAW_TITLES.map((title, index) => `${index + 1} ${title}`);
    assert.deepEqual(
      lawTable().map(([law]) => law),
      titles,
    );
  });

  it("names files that exist, and functions of the audit", () => {
    const laws = readdirSync(LAW_FILES)
      .filter((name) => name.startsWith("law"))
      .map((name) => readFileSync(`${LAW_FILES}/${name}`, "utf8"))
      .join("");
    for (const [law, keptBy = "", checkedBy = ""] of lawTable()) {
      const paths = `${keptBy} ${checkedBy}`.match(/[\w-]+\/[\w/.-]+\.ts/g) ?? [];
      assert.ok(paths.length > 0, `${law} names no file`);
      for (const path of paths) assert.ok(existsSync(path), `${law} names ${path}`);
      const [, check] = /^`(\w+)`/.exec(checkedBy) ?? [];
      assert.ok(laws.includes(`export function ${check}(`), `${law} is checked by ${check}`);
    }
  });
});
