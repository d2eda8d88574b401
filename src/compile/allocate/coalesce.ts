// Joins registers that are copied to each other and never live at once, so that the copy vanishes.
//
// Copies that run most often are tried first. What cannot be joined, or is copied from and to a
// physical register, becomes a wish that allocation tries to grant.

import type { MachineFunction, MachineInstruction } from "../code/code";
import type { Ranges } from "./live";
import { intersects, isVirtual, union } from "./live";

/** A copy between two registers; a physical one is a wish only. */
export interface Copy {
  readonly to: number;
  readonly from: number;
  readonly frequency: number;
}

/** The result of joining: which register stands for each, and the wishes that remain. */
export interface Coalesced {
  readonly representative: (register: number) => number;
  readonly ranges: Ranges[];
  /** Between representatives, or one and a physical register. */
  readonly wishes: readonly Copy[];
}

/** All copies of whole registers in `fn`. */
function findCopies(fn: MachineFunction): Copy[] {
  return fn.blocks.flatMap(({ instructions, frequency }) =>
    instructions.flatMap((instruction) => copiesOf(instruction, frequency)),
  );
}

function copiesOf({ mnemonic, operands }: MachineInstruction, frequency: number): Copy[] {
  if (mnemonic !== "moves" && mnemonic !== "mov") return [];
  const copies: Copy[] = [];
  for (let i = 0; i + 1 < operands.length; i += 2) {
    const to = operands[i]!;
    const from = operands[i + 1]!;
    if (to.kind !== "register" || from.kind !== "register") continue;
    if (to.size !== from.size || to.size < 32) continue;
    copies.push({ to: to.register, from: from.register, frequency });
  }
  return copies;
}

/** Joins the virtual registers of `fn` given their intervals. */
export function coalesce(
  fn: MachineFunction,
  before: readonly Ranges[],
  joins: boolean,
): Coalesced {
  const parent = Array.from(before, (_, register) => register);
  const ranges = [...before];
  const representative = (register: number): number => {
    let found = register;
    while (parent[found] !== found) found = parent[found]!;
    parent[register] = found;
    return found;
  };
  const copies = findCopies(fn).sort((a, b) => b.frequency - a.frequency);
  const left: Copy[] = [];
  for (const { to, from, frequency } of copies) {
    const a = representative(to);
    const b = representative(from);
    if (a === b) continue;
    const canJoin = joins && isVirtual(a) && isVirtual(b) && !intersects(ranges[a]!, ranges[b]!);
    if (!canJoin) {
      left.push({ to, from, frequency });
      continue;
    }
    parent[b] = a;
    ranges[a] = union(ranges[a]!, ranges[b]!);
    ranges[b] = [];
    if (fn.isByteOnly(b)) fn.restrictToBytes(a);
  }
  const wishes = left.flatMap(({ to, from, frequency }) => {
    const wish = { to: representative(to), from: representative(from), frequency };
    return wish.to === wish.from ? [] : [wish];
  });
  return { representative, ranges, wishes };
}
