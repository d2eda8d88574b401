// Bringing a machine to the sample of a row that is looked at: the median's, of a program that
// measures that row alone.

import { CodeFile } from "../../src/inspect/code-file";
import { symbolAddress } from "../../src/inspect/elf-image";
import type { Machine } from "../../src/machine/machine";
import { BODY_END, BODY_START, benchmarkProgram, SAMPLES } from "./program";
import type { CallRow } from "./rows";

/** Where the row's body begins in that program, and where it has ended. */
export function bodyOf(row: CallRow): { readonly start: number; readonly end: number } {
  const { image } = new CodeFile(benchmarkProgram([row]), "init");
  const [start = 0, end = 0] = [BODY_START, BODY_END].map((name) => symbolAddress(image, name));
  return { start, end };
}

/**
 * Starts a machine and stops it where the body of the median's sample begins.
 *
 * @throws Error if the run ends before
 */
export async function startAtSample(machine: Machine, row: CallRow, start: number): Promise<void> {
  await machine.start({ stopped: true });
  const before = Math.floor((row.samples ?? SAMPLES) / 2);
  for (let sample = 0; sample <= before; sample++) await reach(machine, start);
}

/** Runs to an address. @throws Error if the run ends before */
export async function reach(machine: Machine, address: number): Promise<void> {
  if (!(await machine.runTo(address))) throw new Error("the run ended before the row did");
}
