// Builds a project: its kernel, its user programs, and the initramfs that holds them.
//
//   kernel/**   -> build/kernel.elf .map .sym .asm .svg       one task
//   user/**     -> build/user/NAME, NAME.elf with DWARF       one task for each program
//   user/root/, build/user/* -> build/initramfs.cpio          here
//
// Tasks whose stamp is current are skipped; the others are performed by worker processes, the
// kernel first because it takes longest. Where nothing is to be done, nothing is locked or written,
// so a build can be used that belongs to another user.

import { join, relative } from "node:path";
import { withBuildLock } from "./build-lock";
import type { BuildTask, ProgramRecipe } from "./build-task";
import { type Done, performTasks, revive } from "./build-workers";
import { makeCacheFolder } from "./cache-folder";
import { hashOf } from "./content-hash";
import {
  initramfsPath,
  isInitramfsCurrent,
  type ProgramHashes,
  packInitramfs,
} from "./initramfs-file";
import { knownPrograms, loadPrograms } from "./program-list";
import { INSTALLATION, type Project } from "./project";
import { removePartials } from "./replace-file";
import { type Stamp, Stamps, writeStamp } from "./stamp";
import { complain, patiently, progress } from "./terminal";
import { toolchainHash } from "./toolchain-hash";

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
  /** The folder of the outputs. */
  readonly output: string;
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
export async function buildProject(
  project: Project,
  { force }: BuildOptions,
): Promise<BuiltProject> {
  const toolchain = toolchainHash(INSTALLATION);
  if (!force) {
    for (const output of project.installed?.ready ?? [project.output]) {
      const found = findBuilt({ root: project.root, output }, toolchain);
      if (found) return found;
    }
  }
  if (project.installed) makeCacheFolder(project.installed.cache);
  return withBuildLock(project.output, () => bringUpToDate(project, toolchain, force));
}

/** The project as it was built before, if all of that is current. */
function findBuilt(project: Project, toolchain: string): BuiltProject | undefined {
  const stamps = new Stamps(project);
  const programs = knownPrograms(project, stamps, toolchain);
  if (programs === undefined) return undefined;
  const known = new Map<string, Stamp>();
  for (const task of listTasks(project, programs)) {
    const stamp = stamps.current(taskTitle(task), taskKey(task, toolchain));
    if (stamp === undefined) return undefined;
    known.set(taskTitle(task), stamp);
  }
  const hashes = programHashes(programs, known);
  if (!isInitramfsCurrent(project, stamps, toolchain, hashes)) return undefined;
  return describe(project, programs, [...known.keys()].map(idleUnit));
}

async function bringUpToDate(
  project: Project,
  toolchain: string,
  force: boolean,
): Promise<BuiltProject> {
  removePartials(project.output);
  const stamps = new Stamps(project);
  const programs =
    knownPrograms(project, stamps, toolchain) ??
    (await patiently("reading user/programs.ts", () => loadPrograms(project, toolchain)));
  const tasks = listTasks(project, programs);
  const known = new Map<string, Stamp>();
  for (const task of force ? [] : tasks) {
    const stamp = stamps.current(taskTitle(task), taskKey(task, toolchain));
    if (stamp) known.set(taskTitle(task), stamp);
  }
  const pending = tasks.filter((task) => !known.has(taskTitle(task)));
  const idle = [...known.keys()].map(idleUnit);
  const built: BuiltUnit[] = [];
  await patiently(`building ${pending.length} of ${tasks.length}`, () =>
    performTasks(pending, (task, done) => {
      known.set(taskTitle(task), stampTask(task, toolchain, done));
      built.push({ title: done.outcome.title, built: true, milliseconds: done.milliseconds });
    }),
  );
  await packInitramfs(project, toolchain, programHashes(programs, known));
  return describe(project, programs, [...built, ...idle]);
}

function listTasks(project: Project, programs: readonly ProgramRecipe[]): BuildTask[] {
  return [
    { kind: "kernel", project },
    ...programs.map((program): BuildTask => ({ kind: "program", project, program })),
  ];
}

function taskTitle(task: BuildTask): string {
  return task.kind === "kernel" ? "kernel" : `user/${task.program.name}`;
}

function taskKey(task: BuildTask, toolchain: string): string {
  return hashOf(JSON.stringify([toolchain, task.kind === "program" ? task.program : "kernel"]));
}

function idleUnit(title: string): BuiltUnit {
  return { title, built: false, milliseconds: 0 };
}

/** Keeps what a task was made from, and tells the user. */
function stampTask(
  task: BuildTask,
  toolchain: string,
  { outcome, warnings, milliseconds }: Done,
): Stamp {
  const { output } = task.project;
  for (const warning of warnings) complain(revive(warning), "warning");
  const outputs = outcome.outputs.map((path) => relative(output, path).replaceAll("\\", "/"));
  const key = taskKey(task, toolchain);
  const stamp = writeStamp(task.project, taskTitle(task), {
    key,
    inputs: outcome.sources,
    outputs,
  });
  progress(`built ${outcome.title} in ${(milliseconds / 1000).toFixed(1)} s`);
  return stamp;
}

/** Of the programs that the initramfs has. */
function programHashes(
  programs: readonly ProgramRecipe[],
  stamps: ReadonlyMap<string, Stamp>,
): ProgramHashes {
  const hashOfProgram = (name: string) => stamps.get(`user/${name}`)?.outputs[`user/${name}`] ?? "";
  const packed = programs.filter(({ isApart }) => !isApart);
  return Object.fromEntries(packed.map(({ name }) => [name, hashOfProgram(name)]));
}

function describe(
  project: Project,
  programs: readonly ProgramRecipe[],
  units: readonly BuiltUnit[],
): BuiltProject {
  const { output } = project;
  const paths = programs.map(({ name }) => [name, join(output, "user", name)]);
  return {
    output,
    kernel: join(output, "kernel.elf"),
    initramfs: initramfsPath(project),
    programs: Object.fromEntries(paths),
    units,
  };
}
