// The trace of a run: `isthmus run --trace[=FILE]` and the options that go with it.

import { closeSync, existsSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { TRACE_STRING_SIZE, TRACE_STRING_SIZE_MAX } from "../abi/trace-event";
import { Diagnostic } from "../base/diagnostic";
import type { Machine } from "../machine/machine";
import { CLASS_NAMES, unknownWords } from "../trace/call-filter";
import type { CallKinds } from "../trace/call-text";
import { kindOfName } from "../trace/kind-names";
import { LINUX_CALLS } from "../trace/linux-calls";
import { Tracer } from "../trace/tracer";
import { type CommandLine, type OptionSpec, UsageError } from "./command";
import type { Project } from "./project";
import { cannotWrite } from "./replace-file";
import { type ServedCall, SYSTEM_CALLS_FILE } from "./system-calls-file";

export const TRACE_OPTIONS = {
  trace: { type: "boolean", mayHaveValue: true },
  "trace-count": { type: "boolean" },
  "trace-filter": { type: "string" },
  "trace-strings": { type: "string" },
  json: { type: "boolean" },
} satisfies Record<string, OptionSpec>;

const STRING_LIMITS = { min: 0, max: TRACE_STRING_SIZE_MAX };

export class TraceRun {
  readonly #line: CommandLine;
  readonly #shown: number;
  #file: number | undefined;
  #tracer: Tracer | undefined;
  #failure: unknown;

  /** @throws UsageError if a number is not one */
  constructor(line: CommandLine) {
    this.#line = line;
    this.#shown = line.count("trace-strings", STRING_LIMITS, TRACE_STRING_SIZE);
  }

  /**
   * The trace that a command line asks for, if it does.
   *
   * @throws UsageError if its options do not fit together
   */
  static of(line: CommandLine): TraceRun | undefined {
    const asked = Object.keys(TRACE_OPTIONS).filter((name) => line.isGiven(name));
    if (asked.length === 0) return undefined;
    if (asked.includes("json") && asked.length === 1) {
      throw new UsageError("--json is the form of a trace: give --trace, too");
    }
    if (line.value("kernel") !== undefined) {
      throw new UsageError(`--${asked[0]} is for this project's kernel, not for --kernel`);
    }
    if (line.flag("trace-count") && line.flag("json")) {
      throw new UsageError("--trace-count prints a table, and --json events: choose one");
    }
    return new TraceRun(line);
  }

  /** What the kernel is told. */
  get kernelOptions(): string[] {
    return ["trace-port", `trace-strings=${this.#shown}`];
  }

  /** Listens to a machine that runs the project's kernel. */
  connect(machine: Machine, project: Project | undefined): void {
    const kinds = readCallKinds(project);
    const filter = this.#line.value("trace-filter");
    const unknown = filter === undefined ? [] : unknownWords(filter);
    const [word] = unknown;
    if (word !== undefined) {
      const known = [...LINUX_CALLS.values(), ...CLASS_NAMES];
      throw new UsageError(`--trace-filter: there is no system call ${word}`, word, known);
    }
    const path = this.#line.value("trace");
    if (path !== undefined) this.#file = openFile(path);
    const tracer = new Tracer({
      kinds,
      filter,
      write: (text) => this.#write(text),
      form: this.#form(),
      isFile: path !== undefined,
      shown: this.#shown,
      now: () => performance.now() / 1000,
      ofProgram: this.#line.value("root") !== undefined,
    });
    this.#tracer = tracer;
    machine.onDebugLine((line) => tracer.line(line));
  }

  /** @throws Diagnostic CLI007 if not all could be written to the file */
  close(): void {
    this.#tracer?.close();
    this.#tracer = undefined;
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    if (this.#failure !== undefined)
      throw cannotWrite(this.#line.value("trace") ?? "", this.#failure);
  }

  #form(): "text" | "json" | "counts" {
    if (this.#line.flag("json")) return "json";
    return this.#line.flag("trace-count") ? "counts" : "text";
  }

  #write(text: string): void {
    if (this.#file === undefined) {
      process.stderr.write(text);
      return;
    }
    if (this.#failure !== undefined) return;
    try {
      const bytes = Buffer.from(text);
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#file, bytes, done);
    } catch (error) {
      this.#failure = error;
    }
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, "w");
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** The kinds of the arguments of each call, from the table of the kernel that was built. */
export function readCallKinds(project: Project | undefined): CallKinds {
  const path = project && join(project.output, SYSTEM_CALLS_FILE);
  if (path === undefined || !existsSync(path)) throw noTable();
  const calls: ServedCall[] = JSON.parse(readFileSync(path, "utf8"));
  return new Map(calls.map(({ name, arguments: kinds }) => [name, kinds.map(kindOfName)]));
}

/** @throws Diagnostic CLI009, in `syscalls` as well as here */
export function noTable(): Diagnostic {
  return new Diagnostic(
    "CLI009",
    "this project's kernel declares no system calls",
    "Export startSystemCalls, systemCallHandler and systemCallKind from kernel/main.ts, as the " +
      "kernel of this package does",
  );
}
