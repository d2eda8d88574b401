// What Binaryen optimises before our own passes see a module.
//
// Ours work on values in SSA form within a function. So Binaryen is for what they do not do, which
// is everything between functions (inlining, constant parameters and globals), and for what makes a
// function small enough to be inlined. asc's own list for this level gains nothing beyond these
// passes, and takes a third longer: it optimises each function four times.

import * as assemblyscript from "assemblyscript";
import binaryen from "assemblyscript/binaryen";

/**
 * Passes about WebAssembly's locals alone. They gain nothing here, where locals become values in
 * SSA form, and they would lose which local is which variable of the source.
 */
const NEEDLESS_PASSES = ["coalesce-locals", "ssa-nomerge", "rse"];

/** Before anything is inlined but what has one caller or is tiny. */
const FUNCTION_PASSES = [
  "duplicate-function-elimination",
  "remove-unused-module-elements",
  "once-reduction",
  "inlining",
  "simplify-globals",
  "generate-global-effects",
  "optimize-instructions",
  "dce",
  "remove-unused-brs",
  "remove-unused-names",
  "merge-blocks",
  "precompute-propagate",
  "pick-load-signs",
  "simplify-locals-notee-nostructure",
  "vacuum",
  "local-cse",
  "simplify-locals",
  "vacuum",
  "remove-unused-brs",
  "remove-unused-names",
  "merge-blocks",
  "dae-optimizing",
  "simplify-globals",
  "directize",
];

/**
 * Inlines small functions that call nothing into all their callers, which level 2 leaves out:
 * twice, as what the first round makes small can be inlined by the second. Binaryen's own pass
 * for this, inlining-optimizing, runs all of level 3 on each function between its rounds.
 */
const INLINING_PASSES = [
  "inlining",
  "simplify-locals",
  "precompute-propagate",
  "optimize-instructions",
  "vacuum",
  "remove-unused-brs",
  "merge-blocks",
  "vacuum",
  "inlining",
  "precompute-propagate",
  "optimize-instructions",
  "vacuum",
  "remove-unused-brs",
  "optimize-instructions",
  "remove-unused-module-elements",
  "duplicate-function-elimination",
  "memory-packing",
  "discard-global-effects",
];

/**
 * Sizes of functions in Binaryen's units. They are asc's own for level 2, but for `small`: the
 * largest function that is inlined wherever it is called.
 */
const INLINED = { withOneCaller: 200, alone: 70, small: 40, branches: 4 };

/**
 * The largest function that is inlined whatever it does, in the same units: asc's own limit, and
 * one under which code seldom grows. A kernel takes the latter, which makes ours a fifteenth
 * smaller; what its hot paths call says `"inline"` (transform.ts).
 */
const ALWAYS_INLINED = { fast: 12, small: 5 };

/** Optimises a module in place; level 2 is our own list of passes, the others are asc's. */
export function optimise(
  module: assemblyscript.Module,
  level: 0 | 1 | 2 | 3,
  inlining: keyof typeof ALWAYS_INLINED,
): void {
  for (const pass of NEEDLESS_PASSES) binaryen.addPassToSkip(pass);
  try {
    if (level === 2) optimiseBetweenFunctions(module, ALWAYS_INLINED[inlining]);
    else assemblyscript.optimize(module, level, 0, true, false);
  } finally {
    binaryen.clearPassesToSkip();
  }
}

function optimiseBetweenFunctions(module: assemblyscript.Module, alwaysInlined: number): void {
  module.clearPassArguments();
  module.setOptimizeLevel(2);
  module.setShrinkLevel(0);
  module.setDebugInfo(true);
  module.setZeroFilledMemory(false);
  module.setFastMath(false);
  module.setAlwaysInlineMaxSize(alwaysInlined);
  module.setFlexibleInlineMaxSize(INLINED.alone);
  module.setOneCallerInlineMaxSize(INLINED.withOneCaller);
  module.setAllowInliningFunctionsWithLoops(true);
  module.setPartialInliningIfs(INLINED.branches);
  module.runPasses(FUNCTION_PASSES);
  module.setOptimizeLevel(3);
  module.setFlexibleInlineMaxSize(INLINED.small);
  module.runPasses(INLINING_PASSES);
}
