// Selects loads, stores, and stores that change what is there: `add [x], y`, and for pairs of words
// `add [x], y; adc [x+4], z`.

import type { Mnemonic } from "../../x86/instructions/table";
import type { MachineOperand, Size } from "../code/code";
import { immediate, memory, register } from "../code/code";
import type { IrOp, Value } from "../ir/ir";
import { isConst, isFree, OWN_MEMORY } from "../ir/ir";
import { possibleBits } from "../ir/known-bits";
import { boundSymbol, isProbed } from "../ir/own-memory";
import { memoryOf } from "./address";
import { loadOperand, lowBits, sizeOfAccess, sizeOfLoad } from "./operand";
import { constantOperand, type Selection } from "./selection";

const LOADS: Readonly<Partial<Record<IrOp, Mnemonic>>> = {
  load8_u: "movzx",
  load8_s: "movsx",
  load16_u: "movzx",
  load16_s: "movsx",
  load32: "mov",
};

/** Operations that the processor can apply to memory, and whether their operands may swap. */
const IN_PLACE: Readonly<Partial<Record<IrOp, { mnemonic: Mnemonic; swaps: boolean }>>> = {
  add: { mnemonic: "add", swaps: true },
  sub: { mnemonic: "sub", swaps: false },
  and: { mnemonic: "and", swaps: true },
  or: { mnemonic: "or", swaps: true },
  xor: { mnemonic: "xor", swaps: true },
};

/** The same for pairs of words: what is applied to the low one, then to the high one. */
const PAIR_IN_PLACE: Readonly<
  Partial<Record<IrOp, { low: Mnemonic; high: Mnemonic; swaps: boolean }>>
> = {
  add64: { low: "add", high: "adc", swaps: true },
  sub64: { low: "sub", high: "sbb", swaps: false },
};

/** Shifts in place, by constants, of whole words. */
const SHIFT_IN_PLACE: Readonly<Partial<Record<IrOp, Mnemonic>>> = {
  shl: "shl",
  shr: "shr",
  sar: "sar",
  rotl: "rol",
  rotr: "ror",
};

/** Bytes from the low word of a pair to the high one. */
const WORD = 4;

const COPY_ROUTINE = "__isthmus_copy";
const FILL_ROUTINE = "__isthmus_fill";
/** As the fill, of bytes that are 0: it leaves out that operand. */
const CLEAR_ROUTINE = "__isthmus_clear";

/** Selects `value` if it is about memory; whether it was. */
export function selectMemory(selection: Selection, value: Value): boolean {
  const load = LOADS[value.op];
  const size = sizeOfAccess(value);
  if (load) {
    const from = loadOperand(selection, value, size);
    selection.emit(load, register(selection.registerOf(value)), from);
  } else if (size) selectStore(selection, value, size);
  else if (value.op === "copy") selectRoutine(selection, value, COPY_ROUTINE);
  else if (value.op === "fill") selectFill(selection, value);
  else if (value.op === "check") selectCheck(selection, value);
  else return false;
  return true;
}

function selectStore(selection: Selection, value: Value, size: Size): void {
  const [, stored] = value.args as [Value, Value];
  if (selectInPlace(selection, value, size) || selectPairInPlace(selection, value)) return;
  const source = storedOperand(selection, stored, size);
  const target = memoryOf(selection, value, size);
  selection.emit("mov", target, source);
}

/** What a store of `size` bits writes: the upper bits of `value` do not matter. */
function storedOperand(selection: Selection, value: Value, size: Size): MachineOperand {
  if (isConst(value)) return immediate(lowBits(value.immediate, size));
  if (isFree(value) && size === 32) return constantOperand(value);
  return selection.inRegister(withoutMask(selection, value, size), size);
}

/** Skips an extension that a narrow store undoes. */
function withoutMask(selection: Selection, value: Value, size: Size): Value {
  if (size === 32 || !selection.canFold(value)) return value;
  const [inner, mask] = value.args;
  if (!inner || isFree(inner)) return value;
  if (value.op === (size === 8 ? "extend8_s" : "extend16_s")) return inner;
  const keeps = value.op === "and" && mask && isConst(mask);
  return keeps && lowBits(mask.immediate, size) === lowBits(-1, size) ? inner : value;
}

function selectInPlace(selection: Selection, store: Value, size: Size): boolean {
  const [, stored] = store.args as [Value, Value];
  const operation = IN_PLACE[stored.op];
  const shift = size === 32 ? SHIFT_IN_PLACE[stored.op] : undefined;
  if ((!operation && !shift) || !selection.canFold(stored)) return false;
  const [left, right] = stored.args as [Value, Value];
  if (shift) {
    if (!isConst(right) || !isSamePlace(selection, store, left, size)) return false;
    const count = immediate(right.immediate & 31);
    selection.emit(shift, memoryOf(selection, store, size), count);
    return true;
  }
  if (!operation) return false;
  const isLeft = isSamePlace(selection, store, left, size);
  if (!isLeft && !(operation.swaps && isSamePlace(selection, store, right, size))) return false;
  const source = storedOperand(selection, isLeft ? right : left, size);
  const target = memoryOf(selection, store, size);
  selection.emit(operation.mnemonic, target, source);
  return true;
}

