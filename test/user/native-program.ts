// Builds user programs for the host's own Linux, which runs i386 executables: the system calls and
// the start of a process are the same there.
//
// Only the address of the text differs: hosts forbid mappings below 64 KiB. The heap must begin
// right behind the data, so the address space is not randomised (setarch -R).

import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { USER_DATA } from "../../src/abi/memory-map";
import { compileAssemblyScript } from "../../src/compile/assemblyscript";
import { compileModule } from "../../src/compile/compile";
import { Assembler, type AssemblyModule } from "../../src/i686/assembler";
import type { ObjectFile } from "../../src/i686/object";
import { link } from "../../src/link/link";
import { elfFile } from "../../src/link/elf-files";
import { userLayout } from "../../user/layout";
import {
  PROGRAMS,
  type Program,
  RUNTIME_ABORT,
  RUNTIME_ENTRY,
  RUNTIME_START,
  START_ASSEMBLY,
} from "../../user/programs";

const TEXT = 0x10000;

export interface Outcome {
  readonly status: number | null;
  readonly signal: string | null;
  readonly output: string;
  readonly errors: string;
}

/** Why native runs are not possible here; false: they are. */
export function nativeMissing(): string | false {
  const { status } = spawnSync("setarch", ["i386", "-R", "true"]);
  if (process.platform === "linux" && status === 0) return false;
  if (process.env.CI === "true") throw new Error("CI must run i386 programs natively");
  return "this host does not run i386 Linux programs without address randomisation";
}

/** A folder with the executables that were asked for. */
export class NativePrograms {
  readonly folder = mkdtempSync(join(tmpdir(), "isthmus-user-"));

  /** Builds programs by name; returns the path of the last one. */
  async build(...names: string[]): Promise<string> {
    let path = "";
    for (const name of names) {
      const program = PROGRAMS.find((each) => each.name === name);
      if (program === undefined) throw new Error(`there is no program ${name}`);
      path = join(this.folder, name);
      writeFileSync(path, await executable(program));
      chmodSync(path, 0o755);
    }
    return path;
  }

  /** Runs a program with this standard input. */
  run(name: string, args: readonly string[] = [], input = "", env = {}): Outcome {
    const path = join(this.folder, name);
    const variables = Object.entries({ PATH: this.folder, ...env }).map((pair) => pair.join("="));
    const command = ["i386", "-R", "env", "-i", ...variables, path, ...args];
    const { status, signal, stdout, stderr } = spawnSync("setarch", command, {
      input,
      encoding: "utf8",
      timeout: 20_000,
    });
    return { status, signal, output: stdout, errors: stderr };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

async function executable(program: Program): Promise<Uint8Array> {
  const compiled = compileAssemblyScript({
    root: ".",
    entries: [program.entry, RUNTIME_ENTRY],
    target: "user",
    runtime: program.runtime,
    memoryBase: USER_DATA,
    abort: RUNTIME_ABORT,
    start: RUNTIME_START,
  });
  const object = compileModule(compiled.module, {
    target: "user",
    name: program.entry,
    sourceMap: compiled.sourceMap,
    data: { start: USER_DATA, end: compiled.dataEnd },
  });
  const assembly = [START_ASSEMBLY, ...(program.assembly ?? [])];
  const objects = await Promise.all(assembly.map(assemble));
  const layout = { ...userLayout(), regions: { program: { start: TEXT, end: 0xff00_0000 } } };
  return elfFile(link([object, ...objects], layout, { name: program.name }));
}

async function assemble(path: string): Promise<ObjectFile> {
  const module: { default: AssemblyModule } = await import(`../../${path}`);
  const assembler = new Assembler(path);
  module.default(assembler);
  return assembler.finish();
}
