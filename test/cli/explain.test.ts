// Every code that a message can have is explained.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { EXPLANATIONS, explanationOf } from "../../src/cli/explanations";
import { MISTAKES, mistakeOf } from "../../src/link/check/mistakes";
import { isthmus } from "./isthmus";

/** Every string literal of src/ and web/ that looks like a code, with the file that has it. */
function codesOfSources(): Map<string, string> {
  const codes = new Map<string, string>();
  const files = ["src", "web"].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)),
  );
  for (const name of files) {
    if (!name.endsWith(".ts")) continue;
    const text = readFileSync(name, "utf8");
    for (const [, code = ""] of text.matchAll(/["'`]([A-Z]{3,}\d{3})["'`]/g)) codes.set(code, name);
  }
  return codes;
}

describe("isthmus explain", () => {
  const codes = codesOfSources();

  it("knows every code that src/ and web/ print, and no other", () => {
    assert.ok(codes.size > 120, `${codes.size}`);
    const unknown = [...codes].filter(([code]) => !mistakeOf(code) && !explanationOf(code));
    assert.deepEqual(unknown, []);
    const unused = EXPLANATIONS.filter(({ code }) => !codes.has(code));
    assert.deepEqual(unused, []);
  });

  it("says something of each: a title of one line, and sentences", () => {
    for (const { code, title, why } of EXPLANATIONS) {
      assert.match(title, /^[A-Za-z].{9,80}[^.]$/, code);
      assert.match(why, /^[A-Za-z`].{10,}\.$/, code);
      assert.doesNotMatch(why, / {2}/, code);
    }
  });

  it("prints the explanation of a code, in any case, and lists them all", async () => {
    const one = await isthmus(["explain", "cli007"]);
    assert.equal(one.status, 0);
    assert.match(one.stdout, /^CLI007: an output cannot be written\n\nThe folder does not exist/);
    for (const line of one.stdout.split("\n")) assert.ok(line.length <= 80, line);
    const list = (await isthmus(["explain", "--list"])).stdout.trimEnd().split("\n");
    assert.equal(list.length, MISTAKES.length + EXPLANATIONS.length);
  });

  it("knows whose codes those of the AssemblyScript compiler are", () => {
    assert.match(explanationOf("TS2322")?.title ?? "", /AssemblyScript compiler/);
  });

  it("suggests a code only if its number is the one that was given", async () => {
    const help = async (code: string) => {
      const { status, stderr } = await isthmus(["explain", code]);
      assert.equal(status, 2);
      return stderr;
    };
    assert.doesNotMatch(await help("LAY999"), /Did you mean/);
    assert.match(await help("LNK004"), /Did you mean LINK004\?/);
    assert.match(await help("LAY9"), /Did you mean LAY009\?/);
  });
});
