// Turns calls that a function ends with into jumps: the callee finds the stack as our caller left
// it, its results are ours, and it may as well return to our caller.
//
//   call &f             tail_call &f
//   ret          ->
//
// Only in a function none of whose calls has arguments on the stack. What lies between call and
// return are moves that leave everything where it is.

import type { MachineBlock, MachineFunction } from "../code/code";
import { NONE } from "../code/code";
import { isNoMove } from "../code/parallel-moves";

/** Makes tail calls in `fn`, whose registers are physical. */
export function makeTailCalls(fn: MachineFunction): void {
  if (fn.outgoingWords > 0) return;
  for (const block of fn.blocks) {
    const at = findTailCall(block, fn.target.convention.calleeSaved);
    if (at === undefined) continue;
    block.instructions.length = at + 1;
    block.instructions[at]!.mnemonic = "tail_call";
  }
}

/** The place of the call that a block ends with, if the callee may return to our caller. */
function findTailCall(
  { instructions }: MachineBlock,
  calleeSaved: readonly number[],
): number | undefined {
  if (instructions[instructions.length - 1]?.mnemonic !== "ret") return undefined;
  let at = instructions.length - 2;
  while (at >= 0 && isNoMove(instructions[at]!)) at--;
  const call = instructions[at];
  const [target] = call?.operands ?? [];
  if (call?.mnemonic !== "call" || !target) return undefined;
  // The epilogue comes between: it restores registers, and moves the stack pointer.
  if (call.reads.some((register) => calleeSaved.includes(register))) return undefined;
  if (target.kind === "immediate") return at;
  const isReachable = target.kind === "memory" && !target.slot && target.base === NONE;
  return isReachable && !calleeSaved.includes(target.index) ? at : undefined;
}
