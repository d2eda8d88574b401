// The cases of all passes: files beside each other in passes/, code-passes/ and select/.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { describe, it } from "node:test";
import { PASSES } from "../../src/compile/pipeline";
import { blessed, checkCase, type PassCase, readCases } from "./pass-case";

/** Passes whose tests need more than text in, text out: programs that run, and proofs. */
const ELSEWHERE: readonly string[] = ["build", "allocate"];

const { cases, problems } = readCases("test/compile");
const byPass = new Map<string, PassCase[]>();
for (const each of cases) {
  const pass = basename(dirname(each.file));
  byPass.set(pass, [...(byPass.get(pass) ?? []), each]);
}

describe("the folders of cases", () => {
  it("have a case for each pass, and no file that is not a case", () => {
    assert.deepEqual(problems, []);
    const expected = PASSES.filter((pass) => !ELSEWHERE.includes(pass)).sort();
    assert.deepEqual([...byPass.keys()].sort(), expected);
  });
});

for (const [pass, own] of byPass) {
  describe(pass, () => {
    for (const each of own) {
      it(basename(each.file, ".txt").replaceAll("-", " "), () => checkCase(each));
    }
  });
}

describe("a case", () => {
  const INPUT = "function f(i32): i32\nb0:\n  v0 = param 0\n  v1 = add v0 0\n  return v1";
  const text = (expected: string) =>
    `# passes\nsimplify\n\n# input\n${INPUT}\n\n# expected\n${expected}\n`;
  const RIGHT = INPUT.replace("  v1 = add v0 0\n", "").replace("return v1", "return v0");

  /** Reads a folder with one file. */
  function folder(path: string, content: string) {
    const root = mkdtempSync(join(tmpdir(), "isthmus-cases-"));
    try {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
      const found = readCases(root);
      return { ...found, blessed: found.cases.map(blessed) };
    } finally {
      rmSync(root, { recursive: true });
    }
  }

  it("passes with the right expectation only", () => {
    checkCase(folder("simplify/adds-zero.txt", text(RIGHT)).cases[0]!);
    for (const wrong of [INPUT, "unchanged", ""]) {
      assert.throws(() => checkCase(folder("simplify/adds-zero.txt", text(wrong)).cases[0]!));
    }
  });

  it("is blessed with what the passes do", () => {
    assert.deepEqual(folder("simplify/adds-zero.txt", text("unchanged")).blessed, [text(RIGHT)]);
  });

  it("that no pass would run is reported", () => {
    for (const [path, content] of [
      ["simplfy/adds-zero.txt", text(RIGHT)],
      ["lower/adds-zero.txt", text(RIGHT)],
      ["adds-zero.txt", text(RIGHT)],
      ["simplify/adds-zero.text", text(RIGHT)],
      ["simplify/adds-zero.txt", text(RIGHT).replace("# input", "# given")],
      ["simplify/adds-zero.txt", text(RIGHT).replace("simplify", "simplify lowr")],
    ] as const) {
      const { cases, problems } = folder(path, content);
      assert.deepEqual([cases.length, problems.length], [0, 1], path);
    }
  });
});
