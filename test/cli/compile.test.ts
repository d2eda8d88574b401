// `isthmus compile`: what it makes of valid inputs, and what it says about others.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { Diagnostic, formatDiagnostic } from "../../src/base/diagnostic";
import { parseCommandLine } from "../../src/cli/command";
import { command } from "../../src/cli/compile";
import { COMMAND_TABLE } from "../../src/cli/main";
import { manualPage } from "../../src/cli/manual-page";
import { parseMachine } from "../../src/compile/code/parse";
import { parseFunctions } from "../../src/compile/ir/parse";
import { describePasses } from "../../src/compile/pipeline";
import { I686 } from "../../src/compile/targets/i686";
import { cannotRun } from "../compile/native/native";
import { body, section, text, vector, wasm } from "../compile/wasm/wasm-bytes";
import { HANG_MS } from "../hang-guard";
import { isthmus } from "./isthmus";

const folder = mkdtempSync(join(tmpdir(), "isthmus-compile-"));
after(() => rmSync(folder, { recursive: true }));

const I32 = 0x7f;

/** A module whose `main` stores to its memory, grows it and returns the sum of what it reads. */
const MODULE = wasm(
  section(1, vector([0x60, 0, 1, I32])),
  section(3, vector([0])),
  section(5, vector([0x01, 1, 3])),
  section(7, vector([...text("main"), 0x00, 0])),
  section(
    10,
    vector(
      body(
        ...[0x41, 16, 0x28, 2, 0], // i32.load 16: the data segment
        ...[0x41, 1, 0x40, 0, 0x6a], // + memory.grow 1: 1
        ...[0x41, 5, 0x40, 0, 0x6a], // + memory.grow 5: -1
        ...[0x3f, 0, 0x6a], // + memory.size: 2
        ...[0x41, 0x88, 0x80, 0x04, 0x41, 7, 0x36, 2, 0], // i32.store 0x10008 7, in the new page
        ...[0x41, 0x88, 0x80, 0x04, 0x28, 2, 0, 0x6a], // + i32.load 0x10008
        0x0b,
      ),
    ),
  ),
  section(11, vector([0, 0x41, 16, 0x0b, 4, 30, 0, 0, 0])),
);

const FILES: Readonly<Record<string, string | Uint8Array>> = {
  "hello.ts": /\$ cat hello\.ts\n([\s\S]*?)\n {2}\$/.exec(manualPage("compile").text)?.[1] ?? "",
  "top.ts": `let n = 6; n *= 7; console.log(n.toString());`,
  "echo.ts": `
    import { argument } from "isthmus/user/runtime/arguments";
    import { printC } from "isthmus/user/runtime/output";
    export function main(argc: i32, argv: usize): i32 {
      for (let i = 1; i < argc; i++) printC(argument(argv, i));
      return argc;
    }`,
  "sum.wasm": MODULE,
  "large.wasm": wasm(section(5, vector([0x00, 64]))),
  "small.ts": "export function half(x: i32): i32 {\n  return x / 2;\n}\n",
  "type.ts": "export function f(): i32 {\n  return 'text';\n}\n",
  "import.ts": "declare function far(): i32;\nexport function main(): i32 {\n  return far();\n}\n",
  "main.ts": "export function main(x: i64): i64 { return x; }",
  "cut.wasm": MODULE.subarray(0, MODULE.length - 9),
  "invalid.wasm": wasm(
    section(1, vector([0x60, 0, 1, I32])),
    section(3, vector([0])),
    section(10, vector(body(0x0b))),
  ),
  "full.wasm": wasm(
    section(5, vector([0, 1])),
    section(11, vector([0, 0x41, 0xfe, 0xff, 0x03, 0x0b, 4, 1, 2, 3, 4])),
  ),
  "garbage.wasm": new TextEncoder().encode("not a module"),
  "far.wasm": wasm(
    section(1, vector([0x60, 0, 0])),
    section(2, vector([...text("env"), ...text("far"), 0, 0])),
    section(3, vector([0])),
    section(7, vector([...text("main"), 0, 1])),
    section(10, vector(body(0x10, 0, 0x0b))),
  ),
  "vector.wasm": wasm(
    section(1, vector([0x60, 0, 0])),
    section(3, vector([0])),
    section(10, vector(body(0xfd, 0x0c, ...new Array(16).fill(0), 0x1a, 0x0b))),
  ),
  "notes.txt": "text",
};
for (const [name, content] of Object.entries(FILES)) writeFileSync(join(folder, name), content);

