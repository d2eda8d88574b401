// The user programs, which are compiled into /bin of the initramfs.
//
// An entry exports `main(argc: i32, argv: usize, envp: usize): i32`. Every program is linked with
// start.asm.ts and gets runtime/memory.ts and runtime/abort.ts.

import { brokenPrograms } from "./abuse/broken-programs.asm";

/** One program of /bin. */
export interface Program {
  readonly name: string;
  /** Its AssemblyScript file, relative to the project's root. */
  readonly entry: string;
  /** `stub` never frees: for programs that end soon. Those that stay have the collector. */
  readonly runtime: "stub" | "incremental";
  /** Assembly modules besides start.asm.ts. */
  readonly assembly?: readonly string[];
  /** It is not in /bin: `isthmus run --root` brings it along. */
  readonly isApart?: boolean;
}

/** Assembly that every program is linked with. */
export const START_ASSEMBLY = "user/start.asm.ts";
/** Compiled into every program: exports what `memory.size` and `memory.grow` call. */
export const RUNTIME_ENTRY = "user/runtime/memory.ts";
/** What `abort` and failed assertions call, by the name that the front end needs. */
export const RUNTIME_ABORT = "user/runtime/abort/abort";
/** The export that runs the module's initialisers; start.asm.ts calls it. */
export const RUNTIME_START = "_initialize";

/** A file of the initramfs that is neither a program nor in user/root/. */
export interface GeneratedFile {
  /** Without a leading slash. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly mode: number;
}

/** The files of the initramfs that are made by a program. */
export function generatedFiles(): GeneratedFile[] {
  return brokenPrograms().map(({ name, bytes }) => ({
    path: `lib/abuse/${name}`,
    bytes,
    mode: 0o755,
  }));
}

// What programs made by `npx isthmus compile` get besides the above.
/** Compiled into every such program: exports what the start code calls after `main`. */
export const RUNTIME_FINISH_ENTRY = "user/runtime/finish.ts";
export const RUNTIME_FINISH = "_finish";
/** Names of a JavaScript host that these programs may use, and what they stand for. */
export const RUNTIME_NAMES: Readonly<Record<string, string>> = {
  console: "user/runtime/console/console",
  process: "user/runtime/console/process",
  trace: "user/runtime/trace/trace",
  seed: "user/runtime/clock/seed",
};
/** Assembly for programs that are WebAssembly modules: exports `writeWasmMemory`. */
export const WASM_MEMORY_ASSEMBLY = "user/runtime/wasm-memory.asm.ts";
/** What their start code calls first if their memory is a segment. */
export const WASM_SEGMENT_START = "isthmus.segment";
/** What it calls when it traps. */
export const WASM_TRAP_ASSEMBLY = "user/runtime/wasm-trap.asm.ts";

/** WASI preview 1 for such programs, what the start code calls first, and what it keeps. */
export const WASI_ENTRY = "user/wasi/main.ts";
export const WASI_START = "wasi_start";
export const WASI_STORAGE_ASSEMBLY = "user/wasi/storage.asm.ts";

const SHORT_LIVED = [
  "cat",
  "echo",
  "false",
  "free",
  "hello",
  "kill",
  "ls",
  "memhog",
  "poweroff",
  "ps",
  "sleep",
  "spin",
  "true",
  "uptime",
  "window",
];

export const PROGRAMS: readonly Program[] = [
  ...SHORT_LIVED.map((name): Program => ({ name, entry: `user/${name}.ts`, runtime: "stub" })),
  {
    name: "churn",
    entry: "user/churn.ts",
    runtime: "stub",
    assembly: ["user/runtime/segment.asm.ts"],
  },
  {
    name: "crossing",
    entry: "user/crossing.ts",
    runtime: "stub",
    assembly: ["user/crossing.asm.ts"],
  },
  { name: "init", entry: "user/init.ts", runtime: "stub", isApart: true },
  { name: "shell", entry: "user/shell/main.ts", runtime: "incremental" },
  {
    name: "abuse",
    entry: "user/abuse/main.ts",
    runtime: "stub",
    assembly: ["user/abuse/abuse.asm.ts", "user/runtime/thread.asm.ts"],
  },
];

const QUESTIONS = [
  "calls",
  "copies",
  "events",

  "files",
  "maps",
  "mounts",
  "probe",
  "proc",
  "sessions",
  "sockets",
  "storm",
  "terminals",
  "timing",
  "users",
];

/**
 * Programs that ask a kernel about its system calls: the host's Linux and ours, which must say the
 * same; storm asks only ours. Only the tests build them; they are not in /bin.
 */
export const QUESTION_PROGRAMS: readonly Program[] = [
  ...QUESTIONS.map((name): Program => ({ name, entry: `user/${name}.ts`, runtime: "stub" })),
  {
    name: "signals",
    entry: "user/signals.ts",
    runtime: "stub",
    assembly: ["user/signals.asm.ts"],
  },
  {
    name: "relay",
    entry: "user/relay.ts",
    runtime: "stub",
    assembly: ["user/relay.asm.ts", "user/runtime/segment.asm.ts", "user/runtime/thread.asm.ts"],
  },
];

/** Process 1 of `npm run ltp`, which alone builds it. */
export const TEST_RUNNER: Program = {
  name: "test-runner",
  entry: "user/test-runner.ts",
  runtime: "stub",
};
