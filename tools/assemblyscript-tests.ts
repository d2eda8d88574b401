// Runs AssemblyScript's own tests of its compiler and library as native programs.
//
//   node --import ./bin/loader.js tools/assemblyscript-tests.ts DIR [NAME…] [--level N]
//     [--document FILE]
//
// DIR is the folder of AssemblyScript's repository; its tests/compiler/**.ts are taken, or those of
// the given names (`std/array`). Each is compiled by asc, with the test's own flags, and run in
// Node; where both work, it is compiled for Linux and run as a process, which must print the same
// and end well. Prints a row for each, then those that did not run natively with the refusal or the
// limit (docs/assemblyscript-tests.md) that is the reason, then counts. --level is that of the back
// end and of asc (0). --document writes what came of it into a page, docs/assemblyscript-tests.md.
//
// Exit status: 0 each runs or is refused; 1 some do neither; 2 DIR has no tests, or this machine
// does not run i386 programs.

import "./report-errors";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import asc from "assemblyscript/asc";
import { Diagnostic } from "../src/base/diagnostic";
import { readCompileInput } from "../src/cli/compile-input";
import { checkProgram, linkProgram } from "../src/cli/link-program";
import { loadProgramRuntime, type ProgramRuntime } from "../src/cli/program-runtime";
import { compileModule } from "../src/compile/compile";
import type { Level } from "../src/compile/pipeline";
import { elfFile } from "../src/link/output/elf-files";
import { cannotRun } from "../test/compile/native/native";

/** What a test says of itself in its JSON file. */
interface Settings {
  readonly asc_flags?: readonly string[];
  readonly features?: readonly string[];
  readonly stderr?: unknown;
  readonly skipInstantiate?: boolean;
}

/** What came of a test. */
type Result =
  /** asc refuses it, or Node does not run it. */
  | { readonly kind: "none"; readonly why: string }
  | { readonly kind: "same" }
  | { readonly kind: "refused"; readonly code: string; readonly why: string }
  /** It is compiled, and needs what the documentation says that programs do not have. */
  | { readonly kind: "limit"; readonly why: string }
  | { readonly kind: "wrong"; readonly why: string };

type Glue = Record<"preInstantiate" | "postInstantiate" | "postStart", unknown>;

const RUN_TIMEOUT = 60_000;

const LOW_ADDRESSES = "it uses the first bytes of memory, which no process has";
/** Tests that need what is no part of a program for Linux. */
const LIMITS: Readonly<Record<string, string>> = {
  builtins: LOW_ADDRESSES,
  memcpy: LOW_ADDRESSES,
  memmove: LOW_ADDRESSES,
  "retain-i32": LOW_ADDRESSES,
  "std/pointer": LOW_ADDRESSES,
  "rt/alloc-large-memory": "memory.size() counts from address 0, which is not the program's",
};
/** Options of asc that decide where a module has what: `isthmus compile` decides that itself. */
const PLACING = /^--(?:memoryBase|tableBase)/;

class Tests {
  readonly #features: Readonly<Record<string, Settings>>;
  readonly #runtime: ProgramRuntime;
  readonly #level: Level;
  readonly #folder = mkdtempSync(join(tmpdir(), "isthmus-asc-"));

  constructor(features: Readonly<Record<string, Settings>>, runtime: ProgramRuntime, level: Level) {
    this.#features = features;
    this.#runtime = runtime;
    this.#level = level;
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }

  async run(name: string): Promise<Result> {
    const settings = readSettings(name);
    if (settings.stderr !== undefined) return { kind: "none", why: "asc must refuse it" };
    const flags = (settings.features ?? []).flatMap(
      (each) => this.#features[each]?.asc_flags ?? [],
    );
    const wasm = await compileByAsc(name, [...flags, ...(settings.asc_flags ?? [])]);
    if (!wasm) return { kind: "none", why: "asc refuses it" };
    if (settings.skipInstantiate) return { kind: "none", why: "it is not to be run" };
    const expected = await runInNode(name, wasm);
    if (expected === undefined) return { kind: "none", why: "Node does not run it" };
    const result = await this.#native(name, expected);
    if (result.kind !== "wrong") return result;
    const placing = settings.asc_flags?.find((flag) => PLACING.test(flag));
    if (placing !== undefined) {
      return { kind: "refused", code: "CLI001", why: `unknown option ${placing.split(" ")[0]}` };
    }
    const limit = LIMITS[name];
    return limit === undefined ? result : { kind: "limit", why: limit };
  }

