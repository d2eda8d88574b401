// The passes over values in SSA form (ir/ir.ts), in order.

import { setLoopDepths } from "./ir/dominators";
import type { IrFunction } from "./ir/ir";
import type { PassFacts } from "./pass";
import { branchSelects } from "./passes/branch-selects";
import { duplicateReturns } from "./passes/duplicate-returns";
import { forwardLoads } from "./passes/forward-loads";
import { hoist } from "./passes/hoist";
import { lower } from "./passes/lower";
import { mergeChecks } from "./passes/merge-checks";
import { mergeEqual } from "./passes/merge-equal";
import { reduceStrength } from "./passes/reduce-strength";
import { schedule } from "./passes/schedule";
import { removeUnreachable, simplify } from "./passes/simplify";
import { sink } from "./passes/sink";
import { splitEdges } from "./passes/split-edges";
import { unroll } from "./passes/unroll";

interface IrPassRow extends PassFacts {
  /** Runs it; true if it left something to clean up, which `simplify` then does. */
  readonly run: (fn: IrFunction) => boolean;
}

/** A pass that leaves nothing to clean up. */
function clean(...steps: readonly ((fn: IrFunction) => unknown)[]): (fn: IrFunction) => boolean {
  return (fn) => {
    for (const step of steps) step(fn);
    return false;
  };
}

export const IR_TABLE = {
  build: {
    level: 0,
    what: "SSA construction: WebAssembly to values",
    run: clean(removeUnreachable),
  },
  simplify: {
    level: 1,
    what: "constant folding, jump threading, dead-code elimination",
    run: clean(simplify),
  },
  "cut-no-return": {
    level: 1,
    what: "noreturn inference: drops code after calls that do not return",
    // All functions have been cut when this runs.
    run: () => true,
  },
  lower: {
    level: 0,
    what: "lowering: division by constants, switches, bit counts",
    run: clean(lower),
  },
  "merge-equal": {
    level: 2,
    what: "global value numbering (GVN) of costly values",
    run: mergeEqual,
  },
  "forward-loads": {
    level: 2,
    what: "redundant-load elimination and store-to-load forwarding",
    run: forwardLoads,
  },
  "merge-checks": {
    level: 2,
    what: "bounds-check elimination, in memory of a module's own",
    run: clean(mergeChecks),
  },
  "duplicate-returns": {
    level: 1,
    what: "tail duplication: returns instead of jumps to one",
    run: duplicateReturns,
  },
  "branch-selects": {
    level: 2,
    what: "reverse if-conversion: branches instead of selects that loops wait for",
    run: branchSelects,
  },
  "reduce-strength": {
    level: 2,
    what: "strength reduction: addresses in loops by addition",
    run: reduceStrength,
  },
  hoist: {
    level: 2,
    what: "loop-invariant code motion (LICM)",
    run: clean(hoist),
  },
  unroll: {
    level: 2,
    what: "loop unrolling: short bodies repeated, where the number of runs is known",
    run: unroll,
  },
  "split-edges": {
    level: 0,
    what: "critical-edge splitting: a block for the moves of each edge",
    run: clean(splitEdges),
  },
  sink: {
    level: 2,
    what: "code sinking: values to the block that uses them",
    run: clean(setLoopDepths, sink),
  },
  schedule: {
    level: 2,
    what: "scheduling for register pressure: values after the last use of their operands",
    run: clean(schedule),
  },
} as const satisfies Record<string, IrPassRow>;

export type IrPass = keyof typeof IR_TABLE;
export const IR_PASSES = Object.keys(IR_TABLE) as readonly IrPass[];
