// What an instruction operates on: registers, memory, immediates, branch targets.
//
// An immediate is a plain number, or a reference to a symbol whose address (plus an addend) the
// linker fills in. A memory operand's displacement may be symbolic in the same way.
//
// Invariants
//   - Operands are immutable.
//   - A `Memory` always has all its fields, in one order, which keeps the encoder's inner loop
//     monomorphic.

import type { Register, Register32, Register64, SegmentRegister } from "./registers";

/** A place in code or data that is referred to by identity: what `Assembler.newLabel` makes. */
export class Label {
  /** @param name what listings and errors call it; need not be unique */
  constructor(readonly name: string) {}
}

/** A symbol by name, or a label by identity. */
export type CodeTarget = string | Label;

/** The address of `target` plus `addend`, less the address of `minus` if there is one. */
export interface SymbolReference {
  readonly kind: "symbol";
  readonly target: CodeTarget;
  readonly addend: number;
  readonly minus: CodeTarget | undefined;
}

/** A branch distance, counted from the end of the instruction. What the decoder finds. */
export interface Relative {
  readonly kind: "relative";
  readonly displacement: number;
}

export type MemorySize = 8 | 16 | 32 | 64 | 128;
export type Scale = 1 | 2 | 4 | 8;

/** Of 64 bits in long mode, and there alone. */
export type AddressRegister = Register32 | Register64;

/**
 * `segment:[base + index * scale + symbol + disp]`; `size` is in bits, undefined: by context. In
 * long mode a symbol without registers counts from the instruction: `[rip + …]`.
 */
export interface Memory {
  readonly kind: "memory";
  readonly base: AddressRegister | undefined;
  readonly index: AddressRegister | undefined;
  readonly scale: Scale;
  readonly disp: number;
  readonly symbol: CodeTarget | undefined;
  readonly segment: SegmentRegister | undefined;
  readonly size: MemorySize | undefined;
}

export interface MemoryParts {
  readonly base?: AddressRegister | undefined;
  readonly index?: AddressRegister | undefined;
  readonly scale?: Scale;
  readonly disp?: number;
  readonly symbol?: CodeTarget | undefined;
  readonly segment?: SegmentRegister | undefined;
}

export type Immediate = number | SymbolReference;
export type Operand = Register | Memory | Immediate | Relative;

/** The address of a symbol or label, plus `addend`, as an immediate. */
export function symbol(target: CodeTarget, addend = 0): SymbolReference {
  return { kind: "symbol", target, addend, minus: undefined };
}

/** The distance from `start` to `end`, plus `addend`; both must be defined in one section. */
export function difference(end: CodeTarget, start: CodeTarget, addend = 0): SymbolReference {
  return { kind: "symbol", target: end, addend, minus: start };
}

/** A branch by `displacement` bytes from the end of the instruction. */
export function relative(displacement: number): Relative {
  return { kind: "relative", displacement };
}

function memory(parts: MemoryParts, size: MemorySize | undefined): Memory {
  return {
    kind: "memory",
    base: parts.base,
    index: parts.index,
    scale: parts.scale ?? 1,
    disp: parts.disp ?? 0,
    symbol: parts.symbol,
    segment: parts.segment,
    size,
  };
}

/** Memory whose size follows from the instruction's other operands. */
export function mem(parts: MemoryParts): Memory {
  return memory(parts, undefined);
}

/** A byte in memory. */
export function mem8(parts: MemoryParts): Memory {
  return memory(parts, 8);
}

/** 16 bits in memory. */
export function mem16(parts: MemoryParts): Memory {
  return memory(parts, 16);
}

/** 32 bits in memory. */
export function mem32(parts: MemoryParts): Memory {
  return memory(parts, 32);
}

/** 64 bits in memory. */
export function mem64(parts: MemoryParts): Memory {
  return memory(parts, 64);
}

/** 128 bits in memory. */
export function mem128(parts: MemoryParts): Memory {
  return memory(parts, 128);
}

export function isMemory(operand: Operand | undefined): operand is Memory {
  return typeof operand === "object" && operand.kind === "memory";
}

/** The name of a target. */
export function targetName(target: CodeTarget): string {
  return typeof target === "string" ? target : target.name;
}

/** An operand as error messages name it: `eax`, `[ebp+8]`, `symbol+4`. */
export function describeOperand(operand: Operand): string {
  if (typeof operand === "number") return String(operand);
  switch (operand.kind) {
    case "symbol":
      return describeSymbol(operand);
    case "relative":
      return `$${withSign(operand.displacement)}`;
    case "memory":
      return describeMemory(operand);
    default:
      return operand.name;
  }
}

function withSign(value: number): string {
  return value < 0 ? String(value) : `+${value}`;
}

function describeSymbol({ target, addend, minus }: SymbolReference): string {
  const less = minus === undefined ? "" : `-${targetName(minus)}`;
  return `${targetName(target)}${less}${addend === 0 ? "" : withSign(addend)}`;
}

function describeMemory(operand: Memory): string {
  const { base, index, scale, disp, symbol: target, segment, size } = operand;
  const terms: string[] = [];
  if (target !== undefined) terms.push(targetName(target));
  if (base !== undefined) terms.push(base.name);
  if (index !== undefined) terms.push(`${index.name}*${scale}`);
  const text = terms.join("+");
  const offset = disp === 0 && text !== "" ? "" : text === "" ? String(disp) : withSign(disp);
  const width = size === undefined ? "" : `mem${size}`;
  return `${width}${segment === undefined ? "" : `${segment.name}:`}[${text}${offset}]`;
}