const compile = (...words: string[]) => isthmus(["compile", ...words], { directory: folder });

function run(name: string, ...args: string[]) {
  const { stdout, status } = spawnSync(join(folder, name), args, {
    encoding: "utf8",
    timeout: HANG_MS,
  });
  return { stdout, status };
}

describe("isthmus compile", () => {
  it("makes the program of its manual page", { skip: cannotRun() }, async () => {
    const { status, stderr } = await compile("hello.ts", "-o", "hello");
    assert.equal(status, 0, stderr);
    assert.deepEqual(run("hello"), { stdout: "continent, isthmus, strait\n", status: 3 });
  });

  it("makes programs of a top level alone, and with arguments", { skip: cannotRun() }, async () => {
    await Promise.all([compile("top.ts", "-o", "top", "-O0"), compile("echo.ts", "-o", "echo")]);
    assert.deepEqual(run("top"), { stdout: "42\n", status: 0 });
    assert.deepEqual(run("echo", "a", "bc"), { stdout: "abc", status: 3 });
  });

  it("makes programs of modules with a memory of their own", { skip: cannotRun() }, async () => {
    const { status, stdout, stderr } = await compile("sum.wasm", "-o", "sum", "--json");
    assert.equal(status, 0, stderr);
    const report = JSON.parse(stdout);
    assert.deepEqual([report.input, report.target, report.functions], ["sum.wasm", "linux", 1]);
    assert.deepEqual(run("sum"), { stdout: "", status: 30 + 1 - 1 + 2 + 7 });
  });

  it("makes the same program for our kernel, but for its addresses", async () => {
    assert.equal((await compile("sum.wasm", "-o", "guest", "--target=isthmus")).status, 0);
    const entry = readFileSync(join(folder, "guest")).readUInt32LE(24);
    assert.ok(entry >= 0x1000 && entry < 0x10000);
  });

  it("prints functions after a pass, in a form that can be read back", async () => {
    const ir = await compile("small.ts", "--target=object", "--print=simplify", "-o", "small.o");
    assert.deepEqual(
      parseFunctions(ir.stdout).map(({ name }) => name),
      ["small/half"],
    );
    assert.ok(readdirSync(folder).includes("small.o"));
    const machine = await compile("small.ts", "--target=object", "--until=allocate", "-o", "dump");
    assert.equal(machine.stdout, "");
    const dump = readFileSync(join(folder, "dump"), "utf8");
    assert.deepEqual(
      parseMachine(dump, I686).map(({ name }) => name),
      ["small/half"],
    );
    assert.equal((await compile("--print=help")).stdout, `${describePasses().join("\n")}\n`);
  });
});

const PROGRESS = /^\S+: ((front|back) end took|\d+ of) .*\n/gm;

/** Runs the command without a new process, which would load the compiler again. */
async function inThisProcess(words: readonly string[]) {
  const { write } = process.stderr;
  const directory = process.cwd();
  let stderr = "";
  process.stderr.write = (text: string | Uint8Array) => {
    stderr += String(text);
    return true;
  };
  process.chdir(folder);
  try {
    const status = await command.run(parseCommandLine(command, words), COMMAND_TABLE);
    return { status, stderr };
  } catch (error) {
    if (!(error instanceof Diagnostic)) throw error;
    return { status: 2, stderr: formatDiagnostic(error) };
  } finally {
    process.chdir(directory);
    process.stderr.write = write;
  }
}

