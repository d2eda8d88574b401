// isthmus compile: compiles AssemblyScript or WebAssembly to an i386 program or object
//
//   npx isthmus compile FILE.ts|FILE.wasm [--target TARGET] [-O0|-O1|-O2] -o OUT [--json]
//   npx isthmus compile FILE.ts|FILE.wasm [OPTIONS] --print=PASS [-o OUT]
//   npx isthmus compile FILE.ts|FILE.wasm [OPTIONS] --until=PASS [-o DUMP]
//
// Targets
//   linux     a static executable for Linux on i386 and x86-64 (the default). The whole standard
//             library of AssemblyScript, with its garbage collector.
//   isthmus   the same program for the kernel of this project: put it into /bin of an initramfs
//   object    a relocatable object that links with those of gcc -m32 and clang -m32. Exports are
//             functions of C, imports are C's, pointers are pointers; or, for a module of
//             WebAssembly, its own memory is an array: docs/object-abi.md
//   kernel    a relocatable object with our own calling convention (gcc -mregparm=3), without
//             floats and allocation; imports from module x86 are instructions
//
// Programs
//   The top level runs first, then `main` if there is one: `export function main(): i32`, whose
//   result is the exit status. It may also take (argc: i32, argv: usize, envp: usize), as in C, and
//   return nothing. console.log and console.error write a line, process.exit(status) exits; there
//   are console.time, process.argv, Math.random and trace, too. More is in isthmus/user/runtime:
//   import { printDecimal } from "isthmus/user/runtime/output". Other packages are found in
//   folders node_modules, as asc finds them.
//   A module of WebAssembly may import nothing but instructions (x86) and, for Linux, WASI preview
//   1 (docs/wasi.md). It has its own memory, which is there from the start up to the size that it
//   declares. With instructions, its addresses are those of the program: nothing is below 0x10000
//   on Linux and 0x1000 on our kernel, so have its data linked above that: wasm-ld takes
//   an option --global-base=65536 for it.
//
// Debugging
//   gdb shows lines and variables of TypeScript, also of libraries, whose sources it finds where
//   they are when the program is compiled. `print text` shows what a string says. A method stops
//   at `break Point.sum`; `break Point#sum` is the same, if it has not been inlined everywhere.
//
// Options
//   -o, --output OUT   the file to write
//   --target TARGET    what to make: linux, isthmus, object or kernel
//   -O, --optimize N   how much to optimise: 0 (what correct code needs), 1 (what is cheap) or 2
//                      (everything, the default), in the front end and in the passes of the back
//                      end
//   --check-calls WHEN yes or no: whether a call through a table that finds no function, or one of
//                      another type, traps. Otherwise such a call is undefined behaviour. The
//                      default is yes for WebAssembly, and no for TypeScript, whose types rule it
//                      out, and for the kernel
//   --preopen GUEST=HOST
//                      a directory that a program of WASI may use, and all below it, by the name
//                      GUEST; HOST is looked up when the program starts. May be given more than
//                      once. Without it: / and the folder where the program is started, as `.`
//   --memory WHOSE     own or shared. Own: an array that no access leaves, whatever the module
//                      does; it traps instead, and says where. Shared: the memory of the program
//                      itself, whose bounds nothing checks. A module of WebAssembly that has a
//                      memory and no import from x86 or symbols has its own by default
//   --bounds HOW       compare or segment: how accesses of a program to its own memory are checked.
//                      compare (the default) works everywhere. segment lets the processor check,
//                      by a segment whose limit is the memory's size, and takes fewer
//                      instructions; a program that finds that limits are not enforced, as in
//                      QEMU without KVM, says so and does not run. For --target linux
//   --memory-limit MIB
//                      how many MiB of addresses the own memory of an object takes, and so what
//                      it can grow to: by default what it declares, up to 256
//   --header FILE      writes a header for C beside an object with a memory of its own
//   --print PASS       prints all functions as they are after PASS; --print=help lists the passes
//                      and the level from which each runs
//   --until PASS       stops after PASS: writes the functions as they are then, to OUT or stdout
//   --json             prints what was made: sizes in bytes, times in milliseconds, warnings
//
// Example
//   $ cat hello.ts
//   const words = ["strait", "isthmus", "continent"];
//   export function main(): i32 {
//     console.log(words.sort().join(", "));
//     return words.length;
//   }
//   $ npx isthmus compile hello.ts -o hello && ./hello; echo $?
//   continent, isthmus, strait
//   3
//
// Exit status: 0 compiled; 1 the source, the module or the output is at fault, and nothing was
// written; 2 the command line or the file cannot be used.

