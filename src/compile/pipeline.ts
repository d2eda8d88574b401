// The passes of the back end in order, and which of them each level has.
//
//   -O0    what correct code needs, and no more
//   -O1    what is cheap for what it gains: small code that folds its operands
//   -O2    all
//
// Whatever a level has beyond -O0 can also be left out by name: the tests do, and the benchmark
// that measures what each is worth (bench:codegen -- --passes).

import { setLoopDepths } from "./ir/dominators";
import type { IrFunction } from "./ir/ir";
import { branchSelects } from "./passes/branch-selects";
import { duplicateReturns } from "./passes/duplicate-returns";
import { forwardLoads } from "./passes/forward-loads";
import { hoist } from "./passes/hoist";
import { lower } from "./passes/lower";
import { mergeEqual } from "./passes/merge-equal";
import { reduceStrength } from "./passes/reduce-strength";
import { schedule } from "./passes/schedule";
import { removeUnreachable, simplify } from "./passes/simplify";
import { sink } from "./passes/sink";
import { splitEdges } from "./passes/split-edges";

export type Level = 0 | 1 | 2;

interface PassFacts {
  /** The lowest level that has it. */
  readonly level: Level;
  /** What it does, for people. */
  readonly what: string;
}

interface IrPassFacts extends PassFacts {
  /** Whether it left something to clean up, which `simplify` then does. */
  readonly run: (fn: IrFunction) => boolean;
}

/** A pass that needs no cleaning up behind it. */
function clean(...steps: readonly ((fn: IrFunction) => unknown)[]): (fn: IrFunction) => boolean {
  return (fn) => {
    for (const step of steps) step(fn);
    return false;
  };
}

/** The passes over values in SSA form (ir.ts). */
const IR = {
  build: { level: 0, what: "WebAssembly to values in SSA form", run: clean(removeUnreachable) },
  simplify: {
    level: 1,
    what: "needless phis, decided branches, dead values",
    run: clean(simplify),
  },
  "cut-no-return": {
    level: 1,
    what: "code behind calls that do not return",
    // All functions have been cut when this runs.
    run: () => true,
  },
  lower: { level: 0, what: "division by constants, switches, bit counts", run: clean(lower) },
  "merge-equal": {
    level: 2,
    what: "costly values that were computed before",
    run: mergeEqual,
  },
  "forward-loads": {
    level: 2,
    what: "values from loads and stores before to loads",
    run: forwardLoads,
  },
  "duplicate-returns": {
    level: 1,
    what: "returns instead of jumps to one",
    run: duplicateReturns,
  },
  "branch-selects": {
    level: 2,
    what: "branches instead of selections that loops wait for",
    run: branchSelects,
  },
  "reduce-strength": {
    level: 2,
    what: "addresses in loops by addition",
    run: reduceStrength,
  },
  hoist: {
    level: 2,
    what: "what is the same in all iterations to before the loop",
    run: clean(hoist),
  },
  "split-edges": { level: 0, what: "a block for the moves of each edge", run: clean(splitEdges) },
  sink: {
    level: 2,
    what: "values to where they are used",
    run: clean(setLoopDepths, sink),
  },
  schedule: {
    level: 2,
    what: "values down to behind the last use of their operands",
    run: clean(schedule),
  },
} as const satisfies Record<string, IrPassFacts>;

/** The passes over machine instructions (code/code.ts). */
const MACHINE = {
  select: { level: 0, what: "values to instructions on virtual registers" },
  "duplicate-tests": { level: 2, what: "tests at the ends of loops instead of jumps to them" },
  layout: { level: 1, what: "the order of blocks: loops rotated, traps last" },
  allocate: { level: 0, what: "registers, and homes in memory" },
  "forward-copies": { level: 2, what: "operands read where they were copied from" },
  tests: { level: 1, what: "comparisons whose flags are there already" },
  peephole: { level: 1, what: "shorter instructions for the same" },
} as const satisfies Record<string, PassFacts>;

/** What passes do besides, and can be left out by itself. */
const PARTS = {
  fold: { level: 1, what: "select: operands and addresses inside the instruction that uses them" },
  coalesce: { level: 1, what: "allocate: one register for what is copied" },
  split: { level: 2, what: "allocate: a register in some blocks, memory in others" },
  sideline: { level: 2, what: "emission: what loops rarely do behind all else" },
  "fit-lines": { level: 2, what: "emission: small loops in few lines of the cache" },
  "tail-calls": {
    level: 2,
    what: "emission: jumps for calls before returns, in programs of TypeScript",
  },
} as const satisfies Record<string, PassFacts>;

export type IrPass = keyof typeof IR;
export type MachinePass = keyof typeof MACHINE;
export type Pass = IrPass | MachinePass;
type Step = Pass | keyof typeof PARTS;

const ALL = { ...IR, ...MACHINE, ...PARTS };
const FACTS: Readonly<Record<Step, PassFacts>> = ALL;

/** What can be left out. */
export type Optimisation = {
  [Name in Step]: (typeof ALL)[Name]["level"] extends 0 ? never : Name;
}[Step];

export const IR_PASSES = Object.keys(IR) as readonly IrPass[];
export const MACHINE_PASSES = Object.keys(MACHINE) as readonly MachinePass[];
/** All passes after which a function can be dumped, in order. */
export const PASSES: readonly Pass[] = [...IR_PASSES, ...MACHINE_PASSES];
export const OPTIMISATIONS = (Object.keys(ALL) as readonly Step[]).filter(
  (name): name is Optimisation => FACTS[name].level > 0,
);

/** The pass `cut-no-return` and those behind it run when all functions are there. */
const CUT = IR_PASSES.indexOf("cut-no-return");

/** A line for each pass and part: its name, the lowest level that has it, what it does. */
export function describePasses(): string[] {
  return (Object.keys(ALL) as Step[]).map(
    (name) => `${name.padEnd(18)} -O${FACTS[name].level}  ${FACTS[name].what}`,
  );
}

/** The lowest level at which a pass runs. */
export function levelOf(pass: Pass): Level {
  return FACTS[pass].level;
}

/** What runs at a level. */
export class Pipeline {
  constructor(
    private readonly level: Level = 2,
    private readonly without: readonly Optimisation[] = [],
  ) {}

  has(step: Step): boolean {
    const isLeftOut = this.without.some((each) => each === step);
    return FACTS[step].level <= this.level && !isLeftOut;
  }

  /** The passes over values that a function can take before all functions are there. */
  get beforeCut(): readonly IrPass[] {
    return IR_PASSES.slice(0, CUT).filter((pass) => this.has(pass));
  }

  get behindCut(): readonly IrPass[] {
    return IR_PASSES.slice(CUT).filter((pass) => this.has(pass));
  }

  run(pass: IrPass, fn: IrFunction): void {
    if (!IR[pass].run(fn)) return;
    if (this.has("simplify")) simplify(fn);
    else removeUnreachable(fn);
  }
}
