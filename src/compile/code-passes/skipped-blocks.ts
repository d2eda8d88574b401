// Blocks that do nothing but jump: they become no code, and jumps to them end where theirs do
// (branch-chain elimination).
//
//   b1: branch e b2 b3            b1: branch e b4 b3
//   b2: moves eax eax; jump b4    (skipped)
//
// They stay in the function: debug information learns from their empty moves which values are one.

import type { MachineBlock, MachineFunction } from "../code/code";
import { isNoMove } from "../code/parallel-moves";

/** Which blocks become code, and where control goes from them. */
export interface KeptBlocks {
  /** In their order; the entry is always one. */
  readonly kept: readonly MachineBlock[];
  readonly skipped: readonly MachineBlock[];
  /** Where a jump to `block` ends: itself, if it is kept. */
  finalTarget(block: MachineBlock): MachineBlock;
  /** Where control goes from `block`, past blocks that are skipped. */
  successorsOf(block: MachineBlock): MachineBlock[];
}

export function keptBlocks({ blocks }: MachineFunction): KeptBlocks {
  const targets = new Map<MachineBlock, MachineBlock>();
  for (const block of blocks) if (isOnlyJump(block)) targets.set(block, endOf(block));
  const finalTarget = (block: MachineBlock) => targets.get(block) ?? block;
  const isKept = (block: MachineBlock) => block === blocks[0] || finalTarget(block) === block;
  return {
    kept: blocks.filter(isKept),
    skipped: blocks.filter((block) => !isKept(block)),
    finalTarget,
    successorsOf: (block) => block.successors.map(finalTarget),
  };
}

/** Where a jump to `block` ends, past blocks that do nothing but jump. */
function endOf(block: MachineBlock): MachineBlock {
  const passed = new Set<MachineBlock>();
  let target = block;
  while (isOnlyJump(target) && !passed.has(target)) {
    passed.add(target);
    target = target.successors[0]!;
  }
  return target;
}

function isOnlyJump(block: MachineBlock): boolean {
  return block.instructions.every((each) => each.mnemonic === "jump" || isNoMove(each));
}
