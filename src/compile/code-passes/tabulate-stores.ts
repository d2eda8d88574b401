// Makes a run of stores of constants to constant addresses a table and one call, which is about
// half as long (code/store-table.ts). Boot fills the kernel's tables by hundreds of these.
//
//   mov dword[1048576], 17              moves eax &f$stores0
//   mov dword[1048580], 4096     ->     call &__isthmus_store_table
//   mov byte[1048600], 1
//   …
//
// It takes an order of magnitude more time, so only runs that are longer than what code does often.
//
// Invariants
//   - The same stores in the same order, each as wide as before, with nothing between them: no
//     other instruction is in a run, so no call and nothing that could trap for another reason.
//   - Neither addresses nor values are relocated, and no access is to a memory of a module's own.

import {
  immediate,
  type MachineFunction,
  type MachineInstruction,
  NONE,
  plainInstruction,
  register,
} from "../code/code";
import { type ConstantStore, STORE_TABLE_ROUTINE, storeTable } from "../code/store-table";

/** Bytes of the two instructions that have a table carried out. */
const CALL_BYTES = 10;

/** Bytes of a store of a constant to a constant address, by bits. */
const STORE_BYTES = { 8: 7, 16: 9, 32: 10 } as const;

/**
 * Makes tables of the runs in `fn`, before it has registers.
 *
 * @param least how many stores a run has at least
 */
export function tabulateStores(fn: MachineFunction, least: number): void {
  for (const block of fn.blocks) {
    const kept: MachineInstruction[] = [];
    let run: ConstantStore[] = [];
    const endRun = (): void => {
      if (run.length >= least) replace(fn, kept, run);
      run = [];
    };
    for (const instruction of block.instructions) {
      const store = constantStore(instruction);
      if (store) run.push(store);
      else endRun();
      kept.push(instruction);
    }
    block.instructions = kept;
  }
}

/** Replaces the stores `run`, which are the last of `kept`, if that is shorter. */
function replace(
  fn: MachineFunction,
  kept: MachineInstruction[],
  run: readonly ConstantStore[],
): void {
  const bytes = storeTable(run);
  const before = run.reduce((sum, { size }) => sum + STORE_BYTES[size], 0);
  if (bytes.length + CALL_BYTES > before) return;
  const { position } = kept[kept.length - run.length]!;
  const symbol = `${fn.name}$stores${fn.byteTables.length}`;
  fn.byteTables.push({ symbol, bytes });
  const { convention } = fn.target;
  const [argument] = convention.arguments.general as [number];
  const call: MachineInstruction = {
    ...plainInstruction("call", [immediate(0, STORE_TABLE_ROUTINE)], position),
    reads: [argument],
    writes: convention.callerSaved.general,
  };
  const moves = plainInstruction("moves", [register(argument), immediate(0, symbol)], position);
  kept.splice(kept.length - run.length, run.length, moves, call);
}

/** What an instruction stores, if it is a constant at a constant address. */
function constantStore({ mnemonic, operands }: MachineInstruction): ConstantStore | undefined {
  const [to, from] = operands;
  if (mnemonic !== "mov" || to?.kind !== "memory" || from?.kind !== "immediate") return undefined;
  const { base, index, symbol, slot, size, isOwn, displacement } = to;
  const isConstant = base === NONE && index === NONE && symbol === undefined && !slot && !isOwn;
  if (!isConstant || from.symbol !== undefined) return undefined;
  if (size !== 8 && size !== 16 && size !== 32) return undefined;
  return { address: displacement, value: from.value, size };
}
