// Builds user programs for the host's own Linux, which runs i386 executables: the system calls and
// the start of a process are the same there.
//
// Only the address of the text differs, as hosts forbid mappings below 64 KiB, and the start code
// maps what the host leaves between the data and the heap.

import "../short-lived";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { USER_DATA } from "../../src/abi/memory-map";
import { compileAssemblyScript } from "../../src/compile/assemblyscript/assemblyscript";
import { compileModule } from "../../src/compile/compile";
import { link } from "../../src/link/link";
import { elfFile } from "../../src/link/output/elf-files";
import { type ArchiveEntry, fileEntry } from "../../src/machine/initramfs";
import type { ObjectFile } from "../../src/object/object";
import { type AssemblyModule, assembleModule } from "../../src/x86/assembler";
import { userLayout } from "../../user/layout";
import {
  PROGRAMS,
  type Program,
  QUESTION_PROGRAMS,
  RUNTIME_ABORT,
  RUNTIME_ENTRY,
  RUNTIME_START,
  START_ASSEMBLY,
} from "../../user/programs";
import { writeStart } from "../../user/start.asm";
import { cannotRun } from "../compile/native/native";
import { HANG_MS } from "../hang-guard";
import { APART, mountingMissing } from "../mount-namespace";

const TEXT = 0x10000;

export interface Outcome {
  readonly status: number | null;
  readonly signal: string | null;
  readonly output: string;
  readonly errors: string;
}

/** Why native runs are not possible here; false: they are. */
export function nativeMissing(): string | false {
  return cannotRun();
}

/** A folder with the executables that were asked for. */
export class NativePrograms {
  readonly folder = mkdtempSync(join(tmpdir(), "isthmus-user-"));

  /** Builds programs by name; returns the path of the last one. */
  async build(...names: string[]): Promise<string> {
    let path = "";
    for (const name of names) {
      const known = [...PROGRAMS, ...QUESTION_PROGRAMS];
      const program = known.find((each) => each.name === name);
      if (program === undefined) throw new Error(`there is no program ${name}`);
      path = join(this.folder, name);
      writeFileSync(path, await executable(program));
      chmodSync(path, 0o755);
    }
    return path;
  }

  /** A program that was built, as a file of an initramfs: the same bytes run on our kernel. */
  entry(name: string): ArchiveEntry {
    return fileEntry(`bin/${name}`, readFileSync(join(this.folder, name)), 0o755);
  }

  /** Runs a program with this standard input. */
  run(name: string, args: readonly string[] = [], input = "", env = {}): Outcome {
    const path = join(this.folder, name);
    return this.spawn(path, args, input, env);
  }

  /** As run(), where nobody else sees what it mounts. */
  runApart(name: string, args: readonly string[]): Outcome {
    return this.runBy(APART, name, args);
  }

  /** As run(), where nobody else opens pseudoterminals, if one may mount. */
  runAmongOwnPtys(name: string, args: readonly string[]): Outcome {
    if (mountingMissing()) return this.run(name, args);
    const mounting =
      'mount -t devpts -o newinstance,ptmxmode=666 devpts /dev/pts && exec "$0" "$@"';
    return this.runBy([...APART, "sh", "-c", mounting], name, args);
  }

  private runBy(starter: readonly string[], name: string, args: readonly string[]): Outcome {
    const [command = "", ...words] = starter;
    return this.spawn(command, [...words, join(this.folder, name), ...args], "", process.env);
  }

  private spawn(path: string, args: readonly string[], input: string, env: object): Outcome {
    const { status, signal, stdout, stderr } = spawnSync(path, args, {
      argv0: path,
      env: { PATH: this.folder, ...env },
      input,
      encoding: "utf8",
      timeout: HANG_MS,
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
  const start = assembleModule(START_ASSEMBLY, (a) =>
    writeStart(a, { initialise: RUNTIME_START, main: "status", mapsGap: true }),
  );
  const objects = await Promise.all((program.assembly ?? []).map(assemble));
  const layout = userLayout(USER_DATA, TEXT);
  return elfFile(link([object, start, ...objects], layout, { name: program.name }));
}

async function assemble(path: string): Promise<ObjectFile> {
  const module: { default: AssemblyModule } = await import(`../../${path}`);
  return assembleModule(path, module.default);
}
