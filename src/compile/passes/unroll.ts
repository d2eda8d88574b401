// Loop unrolling: repeats what a short loop does, so that it counts and tests less often.
//
//   b1: v1 = phi 0 v4; v2 = lt_u v1 64          b1: v1 = phi 0 v8; v2 = lt_u v1 64
//       branch v2 b2 b3                             branch v2 b2 b3
//   b2: store8 v1 v0                      ->    b2: store8 v1 v0; v4 = add v1 1; jump b4
//       v4 = add v1 1; jump b1                  b4: store8 v4 v0; v8 = add v4 1; jump b1
//
// Only innermost loops that call nothing, that are left by the test at their head alone, and whose
// trip count is known and a multiple of the number of bodies: so no test between two of the bodies
// could have ended the loop.

import { Dominators, findLoops } from "../ir/dominators";
import type { Block, IrFunction, Value } from "../ir/ir";
import { append, isConst, isMemoryAccess } from "../ir/ir";
import { counterOf } from "./counter-range";

/** How many values the repeated bodies may have together. */
const MOST_VALUES = 64;
const TIMES = [4, 2] as const;

/** Repeats the bodies of short loops of `fn`; whether it did. */
export function unroll(fn: IrFunction): boolean {
  const dominators = new Dominators(fn);
  const loops = findLoops(dominators);
  const headers = new Set(loops.map(({ header }) => header));
  let changed = false;
  for (const { header, blocks } of loops) {
    const body = [...blocks].filter((block) => block !== header && dominators.isReachable(block));
    if (body.some((block) => headers.has(block))) continue; // not an innermost loop
    body.sort((a, b) => dominators.rankOf(a) - dominators.rankOf(b));
    const loop = countedLoop(header, blocks, body);
    const times = loop && TIMES.find((each) => fits(loop, each));
    if (!loop || times === undefined) continue;
    repeat(fn, loop, times);
    changed = true;
  }
  return changed;
}

interface CountedLoop {
  readonly header: Block;
  /** The blocks but the header, each after those that lead to it. */
  readonly body: readonly Block[];
  /** Where the header goes on. */
  readonly first: Block;
  /** The only block that jumps back. */
  readonly latch: Block;
  /** How often it runs. */
  readonly runs: number;
}

function fits({ header, body, runs }: CountedLoop, times: number): boolean {
  const values = body.reduce((sum, each) => sum + each.values.length, header.values.length);
  return runs % times === 0 && values * times <= MOST_VALUES;
}

function countedLoop(
  header: Block,
  blocks: ReadonlySet<Block>,
  body: readonly Block[],
): CountedLoop | undefined {
  const [latch, ...others] = body.filter(({ successors }) => successors.includes(header));
  const [first, second] = header.successors.filter((block) => blocks.has(block));
  if (!latch || others.length > 0 || latch.terminator.op !== "jump") return undefined;
  if (!first || second || header.terminator.op !== "branch") return undefined;
  if (first.predecessors.length > 1 || first.phis().length > 0) return undefined;
  const staysInside = body.every(({ successors }) => successors.every((each) => blocks.has(each)));
  if (!staysInside || !body.every(canRepeat)) return undefined;
  const runs = header.successors[0] === first ? runsOf(header, latch) : undefined;
  return runs === undefined ? undefined : { header, body, first, latch, runs };
}

/** Whether a block only computes, and reads and writes memory: to repeat more saves little. */
function canRepeat({ values }: Block): boolean {
  return values.every((value) => {
    if (value.effect === "terminator") return value.op === "jump" || value.op === "branch";
    return value.effect !== "write" || isMemoryAccess(value);
  });
}

/** How often a loop runs whose head tests a counter; undefined: that is not known. */
function runsOf(header: Block, latch: Block): number | undefined {
  const [condition] = header.terminator.args;
  const [counted, limit] = condition?.args ?? [];
  const counter = counted && counterOf(counted);
  if (!condition || !limit || !isConst(limit)) return undefined;
  if (counter?.header !== header || counter.latch !== latch) return undefined;
  return runsWhile(condition.op, counter.first, limit.immediate, counter.step);
}

/** How often a counter from `start` on, with steps of `step`, passes a test with `limit`. */
function runsWhile(op: string, start: number, limit: number, step: number): number | undefined {
  const isSigned = op === "lt_s";
  if (!isSigned && op !== "lt_u" && op !== "ne") return undefined;
  const [from, to] = isSigned ? [start, limit] : [start >>> 0, limit >>> 0];
  const most = isSigned ? 2 ** 31 : 2 ** 32;
  // It must neither wrap around nor, for `ne`, miss the limit.
  if (from >= to || to + step > most || (op === "ne" && (to - from) % step !== 0)) return undefined;
  return Math.ceil((to - from) / step);
}

/** Repeats the body of a loop, so that it is there `times` times. */
function repeat(fn: IrFunction, { header, body, first, latch }: CountedLoop, times: number): void {
  const back = header.predecessors.indexOf(latch);
  const phis = header.phis();
  const between = header.values.slice(phis.length, -1);
  const repeated = body.map((block) => {
    return [block, block === first ? [...between, ...block.values] : block.values] as const;
  });
  const place = Math.max(...body.map((block) => fn.blocks.indexOf(block))) + 1;
  const copies: Block[] = [];
  // What stands for each value of the loop in the copy before.
  let before = new Map<Value, Value>();
  let end = latch;
  for (let copy = 1; copy < times; copy++) {
    const made = new Map<Value, Value>();
    for (const phi of phis) made.set(phi, mapped(before, phi.args[back]!));
    const blocks = new Map(body.map((block) => [block, fn.createBlock()]));
    for (const [, values] of repeated) {
      for (const value of values) made.set(value, copied(fn, value));
    }
    for (const [block, values] of repeated) {
      const target = blocks.get(block)!;
      for (const value of values) {
        const own = append(target, made.get(value)!);
        own.args = value.args.map((each) => mapped(made, each));
      }
      target.successors = block.successors.map((each) => blocks.get(each) ?? header);
      target.predecessors = block.predecessors.map((each) => blocks.get(each) ?? end);
    }
    end.successors = [blocks.get(first)!];
    end = blocks.get(latch)!;
    copies.push(...blocks.values());
    before = made;
  }
  // Where the source's variables are is known by what is computed where they are assigned.
  for (const { values } of [header, ...body]) for (const each of values) each.isBypassed = true;
  header.predecessors[back] = end;
  for (const phi of phis) phi.args[back] = mapped(before, phi.args[back]!);
  fn.blocks.splice(place, 0, ...copies);
}

function mapped(values: ReadonlyMap<Value, Value>, value: Value): Value {
  return values.get(value) ?? value;
}

/** The same operation, on operands that are set after. */
function copied(fn: IrFunction, value: Value): Value {
  const copy = fn.createValue(value.op, [], value.position);
  copy.type = value.type;
  copy.immediate = value.immediate;
  copy.highImmediate = value.highImmediate;
  copy.name = value.name;
  copy.signature = value.signature;
  return copy;
}
