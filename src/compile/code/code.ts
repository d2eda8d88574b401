// Machine code before it has registers: the instructions of src/x86 on virtual registers.
//
// Selection makes it, allocation replaces virtual registers by physical ones, emission encodes it.
//
//   registers   0..7 the general ones by their encoding (the stack pointer is never an operand),
//               8..15 float registers, 16.. virtual ones; a virtual one has a type
//               and becomes one of its kind
//   memory      base + index * scale + displacement + symbol, or a place in the frame (`slot`);
//               `isOwn`: in the segment of the module's own memory
//   moves       [d0, s0, d1, s1, ...]: all sources are read before any destination is written
//   jump        to the block's only successor
//   branch      if `condition`, to the first successor, else to the second
//   trap_if     if `condition`, the trap whose kind is the operand
//   probe       a compare of a byte of the own memory with 0, which traps if it is not there
//   open_frame  the prologue, at the start of its block; absent: it is at the function's start
//   ret         the epilogue belongs to it, where the frame is open
//   tail_call   the epilogue, then a jump to another function, whose address may be in a register
//               that the epilogue leaves alone or among the incoming arguments
//   push_argument   a word for the next call: the stack pointer is below the frame from here on
//   drop_arguments  after that call: so many words are taken off the stack
//   may_throw   to the first successor; the second is where control arrives when the call before
//               it throws, with the frame and the callee-saved registers as they are here
//
// Invariants
//   - Only the last instruction of a block is a terminator; ones that the processor needs before
//     it (a compare) change flags, and everything that allocation inserts leaves flags alone.
//   - A register written at 8 or 16 bits counts as written whole; the upper bits are unspecified.
//   - A floating-point number is in the low part of its register; what lies above is unspecified.
//     It is copied by `moves`, for which emission finds the instruction, whole or by its type.

import type { Condition } from "../../x86/instructions/condition";
import type { Mnemonic } from "../../x86/instructions/table";
import type { MemorySize, Scale } from "../../x86/operand";
import type { Register32, RegisterXmm } from "../../x86/registers";
import { isFloatSymbol } from "../ir/float-constants";
import type { ValueType } from "../ir/ir";
import type { Target } from "./target";

/** General registers are numbered by their encoding, float registers from here on. */
export const FIRST_FLOAT = 8;

/** Registers below this are physical, from here on virtual. */
export const FIRST_VIRTUAL = 16;

/** No register, in a memory operand. */
export const NONE = -1;

/** Bits of a general register, or of its low part. */
export type Size = 8 | 16 | 32;

export interface RegisterOperand {
  readonly kind: "register";
  readonly register: number;
  /** 128: a float register. */
  readonly size: Size | 128;
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
  /** Whether it counts from the start of the own memory's segment, whose limit is checked. */
  readonly isOwn: boolean;
}

export interface ControlOperand {
  readonly kind: "control";
  readonly number: 0 | 2 | 3 | 4;
}

/** Of the segment registers those that compiled code touches. */
export interface SegmentOperand {
  readonly kind: "segment";
  readonly name: "fs" | "gs";
}

export type MachineOperand =
  | RegisterOperand
  | ImmediateOperand
  | MemoryOperand
  | ControlOperand
  | SegmentOperand;

/**
 * A word of the frame, or two for an f64, of which it is the first. `incoming`: the caller's
 * argument, by number; `outgoing`: an argument of a call; `local`: a home for a value, placed when
 * the frame is laid out.
 */
export interface Slot {
  readonly kind: "incoming" | "outgoing" | "local";
  readonly index: number;
}

export type MachineMnemonic =
  | Mnemonic
  | "moves"
  | "jump"
  | "branch"
  | "tail_call"
  | "push_argument"
  | "drop_arguments"
  | "may_throw"
  | "open_frame"
  | "trap_if"
  | "probe";

/** The instructions whose targets are the block's successors. */
export function isTransfer(mnemonic: MachineMnemonic | undefined): boolean {
  return mnemonic === "jump" || mnemonic === "branch" || mnemonic === "may_throw";
}

export interface MachineInstruction {
  mnemonic: MachineMnemonic;
  operands: MachineOperand[];
  /** Registers that it reads and writes beyond what table and operands say: calls. */
  readonly reads: readonly number[];
  readonly writes: readonly number[];
  /** Of a `branch` or a `trap_if`. */
  readonly condition: Condition | undefined;
  /** Byte offset in the wasm module. */
  readonly position: number;
  /** The operands before allocation, for debug information; undefined: allocation inserted it. */
  virtual: readonly MachineOperand[] | undefined;
}

export class MachineBlock {
  instructions: MachineInstruction[] = [];
  predecessors: MachineBlock[] = [];
  successors: MachineBlock[] = [];
  /** A guess at how often it runs, relative to the function's entry. */
  frequency = 1;
  /** Which loops it is in, the innermost last. */
  loops: readonly MachineLoop[] = [];

  constructor(readonly id: number) {}
}

/** A loop of the function, for layout and for splitting live ranges around it. */
export interface MachineLoop {
  header: MachineBlock;
  readonly depth: number;
}

/** A table of code addresses for an indirect jump. */
export interface JumpTable {
  readonly symbol: string;
  readonly targets: readonly MachineBlock[];
}

/** Bytes that code reads. */
export interface ByteTable {
  readonly symbol: string;
  readonly bytes: Uint8Array;
}

