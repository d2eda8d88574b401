// What machine instructions do: with each operand, and with registers and flags beyond operands.
//
// All of it comes from the rows of the instruction table (src/x86/instructions), which is asked
// once for each mnemonic and kinds of operands; those that code.ts lists are our own.
//
// Invariant: the stack pointer, which belongs to the frame, is never among the registers beyond
// operands.

import type { Role, Row } from "../../x86/instructions/row";
import type { Mnemonic } from "../../x86/instructions/table";
import { table } from "../../x86/instructions/table";
import { esp, registersXmm } from "../../x86/registers";
import type { MachineFunction, MachineInstruction, MachineOperand } from "./code";
import { isFloatOperand, NONE } from "./code";

export interface InstructionFacts {
  readonly roles: readonly Role[];
  readonly reads: readonly number[];
  readonly writes: readonly number[];
  readonly readsFlags: boolean;
  /** Whether it changes any flag. */
  readonly changesFlags: boolean;
  /** By operand: whether it may be memory of the operation's size. */
  readonly mayBeMemory: readonly boolean[];
  /** By operand: the bits of memory that stand for a float register; 0: none do. */
  readonly floatMemory: readonly number[];
  /** By operand: whether it can only be one certain register. */
  readonly isFixed: readonly boolean[];
  /** By operand: whether it may be an immediate of 32 bits. */
  readonly mayBeImmediate: readonly boolean[];
}

/** By mnemonic, then by the kinds of the operands as one number. */
const factsCache = new Map<Mnemonic, InstructionFacts[]>();

/** What an instruction does, by mnemonic, number and kinds of operands (32-bit forms). */
export function factsOf(instruction: MachineInstruction): InstructionFacts {
  const { operands } = instruction;
  const mnemonic = instruction.mnemonic === "probe" ? "cmp" : instruction.mnemonic;
  if (mnemonic === "moves") return MOVES;
  if (mnemonic === "jump" || mnemonic === "tail_call" || mnemonic === "may_throw") return NOTHING;
  if (mnemonic === "push_argument") return PUSH;
  if (mnemonic === "drop_arguments") return DROP;
  if (mnemonic === "open_frame") return NOTHING;
  if (mnemonic === "branch" || mnemonic === "trap_if") return BRANCH;
  let known = factsCache.get(mnemonic);
  if (!known) {
    known = [];
    factsCache.set(mnemonic, known);
  }
  // A leading 1 tells how many operands there are.
  let kinds = 1;
  for (let i = 0; i < operands.length; i++) kinds = (kinds << 2) | kindOf(operands[i]!);
  const found = known[kinds] ?? deriveFacts(mnemonic, operands.map(kindOf));
  known[kinds] = found;
  return found;
}

const OTHER = 0;
const XMM = 1;
const CONTROL = 2;
const SEGMENT = 3;

function kindOf(operand: MachineOperand): number {
  if (operand.kind === "control") return CONTROL;
  if (operand.kind === "segment") return SEGMENT;
  return isFloatOperand(operand) ? XMM : OTHER;
}

const NOTHING: InstructionFacts = {
  roles: [],
  reads: [],
  writes: [],
  readsFlags: false,
  changesFlags: false,
  mayBeMemory: [],
  floatMemory: [],
  isFixed: [],
  mayBeImmediate: [],
};
/** `roleIn` knows the roles of its operands, however many they are. */
const MOVES: InstructionFacts = { ...NOTHING };
const PUSH: InstructionFacts = { ...NOTHING, roles: ["read"] };
/** It may take the words off into a register that the call has not kept. */
const DROP: InstructionFacts = { ...NOTHING, changesFlags: true };
const BRANCH: InstructionFacts = { ...NOTHING, readsFlags: true };

/** Places in an encoding that name a register. */
const ENCODED: ReadonlySet<string> = new Set(["rm", "reg", "general"]);
/** Kinds of system registers, and what `kindOf` says of those that code can name. */
const SYSTEM_REGISTERS = new Map([
  ["creg", CONTROL],
  ["dreg", undefined],
  ["sreg", SEGMENT],
]);

