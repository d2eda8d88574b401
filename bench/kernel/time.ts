// How long what programs do takes on a kernel in an emulator, by the guest's time-stamp counter.
//
// Without `-icount` that of QEMU is the host's, and v86 counts nanoseconds. The program is that of
// the counts; a sample takes a row's steps many times over, unrolled, so that reading the counter
// is lost in it. Whatever else the host does only makes a sample longer: so a row's figure is its
// shortest sample, of some rounds in which the kernels take turns.

import { readFileSync } from "node:fs";
import { writeArchive } from "../../src/machine/initramfs";
import { openMachine } from "../../src/machine/open-machine";
import { runProgram, samplesOf } from "./count";
import { benchmarkFiles } from "./program";
import { type CallRow, ROWS } from "./rows";

/** A kernel in a machine. */
export interface TimedKernel {
  readonly name: string;
  /** Boots the benchmark's program with these rows, to what it prints. */
  run(rows: readonly CallRow[]): Promise<string>;
}

const V86_MEMORY_MIB = 256;
/** v86 interprets until a page of code is hot: so often each row is measured, one after another. */
const V86_TIMES = 12;
/** Rows whose steps can be taken again at once, and how often a sample takes them. */
const REPEATED: Readonly<Record<string, number>> = {
  getppid: 256,
  "file-1": 64,
  "file-4096": 32,
  open: 32,
  "brk-1": 32,
  pipe: 32,
  poll: 32,
  signal: 32,
  fork: 4,
  exec: 2,
};

export const TIMED_ROWS: readonly CallRow[] = ROWS.filter(({ id }) => id in REPEATED);

export function inQemu(name: string, file: string, commandLine: string): TimedKernel {
  return { name, run: async (rows) => runProgram(file, commandLine, rows) };
}

/** A kernel of ours: v86 boots no other. */
export function inV86(name: string, file: string, commandLine: string): TimedKernel {
  return {
    name,
    async run(rows) {
      const kernel = readFileSync(file);
      const often = Array.from({ length: V86_TIMES }, () => rows).flat();
      const initramfs = writeArchive(benchmarkFiles(often));
      const options = { kernel, initramfs, commandLine, memoryMiB: V86_MEMORY_MIB };
      const machine = openMachine("v86", options);
      await machine.start();
      try {
        // v86 begins anew where QEMU ends, when the program restarts the machine.
        await Promise.race([machine.serial.waitFor("\nend"), machine.ended]);
        return machine.serial.text();
      } finally {
        await machine.close();
      }
    },
  };
}

/**
 * The ticks that each row takes once on each kernel, in the kernels' order. Kernels but the first
 * may lack what a row asks for, and have no figure there then.
 */
export async function timeRows(
  kernels: readonly TimedKernel[],
  rounds: number,
  progress: (text: string) => void = () => {},
): Promise<ReadonlyMap<string, readonly (number | undefined)[]>> {
  const rows = TIMED_ROWS.map(repeated);
  const outputs = kernels.map((): string[] => []);
  for (let round = 1; round <= rounds; round++) {
    for (const [index, kernel] of kernels.entries()) {
      progress(`round ${round} of ${rounds}: ${kernel.name}`);
      outputs[index]?.push(await kernel.run(rows));
    }
  }
  const [own = [], ...others] = outputs;
  return new Map(
    rows.map((row) => [row.id, [shortest(own, row), ...others.map((each) => found(each, row))]]),
  );
}

function found(outputs: readonly string[], row: CallRow): number | undefined {
  try {
    return shortest(outputs, row);
  } catch {
    return undefined;
  }
}

/** The ticks that a row takes once, by what the program printed in each round. */
export function shortest(outputs: readonly string[], row: CallRow): number {
  const samples = outputs.flatMap((output) => samplesOf(output, row));
  return Math.min(...samples) / (REPEATED[row.id] ?? 1);
}

function repeated(row: CallRow): CallRow {
  const body = Array.from({ length: REPEATED[row.id] ?? 1 }, () => row.body).flat();
  return { ...row, body };
}