import { statSync } from "node:fs";
import { basename, extname, resolve } from "node:path";
import type { Preopen } from "../../user/wasi/storage.asm";
import { Diagnostic } from "../base/diagnostic";
import { compileModule } from "../compile/compile";
import { describePasses, type Level, levelOf, PASSES, type Pass } from "../compile/pipeline";
import { elfFile } from "../link/output/elf-files";
import { writeElfObject } from "../link/output/write-elf-object";
import { withMethodSymbols } from "../object/method-symbols";
import type { ObjectFile } from "../object/object";
import { withSourcePaths } from "../object/source-paths";
import { type Command, type CommandLine, UsageError } from "./command";
import {
  type CompileInput,
  type MemoryRequest,
  readCompileInput,
  TARGETS,
  type Target,
} from "./compile-input";
import { libraryPath } from "./library-paths";
import { checkProgram, linkProgram } from "./link-program";
import { type Bounds, LARGEST_LIMIT, type MemoryMode } from "./own-memory";
import { loadProgramRuntime, type ProgramRuntime } from "./program-runtime";
import { replaceFile } from "./replace-file";
import { complain, print, printJson, progress } from "./terminal";
import { DEFAULT_PREOPENS, parsePreopen } from "./wasi";

const STATUS_REFUSED = 1;

export const command: Command = {
  options: {
    output: { type: "string", short: "o" },
    target: { type: "string", choices: TARGETS },
    optimize: { type: "string", short: "O", choices: ["0", "1", "2"] },
    "check-calls": { type: "string", choices: ["yes", "no"] },
    preopen: { type: "string", repeats: true },
    memory: { type: "string", choices: ["own", "shared"] },
    bounds: { type: "string", choices: ["compare", "segment"] },
    "memory-limit": { type: "string" },
    header: { type: "string" },
    print: { type: "string" },
    until: { type: "string" },
    json: { type: "boolean" },
  },
  operands: 1,
  run,
};

interface Request {
  readonly file: string;
  readonly target: Target;
  readonly level: Level;
  readonly checksCalls: boolean;
  readonly preopens: readonly Preopen[];
  readonly memory: MemoryRequest;
  readonly header: string | undefined;
  readonly output: string | undefined;
  readonly prints: Pass | undefined;
  readonly until: Pass | undefined;
  readonly json: boolean;
}

async function run(line: CommandLine): Promise<number> {
  if (line.value("print") === "help" || line.value("until") === "help") {
    for (const each of describePasses()) print(each);
    return 0;
  }
  const request = readRequest(line);
  try {
    await compile(request);
    return 0;
  } catch (error) {
    if (!(error instanceof Diagnostic) || isUnusable(error)) throw error;
    complain(error);
    return STATUS_REFUSED;
  }
}

/** Whether the input is not even a source: it cannot be read, or it is another kind of file. */
function isUnusable({ code }: Diagnostic): boolean {
  return code === "CLI002" || code === "CLI008";
}

function readRequest(line: CommandLine): Request {
  const [file] = line.operands;
  if (file === undefined) throw new UsageError("no file to compile was given");
  const request: Request = {
    file,
    target: line.choice("target", TARGETS),
    level: Number(line.choice("optimize", ["2", "1", "0"])) as Level,
    checksCalls: checksCalls(line, file),
    preopens: preopens(line),
    memory: memoryRequest(line, file),
    header: line.value("header"),
    output: line.value("output"),
    prints: passOption(line, "print") ?? passOption(line, "until"),
    until: passOption(line, "until"),
    json: line.flag("json"),
  };
  const { output, prints, until, json, level } = request;
  if (prints !== undefined && levelOf(prints) > level) {
    throw new UsageError(
      `-O${level} does not run ${prints}, which begins with -O${levelOf(prints)}`,
    );
  }
  if (output === undefined && prints === undefined) {
    throw new UsageError("no output file was given: -o OUT");
  }
  if (output !== undefined && resolve(output) === resolve(file)) {
    throw new UsageError(`the output would overwrite the source ${file}`);
  }
  checkHeader(request);
  if (json && prints && !(until && output)) {
    throw new UsageError("--json and a dump cannot both go to standard output");
  }
  return request;
}

function memoryRequest(line: CommandLine, file: string): MemoryRequest {
  const isGiven = line.value("memory") !== undefined;
  const output = line.value("output") ?? file;
  return {
    mode: isGiven ? line.choice<MemoryMode>("memory", ["own", "shared"]) : undefined,
    bounds: line.choice<Bounds>("bounds", ["compare", "segment"]),
    limit: line.count("memory-limit", { min: 1, max: LARGEST_LIMIT }, undefined),
    name: basename(output).replace(/\.[^.]*$/, ""),
  };
}

function checkHeader({ header, file, output, target, memory }: Request): void {
  if (memory.bounds === "segment" && (target !== "linux" || memory.mode === "shared")) {
    throw new UsageError("--bounds segment is for --target linux and a memory of its own");
  }
  if (memory.limit !== undefined && target !== "object") {
    throw new UsageError("--memory-limit is for --target object");
  }
  if (header === undefined) return;
  if (target !== "object") throw new UsageError("--header is for --target object");
  if ([file, output ?? ""].some((other) => resolve(other) === resolve(header))) {
    throw new UsageError(`the header would overwrite ${header}`);
  }
}

function checksCalls(line: CommandLine, file: string): boolean {
  if (line.value("check-calls") !== undefined) {
    return line.choice("check-calls", ["yes", "no"]) === "yes";
  }
  return extname(file) !== ".ts" && line.value("target") !== "kernel";
}

