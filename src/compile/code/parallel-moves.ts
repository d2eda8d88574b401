// Orders moves that happen all at once into instructions that happen one after the other.
//
//   eax <- edx, edx <- ecx       mov eax, edx; mov edx, ecx
//   eax <- edx, edx <- eax       xchg eax, edx
//   [a] <- [b]                   through a free register, else push [b]; pop [a]
//
// A move may be made as soon as no other move still reads what its destination holds. When none
// can, the rest are cycles: exchanging the two ends of one move makes it, and a move that wanted
// the destination's old value finds it in the source.

import type { MachineInstruction, MachineOperand } from "./code";
import { samePlace } from "./code";

/** One move in the order. `exchange` between two memory operands goes over the stack. */
export interface OrderedMove {
  readonly kind: "move" | "exchange";
  readonly to: MachineOperand;
  readonly from: MachineOperand;
}

interface Pending {
  readonly to: MachineOperand;
  from: MachineOperand;
}

/** The order for `[d0, s0, d1, s1, ...]`; moves that leave the value where it is are left out. */
export function orderMoves(operands: readonly MachineOperand[]): OrderedMove[] {
  let pending: Pending[] = [];
  for (let i = 0; i < operands.length; i += 2) {
    const to = operands[i]!;
    const from = operands[i + 1]!;
    if (!samePlace(to, from)) pending.push({ to, from });
  }
  const ordered: OrderedMove[] = [];
  while (pending.length > 0) {
    const ready = pending.filter((move) => !isAwaited(move, pending));
    for (const { to, from } of ready) ordered.push({ kind: "move", to, from });
    pending = pending.filter((move) => !ready.includes(move));
    if (ready.length === 0) pending = breakCycle(pending, ordered);
  }
  return ordered;
}

function isAwaited(move: Pending, pending: readonly Pending[]): boolean {
  return pending.some((other) => other !== move && samePlace(other.from, move.to));
}

function breakCycle(pending: readonly Pending[], ordered: OrderedMove[]): Pending[] {
  const [first, ...rest] = pending as [Pending, ...Pending[]];
  ordered.push({ kind: "exchange", to: first.to, from: first.from });
  for (const other of rest) {
    if (samePlace(other.from, first.to)) other.from = first.from;
    else if (samePlace(other.from, first.from)) other.from = first.to;
  }
  return rest.filter(({ to, from }) => !samePlace(to, from));
}

/** Whether a move is between two memory operands. */
export function isThroughMemory({ to, from }: OrderedMove): boolean {
  return to.kind === "memory" && from.kind === "memory";
}

/**
 * Whether an instruction is a `moves` that takes a register as scratch, any that allocation knows
 * to hold nothing there: what a later pass has left in one is lost.
 */
export function takesScratch({ mnemonic, operands }: MachineInstruction): boolean {
  return mnemonic === "moves" && orderMoves(operands).some(isThroughMemory);
}

/** Whether an instruction is a `moves` that leaves everything where it is. */
export function isNoMove({ mnemonic, operands }: MachineInstruction): boolean {
  return mnemonic === "moves" && orderMoves(operands).length === 0;
}