/** Whether an operand of the row can be what `kindOf` says. */
function fits({ kind }: Row["operands"][number], actual: number): boolean {
  if (SYSTEM_REGISTERS.has(kind.name)) return actual === SYSTEM_REGISTERS.get(kind.name);
  const isXmmKind = kind.registers === registersXmm;
  if (actual === XMM) return isXmmKind;
  return actual === OTHER && (!isXmmKind || kind.memory);
}

function deriveFacts(mnemonic: Mnemonic, kinds: readonly number[]): InstructionFacts {
  const all: readonly Row[] = table[mnemonic];
  const rows = all.filter(
    ({ operands }) =>
      operands.length === kinds.length && operands.every((operand, i) => fits(operand, kinds[i]!)),
  );
  const isWord = (row: (typeof rows)[number]) =>
    row.operands.every(({ kind }) => kind.size === 32 || kind.size === 0);
  const general = rows.filter(isWord);
  const row = general[general.length - 1] ?? rows[rows.length - 1];
  if (!row) throw new Error(`${mnemonic} takes no such operands: ${kinds.join()}`);
  const numbers = (registers: readonly { number: number }[]) =>
    registers.map(({ number }) => number).filter((number) => number !== esp.number);
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
    floatMemory: row.operands.map(({ kind }, index) =>
      kinds[index] === XMM && kind.memory && kind.place === "rm" ? kind.size : 0,
    ),
    isFixed: row.operands.map(
      (_, index) => !rows.some(({ operands }) => ENCODED.has(operands[index]?.kind.place ?? "")),
    ),
    mayBeImmediate: row.operands.map((_, index) =>
      rows.some(({ operands }) => {
        const kind = operands[index]?.kind;
        return kind?.place === "immediate" && kind.width === 32;
      }),
    ),
  };
}

/**
 * What the instruction that `facts` are about does with an operand; undefined: the table does not
 * say.
 */
function roleIn(facts: InstructionFacts, operand: number): Role | undefined {
  if (facts === MOVES) return (operand & 1) === 0 ? "write" : "read";
  return facts.roles[operand];
}

/** What an instruction does with an operand, by number; undefined: the table does not say. */
export function roleOf(instruction: MachineInstruction, operand: number): Role | undefined {
  return roleIn(factsOf(instruction), operand);
}

/** Whether an instruction writes an operand, by number. */
export function writesOperand(instruction: MachineInstruction, operand: number): boolean {
  return isWrittenIn(factsOf(instruction), operand);
}

/** The same, given the facts about the instruction. */
export function isWrittenIn(facts: InstructionFacts, operand: number): boolean {
  const role = roleIn(facts, operand);
  return role === "write" || role === "read-write";
}

/** Whether an operand of this role is read, and not only written or part of an address. */
export function isReadBy(role: Role | undefined): boolean {
  return role !== "write" && role !== "address";
}

/**
 * Calls `visit` for each register that `instruction` reads, as operand, in an address or
 * implicitly.
 */
export function forEachRead(
  instruction: MachineInstruction,
  visit: (register: number) => void,
): void {
  const { operands } = instruction;
  const facts = factsOf(instruction);
  for (let i = 0; i < operands.length; i++) {
    const operand = operands[i]!;
    if (operand.kind === "memory") {
      if (operand.base !== NONE) visit(operand.base);
      if (operand.index !== NONE) visit(operand.index);
    } else if (operand.kind === "register") {
      if (isReadBy(roleIn(facts, i))) visit(operand.register);
    }
  }
  for (const each of facts.reads) visit(each);
  for (const each of instruction.reads) visit(each);
}

/** The callee-saved registers that the code of `fn` writes, once its registers are physical. */
export function savedRegisters({ blocks, target }: MachineFunction): number[] {
  const written = new Set<number>();
  for (const { instructions } of blocks) {
    for (const each of instructions) forEachWrite(each, (register) => written.add(register));
  }
  return target.convention.calleeSaved.filter((register) => written.has(register));
}

/** Calls `visit` for each register that `instruction` writes. */
export function forEachWrite(
  instruction: MachineInstruction,
  visit: (register: number) => void,
): void {
  const { operands } = instruction;
  const facts = factsOf(instruction);
  for (let i = 0; i < operands.length; i++) {
    const operand = operands[i]!;
    if (operand.kind === "register" && isWrittenIn(facts, i)) visit(operand.register);
  }
  for (const each of facts.writes) visit(each);
  for (const each of instruction.writes) visit(each);
}
