// Blocks, branches and traps as values: what ends a block of the intermediate representation, and
// where control goes from there. What labels stand for is in control-frames.ts.

import type { Value } from "../ir/ir";
import { connect } from "../ir/ir";
import { type Trap, trapKind } from "../ir/trap";
import { BLOCK_EMPTY, type Code } from "../wasm/code";
import { Op } from "../wasm/opcodes";
import type { Arity, Frame } from "./control-frames";
import type { FunctionBuilder, Handler } from "./function-builder";

const NO_OPERANDS: Arity = { parameters: 0, results: 0 };
const ONE_RESULT: Arity = { parameters: 0, results: 1 };

/** What a block type says about the block's operands. */
export function arityOf({ module, fn }: FunctionBuilder, type: number): Arity {
  if (type === BLOCK_EMPTY) return NO_OPERANDS;
  if (type < 0) return ONE_RESULT;
  const known = module.types[type];
  if (!known) throw new Error(`${fn.name}: there is no type ${type}`);
  return { parameters: known.params.length, results: known.results.length };
}

/** The locals that the loop starting at `index` assigns, ascending. */
function assignedLocals({ op, a, b }: Code, index: number): number[] {
  const assigned = new Set<number>();
  for (let i = index + 1; i < b[index]!; i++) {
    if (op[i] === Op["local.set"] || op[i] === Op["local.tee"]) assigned.add(a[i]!);
  }
  return [...assigned].sort((x, y) => x - y);
}

// --- branches ---

export function br({ control, values }: FunctionBuilder, frame: Frame): void {
  const from = control.currentBlock();
  values.effect("jump", []);
  control.edge(from, frame);
  values.block = undefined;
}

function brIf({ control, stack, values }: FunctionBuilder, depth: number): void {
  const condition = stack.popWord();
  const from = control.currentBlock();
  values.effect("branch", [condition]);
  control.edge(from, control.label(depth));
  control.startSuccessor(from);
}

/** A label that the table has several times is one successor. */
function brTable(builder: FunctionBuilder, first: number, count: number): void {
  const { code, control, stack, values } = builder;
  const index = stack.popWord();
  const labels = code.targets.slice(first, first + count + 1);
  const distinct = [...new Set(labels)];
  if (distinct.length === 1) {
    br(builder, control.label(distinct[0]!));
    return;
  }
  const from = control.currentBlock();
  const terminator = values.effect("switch", [index]);
  terminator.cases = labels.map((label) => distinct.indexOf(label));
  for (const label of distinct) control.edge(from, control.label(label));
  values.block = undefined;
}

// --- traps ---

function unreachable({ values }: FunctionBuilder): void {
  values.effect("unreachable", []);
  values.block = undefined;
}

/** Stops the program for this reason if `condition` is not 0. */
export function trapIf(builder: FunctionBuilder, condition: Value, trap: Trap): void {
  const { control, fn, values } = builder;
  const from = control.currentBlock();
  values.effect("branch", [condition]);
  const fails = fn.createBlock();
  const next = fn.createBlock();
  connect(from, fails);
  connect(from, next);
  control.startBlock(fails);
  values.effect("unreachable", [], trapKind(trap));
  control.startBlock(next);
}

/** How to build the instructions of this file, by number. */
export const CONTROL_HANDLERS: readonly (readonly [number, Handler])[] = [
  [Op.nop, () => {}],
  [Op.unreachable, unreachable],
  [Op.block, (builder, type) => builder.control.openBlock(arityOf(builder, type))],
  [
    Op.loop,
    (builder, type, _, index) =>
      builder.control.openLoop(assignedLocals(builder.code, index), arityOf(builder, type)),
  ],
  [
    Op.if,
    (builder, type) => builder.control.openIf(builder.stack.popWord(), arityOf(builder, type)),
  ],
  [Op.else, ({ control }) => control.else()],
  [Op.br, (builder, depth) => br(builder, builder.control.label(depth))],
  [Op.br_if, brIf],
  [Op.br_table, brTable],
  [Op.return, (builder) => br(builder, builder.control.body)],
];
