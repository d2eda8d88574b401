// Compiles each WebAssembly module in a folder of npm packages as it was shipped, and compares
// random calls of what it exports with Node's own WebAssembly; the smallest come first.
//
//   node --import ./bin/loader.js tools/wasm-packages.ts DIR [--calls N] [--only WORD] [--seed N]
//     [--cpu SECONDS] [--memory-limit MIB]
//
// DIR has packages in node_modules, as npm installs them. Prints a line for each module: package
// and version, the file, its bytes, what came of compiling it as an object and as a program for
// Linux (`ok`, or the refusal), and of N calls (10000; 0 for none) with random arguments. A module
// that provides nothing to call, or a machine without gcc -m32, has no calls. Each module has a
// process of its own, this file with --module FILE, which may take SECONDS of processor time (120);
// what it has not come to by then is said to be not in time. Memory may grow to MIB, natively and
// in Node (256, unless the module declares less). Of files that are the same only the first is
// compiled and counted.
//
// Exit status: 0 no call gave anything else than in Node; 1 one did; 2 there is no such folder.

import "./report-errors";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { parseArgs } from "node:util";
import { Diagnostic } from "../src/base/diagnostic";
import { readCompileInput } from "../src/cli/compile-input";
import { checkProgram, linkProgram } from "../src/cli/link-program";
import { loadProgramRuntime } from "../src/cli/program-runtime";
import { compileModule } from "../src/compile/compile";
import { limited } from "../test/compile/native/native";
import { compareCalls } from "../test/compile/packages/random-calls";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    calls: { type: "string", default: "10000" },
    cpu: { type: "string", default: "120" },
    "memory-limit": { type: "string" },
    module: { type: "string" },
    only: { type: "string", default: "" },
    seed: { type: "string", default: "1" },
  },
});

interface Packaged {
  readonly path: string;
  readonly name: string;
  readonly version: string;
}

function packaged(root: string): Packaged[] {
  const sizeOf = (file: string): number => statSync(join(root, file)).size;
  const files = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".wasm") && file.includes(`node_modules${sep}`))
    .sort((a, b) => sizeOf(a) - sizeOf(b));
  return files.flatMap((file) => {
    const path = join(root, file);
    const parts = file.split(sep);
    const start = parts.lastIndexOf("node_modules") + 1;
    const end = start + (parts[start]?.startsWith("@") ? 2 : 1);
    const manifest = join(root, ...parts.slice(0, end), "package.json");
    try {
      if (!statSync(path).isFile()) return [];
      const { name, version } = JSON.parse(readFileSync(manifest, "utf8"));
      return [{ path, name, version }];
    } catch {
      return [];
    }
  });
}

async function compile(path: string, target: "object" | "linux"): Promise<string> {
  try {
    const runtime = target === "linux" ? await loadProgramRuntime() : undefined;
    const input = await readCompileInput(path, target, 2, runtime);
    if (runtime) checkProgram(input);
    const object = compileModule(input.module, {
      ...input.options,
      name: "module.wasm",
      checksCalls: true,
    });
    if (runtime) linkProgram(object, input, runtime, "linux", "module");
    return "ok";
  } catch (error) {
    if (error instanceof Diagnostic) return `${error.code}: ${error.message}`;
    return `FAULT: ${error instanceof Error ? error.message : error}`;
  }
}

async function calls(path: string, folder: string): Promise<string> {
  if (values.calls === "0") return "";
  try {
    const bytes = new Uint8Array(readFileSync(path));
    const { seed, calls: count, "memory-limit": limit } = values;
    const mib = limit === undefined ? undefined : Number(limit);
    const result = await compareCalls(bytes, Number(seed), Number(count), folder, mib);
    const without = result.leftOut.length === 0 ? "" : `, without ${result.leftOut.join(" ")}`;
    if (result.difference === "") return `nothing to call${without}`;
    if (result.difference !== undefined) return `DIFFERENT: ${result.difference}${without}`;
    return `${result.calls} calls equal, ${result.traps} of them traps${without}`;
  } catch (error) {
    return `none: ${error instanceof Error ? error.message.split("\n")[0] : error}`;
  }
}

/** What is found out about a module, in this order; a line each begins with the name. */
const ROWS = ["object", "linux", "calls"] as const;
type Findings = Readonly<Record<(typeof ROWS)[number], string>>;

/** Prints what comes of a module, in a process for it alone. */
async function report(path: string): Promise<void> {
  const say = (row: keyof Findings, text: string): void => {
    process.stdout.write(`${row} ${text.replaceAll("\n", " ")}\n`);
  };
  const object = await compile(path, "object");
  say("object", object);
  say("linux", await compile(path, "linux"));
  const folder = mkdtempSync(join(tmpdir(), "isthmus-packages-"));
  say("calls", object === "ok" ? await calls(path, folder) : "");
  rmSync(folder, { recursive: true });
}

/** What a process for the module comes to in its time. */
function findings(path: string): Findings {
  const { calls, seed, cpu } = values;
  const node = [...process.execArgv, process.argv[1]!];
  const limit = values["memory-limit"];
  const memory = limit === undefined ? [] : ["--memory-limit", limit];
  const words = ["--module", path, "--calls", calls, "--seed", seed, ...memory];
  const [command, ...rest] = limited(Number(cpu), process.execPath, ...node, ...words);
  const { stdout, status, signal } = spawnSync(command, rest, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const isKilled = signal === "SIGKILL" || signal === "SIGXCPU";
  const end = isKilled
    ? `not in ${cpu} s of processor time`
    : `FAULT: the process ended with ${signal ?? status}`;
  const found = (row: string): string =>
    stdout
      .split("\n")
      .find((line) => line.startsWith(`${row} `))
      ?.slice(row.length + 1) ?? end;
  return { object: found("object"), linux: found("linux"), calls: found("calls") };
}

function main(): number {
  const [root] = positionals;
  if (root === undefined) {
    process.stderr.write("wasm-packages: name a folder of packages\n");
    return 2;
  }
  const counts = { modules: 0, objects: 0, programs: 0, equal: 0, different: 0 };
  const seen = new Map<string, string>();
  for (const { path, name, version } of packaged(root)) {
    if (!path.includes(values.only)) continue;
    const file = relative(root, path);
    const head = `${name} ${version}  ${file}  ${statSync(path).size} bytes\n`;
    const digest = createHash("sha256").update(readFileSync(path)).digest("hex");
    const same = seen.get(digest);
    if (same !== undefined) {
      process.stdout.write(`${head}  the same as ${same}\n`);
      continue;
    }
    seen.set(digest, file);
    const { object, linux, calls } = findings(path);
    counts.modules++;
    if (object === "ok") counts.objects++;
    if (linux === "ok") counts.programs++;
    if (calls.includes("calls equal")) counts.equal++;
    if (calls.startsWith("DIFFERENT")) counts.different++;
    const row = calls === "" ? "" : `  calls  ${calls}\n`;
    process.stdout.write(`${head}  object ${object}\n  linux  ${linux}\n${row}`);
  }
  const { modules, objects, programs, equal, different } = counts;
  process.stdout.write(
    `${modules} modules: ${objects} compile as objects, ${programs} as programs; calls of ` +
      `${equal} are equal, of ${different} different\n`,
  );
  return different > 0 ? 1 : 0;
}

if (values.module === undefined) process.exitCode = main();
else await report(values.module);
