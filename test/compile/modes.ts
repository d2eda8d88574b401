// The ways to compile that tests compare: each level, and each of the stress modes, in which the
// compiler must make do with less.

import type { RunOptions } from "./native/native";

type Mode = Pick<RunOptions, "level" | "without" | "stress" | "checksCalls" | "ownMemory">;

export const MODES: Readonly<Record<string, Mode>> = {
  "as it is": {},
  "at -O0": { level: 0 },
  "at -O1": { level: 1 },
  "with every value in memory": { stress: { spillsAll: true } },
  "with three registers": { stress: { fewRegisters: true } },
  "with three registers, nothing joined, stores in tables": {
    stress: { fewRegisters: true, tabulatesStores: true, isSmall: true },
    without: ["coalesce"],
  },
  "without folding, blocks reversed": { without: ["fold"], stress: { reversedBlocks: true } },
  "with calls unchecked": { checksCalls: false },
  "in a memory of its own": { ownMemory: true },
  "in a segment": { ownMemory: "segment" },
  "in a segment, with three registers": {
    ownMemory: "segment",
    stress: { fewRegisters: true },
  },
  "in a memory of its own, at -O0": { ownMemory: true, level: 0 },
  "in a memory of its own, with three registers": {
    ownMemory: true,
    stress: { fewRegisters: true },
  },
};