function preopens(line: CommandLine): readonly Preopen[] {
  const given = line.values("preopen");
  if (given.length === 0) return DEFAULT_PREOPENS;
  if (line.choice("target", TARGETS) !== "linux") {
    throw new UsageError("--preopen is for --target linux");
  }
  return given.map((text) => {
    const found = parsePreopen(text);
    if (!found) throw new UsageError(`--preopen is ${text}, not GUEST=HOST`);
    return found;
  });
}

function passOption(line: CommandLine, name: string): Pass | undefined {
  const value = line.value(name);
  if (value === undefined) return undefined;
  const found = PASSES.find((pass) => pass === value);
  if (found) return found;
  const list = `there are ${PASSES.join(", ")}`;
  throw new UsageError(`--${name} is ${value}, which is not a pass: ${list}`, value, PASSES);
}

async function compile(request: Request): Promise<void> {
  const { file, target, level } = request;
  const clock = new Clock(file);
  const isProgram = target === "linux" || target === "isthmus";
  const runtime = isProgram ? await loadProgramRuntime() : undefined;
  const input = await readCompileInput(
    file,
    target,
    level,
    runtime,
    request.preopens,
    request.memory,
  );
  if (request.header !== undefined && input.header === undefined) throw noHeader(file);
  for (const warning of input.warnings) complain(warning, "warning");
  if (isProgram) checkProgram(input);
  clock.stage("front end");
  const { object, dumps } = translate(input, request, clock);
  if (request.until === undefined) {
    clock.stage("back end");
    writeResult(object, input, runtime, request);
    clock.stage("link");
  }
  writeDumps(dumps.join("\n"), request);
  clock.end();
  if (request.json) report(request, input, clock);
}

function translate(
  input: CompileInput,
  { file, target, level, checksCalls, prints, until }: Request,
  clock: Clock,
): { object: ObjectFile; dumps: string[] } {
  const dumps: string[] = [];
  const object = compileModule(input.module, {
    ...input.options,
    name: basename(file),
    level,
    checksCalls,
    ...(until === undefined ? {} : { until }),
    dump: (pass, _, text) => {
      if (pass === prints) dumps.push(text());
    },
    onProgress: (done, of) => clock.progress(`${done} of ${of} functions`),
  });
  // The kernels' tables of lines have the short names.
  const isForDebuggers = target === "linux" || target === "object";
  const known = isForDebuggers ? withMethodSymbols(withSourcePaths(object, libraryPath)) : object;
  return { object: known, dumps };
}

function writeResult(
  object: ObjectFile,
  input: CompileInput,
  runtime: ProgramRuntime | undefined,
  { target, output, file, header }: Request,
): void {
  if (runtime && (target === "linux" || target === "isthmus")) {
    const name = basename(output ?? file);
    const image = linkProgram(object, input, runtime, target, name);
    for (const warning of image.warnings) complain(warning, "warning");
    if (output !== undefined) replaceFile(output, elfFile(image), 0o755);
  } else if (output !== undefined) {
    replaceFile(output, writeElfObject(object));
  }
  if (header !== undefined && input.header !== undefined) replaceFile(header, input.header);
}

function noHeader(file: string): Diagnostic {
  const text = "only an object with a memory of its own has a header";
  return new Diagnostic("COMP009", text, "Compile a module with --memory own.", { file });
}

function writeDumps(text: string, { prints, until, output }: Request): void {
  if (prints === undefined) return;
  if (until !== undefined && output !== undefined) replaceFile(output, text);
  else process.stdout.write(text);
}

function report(
  { file, target, output, header }: Request,
  input: CompileInput,
  clock: Clock,
): void {
  printJson({
    input: file,
    target,
    output,
    ...(header === undefined ? {} : { header }),
    bytes: output === undefined ? 0 : statSync(output).size,
    wasmBytes: input.wasm.length,
    functions: input.module.functions.filter(({ body }) => body).length,
    milliseconds: clock.stages,
    warnings: input.warnings.map(({ code, message, place }) => ({ code, text: message, place })),
  });
}

/** Up to this many milliseconds of silence need no explanation. */
const PATIENCE = 1000;

/** Times the stages, and reports those that take long. */
class Clock {
  /** Milliseconds by stage. */
  readonly stages: Record<string, number> = {};
  readonly #file: string;
  readonly #begin = performance.now();
  #stageBegin = this.#begin;
  #told = this.#begin;

  constructor(file: string) {
    this.#file = file;
  }

  /** The stage that ends now. */
  stage(name: string): void {
    const now = performance.now();
    this.stages[name] = Math.round(now - this.#stageBegin);
    this.#stageBegin = now;
    this.progress(`${name} took ${seconds(this.stages[name])}`);
  }

  /** Reports what is going on after a long silence. */
  progress(text: string): void {
    const now = performance.now();
    if (now - this.#told < PATIENCE) return;
    this.#told = now;
    progress(`${this.#file}: ${text}`);
  }

  end(): void {
    const all = performance.now() - this.#begin;
    if (all >= PATIENCE) progress(`compiled ${this.#file} in ${seconds(all)}`);
  }
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