export class MachineFunction {
  blocks: MachineBlock[] = [];
  readonly jumpTables: JumpTable[] = [];
  readonly byteTables: ByteTable[] = [];
  readonly #types: ValueType[] = [];
  readonly #byteOnly = new Set<number>();
  #slotCount = 0;

  /** The virtual register of each value that has one, by id; for debug information. */
  valueRegisters: Int32Array = new Int32Array(0);
  /** Words that calls need for their stack arguments. */
  outgoingWords = 0;

  constructor(
    readonly name: string,
    readonly target: Target,
  ) {}

  /** All registers are below this. */
  get registerLimit(): number {
    return FIRST_VIRTUAL + this.#types.length;
  }

  get localSlots(): number {
    return this.#slotCount;
  }

  newRegister(type: ValueType = "i32"): number {
    return FIRST_VIRTUAL + this.#types.push(type) - 1;
  }

  /** What a virtual register holds. */
  typeOf(register: number): ValueType {
    const type = this.#types[register - FIRST_VIRTUAL];
    if (type === undefined) throw new Error(`${this.name}: register ${register} is not virtual`);
    return type;
  }

  /** A register as an operand of its whole size. */
  operandOf(register: number): RegisterOperand {
    const isVirtualFloat = register >= FIRST_VIRTUAL && this.typeOf(register) !== "i32";
    return isFloatRegister(register) || isVirtualFloat
      ? floatRegister(register)
      : { kind: "register", register, size: 32 };
  }

  /** Demands that the register's low byte can be named. */
  restrictToBytes(register: number): void {
    this.#byteOnly.add(register);
  }

  isByteOnly(register: number): boolean {
    return this.#byteOnly.has(register);
  }

  /** A place in the frame, of one word or of what a value of `type` takes. */
  newSlot(type: ValueType = "i32"): Slot {
    const index = this.#slotCount;
    this.#slotCount += wordsOf(type);
    return { kind: "local", index };
  }
}

/** Words of memory that a value takes. */
export function wordsOf(type: ValueType): 1 | 2 {
  return type === "f64" ? 2 : 1;
}

/** Whether a register is a physical float register. */
export function isFloatRegister(register: number): boolean {
  return register >= FIRST_FLOAT && register < FIRST_VIRTUAL;
}

/** The number of a register of the instruction set. */
export function numberOf({ kind, number }: Register32 | RegisterXmm): number {
  return kind === "xmm" ? FIRST_FLOAT + number : number;
}

// --- operands ---

export function register(number: number, size: Size = 32): RegisterOperand {
  return { kind: "register", register: number, size };
}

/** A register that holds a floating-point number. */
export function floatRegister(register: number): RegisterOperand {
  return { kind: "register", register, size: 128 };
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
    isOwn: parts.isOwn ?? false,
  };
}

export function slotOperand(slot: Slot, type: ValueType = "i32"): MemoryOperand {
  return memory({ slot }, memorySizeOf(type));
}

/** Bits of memory that a value of a type takes. */
export function memorySizeOf(type: ValueType): 32 | 64 {
  return type === "f64" ? 64 : 32;
}

/** Whether an operand is a float register, physical or virtual. */
export function isFloatOperand(operand: MachineOperand): boolean {
  return operand.kind === "register" && operand.size === 128;
}

/**
 * The block after whose end a block begins: the only one that leads there. Undefined if there are
 * more, or if a throw leads there, which comes before whatever stands after the call.
 */
export function onlyPredecessor({ predecessors }: MachineBlock): MachineBlock | undefined {
  const [before, ...others] = predecessors;
  const isLanding = before?.instructions.at(-1)?.mnemonic === "may_throw";
  return others.length === 0 && !isLanding ? before : undefined;
}

/** Whether an operand is a general register as a whole. */
export function isWholeRegister(operand: MachineOperand | undefined): operand is RegisterOperand {
  return operand?.kind === "register" && operand.size === 32;
}

/** Whether an operand is a constant that is no address of a symbol. */
export function isNumber(operand: MachineOperand | undefined): operand is ImmediateOperand {
  return operand?.kind === "immediate" && operand.symbol === undefined;
}

/** Whether an operand is the constant 0. */
export function isZero(operand: MachineOperand | undefined): boolean {
  return isNumber(operand) && operand.value === 0;
}

/** Whether an operand is a constant in memory: a floating-point number that code can only read. */
export function isConstantMemory(operand: MachineOperand): boolean {
  if (operand.kind !== "memory" || operand.symbol === undefined) return false;
  const isPlain = operand.base === NONE && operand.index === NONE && !operand.displacement;
  return isPlain && isFloatSymbol(operand.symbol);
}

/** Whether two operands are the same place. */
export function samePlace(a: MachineOperand, b: MachineOperand): boolean {
  if (a.kind === "register") return b.kind === "register" && a.register === b.register;
  if (a.kind !== "memory" || b.kind !== "memory" || !a.slot || !b.slot) return false;
  return a.slot.kind === b.slot.kind && a.slot.index === b.slot.index;
}

// --- instructions ---

/** An instruction that touches no registers beyond what table and operands say. */
export function plainInstruction(
  mnemonic: MachineMnemonic,
  operands: MachineOperand[],
  position: number,
): MachineInstruction {
  const condition = undefined;
  return { mnemonic, operands, reads: [], writes: [], condition, position, virtual: undefined };
}
