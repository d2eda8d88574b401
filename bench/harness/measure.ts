// Runs a built program: once in QEMU, which counts instructions, and often on the host, which has
// a clock.
//
// Under `-icount shift=0` QEMU's time-stamp counter advances by one with each guest instruction, so
// a count is exact and the same in every run; it includes some ten instructions around the call.
// (An iteration of a `rep` instruction counts as an instruction.)
//
// Native time is processor time, the least of several runs: other work on the machine can only add
// to it.

import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Diagnostic } from "../../src/base/diagnostic";
import { elfFile } from "../../src/link/output/elf-files";
import type { LinkedImage } from "../../src/link/passes/image";
import { DEBUG_PORT, EXIT_PORT, RECORD_SIZE } from "./driver";

const TIMEOUT = 30_000;
/** The exit status that isa-debug-exit makes of the checksum is ignored. */
const QEMU = [
  ...["-accel", "tcg", "-icount", "shift=0,sleep=off", "-cpu", "qemu32", "-m", "64"],
  ...["-display", "none", "-nodefaults", "-no-reboot", "-serial", "none", "-monitor", "none"],
  ...["-device", `isa-debug-exit,iobase=${EXIT_PORT},iosize=4`],
  ...["-chardev", "stdio,id=record", "-device", `isa-debugcon,iobase=${DEBUG_PORT},chardev=record`],
];

export interface Run {
  readonly checksum: number;
  /** Instructions or nanoseconds. */
  readonly cost: number;
}

/** An executable in a file, until `remove`. */
export class Executable {
  readonly #folder = mkdtempSync(join(tmpdir(), "isthmus-bench-"));
  readonly #path = join(this.#folder, "program");

  readonly #name: string;

  constructor(image: LinkedImage) {
    this.#name = image.layout.name;
    writeFileSync(this.#path, elfFile(image));
    chmodSync(this.#path, 0o755);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }

  /** Counts the instructions of `run` with the rounds that it was built with. */
  count(): Run {
    return this.#execute("qemu-system-i386", [...QEMU, "-kernel", this.#path], "");
  }

  /** Measures the processor time of `run` with that many rounds, in nanoseconds. */
  time(rounds: number): Run {
    return this.#execute(this.#path, [], new Uint8Array(Uint32Array.of(rounds).buffer));
  }

  #execute(program: string, parameters: readonly string[], input: string | Uint8Array): Run {
    const result = spawnSync(program, parameters, { input, timeout: TIMEOUT });
    const { stdout, stderr, error } = result;
    if (!error && stdout.length === RECORD_SIZE) {
      return { checksum: stdout.readUInt32LE(0), cost: Number(stdout.readBigUInt64LE(4)) };
    }
    const reason = error?.message ?? `${result.signal ?? result.status} ${stderr.toString()}`;
    throw new Diagnostic(
      "BENCH003",
      `${this.#name} ended without a result in ${program}: ${reason.trim()}`,
      "Look at its listing: `npm run bench:codegen -- --keep DIR NAME`.",
    );
  }
}
