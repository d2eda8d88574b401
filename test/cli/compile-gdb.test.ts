// A stock gdb on a program of AssemblyScript: strings, methods by either name, sources of
// libraries.

import assert from "node:assert/strict";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { cannotRun } from "../compile/native/native";
import { GdbSession } from "../kernel/gdb-session";
import { unlessInstalled } from "../link/tools";

import { isthmus } from "./isthmus";

const SOURCE = `class Point {
  constructor(public x: i32, public y: i32, public name: string) {}
  sum(): i32 { return this.x + this.y; }
}
function greet(text: string): i32 {
  const loud = text.toUpperCase() + "!";
  console.log(loud);
  return loud.length;
}
export function main(): i32 {
  const point = new Point(3, 4, "café ☃");
  greet(point.name);
  greet("");
  return point.sum();
}
`;

describe("gdb on a program of AssemblyScript", {
  skip: cannotRun() || unlessInstalled("gdb"),
}, () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "isthmus-gdb-")));
  after(() => rmSync(folder, { recursive: true }));
  let gdb: GdbSession;

  before(async () => {
    writeFileSync(join(folder, "point.ts"), SOURCE);
    const words = ["compile", "point.ts", "-O0", "-o", "point"];
    const { status, stderr } = await isthmus(words, { directory: folder });
    assert.equal(status, 0, stderr);
    gdb = new GdbSession("point", folder);
  });
  after(() => gdb.close());

  it("shows what strings say", async () => {
    await gdb.ask("break greet");
    assert.match(await gdb.ask("run"), /Breakpoint 1, greet \(text=\.\.\.\) at point\.ts:5/);
    assert.match(await gdb.ask("print text"), /u"café ☃"$/);
    assert.match(await gdb.ask("print text[3]"), /u'é'$/);
    assert.match(await gdb.ask("up"), /main \(\)/);
    assert.match(await gdb.ask("print point.name"), /u"café ☃"$/);
    await gdb.ask("continue");
    assert.match(await gdb.ask("print text"), /u""$/);
  });

  it("stops in a method by its name of TypeScript", async () => {
    assert.match(await gdb.ask("break Point#sum"), /point\.ts, line 3/);
    assert.match(await gdb.ask("break Point.sum"), /point\.ts, line 3/);
    assert.match(await gdb.ask("continue"), /Point\.sum \(this=0x[0-9a-f]+\) at point\.ts:3/);
    assert.match(await gdb.ask("print *this"), /\{x = 3, y = 4, name = @0x[0-9a-f]+\}/);
  });

  it("finds the sources of libraries", async () => {
    assert.match(await gdb.ask("list String.concat"), /concat\(other: String\): String \{/);
    assert.match(await gdb.ask("list printLine"), /export function printLine/);
  });
});
