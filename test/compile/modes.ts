// The ways to compile that tests compare: each level, and each of the stress modes, in which the
// compiler must make do with less.

import type { CompileOptions } from "../../src/compile/options";

type Mode = Pick<CompileOptions, "level" | "without" | "stress" | "checksCalls">;

export const MODES: Readonly<Record<string, Mode>> = {
  "as it is": {},
  "at -O0": { level: 0 },
  "at -O1": { level: 1 },
  "with every value in memory": { stress: { spillsAll: true } },
  "with three registers": { stress: { fewRegisters: true } },
  "with three registers and nothing joined": {
    stress: { fewRegisters: true },
    without: ["coalesce"],
  },
  "without folding, blocks reversed": { without: ["fold"], stress: { reversedBlocks: true } },
  "with calls unchecked": { checksCalls: false },
};
