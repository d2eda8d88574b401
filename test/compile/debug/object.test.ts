// Objects for C carry their debug information with them: gdb knows the TypeScript in a program that
// GNU ld linked, and in one that ours did.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { readElfObject } from "../../../src/link/input/elf-object";
import { link } from "../../../src/link/link";
import { elfFile } from "../../../src/link/output/elf-files";
import { isthmus } from "../../cli/isthmus";
import { unlessInstalled } from "../../link/tools";

const LIBRARY = `declare function many(a: i32, b: i32, c: i32, d: i32): i32;
@unmanaged class Point { x: i32; y: i64; next: Point | null; }
let calls: i32 = 7;
export function sum(point: Point | null): i64 {
  let total: i64 = 0;
  let at: Point | null = point;
  while (at) {
    calls++;
    total += <i64>at.x + at.y;
    at = at.next;
  }
  return total;
}
export function callC(a: i32): i32 {
  return many(a, 2, 3, 4) + 1;
}
`;

const START = `
long long sum(void *);
int callC(int);
int many(int a, int b, int c, int d) { return a + b + c + d; }
void _start(void) {
  struct { int x; long long y __attribute__((aligned(8))); void *next; } point = { 3, 4, 0 };
  int status = (int)sum(&point) + callC(5) - 22;
  __asm__ volatile("int $0x80" : : "a"(1), "b"(status));
}
`;

const COMMANDS = [
  "set complaints 1000",
  ...["break lib.ts:8", "break many", "run", "print calls", "ptype struct Point", "continue"],
  ...["backtrace", "continue"],
];

describe("debug information of objects", {
  skip: unlessInstalled("gdb") || unlessInstalled("gcc"),
}, () => {
  const directory = mkdtempSync(join(tmpdir(), "isthmus-object-"));
  const file = (name: string) => join(directory, name);
  const run = (program: string, ...words: string[]) =>
    execFileSync(program, words, { cwd: directory, encoding: "utf8" });

  before(async () => {
    writeFileSync(file("lib.ts"), LIBRARY);
    writeFileSync(file("start.c"), START);
    const words = ["compile", "lib.ts", "--target", "object", "-o", "lib.o"];
    const { status, stderr } = await isthmus(words, { directory });
    assert.equal(status, 0, stderr);
    run("gcc", "-m32", "-O1", "-g", "-fno-pie", "-ffreestanding", "-c", "start.c", "-o", "start.o");
  });
  after(() => rmSync(directory, { recursive: true }));

  function assertDebuggable(program: string): void {
    const words = COMMANDS.flatMap((each) => ["-ex", each]);
    const { stdout, stderr } = spawnSync("gdb", ["-batch", "-nx", ...words, program], {
      cwd: directory,
      encoding: "utf8",
    });
    // GCC's frames leave registers unsaid, which gdb complains of.
    const complaints = stderr.split("\n").filter((line) => !/^$|incomplete CFI data/.test(line));
    assert.deepEqual(complaints, []);
    assert.match(stdout, /Breakpoint 1, sum \(.*\) at lib\.ts:8\n/);
    assert.match(stdout, /^\$1 = [78]$/m);
    assert.match(stdout, /i64 y;\n {4}struct Point \*next;/);
    const frames = [...stdout.matchAll(/^#\d+ +(?:0x\w+ in )?([\w:]+) \(/gm)].map(
      ([, name]) => name,
    );
    assert.deepEqual(frames, ["many", "cdecl:many", "callC", "_start"]);
    assert.match(stdout, /exited normally/);
  }

  it("is sound", () => {
    assert.equal(
      spawnSync("readelf", ["--debug-dump", file("lib.o")], { encoding: "utf8" }).stderr,
      "",
    );
    if (unlessInstalled("llvm-dwarfdump")) return;
    assert.match(run("llvm-dwarfdump", "--verify", "lib.o"), /No errors\.$/m);
  });

  it("survives GNU ld", () => {
    run("gcc", "-m32", "-nostdlib", "-no-pie", "start.o", "lib.o", "-o", "by-ld");
    assertDebuggable("by-ld");
  });

  it("survives our linker", () => {
    const objects = ["start.o", "lib.o"].map((name) =>
      readElfObject(readFileSync(file(name)), name),
    );
    const image = link(objects, {
      name: "ours",
      entry: "_start",
      regions: { low: { start: 0x8048000 } },
      sections: [".text", ".rodata", ".data", ".bss"].map((name) => ({ name })),
    });
    writeFileSync(file("ours"), elfFile(image), { mode: 0o755 });
    assertDebuggable("ours");
  });
});
