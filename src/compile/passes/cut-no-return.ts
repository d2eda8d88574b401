// Finds the functions that never return, and ends the code after calls of them.
//
// A panic is a call after which the source goes on. Knowing that it does not return takes what
// follows out of the program, and marks the path to it as one that hardly runs.

import type { Block, IrFunction, Value } from "../ir/ir";
import { append, disconnect, throwingCall } from "../ir/ir";

/** Cuts all functions of a module after calls that do not return; whether any was cut. */
export function cutNoReturn(functions: readonly IrFunction[]): void {
  const neverReturn = findNeverReturning(functions);
  if (neverReturn.size === 0) return;
  for (const fn of functions) cut(fn, neverReturn);
}

/** The names of functions from whose entry no return can be reached. */
function findNeverReturning(functions: readonly IrFunction[]): Set<string> {
  const found = new Set<string>();
  for (let changed = true; changed; ) {
    changed = false;
    for (const fn of functions) {
      if (found.has(fn.name) || canReturn(fn, found)) continue;
      found.add(fn.name);
      changed = true;
    }
  }
  return found;
}

function canReturn(fn: IrFunction, neverReturn: ReadonlySet<string>): boolean {
  const seen = new Set<Block>([fn.entry]);
  const work = [fn.entry];
  for (let block = work.pop(); block; block = work.pop()) {
    const { op } = block.terminator;
    const isCut = lastCall(block, neverReturn) !== undefined;
    if (!isCut && (op === "return" || op === "tail_call_indirect")) return true;
    if (!isCut && op === "tail_call" && !neverReturn.has(block.terminator.name)) return true;
    for (const successor of isCut ? landings(block) : block.successors) {
      if (seen.has(successor)) continue;
      seen.add(successor);
      work.push(successor);
    }
  }
  return false;
}

/** The first call in `block` that does not return. */
function lastCall(block: Block, neverReturn: ReadonlySet<string>): Value | undefined {
  return block.values.find((value) => value.op === "call" && neverReturn.has(value.name));
}

/** Where control may go when the call at the end of a block does not return. */
function landings({ terminator, successors }: Block): readonly Block[] {
  return terminator.op === "may_throw" ? successors.slice(1) : [];
}

function cut(fn: IrFunction, neverReturn: ReadonlySet<string>): void {
  for (const block of [...fn.blocks]) {
    const call = lastCall(block, neverReturn);
    if (!call) continue;
    if (call === throwingCall(block)) {
      cutReturn(fn, block, call.position);
      continue;
    }
    for (const successor of [...block.successors]) disconnect(block, successor);
    block.values.length = block.values.indexOf(call) + 1;
    append(block, fn.createValue("unreachable", [], call.position));
  }
}

/** Ends the path on which a call returns that never does; it may throw. */
function cutReturn(fn: IrFunction, block: Block, position: number): void {
  const [next, landing] = block.successors as [Block, Block];
  const trap = fn.createBlock();
  append(trap, fn.createValue("unreachable", [], position));
  fn.blocks.push(trap);
  disconnect(block, next);
  trap.predecessors.push(block);
  block.successors = [trap, landing];
}