  async #native(name: string, expected: string): Promise<Result> {
    const program = join(this.#folder, "program");
    try {
      await this.#compile(`${name}.ts`, program);
    } catch (error) {
      if (!(error instanceof Diagnostic)) return { kind: "wrong", why: firstLine(error) };
      return { kind: "refused", code: error.code, why: firstLine(error) };
    }
    const { status, signal, stdout, stderr } = spawnSync(program, [], {
      encoding: "utf8",
      timeout: RUN_TIMEOUT,
    });
    if (status !== 0) {
      return { kind: "wrong", why: `it ended with ${status ?? signal}: ${stderr.trim()}` };
    }
    if (stdout === expected) return { kind: "same" };
    return { kind: "wrong", why: `it printed ${short(stdout)}, not ${short(expected)}` };
  }

  async #compile(file: string, program: string): Promise<void> {
    const input = await readCompileInput(file, "linux", this.#level, this.#runtime);
    checkProgram(input);
    const options = { ...input.options, name: file, level: this.#level };
    const object = compileModule(input.module, options);
    const image = linkProgram(object, input, this.#runtime, "linux", "program");
    writeFileSync(program, elfFile(image), { mode: 0o755 });
  }
}

function readSettings(name: string): Settings {
  const path = `${name}.json`;
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Settings) : {};
}

async function compileByAsc(
  name: string,
  flags: readonly string[],
): Promise<Uint8Array | undefined> {
  let wasm: Uint8Array | undefined;
  const words = flags.flatMap((each) => each.split(" "));
  const { error } = await asc.main([`${name}.ts`, "--outFile", "out.wasm", "--debug", ...words], {
    stdout: asc.createMemoryStream(),
    stderr: asc.createMemoryStream(),
    writeFile: (path: string, contents: string | Uint8Array) => {
      if (path === "out.wasm" && typeof contents !== "string") wasm = contents;
    },
  });
  return error ? undefined : wasm;
}

/** What a module prints in Node, as AssemblyScript's own test runs it; undefined: it fails. */
async function runInNode(name: string, wasm: Uint8Array): Promise<string | undefined> {
  const lines: string[] = [];
  const memory = new WebAssembly.Memory({ initial: 10 });
  const exports: Record<string, unknown> = {};
  const text = (pointer: number): string => {
    const { buffer } = (exports.memory as WebAssembly.Memory | undefined) ?? memory;
    const length = new Uint32Array(buffer)[(pointer - 4) >>> 2]! >>> 1;
    return String.fromCharCode(...new Uint16Array(buffer, pointer, length));
  };
  const imports = {
    env: {
      ...members("globalThis", globalThis),
      ...members("Date", Date),
      ...members("Math", Math),
      memory,
      abort: () => {},
      trace: (message: number, count: number, ...numbers: number[]) => {
        const listed = numbers.slice(0, count).join(", ");
        lines.push(`trace: ${text(message)}${count ? " " : ""}${listed}\n`);
      },
      seed: () => 0xa553_4817,
      visit: () => {},
      "console.log": (message: number) => lines.push(`${text(message)}\n`),
      "Date.getTimezoneOffset": () => new Date().getTimezoneOffset(),
    },
  };
  const glue = await glueOf(name);
  try {
    await call(glue?.preInstantiate, imports, exports);
    const { exports: own } = new WebAssembly.Instance(new WebAssembly.Module(wasm), imports);
    Object.setPrototypeOf(exports, own);
    await call(glue?.postInstantiate, { exports: own });
    await call(own._start ?? own._initialize);
    await call(glue?.postStart, { exports: own });
    return lines.join("");
  } catch {
    return undefined;
  }
}

/**
 * What JavaScript beside a test does: by its contents, as the loader of this process takes its path
 * for that of the TypeScript.
 */
async function glueOf(name: string): Promise<Glue | undefined> {
  const path = `${name}.js`;
  if (!existsSync(path)) return undefined;
  const code = readFileSync(path).toString("base64");
  return (await import(`data:text/javascript;base64,${code}`)) as Glue;
}

async function call(fn: unknown, ...args: unknown[]): Promise<void> {
  if (typeof fn === "function") await fn(...args);
}

/** `Math.sin` and the like, as asc names what it imports. */
function members(name: string, object: object): Record<string, unknown> {
  const prefix = name === "globalThis" ? "" : `${name}.`;
  const names = Object.getOwnPropertyNames(object);
  const values = object as unknown as Record<string, unknown>;
  return Object.fromEntries(names.map((each) => [prefix + each, values[each]]));
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n")[0]!;
}

function short(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}

function describe(result: Result): string {
  switch (result.kind) {
    case "same":
      return "runs natively";
    case "none":
      return `- (${result.why})`;
    case "refused":
      return `refused: ${result.code} ${result.why}`;
    case "limit":
      return `beyond a limit: ${result.why}`;
    case "wrong":
      return `WRONG: ${result.why}`;
  }
}

/** The names of all tests below a folder, without `.ts`. */
function testsIn(folder: string, prefix = ""): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const { name } = entry;
    if (entry.isDirectory() && name !== "node_modules") {
      return testsIn(join(folder, name), `${prefix}${name}/`);
    }
    const isTest = name.endsWith(".ts") && !name.endsWith(".d.ts") && !name.startsWith("_");
    return isTest ? [prefix + name.slice(0, -".ts".length)] : [];
  });
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { level: { type: "string", default: "0" }, document: { type: "string" } },
    allowPositionals: true,
  });
  const [folder = "", ...wanted] = positionals;
  const home = join(folder, "tests", "compiler");
  const unusable = existsSync(home) ? cannotRun() : `${home} is not there`;
  if (unusable) {
    process.stderr.write(`assemblyscript-tests: ${unusable}\n`);
    return 2;
  }
  const features = readFileSync(join(folder, "tests", "features.json"), "utf8");
  const runtime = await loadProgramRuntime();
  const document = values.document === undefined ? undefined : resolve(values.document);
  process.chdir(home);
  const tests = new Tests(JSON.parse(features), runtime, Number(values.level) as Level);
  const names = wanted.length > 0 ? wanted : testsIn(".").sort();
  const results = new Map<string, Result>();
  const width = Math.max(...names.map((name) => name.length));
  for (const name of names) {
    const result = await tests.run(name);
    results.set(name, result);
    process.stdout.write(`${name.padEnd(width)}  ${describe(result)}\n`);
  }
  tests.close();
  if (document !== undefined) writeFileSync(document, pageOf(results));
  return report(results);
}

