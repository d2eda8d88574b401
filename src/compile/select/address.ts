// Folds address arithmetic into memory operands: base + index * scale + displacement + symbol.
//
// All of it wraps modulo 2^32, as the processor's does, so constants may be folded whatever their
// size. A sum of two values folds if nothing else needs it in a register.

import type { MemorySize, Scale } from "../../x86/operand";
import type { MemoryOperand } from "../code/code";
import { memory, NONE } from "../code/code";
import type { Value } from "../ir/ir";
import { isConst, isFree, OWN_MEMORY } from "../ir/ir";
import type { Selection } from "./selection";

interface Address {
  base: Value | undefined;
  index: Value | undefined;
  scale: Scale;
  displacement: number;
  symbol: string | undefined;
}

/** The operand for what `access` loads or stores, or for what is `further` bytes on. */
export function memoryOf(
  selection: Selection,
  { args, immediate, name }: Pick<Value, "args" | "immediate" | "name">,
  size: MemorySize | undefined,
  further = 0,
): MemoryOperand {
  const { ownMemory } = selection.options;
  const parts = decompose(selection, args[0]!);
  if (name !== OWN_MEMORY) return operandOf(selection, parts, immediate + further, size);
  if (!ownMemory || parts.symbol !== undefined) {
    throw new Error(`${selection.fn.name}: an address is not of the module's memory`);
  }
  const { symbol, base, isSegment } = ownMemory;
  if (isSegment) return { ...operandOf(selection, parts, immediate + further, size), isOwn: true };
  return operandOf(selection, { ...parts, symbol }, immediate + further + base, size);
}

/**
 * The same for an address that an instruction of module x86 takes as it is. With few registers it
 * takes a single one: `cmpxchg` needs two more.
 */
export function linearMemoryAt(
  selection: Selection,
  address: Value,
  size: MemorySize | undefined,
): MemoryOperand {
  const isWhole = selection.options.fewRegisters && !isFree(address);
  const found = isWhole ? { ...emptyAddress(), base: address } : decompose(selection, address);
  const base = found.symbol === undefined ? selection.options.memoryBase : 0;
  return operandOf(selection, found, base, size);
}

/** The sum that `value` is, if it has more parts than `add` takes: for `lea`. */
export function sumOperand(selection: Selection, value: Value): MemoryOperand {
  const parts = emptyAddress();
  addTerm(selection, parts, value, true);
  return operandOf(selection, parts, 0, undefined);
}

function emptyAddress(): Address {
  return { base: undefined, index: undefined, scale: 1, displacement: 0, symbol: undefined };
}

function operandOf(
  selection: Selection,
  { base, index, scale, displacement, symbol }: Address,
  offset: number,
  size: MemorySize | undefined,
): MemoryOperand {
  return memory(
    {
      base: base ? selection.inRegister(base).register : NONE,
      index: index ? selection.inRegister(index).register : NONE,
      scale,
      displacement: (displacement + offset) | 0,
      symbol,
    },
    size,
  );
}

function decompose(selection: Selection, address: Value): Address {
  const parts = emptyAddress();
  addTerm(selection, parts, address, false);
  return parts;
}

/** Adds `value` to the address; `isRoot`: its own sum must be taken apart. */
function addTerm(selection: Selection, parts: Address, value: Value, isRoot: boolean): void {
  const rest = withoutConstants(selection, parts, value, isRoot ? value : undefined);
  if (!rest) return;
  const isOwn = isRoot && rest === value;
  const isSum = rest.op === "add" && (isOwn || foldsInto(selection, rest));
  if (isSum && !parts.base && !parts.index) {
    const [left, right] = rest.args as [Value, Value];
    const first = withoutConstants(selection, parts, left);
    const second = withoutConstants(selection, parts, right);
    const isSecondScaled = second && scaleOf(selection, second) > 1;
    for (const term of isSecondScaled ? [second, first] : [first, second]) {
      if (term) addScaled(selection, parts, term);
    }
    return;
  }
  addScaled(selection, parts, rest, isOwn);
}

/** Whether the sum `value` costs nothing as part of an address. */
function foldsInto(selection: Selection, value: Value): boolean {
  if (selection.isChecked(value)) return false;
  if (selection.canFold(value)) return true;
  return selection.isNear(value) && selection.isAddressOnly(value);
}

/**
 * Moves constant terms of `value` into the address; what remains, if anything.
 *
 * @param root the value that the address is for, if it is for one: it must be taken apart
 */
function withoutConstants(
  selection: Selection,
  parts: Address,
  value: Value,
  root?: Value,
): Value | undefined {
  let rest = value;
  for (;;) {
    if (isConst(rest)) {
      parts.displacement = (parts.displacement + rest.immediate) | 0;
      return undefined;
    }
    if (rest.op === "symbol" && parts.symbol === undefined) {
      parts.symbol = rest.name;
      parts.displacement = (parts.displacement + rest.immediate) | 0;
      return undefined;
    }
    const [left, right] = rest.args;
    if (!selection.options.folds || rest.op !== "add" || !left || !right || !isConst(right)) {
      return rest;
    }
    // Uses what the block computes anyway, so that its operands need not live on.
    const isThere = selection.isRequested(rest) || selection.isChecked(rest);
    if (rest !== root && isThere && selection.isNear(rest)) return rest;
    parts.displacement = (parts.displacement + right.immediate) | 0;
    rest = left;
  }
}

function scaleOf(selection: Selection, value: Value, isRoot = false): Scale {
  const [, count] = value.args;
  if (value.op !== "shl" || !count || !isConst(count)) return 1;
  if (!isRoot && !foldsInto(selection, value)) return 1;
  return count.immediate === 1 ? 2 : count.immediate === 2 ? 4 : count.immediate === 3 ? 8 : 1;
}

function addScaled(selection: Selection, parts: Address, term: Value, isRoot = false): void {
  const scale = parts.index ? 1 : scaleOf(selection, term, isRoot);
  if (scale > 1) {
    parts.index = term.args[0]!;
    parts.scale = scale;
  } else if (!parts.base) {
    parts.base = term;
  } else if (!parts.index) {
    parts.index = term;
  } else {
    throw new Error(`${selection.fn.name}: an address has too many parts`);
  }
}