/** Whether `load` reads just what `store` writes and may be read then. */
function isSamePlace(selection: Selection, store: Value, load: Value, size: Size): boolean {
  if (sizeOfLoad(load) !== size || !isOfSamePlace(store, load)) return false;
  if (selection.canFold(load)) return true;
  // The high word of a pair was read before the low one was stored.
  const before = selection.adjacentWrite(store);
  if (!selection.options.folds || !before || !selection.canReadAt(load, before)) return false;
  return before.op === "store32" && isNextWord(before, store);
}

/** Whether `high` has the word after that of `low`. */
function isNextWord(low: Value, high: Value): boolean {
  if (low.name !== high.name || low.args[0] !== high.args[0]) return false;
  return ((high.immediate - low.immediate) | 0) === WORD;
}

/** Whether an access has the address of another. */
function isOfSamePlace(access: Value, other: Value): boolean {
  if (access.name !== other.name || access.immediate !== other.immediate) return false;
  return access.args[0] === other.args[0];
}

/**
 * The two stores of a pair that a pair read there has been added to, or taken from, at the second
 * of them. What is added is computed before both, and the address is the same for both.
 */
function selectPairInPlace(selection: Selection, store: Value): boolean {
  const [, high] = store.args as [Value, Value];
  const [sum] = high.args;
  if (!sum || high.op !== "high" || store.op !== "store32") return false;
  const operation = PAIR_IN_PLACE[sum.op];
  if (!operation || !selection.options.folds) return false;
  const lowStore = selection.adjacentWrite(store);
  if (lowStore?.op !== "store32" || lowStore.args[1] !== sum) return false;
  if (selection.uses(high) !== 1 || selection.uses(sum) !== 2) return false;
  if (!isNextWord(lowStore, store)) return false;
  const [aLow, aHigh, bLow, bHigh] = sum.args as [Value, Value, Value, Value];
  const isPlace = (low: Value, high: Value) =>
    isPlaceOf(selection, lowStore, low, lowStore) && isPlaceOf(selection, store, high, lowStore);
  const isFirst = isPlace(aLow, aHigh);
  if (!isFirst && !(operation.swaps && isPlace(bLow, bHigh))) return false;
  selection.merge(lowStore);
  // All of them before the first instruction, as nothing may change its carry.
  const lowSource = storedOperand(selection, isFirst ? bLow : aLow, 32);
  const highSource = storedOperand(selection, isFirst ? bHigh : aHigh, 32);
  const lowTarget = memoryOf(selection, lowStore, 32);
  const highTarget = memoryOf(selection, store, 32);
  selection.emit(operation.low, lowTarget, lowSource);
  selection.emit(operation.high, highTarget, highSource);
  return true;
}

/** Whether `load` reads just the word that `store` writes and may be read at `write`. */
function isPlaceOf(selection: Selection, store: Value, load: Value, write: Value): boolean {
  if (load.op !== "load32" || !selection.canReadAt(load, write)) return false;
  return isOfSamePlace(store, load);
}

/** Compares an address with the highest at which that many bytes are there. */
function selectCheck(selection: Selection, check: Value): void {
  const {
    args: [address],
    immediate: bytes,
  } = check;
  const { ownMemory } = selection.options;
  if (!ownMemory) throw new Error(`${selection.fn.name}: the module has no memory of its own`);
  if (isProbed(ownMemory, check)) {
    selectProbes(selection, check);
    return;
  }
  const bound = ownMemory.isFixed
    ? immediate(ownMemory.bytes - (bytes >>> 0))
    : memory({ symbol: boundSymbol(bytes) }, 32);
  selection.emit("cmp", selection.inRegister(address!), bound);
  selection.trapIf("a", "out of bounds memory access");
}

/**
 * Reads the last byte, which the segment's limit must allow. Its address does not wrap if the first
 * byte is there, too. What the code reads anyway need not be read for that
 * (code-passes/implicit-checks.ts).
 */
function selectProbes(selection: Selection, { args: [address], immediate: bytes }: Value): void {
  const probe = (further: number): void => {
    const place = { name: OWN_MEMORY, args: [address!], immediate: further };
    selection.push("probe", [memoryOf(selection, place, 8), immediate(0)], [], []);
  };
  const mayWrap = (possibleBits(address!) >>> 0) + bytes > 2 ** 32;
  if (mayWrap || bytes === 1) probe(0);
  if (bytes > 1) probe(bytes - 1);
}

function selectFill(selection: Selection, value: Value): void {
  const [, byte] = value.args as [Value, Value, Value];
  const isClear = isConst(byte) && lowBits(byte.immediate, 8) === 0;
  if (isClear) selectRoutine(selection, value, CLEAR_ROUTINE, [0, 2]);
  else selectRoutine(selection, value, FILL_ROUTINE);
}

/** A call of a routine with three words, or `taken` of them, which it takes like a function. */
function selectRoutine(
  selection: Selection,
  value: Value,
  routine: string,
  taken: readonly number[] = [0, 1, 2],
): void {
  const targets = selection.machine.target.convention.arguments.general;
  const operands = taken.map((i) => selection.orImmediate(value.args[i]!));
  const places = taken.map((i) => targets[i]!);
  selection.moves(operands.flatMap((operand, i) => [register(places[i]!), operand]));
  selection.push("call", [immediate(0, routine)], places, targets);
}
