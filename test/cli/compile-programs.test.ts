// Programs that `isthmus compile` makes for Linux, run on this host: they print what the same
// module prints in Node's WebAssembly.

import "../short-lived";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { type CompileInput, readCompileInput } from "../../src/cli/compile-input";
import { checkProgram, linkProgram } from "../../src/cli/link-program";
import { loadProgramRuntime } from "../../src/cli/program-runtime";
import { compileModule } from "../../src/compile/compile";
import type { Level } from "../../src/compile/pipeline";
import { elfFile } from "../../src/link/output/elf-files";
import { cannotRun } from "../compile/native/native";
import { HANG_MS } from "../hang-guard";
import { type ProgramResult, runProgramInNode } from "../user/program-in-node";

/** Each program does what its name says, with integers only. */
const PROGRAMS: Readonly<Record<string, string>> = {
  collections: `
    const words = "the quick brown fox jumps over the lazy dog the end".split(" ");
    const counts = new Map<string, i32>();
    for (let i = 0; i < words.length; i++) {
      const word = words[i];
      counts.set(word, counts.has(word) ? counts.get(word) + 1 : 1);
    }
    const keys = counts.keys().sort();
    for (let i = 0; i < keys.length; i++) {
      console.log(keys[i] + " " + counts.get(keys[i]).toString());
    }
    const seen = new Set<i64>();
    let x: i64 = 1;
    while (!seen.has(x)) { seen.add(x); x = (x * 0x5851f42d4c957f2d + 7) % 100003; }
    console.log(seen.size.toString() + " " + x.toString());
    export function main(): i32 { return seen.size & 127; }`,
  sorting: `
    function random(seed: u32): u32 { return seed * 1664525 + 1013904223; }
    export function main(argc: i32): i32 {
      const numbers = new Array<i32>();
      let seed: u32 = argc;
      for (let i = 0; i < 3000; i++) {
        seed = random(seed);
        numbers.push(i32(seed >> 4) - 100000000);
      }
      numbers.sort((a, b) => a - b);
      for (let i = 0; i < numbers.length; i += 300) console.log(numbers[i].toString());
      const hex = numbers.slice(0, 20).map<string>((n) => n.toString(16));
      const names = hex.filter((s) => s.length % 2 == 0);
      names.sort().reverse();
      console.log(names.join(" "));
      return numbers.reduce((sum, n) => sum ^ n, 0) & 63;
    }`,
  text: `
    export function main(): void {
      let text = "";
      for (let i = 0; i < 200; i++) {
        text += String.fromCharCode(0x61 + i % 26) + (i % 7 ? "" : "☃");
      }
      console.log(text.toUpperCase().replaceAll("☃", "-").substring(3, 90));
      console.log("  naïve 𝄞 ".trim().padStart(12, "*") + text.indexOf("xyz").toString());
      const large = (-1234567890123).toString() + " " + u64.MAX_VALUE.toString();
      console.log(large + " " + I32.parseInt("-77").toString());
      const bytes = String.UTF8.encode("☃ snow");
      let hash: u32 = 2166136261;
      for (let i = 0; i < bytes.byteLength; i++) {
        hash = (hash ^ load<u8>(changetype<usize>(bytes) + i)) * 16777619;
      }
      console.log(hash.toString(16));
      console.error("done");
    }
    namespace I32 { export function parseInt(s: string): i32 {
      let value = 0;
      for (let i = 1; i < s.length; i++) value = value * 10 + s.charCodeAt(i) - 48;
      return s.charAt(0) == "-" ? -value : value;
    } }`,
  garbage: `
    class Node {
      constructor(public value: i32, public left: Node | null, public right: Node | null) {}
    }
    function tree(depth: i32): Node {
      if (depth == 0) return new Node(1, null, null);
      return new Node(depth, tree(depth - 1), tree(depth - 1));
    }
    function sum(node: Node | null): i32 {
      return node == null ? 0 : node.value + sum(node.left) + sum(node.right);
    }
    let kept = tree(6);
    export function main(): i32 {
      let total = 0;
      for (let i = 0; i < 400; i++) { total += sum(tree(8)); if (i % 40 == 0) kept = tree(7); }
      console.log(total.toString() + " " + sum(kept).toString());
      const big = new Array<StaticArray<u8>>();
      for (let i = 0; i < 40; i++) big.push(new StaticArray<u8>(1 << 20));
      console.log(big.length.toString());
      return 0;
    }`,
};

const folder = mkdtempSync(join(tmpdir(), "isthmus-linux-"));
after(() => rmSync(folder, { recursive: true }));

async function compile(name: string, source: string, level: Level): Promise<CompileInput> {
  const path = join(folder, `${name}.ts`);
  writeFileSync(path, source);
  const runtime = await loadProgramRuntime();
  const input = await readCompileInput(path, "linux", level, runtime);
  checkProgram(input);
  const object = compileModule(input.module, { ...input.options, name, level });
  const image = linkProgram(object, input, runtime, "linux", name);
  writeFileSync(join(folder, name), elfFile(image), { mode: 0o755 });
  return input;
}

function runHere(name: string): ProgramResult {
  const path = join(folder, name);
  const { stdout, stderr, status } = spawnSync(path, [], { encoding: "utf8", timeout: HANG_MS });
  return { output: stdout, errors: stderr, status };
}

describe("programs for Linux", { skip: cannotRun() }, () => {
  for (const [name, source] of Object.entries(PROGRAMS)) {
    for (const level of name === "text" ? ([2, 0] as const) : ([2] as const)) {
      it(`say what they say in Node: ${name} at -O${level}`, async () => {
        const input = await compile(name, source, level);
        const wanted = runProgramInNode(input.wasm);
        assert.notEqual(wanted.output, "");
        assert.deepEqual(runHere(name), wanted);
      });
    }
  }

  it("that abort say where, and end like abort(3)", async () => {
    await compile("abort", "export function main(): void { assert(false, 'no'); }", 2);
    const { status, errors } = runHere("abort");
    assert.equal(status, 134);
    assert.match(errors, /^aborted: no \(.*abort\.ts:1:\d+\)\n$/);
  });

  it("flush what is printed without a newline, also by process.exit", async () => {
    const source = (end: string) => `
      import { print } from "isthmus/user/runtime/output";
      print("no newline");
      export function main(): i32 { ${end} }`;
    await compile("flush", source("return 3;"), 2);
    assert.deepEqual(runHere("flush"), { output: "no newline", errors: "", status: 3 });
    await compile("flush", source("process.exit(4); return 0;"), 2);
    assert.deepEqual(runHere("flush"), { output: "no newline", errors: "", status: 4 });
  });
});
