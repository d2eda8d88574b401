// Replaces a load whose value is known: from an equal load before it (redundant-load elimination)
// or from the store that wrote it (store-to-load forwarding), if nothing between them may have
// written there.
//
//   v2 = load32 v0 offset=8             v2 = load32 v0 offset=8
//   store32 v0 v1 offset=12      ->     store32 v0 v1 offset=12
//   v3 = load32 v0 offset=8             (v3 is v2)
//
// A load that becomes an operand of the instruction that uses it costs nothing: it is left alone,
// unless its value is a constant, and a value that is then in no register does not count as known.
//
// Two accesses are disjoint if their addresses differ by a constant that proves it. Calls and
// instructions of module x86 may write anything: a source uses them where memory changes by
// itself. Nothing is known where a loop begins, so a loop that waits for memory to change works.
//
// Invariant: what is known at the end of a block is known at the start of another only if it is so
// at the end of all its predecessors.

import { isComparison } from "../ir/counterparts";
import type { Block, IrFunction, IrOp, Value } from "../ir/ir";
import { isConst, isFree, OWN_MEMORY, resolve } from "../ir/ir";
import { collectUsers, rewriteUses, type Users } from "../ir/users";

/** What is in memory at a place. */
interface Known {
  readonly place: Place;
  /** The load that `value` answers. */
  readonly load: IrOp;
  readonly value: Value;
}

/** An address as base + offset; without base it is a number. */
interface Place {
  readonly base: Value | undefined;
  readonly offset: number;
  readonly bytes: number;
  /** Whether it is in the module's own memory, where nothing else is. */
  readonly isOwn: boolean;
}

/** No more places than this are remembered, so that time is linear in a block's length. */
const MEMORY = 24;

/** The load that returns just what a store wrote. */
const INVERSE: Readonly<Partial<Record<IrOp, IrOp>>> = {
  store32: "load32",
  store_f32: "load_f32",
  store_f64: "load_f64",
};

/** Forwards values to loads of `fn`, whose blocks are in reverse postorder; whether to any. */
export function forwardLoads(fn: IrFunction): boolean {
  const ends = new Map<Block, readonly Known[]>();
  const users = collectUsers(fn);
  let changed = false;
  for (const block of fn.blocks) {
    const known = knownAtStart(block, ends);
    for (const value of block.values) changed = visit(value, known, users) || changed;
    ends.set(block, known);
  }
  if (changed) rewriteUses(fn);
  return changed;
}

function knownAtStart(block: Block, ends: ReadonlyMap<Block, readonly Known[]>): Known[] {
  const [first, ...others] = block.predecessors.map((from) => ends.get(from));
  if (!first || others.some((other) => !other)) return [];
  return first.filter((each) => others.every((other) => other?.some((one) => isEqual(one, each))));
}

function isEqual(a: Known, b: Known): boolean {
  return a.value === b.value && a.load === b.load && isSame(a.place, b.place);
}

/** Notes what `value` reads or writes; whether it was a load of something known. */
function visit(value: Value, known: Known[], users: Users): boolean {
  const { bits } = value.facts;
  if (bits === undefined) {
    if (value.effect === "write") known.length = 0;
    return false;
  }
  const place = placeOf(value, bits / 8);
  if (value.effect === "read") {
    const isOperand = isFolded(value, users);
    const found = known.find((each) => each.load === value.op && isSame(each.place, place));
    if (found && (!isOperand || isFree(found.value))) {
      value.forward = found.value;
      return true;
    }
    if (!isOperand && !found) note(known, { place, load: value.op, value });
    return false;
  }
  const left = known.filter((each) => isApart(each.place, place));
  known.splice(0, known.length, ...left);
  const load = INVERSE[value.op];
  if (load && !isInPlace(value, users))
    note(known, { place, load, value: resolve(value.args[1]!) });
  return false;
}

/** Whether a load becomes an operand of the only instruction that uses it. */
function isFolded(load: Value, users: Users): boolean {
  const [user, ...others] = users.get(load) ?? [];
  if (!user || others.length > 0 || user.block !== load.block) return false;
  // Of two loads that are compared, the first is in a register.
  if (isComparison(user) && user.args[0] === load && user.args[1]?.effect === "read") return false;
  if (user.effect !== "none" || user.op === "phi") return false;
  // An extension takes a register, unless it is only compared or masked.
  return load.facts.bits! >= 32 || isComparison(user) || user.op === "and";
}

/** Whether a store becomes an instruction that changes what is in memory. */
function isInPlace(store: Value, users: Users): boolean {
  const [address, stored] = store.args as [Value, Value];
  if (isFree(stored) || users.get(stored)?.length !== 1) return false;
  return stored.args.some(
    ({ effect, args, immediate }) =>
      effect === "read" && args[0] === address && immediate === store.immediate,
  );
}

function note(known: Known[], one: Known): void {
  known.push(one);
  if (known.length > MEMORY) known.shift();
}

function placeOf({ args: [address], immediate, name }: Value, bytes: number): Place {
  const isOwn = name === OWN_MEMORY;
  let base: Value | undefined = resolve(address!);
  let offset = immediate;
  for (;;) {
    const [left, right]: Value[] = base.args;
    if (isConst(base))
      return { base: undefined, offset: (offset + base.immediate) | 0, bytes, isOwn };
    if (base.op !== "add" || !left || !right || !isConst(right))
      return { base, offset, bytes, isOwn };
    offset = (offset + right.immediate) | 0;
    base = resolve(left);
  }
}

function isSame(a: Place, b: Place): boolean {
  return a.base === b.base && a.offset === b.offset && a.bytes === b.bytes && a.isOwn === b.isOwn;
}

/** Whether no byte is in both places. */
function isApart(a: Place, b: Place): boolean {
  if (a.isOwn !== b.isOwn) return true;
  if (a.base !== b.base) return false;
  const distance = (b.offset - a.offset) >>> 0;
  return distance >= a.bytes && distance <= 0x1_0000_0000 - b.bytes;
}
