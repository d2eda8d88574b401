// The passes of the back end in order, and which of them each level runs.
//
// Whatever a level has beyond -O0 can also be left out by name: the tests do, and the benchmark
// that measures what each is worth (bench:codegen -- --passes). The dumps, the help text and the
// tables in ARCHITECTURE.md follow these rows.

import { CODE_PARTS, CODE_PASSES, CODE_TABLE, type CodePass, type CodeWork } from "./code-pipeline";
import type { IrFunction } from "./ir/ir";
import { IR_PASSES, IR_TABLE, type IrPass } from "./ir-pipeline";
import type { Level, PassFacts } from "./pass";
import { prunePhis } from "./passes/prune-phis";
import { removeUnreachable, simplify } from "./passes/simplify";

export type { CodePass } from "./code-pipeline";
export type { IrPass } from "./ir-pipeline";
export type { Level } from "./pass";
export { CODE_PASSES, IR_PASSES };

export type Pass = IrPass | CodePass;
export type Step = Pass | keyof typeof CODE_PARTS;

const ALL = { ...IR_TABLE, ...CODE_TABLE, ...CODE_PARTS };
const FACTS: Readonly<Record<Step, PassFacts>> = ALL;

/** What can be left out. */
export type Optimisation = {
  [Name in Step]: (typeof ALL)[Name]["level"] extends 0 ? never : Name;
}[Step];

/** All passes after which a function can be dumped, in order. */
export const PASSES: readonly Pass[] = [...IR_PASSES, ...CODE_PASSES];
/** All passes and parts. */
export const STEPS = Object.keys(ALL) as readonly Step[];
export const OPTIMISATIONS = STEPS.filter((name): name is Optimisation => FACTS[name].level > 0);

/** The pass `cut-no-return` and those after it run when all functions are there. */
const CUT = IR_PASSES.indexOf("cut-no-return");

/** A line for each pass and part: its name, the lowest level that runs it, what it does. */
export function describePasses(): string[] {
  return STEPS.map((name) => `${name.padEnd(18)} -O${levelOf(name)}  ${describeStep(name)}`);
}

/** The textbook name of a pass or part, and what it does. */
export function describeStep(step: Step): string {
  return FACTS[step].what;
}

/** The lowest level that runs a pass or part. */
export function levelOf(step: Step): Level {
  return FACTS[step].level;
}

/** What runs at a level. */
export class Pipeline {
  readonly #level: Level;
  readonly #without: readonly Optimisation[];

  constructor(level: Level = 2, without: readonly Optimisation[] = []) {
    this.#level = level;
    this.#without = without;
  }

  has(step: Step): boolean {
    const isLeftOut = this.#without.some((each) => each === step);
    return levelOf(step) <= this.#level && !isLeftOut;
  }

  /** The passes over values that a function can take before all functions are there. */
  get beforeCut(): readonly IrPass[] {
    return IR_PASSES.slice(0, CUT).filter((pass) => this.has(pass));
  }

  get afterCut(): readonly IrPass[] {
    return IR_PASSES.slice(CUT).filter((pass) => this.has(pass));
  }

  get codePasses(): readonly CodePass[] {
    return CODE_PASSES.filter((pass) => this.has(pass));
  }

  run(pass: IrPass, fn: IrFunction): void {
    const leavesMuch = IR_TABLE[pass].run(fn);
    if (this.has("simplify")) {
      if (leavesMuch) simplify(fn);
      return;
    }
    if (leavesMuch) removeUnreachable(fn);
    if (pass === "build") prunePhis(fn);
  }

  runOnCode(pass: CodePass, work: CodeWork): void {
    CODE_TABLE[pass].run(work);
  }
}
