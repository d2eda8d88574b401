// Store-to-load forwarding in the frame: what is in a register and in its home in memory is read
// from the register.
//
//   mov [local 0], ecx              mov [local 0], ecx
//   mov eax, [local 0]       ->     mov eax, ecx          forward-copies may drop it
//   add edx, [local 0]              add edx, ecx
//   mov ecx, [local 0]                                    it is there already
//
// Allocation fetches a value that is in memory for each instruction that needs it in a register.
// What is known at a block's end holds in a block that has no other predecessor, too.
//
// Invariant: a register is believed to have what its home has until either is written, or emission
// may take it as scratch (a `moves` from memory to memory).

import type {
  MachineBlock,
  MachineFunction,
  MachineInstruction,
  MachineMnemonic,
  MachineOperand,
  Slot,
} from "../code/code";
import { isWholeRegister, onlyPredecessor, register, samePlace } from "../code/code";
import { forEachWrite, roleOf, writesOperand } from "../code/instruction-facts";
import { takesScratch } from "../code/parallel-moves";

/** What a general register can stand in as well as memory, and does the same. */
const TAKES_EITHER: ReadonlySet<MachineMnemonic> = new Set<MachineMnemonic>([
  ...(["mov", "add", "adc", "sub", "sbb", "and", "or", "xor", "cmp", "test", "imul"] as const),
]);

/** Lets code of `fn`, whose registers are physical, read registers instead of homes. */
export function forwardHomes(fn: MachineFunction): void {
  if (fn.localSlots === 0) return;
  const ends = new Map<MachineBlock, Homes>();
  for (const block of fn.blocks) {
    const homes = entryOf(block, ends);
    block.instructions = block.instructions.filter((each) => !homes.forward(each));
    ends.set(block, homes);
  }
}

/** What is known where a block begins. */
function entryOf(block: MachineBlock, ends: ReadonlyMap<MachineBlock, Homes>): Homes {
  const before = onlyPredecessor(block);
  return new Homes(before && ends.get(before));
}

/** The registers that have what a home has. */
class Homes {
  readonly #registers: Map<number, number>;

  constructor(known: Homes | undefined) {
    this.#registers = new Map(known ? known.#registers : []);
  }

  /** Lets an instruction read registers, and learns from it; whether it is needless. */
  forward(instruction: MachineInstruction): boolean {
    if (instruction.mnemonic === "moves") {
      this.#learnFromMoves(instruction);
      return false;
    }
    const home = fetched(instruction);
    if (TAKES_EITHER.has(instruction.mnemonic)) this.#readRegisters(instruction);
    const [to, from] = instruction.operands;
    if (instruction.mnemonic === "mov" && isWholeRegister(to) && from && isWholeRegister(from)) {
      if (home !== undefined && to.register === from.register) return true;
    }
    this.#forget(instruction);
    if (instruction.mnemonic !== "mov" || !to || !from) return false;
    if (home !== undefined && isWholeRegister(to)) this.#learn(home, to.register);
    const stored = homeOf(to);
    if (stored !== undefined && isWholeRegister(from)) this.#learn(stored, from.register);
    return false;
  }

  #learn(home: number, from: number): void {
    if (!this.#registers.has(home)) this.#registers.set(home, from);
  }

  #readRegisters(instruction: MachineInstruction): void {
    const { operands } = instruction;
    for (let i = 0; i < operands.length; i++) {
      const home = homeOf(operands[i]!);
      if (home === undefined || roleOf(instruction, i) !== "read") continue;
      const known = this.#registers.get(home);
      if (known !== undefined) operands[i] = register(known);
    }
  }

  #learnFromMoves(moves: MachineInstruction): void {
    const { operands } = moves;
    // Emission may go through any register that it takes to be free.
    if (takesScratch(moves)) this.#registers.clear();
    const written = new Set<number>();
    for (let i = 0; i < operands.length; i += 2) {
      const to = operands[i]!;
      if (samePlace(to, operands[i + 1]!)) continue;
      if (to.kind === "register") written.add(to.register);
      this.#forgetHome(to);
    }
    this.#forgetRegisters(written);
    for (let i = 0; i < operands.length; i += 2) {
      const from = operands[i + 1]!;
      const home = homeOf(operands[i]!);
      if (home === undefined || !isWholeRegister(from) || written.has(from.register)) continue;
      this.#learn(home, from.register);
    }
  }

  #forget(instruction: MachineInstruction): void {
    const written = new Set<number>();
    forEachWrite(instruction, (each) => written.add(each));
    if (written.size > 0) this.#forgetRegisters(written);
    for (const [i, operand] of instruction.operands.entries()) {
      if (writesOperand(instruction, i)) this.#forgetHome(operand);
    }
  }

  #forgetHome(operand: MachineOperand): void {
    if (operand.kind !== "memory" || !operand.slot) return;
    const first = keyOf(operand.slot);
    this.#registers.delete(first);
    if (operand.size !== 32) this.#registers.delete(first + STEP);
  }

  #forgetRegisters(written: ReadonlySet<number>): void {
    for (const [home, known] of this.#registers) {
      if (written.has(known)) this.#registers.delete(home);
    }
  }
}

/** The home that a `mov` to a register reads. */
function fetched({ mnemonic, operands: [to, from] }: MachineInstruction): number | undefined {
  return mnemonic === "mov" && isWholeRegister(to) && from ? homeOf(from) : undefined;
}

/** A word of the frame by a number; undefined: the operand is something else. */
function homeOf(operand: MachineOperand): number | undefined {
  if (operand.kind !== "memory" || !operand.slot || operand.size !== 32) return undefined;
  return operand.slot.kind === "outgoing" ? undefined : keyOf(operand.slot);
}

/** From one word of the frame to the next. */
const STEP = 4;
const KINDS = { local: 0, incoming: 1, outgoing: 2 } as const;

function keyOf({ kind, index }: Slot): number {
  return index * STEP + KINDS[kind];
}
