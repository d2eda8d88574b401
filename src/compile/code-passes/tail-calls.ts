// Calls that a function ends with, which may be jumps: the callee finds the stack as our caller
// left it, its results are ours, and it may as well return to our caller.
//
//   call f              epilogue
//   epilogue      ->    jmp f
//   ret

import { CALLEE_SAVED } from "../code/calling-convention";
import type { MachineBlock, MachineInstruction } from "../code/code";
import { NONE } from "../code/code";
import { isNoMove } from "../code/parallel-moves";

/**
 * The call that a block ends with, if the callee may return to our caller. In a function none of
 * whose calls has arguments on the stack.
 */
export function findTailCall({ instructions }: MachineBlock): MachineInstruction | undefined {
  if (instructions[instructions.length - 1]?.mnemonic !== "ret") return undefined;
  let at = instructions.length - 2;
  while (at >= 0 && isNoMove(instructions[at]!)) at--;
  const call = instructions[at];
  const [target] = call?.operands ?? [];
  if (call?.mnemonic !== "call" || !target) return undefined;
  // The epilogue comes between: it restores registers, and moves ESP.
  if (target.kind === "immediate") return call;
  const isReachable = target.kind === "memory" && !target.slot && target.base === NONE;
  return isReachable && !CALLEE_SAVED.includes(target.index) ? call : undefined;
}
