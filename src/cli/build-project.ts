// Builds a project: its kernel, its user programs, and the initramfs that holds them.
//
//   kernel/**   -> build/kernel.elf .map .sym .asm .svg       one task
//   user/**     -> build/user/NAME, NAME.elf with DWARF       one task for each program
//   user/root/, build/user/* -> build/initramfs.cpio          here
//
// Tasks whose stamp is current are skipped. The others are compiled by worker processes, the kernel
// first because it takes longest; a process takes several programs, since loading the compiler
// costs more than compiling one.

import { fork } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { GeneratedFile, Program } from "../../user/programs";
import { Diagnostic, Diagnostics } from "../base/diagnostic";
import { type ArchiveEntry, fileEntry, writeArchive } from "../machine/initramfs";
import { withBuildLock } from "./build-lock";
import type { BuildAnswer, BuildTask, PlainDiagnostic, ProgramRecipe } from "./build-task";
import { folderEntries } from "./folder-entries";
import type { Project } from "./project";
import { importExport } from "./project-module";
import { replaceFile } from "./replace-file";
import { hashOf, isCurrent, toolchainHash, writeStamp } from "./stamp";
import { complain, patiently, progress } from "./terminal";

export interface BuildOptions {
  /** Build everything, up to date or not. */
  readonly force: boolean;
}

/** A task and what became of it. */
export interface BuiltUnit {
  readonly title: string;
  /** false: it was up to date. */
  readonly built: boolean;
  readonly milliseconds: number;
}

export interface BuiltProject {
  readonly kernel: string;
  readonly initramfs: string;
  /** Paths of the programs by name. */
  readonly programs: Readonly<Record<string, string>>;
  readonly units: readonly BuiltUnit[];
}

/**
 * Brings a project's outputs up to date. Progress and warnings go to stderr.
 *
 * @throws Diagnostics of the compiler and the linker
 */
export function buildProject(project: Project, options: BuildOptions): Promise<BuiltProject> {
  return withBuildLock(project.output, async () => {
    const programs = await listPrograms(project);
    const tasks: BuildTask[] = [
      { kind: "kernel", project },
      ...programs.map((program): BuildTask => ({ kind: "program", project, program })),
    ];
    const toolchain = toolchainHash();
    const isPending = (task: BuildTask) =>
      options.force || !isCurrent(stampPath(task), project.root, taskKey(task, toolchain));
    const pending = tasks.filter(isPending);
    const what = `building ${pending.length} of ${tasks.length}`;
    const built = await patiently(what, () => runTasks(pending, toolchain));
    const idle = tasks
      .filter((task) => !pending.includes(task))
      .map((task) => ({ title: taskTitle(task), built: false, milliseconds: 0 }));
    return {
      kernel: join(project.output, "kernel.elf"),
      initramfs: writeInitramfs(project, programs, await generatedEntries(project)),
      programs: Object.fromEntries(
        programs.map(({ name }) => [name, join(project.output, "user", name)]),
      ),
      units: [...built, ...idle],
    };
  });
}

const PROGRAM_LIST = "user/programs.ts";

/** The programs that `user/programs.ts` lists; none if a project has no such file. */
async function listPrograms({ root }: Project): Promise<ProgramRecipe[]> {
  if (!existsSync(join(root, PROGRAM_LIST))) return [];
  const read = <Value>(name: string) => importExport<Value>(root, PROGRAM_LIST, name);
  const startAssembly = await read<string>("START_ASSEMBLY");
  const runtimeEntry = await read<string>("RUNTIME_ENTRY");
  const abort = await read<string>("RUNTIME_ABORT");
  const start = await read<string>("RUNTIME_START");
  const programs = await read<readonly Program[]>("PROGRAMS");
  return programs.map(({ name, entry, runtime, assembly = [] }) => ({
    name,
    entries: [entry, runtimeEntry],
    assembly: [startAssembly, ...assembly],
    runtime,
    abort,
    start,
  }));
}

function taskTitle(task: BuildTask): string {
  return task.kind === "kernel" ? "kernel" : `user/${task.program.name}`;
}

