// Machine code before it has registers: the instructions of src/i686 on virtual registers.
//
// Selection makes it, allocation replaces virtual registers by physical ones, emission encodes it.
//
//   registers   0..7 the physical ones by their encoding (ESP is never an operand), 8.. virtual
//   memory      base + index * scale + displacement + symbol, or a place in the frame (`slot`)
//   moves       [d0, s0, d1, s1, ...]: all sources are read before any destination is written
//   jump        to the block's only successor
//   branch      if `condition`, to the first successor, else to the second
//   ret         the epilogue belongs to it
//
// Roles and effects of real instructions come from the instruction table.
//
// Invariants
//   - Only the last instruction of a block is a terminator; ones that the processor needs before
//     it (a compare) change flags, and everything that allocation inserts leaves flags alone.
//   - A register written at 8 or 16 bits counts as written whole; the upper bits are unspecified.

import type { Condition } from "../i686/instructions/condition";
import type { Role, Row } from "../i686/instructions/row";
import type { Mnemonic } from "../i686/instructions/table";
import { table } from "../i686/instructions/table";
import type { MemorySize, Scale } from "../i686/operand";

export const EAX = 0;
export const ECX = 1;
export const EDX = 2;
export const EBX = 3;
export const ESP = 4;
export const EBP = 5;
export const ESI = 6;
export const EDI = 7;

/** Registers below are physical, from here on virtual. */
export const FIRST_VIRTUAL = 8;

/** No register, in a memory operand. */
export const NONE = -1;

export type Size = 8 | 16 | 32;

export interface RegisterOperand {
  readonly kind: "register";
  readonly register: number;
  readonly size: Size;
}

export interface ImmediateOperand {
  readonly kind: "immediate";
  readonly value: number;
  /** The address of this symbol is added. */
  readonly symbol: string | undefined;
}

export interface MemoryOperand {
  readonly kind: "memory";
  readonly base: number;
  readonly index: number;
  readonly scale: Scale;
  readonly displacement: number;
  readonly symbol: string | undefined;
  readonly slot: Slot | undefined;
  readonly size: MemorySize | undefined;
}

export interface ControlOperand {
  readonly kind: "control";
  readonly number: 0 | 2 | 3 | 4;
}

export type MachineOperand = RegisterOperand | ImmediateOperand | MemoryOperand | ControlOperand;

/**
 * A word of the frame. `incoming`: the caller's argument, by number; `outgoing`: an argument of a
 * call; `local`: a home for a value, placed when the frame is laid out.
 */
export interface Slot {
  readonly kind: "incoming" | "outgoing" | "local";
  readonly index: number;
}

export type MachineMnemonic = Mnemonic | "moves" | "jump" | "branch";

export interface MachineInstruction {
  mnemonic: MachineMnemonic;
  operands: MachineOperand[];
  /** Registers that it reads and writes beyond what table and operands say: calls. */
  readonly reads: readonly number[];
  readonly writes: readonly number[];
  /** Of a `branch`. */
  readonly condition: Condition | undefined;
  /** Byte offset in the wasm module. */
  readonly position: number;
}

export class MachineBlock {
  instructions: MachineInstruction[] = [];
  predecessors: MachineBlock[] = [];
  successors: MachineBlock[] = [];
  /** Guess at how often it runs, relative to the function's entry. */
  frequency = 1;
  /** Which loops it is in, the innermost last. */
  loops: readonly MachineLoop[] = [];

  constructor(readonly id: number) {}
}

/** A loop of the function, for layout and for splitting live ranges around it. */
export interface MachineLoop {
  readonly header: MachineBlock;
  readonly depth: number;
}

/** A table of code addresses for an indirect jump. */
export interface JumpTable {
  readonly symbol: string;
  readonly targets: readonly MachineBlock[];
}

export class MachineFunction {
  blocks: MachineBlock[] = [];
  readonly jumpTables: JumpTable[] = [];
  private registerCount = FIRST_VIRTUAL;
  private readonly byteOnly = new Set<number>();
  private slotCount = 0;
  /** Words that calls need for their stack arguments. */
  outgoingWords = 0;

  constructor(readonly name: string) {}

  /** All registers are below this. */
  get registerLimit(): number {
    return this.registerCount;
  }

  get localSlots(): number {
    return this.slotCount;
  }

  newRegister(): number {
    return this.registerCount++;
  }

  /** Demands that the register's low byte can be named: EAX, ECX, EDX or EBX. */
  restrictToBytes(register: number): void {
    this.byteOnly.add(register);
  }

  isByteOnly(register: number): boolean {
    return this.byteOnly.has(register);
  }

  newSlot(): Slot {
    return { kind: "local", index: this.slotCount++ };
  }
}

// --- operands ---

export function register(number: number, size: Size = 32): RegisterOperand {
  return { kind: "register", register: number, size };
}

export function immediate(value: number, symbol?: string): ImmediateOperand {
  return { kind: "immediate", value: value | 0, symbol };
}

export function memory(
  parts: Partial<Omit<MemoryOperand, "kind">>,
  size: MemorySize | undefined,
): MemoryOperand {
  return {
    kind: "memory",
    base: parts.base ?? NONE,
    index: parts.index ?? NONE,
    scale: parts.scale ?? 1,
    displacement: parts.displacement ?? 0,
    symbol: parts.symbol,
    slot: parts.slot,
    size,
  };
}

