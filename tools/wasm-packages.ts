// Compiles each WebAssembly module in a folder of npm packages as it was shipped, and compares
// random calls of what it exports with Node's own WebAssembly; the smallest come first.
//
//   node --import ./bin/loader.js tools/wasm-packages.ts DIR [--calls N] [--only WORD] [--seed N]
//
// DIR has packages in node_modules, as npm installs them. Prints a line for each module: package
// and version, the file, its bytes, what came of compiling it as an object and as a program for
// Linux (`ok`, or the refusal), and of N calls (10000; 0 for none) with random arguments. A module
// that provides nothing to call, or a machine without gcc -m32, has no calls.
//
// Exit status: 0 no call gave anything else than in Node; 1 one did; 2 there is no such folder.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { parseArgs } from "node:util";
import { Diagnostic } from "../src/base/diagnostic";
import { readCompileInput } from "../src/cli/compile-input";
import { checkProgram, linkProgram } from "../src/cli/link-program";
import { loadProgramRuntime } from "../src/cli/program-runtime";
import { compileModule } from "../src/compile/compile";
import { compareCalls } from "../test/compile/packages/random-calls";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    calls: { type: "string", default: "10000" },
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
    const result = await compareCalls(bytes, Number(values.seed), Number(values.calls), folder);
    const without = result.leftOut.length === 0 ? "" : `, without ${result.leftOut.join(" ")}`;
    if (result.difference === "") return "nothing to call";
    if (result.difference !== undefined) return `DIFFERENT: ${result.difference}${without}`;
    return `${result.calls} calls equal, ${result.traps} of them traps${without}`;
  } catch (error) {
    return `no calls: ${error instanceof Error ? error.message.split("\n")[0] : error}`;
  }
}

async function main(): Promise<number> {
  const [root] = positionals;
  if (root === undefined) {
    process.stderr.write("wasm-packages: name a folder of packages\n");
    return 2;
  }
  const folder = mkdtempSync(join(tmpdir(), "isthmus-packages-"));
  const counts = { modules: 0, objects: 0, programs: 0, equal: 0, different: 0 };
  for (const { path, name, version } of packaged(root)) {
    if (!path.includes(values.only)) continue;
    const object = await compile(path, "object");
    const program = await compile(path, "linux");
    const compared = object === "ok" ? await calls(path, folder) : "";
    counts.modules++;
    if (object === "ok") counts.objects++;
    if (program === "ok") counts.programs++;
    if (compared.includes("calls equal")) counts.equal++;
    if (compared.startsWith("DIFFERENT")) counts.different++;
    const file = relative(root, path);
    const size = statSync(path).size;
    process.stdout.write(
      `${name} ${version}  ${file}  ${size} bytes\n  object ${object}\n  linux  ${program}\n` +
        (compared === "" ? "" : `  ${compared}\n`),
    );
  }
  rmSync(folder, { recursive: true });
  const { modules, objects, programs, equal, different } = counts;
  process.stdout.write(
    `${modules} modules: ${objects} compile as objects, ${programs} as programs; calls of ` +
      `${equal} are equal, of ${different} different\n`,
  );
  return different > 0 ? 1 : 0;
}

process.exitCode = await main();