describe("isthmus compile refuses, and leaves no file:", () => {
  const before = new Set(readdirSync(folder));
  /** Command line, exit status, and what the message begins with. */
  const cases: readonly [what: string, words: string[], status: number, pattern: RegExp][] = [
    ["a type error", ["type.ts", "-o", "x"], 1, /^type\.ts:2:\d+: error\[TS2322\]: /],
    ["a missing import", ["import.ts", "-o", "x"], 1, /^import\.ts:3:\d+: error\[COMP004\]: .*far/],
    [
      "a missing import of a module",
      ["far.wasm", "-o", "x"],
      1,
      /^far\.wasm: error\[COMP004\]: the import env\.far \(function main calls it\) is missing/,
    ],
    ["a main of wrong types", ["main.ts", "-o", "x"], 1, /^main\.ts\S*: error\[COMP005\]: /],
    [
      "a truncated module",
      ["cut.wasm", "-o", "x"],
      1,
      /^cut\.wasm: error\[WASM001\]: .*at byte 0x/,
    ],
    ["an invalid module", ["invalid.wasm", "-o", "x"], 1, /^invalid\.wasm: error\[WASM003\]: /],
    ["a module that traps first", ["full.wasm", "-o", "x"], 1, /^full\.wasm: error\[COMP006\]: /],
    [
      "something that is not a module",
      ["garbage.wasm", "-o", "x"],
      1,
      /^garbage\.wasm: error\[WASM001\]: /,
    ],
    ["a proposal", ["vector.wasm", "-o", "x"], 1, /^vector\.wasm: error\[WASM00[12]\]: /],
    [
      "static data that cannot move",
      ["sum.wasm", "--target=object", "--memory=shared", "-o", "x"],
      1,
      /COMP003/,
    ],
    ["a memory of its own for TypeScript", ["small.ts", "--memory=own", "-o", "x"], 1, /COMP009/],
    [
      "a header for what shares memory",
      ["small.ts", "--target=object", "-o", "x", "--header=x.h"],
      1,
      /COMP009/,
    ],
    ["a header for a program", ["sum.wasm", "-o", "x", "--header=x.h"], 2, /--target object/],
    [
      "to overwrite the source by the header",
      ["sum.wasm", "--target=object", "-o", "x", "--header=sum.wasm"],
      2,
      /overwrite sum\.wasm/,
    ],
    ["a limit for a program", ["sum.wasm", "-o", "x", "--memory-limit=2"], 2, /--target object/],
    [
      "a limit that the memory begins beyond",
      ["large.wasm", "--target=object", "-o", "x", "--memory-limit=2"],
      1,
      /COMP007.*begins with 4 MiB/,
    ],
    [
      "another kind of file",
      ["notes.txt", "-o", "x"],
      2,
      /^error\[CLI008\]: notes\.txt is neither/,
    ],
    ["a file that is not there", ["none.ts", "-o", "x"], 2, /error\[CLI002\]: .*none\.ts/],
    ["an unwritable output", ["sum.wasm", "-o", "no/dir/x"], 1, /^error\[CLI007\]: no\/dir\/x /],
    ["an output that is a folder", ["sum.wasm", "-o", "."], 1, /error\[CLI007\]: /],
    ["no output", ["sum.wasm"], 2, /error\[CLI001\]: no output file was given/],
    ["to overwrite the source", ["sum.wasm", "-o", "./sum.wasm"], 2, /error\[CLI001\]: /],
    ["an unknown target", ["sum.wasm", "-o", "x", "--target=arm"], 2, /error\[CLI001\]: /],
    ["an unknown level", ["sum.wasm", "-o", "x", "-O3"], 2, /error\[CLI001\]: /],
    [
      "a pass that this level does not run",
      ["sum.wasm", "-O0", "--print=sink"],
      2,
      /begins with -O2/,
    ],
    ["an unknown pass", ["sum.wasm", "--print=lowr"], 2, /not a pass[\s\S]*Did you mean lower\?/],
  ];
  for (const [what, words, wanted, pattern] of cases) {
    it(what, async () => {
      const { status, stderr } = await inThisProcess(words);
      assert.match(stderr.replace(PROGRESS, ""), pattern);
      assert.equal(status, wanted);
      const made = readdirSync(folder).filter((name) => !before.has(name));
      assert.deepEqual(
        made.filter((name) => name === "x" || name.includes("partial")),
        [],
      );
    });
  }
});