function stampPath(task: BuildTask): string {
  const name = `${taskTitle(task).replace("/", "-")}.json`;
  return join(task.project.output, ".stamps", name);
}

function taskKey(task: BuildTask, toolchain: string): string {
  return hashOf(JSON.stringify([toolchain, task.kind === "program" ? task.program : "kernel"]));
}

/** Runs the tasks in worker processes; all of them, even if one fails, so that all errors show. */
async function runTasks(tasks: readonly BuildTask[], toolchain: string): Promise<BuiltUnit[]> {
  const waiting = [...tasks];
  const built: BuiltUnit[] = [];
  const refusals: PlainDiagnostic[] = [];
  const count = Math.min(availableParallelism(), tasks.length);
  const serve = async () => {
    const worker = new BuildWorker();
    try {
      for (let task = waiting.shift(); task; task = waiting.shift()) {
        const answer = await worker.perform(task);
        if (answer.kind === "broken") throw new Error(answer.trace);
        if (answer.kind === "refused") refusals.push(...answer.diagnostics);
        else built.push(accept(task, toolchain, answer));
      }
    } finally {
      worker.close();
    }
  };
  await Promise.all(Array.from({ length: count }, serve));
  const [first, ...rest] = refusals.map(revive);
  if (first) throw new Diagnostics([first, ...rest]);
  return built;
}

function accept(
  task: BuildTask,
  toolchain: string,
  { outcome, warnings, milliseconds }: BuildAnswer & { kind: "done" },
): BuiltUnit {
  const { root } = task.project;
  for (const warning of warnings) complain(revive(warning), "warning");
  const outputs = outcome.outputs.map((path) => relative(root, path).replaceAll("\\", "/"));
  writeStamp(stampPath(task), root, taskKey(task, toolchain), outcome.sources, outputs);
  progress(`built ${outcome.title} in ${(milliseconds / 1000).toFixed(1)} s`);
  return { title: outcome.title, built: true, milliseconds };
}

function revive({ code, text, remedy, place }: PlainDiagnostic): Diagnostic {
  return new Diagnostic(code, text, remedy, place);
}

/** A process that runs src/cli/build-worker.ts. */
class BuildWorker {
  readonly #child = fork(fileURLToPath(new URL("../../bin/worker.js", import.meta.url)), {
    execArgv: [],
    serialization: "advanced",
  });

  /** Who leaves in the middle of a build leaves no process that still writes. */
  readonly #kill = () => this.#child.kill("SIGKILL");

  perform(task: BuildTask): Promise<BuildAnswer> {
    return new Promise((resolve, reject) => {
      const died = (status: number | null) =>
        reject(new Error(`the build process ended with status ${status}`));
      this.#child.once("exit", died);
      this.#child.once("message", (answer: BuildAnswer) => {
        this.#child.removeListener("exit", died);
        resolve(answer);
      });
      this.#child.send(task);
    });
  }

  constructor() {
    process.once("exit", this.#kill);
  }

  close(): void {
    process.removeListener("exit", this.#kill);
    if (this.#child.connected) this.#child.disconnect();
  }
}

/** What `user/programs.ts` makes besides programs. */
async function generatedEntries({ root }: Project): Promise<ArchiveEntry[]> {
  if (!existsSync(join(root, PROGRAM_LIST))) return [];
  const generate = await importExport<() => GeneratedFile[]>(root, PROGRAM_LIST, "generatedFiles");
  return generate().map(({ path, bytes, mode }) => fileEntry(path, bytes, mode));
}

/** Packs /bin/NAME, the files of user/root/ and generated ones; writes only what differs. */
function writeInitramfs(
  project: Project,
  programs: readonly ProgramRecipe[],
  generated: readonly ArchiveEntry[],
): string {
  const binaries = programs.map(({ name }) =>
    fileEntry(`bin/${name}`, readFileSync(join(project.output, "user", name)), 0o755),
  );
  const files = folderEntries(join(project.root, "user", "root"));
  const archive = writeArchive([...binaries, ...files, ...generated]);
  const path = join(project.output, "initramfs.cpio");
  if (!existsSync(path) || !readFileSync(path).equals(archive)) replaceFile(path, archive);
  return path;
}