export function slotOperand(slot: Slot, size: MemorySize = 32): MemoryOperand {
  return memory({ slot }, size);
}

/** Whether two operands are the same place. */
export function samePlace(a: MachineOperand, b: MachineOperand): boolean {
  if (a.kind === "register") return b.kind === "register" && a.register === b.register;
  if (a.kind !== "memory" || b.kind !== "memory" || !a.slot || !b.slot) return false;
  return a.slot.kind === b.slot.kind && a.slot.index === b.slot.index;
}

// --- facts about instructions ---

export interface InstructionFacts {
  readonly roles: readonly Role[];
  readonly reads: readonly number[];
  readonly writes: readonly number[];
  readonly readsFlags: boolean;
  /** Whether it changes any flag. */
  readonly changesFlags: boolean;
  /** By operand: whether it may be memory of the operation's size. */
  readonly mayBeMemory: readonly boolean[];
  /** By operand: whether it may be an immediate of 32 bits. */
  readonly mayBeImmediate: readonly boolean[];
}

const factsCache = new Map<string, InstructionFacts>();

/** What an instruction does, by mnemonic and number of operands (32-bit forms). */
export function factsOf(instruction: MachineInstruction): InstructionFacts {
  const { mnemonic, operands } = instruction;
  if (mnemonic === "moves") return MOVES;
  if (mnemonic === "jump") return NOTHING;
  if (mnemonic === "branch") return BRANCH;
  const isControl = operands.some(({ kind }) => kind === "control");
  const key = `${mnemonic}/${isControl ? "control" : operands.length}`;
  let found = factsCache.get(key);
  if (!found) {
    found = deriveFacts(mnemonic, operands.length, isControl);
    factsCache.set(key, found);
  }
  return found;
}

const NOTHING: InstructionFacts = {
  roles: [],
  reads: [],
  writes: [],
  readsFlags: false,
  changesFlags: false,
  mayBeMemory: [],
  mayBeImmediate: [],
};
const MOVES: InstructionFacts = NOTHING;
const BRANCH: InstructionFacts = { ...NOTHING, readsFlags: true };

const SYSTEM_REGISTERS = new Set(["creg", "dreg", "sreg"]);

function deriveFacts(mnemonic: Mnemonic, count: number, isControl: boolean): InstructionFacts {
  const all: readonly Row[] = table[mnemonic];
  const rows = all.filter(
    ({ operands }) =>
      operands.length === count &&
      operands.some(({ kind }) => SYSTEM_REGISTERS.has(kind.name)) === isControl,
  );
  const isWord = (row: (typeof rows)[number]) =>
    row.operands.every(({ kind }) => kind.size === 32 || kind.size === 0);
  const general = rows.filter(isWord);
  const row = general[general.length - 1] ?? rows[rows.length - 1];
  if (!row) throw new Error(`${mnemonic} takes no ${count} operands`);
  const numbers = (registers: readonly { number: number }[]) =>
    registers.map(({ number }) => number).filter((number) => number !== ESP);
  return {
    roles: row.operands.map(({ role }) => role),
    reads: numbers(row.effects.reads),
    writes: numbers(row.effects.writes),
    readsFlags: rows.some(({ effects }) => effects.flagsRead !== 0),
    changesFlags: rows.some(({ effects }) => (effects.flagsWritten | effects.flagsUndefined) !== 0),
    mayBeMemory: row.operands.map((_, index) =>
      rows.some(({ operands }) => {
        const kind = operands[index]?.kind;
        return kind?.memory === true && kind.place === "rm";
      }),
    ),
    mayBeImmediate: row.operands.map((_, index) =>
      rows.some(({ operands }) => {
        const kind = operands[index]?.kind;
        return kind?.place === "immediate" && kind.width === 32;
      }),
    ),
  };
}

/** Whether an operand of this role is read; a register that is only named is not. */
export function isReadBy(role: Role | undefined): boolean {
  return role !== "write" && role !== "address";
}

/** Calls `visit` for each register that `instruction` reads, as operand, in an address or else. */
export function forEachRead(
  instruction: MachineInstruction,
  visit: (register: number) => void,
): void {
  const { operands } = instruction;
  const isMoves = instruction.mnemonic === "moves";
  const facts = factsOf(instruction);
  for (let i = 0; i < operands.length; i++) {
    const operand = operands[i]!;
    if (operand.kind === "memory") {
      if (operand.base !== NONE) visit(operand.base);
      if (operand.index !== NONE) visit(operand.index);
    } else if (operand.kind === "register") {
      const isRead = isMoves ? (i & 1) === 1 : isReadBy(facts.roles[i]);
      if (isRead) visit(operand.register);
    }
  }
  for (const each of facts.reads) visit(each);
  for (const each of instruction.reads) visit(each);
}

/** Calls `visit` for each register that `instruction` writes. */
export function forEachWrite(
  instruction: MachineInstruction,
  visit: (register: number) => void,
): void {
  const { operands } = instruction;
  const isMoves = instruction.mnemonic === "moves";
  const facts = factsOf(instruction);
  for (let i = 0; i < operands.length; i++) {
    const operand = operands[i]!;
    if (operand.kind !== "register") continue;
    const role = facts.roles[i];
    const isWritten = isMoves ? (i & 1) === 0 : role === "write" || role === "read-write";
    if (isWritten) visit(operand.register);
  }
  for (const each of facts.writes) visit(each);
  for (const each of instruction.writes) visit(each);
}
