// Source maps of WebAssembly modules, read segment by segment.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Diagnostic } from "../../../src/base/diagnostic";
import { SourceMap } from "../../../src/compile/assemblyscript/source-map";

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function vlq(value: number): string {
  let rest = value < 0 ? -value * 2 + 1 : value * 2;
  let text = "";
  do {
    const digit = rest % 32;
    rest = Math.floor(rest / 32);
    text += DIGITS[digit + (rest > 0 ? 32 : 0)];
  } while (rest > 0);
  return text;
}

function map(sources: string[], segments: readonly (readonly number[])[]): SourceMap {
  const mappings = segments.map((segment) => segment.map(vlq).join("")).join(",");
  return new SourceMap(JSON.stringify({ version: 3, sources, names: [], mappings }));
}

describe("a source map", () => {
  it("answers with the last segment at or before a byte", () => {
    const found = map(
      ["a.ts", "b.ts"],
      [[10, 0, 4, 2], [5, 1, 100_000, -1], [1], [4, -1, -100_001, 7, 0]],
    );
    assert.equal(found.size, 4);
    assert.equal(found.lookup(9), undefined);
    assert.deepEqual(found.lookup(10), { file: "a.ts", line: 5, column: 3 });
    assert.deepEqual(found.lookup(14), { file: "a.ts", line: 5, column: 3 });
    assert.deepEqual(found.lookup(15), { file: "b.ts", line: 100_005, column: 2 });
    assert.equal(found.lookup(16), undefined);
    assert.deepEqual(found.lookup(0xffff_ffff), { file: "a.ts", line: 4, column: 9 });
  });

  it("may be empty", () => {
    assert.equal(map([], []).lookup(0), undefined);
  });

  it("is refused when it is damaged", () => {
    const damaged = [
      "",
      "[]",
      "null",
      '{"version":2}',
      '{"version":3,"sources":[],"mappings":"A!"}',
    ];
    const long = `{"version":3,"sources":[],"mappings":"${"g".repeat(20)}"}`;
    const cut = '{"version":3,"sources":[],"mappings":"AAg"}';
    for (const json of [...damaged, long, cut]) {
      assert.throws(() => new SourceMap(json), Diagnostic, json);
    }
  });
});
