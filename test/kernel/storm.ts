// Runs user/storm.ts, system calls at random, to its end.

import type { MachineName } from "../../src/machine/machine";
import { HANG_MS } from "../hang-guard";
import { NativePrograms } from "../user/native-program";
import { runProgram } from "./booted-kernel";
import { starvingKernel } from "./starving-kernel";

/** What the program says at the end. */
export interface Storm {
  readonly output: string;
  /** It ended by itself, found no frame lost, and the kernel did not panic. */
  readonly isGood: boolean;
}

/** Far more than one takes beside other work: 0.1. */
const MS_PER_CALL = 1;

/** `starves`: on a kernel whose allocations fail now and then. */
export async function runStorm(
  machine: MachineName,
  seed: number,
  calls: number,
  starves: boolean,
): Promise<Storm> {
  const programs = new NativePrograms();
  try {
    await programs.build("storm");
    const words = ["storm", String(seed), String(calls), ...(starves ? ["starving"] : [])];
    const { ending, output } = await runProgram(machine, words, {
      files: [programs.entry("storm")],
      options: ["silent"],
      hangMs: Math.max(HANG_MS, calls * MS_PER_CALL),
      ...(starves ? { kernel: await starvingKernel() } : {}),
    });
    const isGood = typeof ending === "object" && ending.kind === "exit" && ending.status === 0;
    return { output: isGood ? output : `${output}${JSON.stringify(ending)}\n`, isGood };
  } finally {
    programs.remove();
  }
}
