// How long what programs do takes on a kernel in QEMU, in processor cycles of the host.
//
// Without `-icount` a guest's time-stamp counter is the host's. The program is that of the counts;
// a sample takes a row's steps many times over, unrolled, so that reading the counter is lost in it.
// Whatever else the host does only makes a sample longer: so a row's figure is its shortest sample,
// of some rounds in which the kernels take turns.

import { runProgram, samplesOf } from "./count";
import { type CallRow, ROWS } from "./rows";

/** A kernel as QEMU boots it. */
export interface TimedKernel {
  readonly name: string;
  readonly file: string;
  readonly commandLine: string;
}

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

/** The cycles that each row takes once on each kernel, in the kernels' order. */
export function timeRows(
  kernels: readonly TimedKernel[],
  rounds: number,
  progress: (text: string) => void = () => {},
): ReadonlyMap<string, readonly number[]> {
  const rows = TIMED_ROWS.map(repeated);
  const outputs = kernels.map((): string[] => []);
  for (let round = 1; round <= rounds; round++) {
    for (const [index, { name, file, commandLine }] of kernels.entries()) {
      progress(`round ${round} of ${rounds}: ${name}`);
      outputs[index]?.push(runProgram(file, commandLine, rows));
    }
  }
  return new Map(rows.map((row) => [row.id, outputs.map((each) => shortest(each, row))]));
}

/** The cycles that a row takes once, by what the program printed in each round. */
export function shortest(outputs: readonly string[], row: CallRow): number {
  const samples = outputs.flatMap((output) => samplesOf(output, row));
  return Math.min(...samples) / (REPEATED[row.id] ?? 1);
}

function repeated(row: CallRow): CallRow {
  const body = Array.from({ length: REPEATED[row.id] ?? 1 }, () => row.body).flat();
  return { ...row, body };
}