function ofKind(results: ReadonlyMap<string, Result>, kind: Result["kind"]): [string, Result][] {
  return [...results].filter(([, result]) => result.kind === kind);
}

/** What does not run natively, though asc and Node run it. */
function failures(results: ReadonlyMap<string, Result>): [string, Result][] {
  return (["refused", "limit", "wrong"] as const).flatMap((kind) => ofKind(results, kind));
}

/** What is known of the results, as a page of the documentation. */
function pageOf(results: ReadonlyMap<string, Result>): string {
  const failed = failures(results);
  const same = ofKind(results, "same").length;
  const both = same + failed.length;
  const rows = failed.map(([name, result]) => {
    const code = result.kind === "refused" ? result.code : result.kind;
    const why = result.kind === "same" ? "" : result.why.replace(/ \(and \d+ more\)$/, "");
    return `| \`${name}\` | ${code} | ${why.replaceAll("|", "\\|")} |\n`;
  });
  return `# AssemblyScript's own tests

\`\`\`sh
git clone --branch v${asc.version} https://github.com/AssemblyScript/assemblyscript DIR
node --import ./bin/loader.js tools/assemblyscript-tests.ts DIR --document PAGE
node --import ./bin/loader.js tools/assemblyscript-tests.ts DIR std/array --level 2
\`\`\`

runs the tests of AssemblyScript's compiler and library (\`tests/compiler/**.ts\`) three times: by
asc, in Node, and, where both work, as a process, compiled by \`isthmus compile --target linux\`: it
must print the same and end well. The first command writes this page.

| | files |
| --- | --- |
| of AssemblyScript ${asc.version} | ${results.size} |
| tests of errors, or not run by Node ${process.versions.node} | ${results.size - both} |
| run by asc and Node | ${both} |
| of these, natively | ${same} |

These ${failed.length} are not:

| test | code | why |
| --- | --- | --- |
${rows.join("")}
A limit is what a program cannot have: its addresses are real, so no process has the first bytes
of memory, which some of these tests use for scratch. Imports that JavaScript beside a test defines,
and \`JSMath\`, need a host with JavaScript. Features have to be enabled in asc, and memory and
table are placed by the compiler. A module of WebAssembly that asc has made with these options can
be compiled as such: its memory is its own then and begins at 0.
`;
}

function report(results: ReadonlyMap<string, Result>): number {
  const failed = failures(results);
  process.stdout.write(`\nThese do not run natively:\n`);
  for (const [name, result] of failed) process.stdout.write(`  ${name}: ${describe(result)}\n`);
  const [same, wrong] = [ofKind(results, "same"), ofKind(results, "wrong")];
  const both = same.length + failed.length;
  process.stdout.write(
    `\n${results.size} files; asc and Node run ${both}: ${same.length} run natively, ` +
      `${failed.length - wrong.length} are refused or need more, ${wrong.length} are wrong\n`,
  );
  return wrong.length > 0 ? 1 : 0;
}

process.exitCode = await main();
