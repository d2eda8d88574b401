// What each optimisation of our compiler is worth: the instructions that programs execute without
// it, over those that they execute with all.

import { OPTIMISATIONS, type Optimisation } from "../../src/compile/pipeline";
import { buildWithout } from "./build";
import { Executable } from "./measure";
import type { BenchProgram } from "./programs";

export interface PassWorth {
  readonly pass: Optimisation;
  /** The geometric mean of the ratios. */
  readonly geomean: number;
  /** The program that it matters most to, and the ratio there. */
  readonly program: string;
  readonly most: number;
}

/** Measures each optimisation in turn by leaving it out. */
export function* passWorths(programs: readonly BenchProgram[]): Generator<PassWorth> {
  const full = programs.map((program) => count(program, []));
  for (const pass of OPTIMISATIONS) {
    const ratios = programs.map((program, i) => count(program, [pass]) / full[i]!);
    const most = Math.max(...ratios);
    const geomean = Math.exp(ratios.reduce((sum, each) => sum + Math.log(each), 0) / ratios.length);
    yield { pass, geomean, program: programs[ratios.indexOf(most)]!.name, most };
  }
}

function count(program: BenchProgram, without: readonly Optimisation[]): number {
  const executable = new Executable(buildWithout(program, without));
  try {
    return executable.count().cost;
  } finally {
    executable.remove();
  }
}

/** A row of a Markdown table. */
export function worthRow({ pass, geomean, program, most }: PassWorth): string {
  return `| \`${pass}\` | ${geomean.toFixed(3)} | ${program}: ${most.toFixed(3)} |`;
}

export const WORTH_HEAD = "| left out | geomean | most |\n| --- | --- | --- |";
