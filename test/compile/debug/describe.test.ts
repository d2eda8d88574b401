// What gdb knows of a TypeScript program: its types, globals, functions and lines.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { unlessInstalled } from "../../link/tools";
import { type Debugged, debugged } from "./debugged";

const MAIN = `
import { Point, Kind, count as other } from "./shapes/point";

export let count: i32 = 7;
let wide: i64 = -5;
const LIMIT: u32 = 4000000000;
let origin: Point = changetype<Point>(memory.data(32, 8));

export function main(): i32 {
  origin.x = -3;
  origin.y = 1 << 40;
  origin.visible = true;
  origin.next = origin;
  store<u64>(changetype<usize>(origin), 0x3ff8000000000000, offsetof<Point>("weight")); // 1.5
  origin.move(LIMIT);
  wide += count;
  wide = area(<i32>wide);
  wide += square(count);
  return origin.x + <i32>wide + other + turn(Kind.Line) + turn(Kind.Dot);
}

function area(side: i32): i32 {
  return square(side) / 2;
}

function square(side: i32): i32 {
  return side * side;
}

export let turns: Kind = Kind.Line;
function turn(kind: Kind): Kind {
  let other: Kind = kind == Kind.Dot ? Kind.Line : Kind.Dot;
  if (count == 12345) other = turn(other);
  origin.shape = other;
  turns = kind;
  return other;
}
`;

const POINT = `
export enum Kind { Dot = 3, Line = -4 }
export let count: u8 = 200;

@unmanaged
export class Point {
  x: i32;
  y: i64;
  visible: bool;
  kind: u8; shape: Kind;
  weight: f64;
  next: Point | null;

  move(by: u32): void {
    if (this.next !== null && by > <u32>count) this.kind += <u8>by;
    count++;
  }
}
`;

describe("debug information", { skip: unlessInstalled("gdb") }, () => {
  let program: Debugged;

  before(async () => {
    program = await debugged({ "main.ts": MAIN, "shapes/point.ts": POINT });
  });
  after(() => program.close());

  const print = (expression: string) =>
    program
      .gdb(`print ${expression}`)
      .replace(/^\$1 = /, "")
      .trim();

  it("gives a class the fields of the source at their offsets", () => {
    const fields = program.gdb("ptype /o Point");
    const rows = [...fields.matchAll(/^\/\* +(\d+) .*\*\/ +(.*);$/gm)].map(([, at, field]) => [
      Number(at),
      field,
    ]);
    assert.deepEqual(rows, [
      [0, "i32 x"],
      [8, "i64 y"],
      [16, "bool visible"],
      [17, "u8 kind"],
      [20, "enum Kind shape"],
      [24, "f64 weight"],
      [32, "struct Point *next"],
    ]);
    assert.equal(print("sizeof(Point)"), "36");
  });

  it("names globals as the source does, each file its own", () => {
    assert.equal(print("'main.ts'::count"), "7");
    assert.match(print("'shapes/point.ts'::count"), /^200\b/);
    assert.equal(print("wide"), "-5");
    assert.equal(print("LIMIT"), "4000000000");
  });

  it("knows enumerations and their values", () => {
    assert.equal(print("'Kind.Line'"), "Kind.Line");
    assert.equal(print("(i32) 'Kind.Line'"), "-4");
  });

  it("shows values of an enumeration by their names", () => {
    const end = ["finish", "print origin.shape", "print turns", "print (i32) origin.shape"];
    const text = program.gdb("break turn", "run", "info args", "info locals", ...end);
    assert.match(text, /^kind = Kind\.Line$/m);
    assert.match(text, /^other = (<optimized out>|Kind\.Dot)$/m);
    assert.match(text, /^Value returned is \$1 = Kind\.Dot$/m);
    assert.match(text, /^\$2 = Kind\.Dot\n\$3 = Kind\.Line\n\$4 = 3$/m);
  });

  it("stops in functions and methods that were inlined, and shows who called them", () => {
    const stop = program.gdb("break Point.move", "run", "backtrace", "info frame");
    assert.match(stop, /^#0 +Point\.move \(.*\) at shapes\/point\.ts:1[456]$/m);
    assert.match(stop, /^#1 +main \(\) at main\.ts:15$/m);
    assert.match(stop, / inlined into frame/);
    const twice = program.gdb("break square", "run", "backtrace", "continue", "backtrace");
    const callers = [...twice.matchAll(/^#1 +(\w+) \(.*\) at main\.ts:(\d+)$/gm)];
    assert.deepEqual(
      callers.map(([, name, line]) => [name, Number(line)]),
      [
        ["area", 23],
        ["main", 18],
      ],
    );
    assert.match(twice, /^#2 +main \(\) at main\.ts:17$/m);
  });

  it("prints an object's fields", () => {
    const text = program.gdb("break main.ts:16", "run", "print *origin", "print origin.next.x");
    assert.match(text, /\{x = -3, y = 1099511627776, visible = true, kind = 0.*, weight = 1.5,/);
    assert.match(text, /^\$2 = -3$/m);
  });

  it("stops at a file's line", () => {
    assert.match(program.gdb("break point.ts:16", "run"), /shapes\/point\.ts:16\n16\s+count\+\+;/);
  });

  it("is sound to readelf and llvm-dwarfdump", () => {
    assert.equal(
      program
        .inspect("readelf", "--debug-dump=info,abbrev,decodedline,Ranges,loc,frames-interp")
        .match(/^readelf: .*$/gm),
      null,
    );
    if (unlessInstalled("llvm-dwarfdump")) return;
    assert.match(program.inspect("llvm-dwarfdump", "--verify"), /No errors\.$/m);
  });
});
