// The invariants of the intermediate representation (ir/ir.ts), checked after every pass.
//
// A violation is a bug of this compiler and never the user's, so it is an Error that names the
// pass, the function and the value; a wrong program must not be emitted quietly.

import { Dominators } from "../ir/dominators";
import { IdMap } from "../ir/id-map";
import type { Block, IrFunction, Value, ValueType } from "../ir/ir";
import { isFree, throwingCall, valuesOf } from "../ir/ir";

/** @throws Error naming `pass` if the function breaks an invariant of `ir.ts` */
export function verify(fn: IrFunction, pass: string): void {
  new Verifier(fn, pass).run();
}

function hasTwice(blocks: readonly Block[]): boolean {
  if (blocks.length < 3) return blocks.length === 2 && blocks[0] === blocks[1];
  return new Set(blocks).size !== blocks.length;
}

/** Whether the call that `value` is a further result of has that many, in the same block. */
function hasResult({ args: [call], immediate, block }: Value): boolean {
  const results = call?.signature?.results ?? [];
  const first = valuesOf(results.slice(0, 1)).length;
  return call?.block === block && immediate >= first && immediate < valuesOf(results).length;
}

class Verifier {
  readonly #fn: IrFunction;
  readonly #pass: string;
  readonly #dominators: Dominators;

  /** Where in its block a value stands. */
  readonly #place: IdMap<Value, number>;
  readonly #blocks: IdMap<Block, Block>;

  constructor(fn: IrFunction, pass: string) {
    this.#fn = fn;
    this.#pass = pass;
    this.#dominators = new Dominators(fn);
    this.#place = new IdMap(fn.valueLimit);
    this.#blocks = new IdMap(fn.blockLimit);
  }

  run(): void {
    const { entry, blocks } = this.#fn;
    if (entry.predecessors.length > 0) this.#fail(entry, "the entry has predecessors");
    for (const block of blocks) {
      if (this.#blocks.get(block)) this.#fail(block, "it is listed twice");
      this.#blocks.set(block, block);
      this.#number(block);
    }
    for (const block of blocks) this.#block(block);
  }

  #fail(where: Value | Block, text: string): never {
    const name = "op" in where ? `v${where.id} (${where.op})` : `b${where.id}`;
    throw new Error(`after ${this.#pass}: ${this.#fn.name}: ${name}: ${text}`);
  }

  #number(block: Block): void {
    const { values } = block;
    for (let index = 0; index < values.length; index++) {
      const value = values[index]!;
      if (value.block !== block) this.#fail(value, "it does not know its block");
      if (this.#place.get(value) !== undefined) this.#fail(value, "it stands in two places");
      this.#place.set(value, index);
    }
  }

  #block(block: Block): void {
    const { values } = block;
    if (!this.#dominators.isReachable(block)) this.#fail(block, "it cannot be reached");
    this.#edges(block);
    let phisEnded = false;
    for (let index = 0; index < values.length; index++) {
      const value = values[index]!;
      if (value.op !== "phi") phisEnded = true;
      else if (phisEnded) this.#fail(value, "a phi stands after other values");
      const isLast = index === values.length - 1;
      if ((value.effect === "terminator") !== isLast) this.#fail(value, "misplaced terminator");
      this.#value(block, index, value);
    }
    this.#terminator(block, block.terminator);
  }

  #edges(block: Block): void {
    const { successors, predecessors } = block;
    if (hasTwice(successors)) this.#fail(block, "it has the same successor twice");
    for (const successor of successors) {
      if (this.#blocks.get(successor) !== successor) {
        this.#fail(block, `b${successor.id} is not in the function`);
      }
      if (!successor.predecessors.includes(block)) this.#fail(block, "an edge is one-sided");
    }
    for (const predecessor of predecessors) {
      if (!predecessor.successors.includes(block)) this.#fail(block, "an edge is one-sided");
    }
  }

  #value(block: Block, index: number, value: Value): void {
    const { arity } = value.facts;
    const types = operandTypes(value);
    if (arity !== undefined && value.args.length !== arity)
      this.#fail(value, "wrong operand count");
    if (value.op === "high" && value.args[0]!.facts.results !== 2) {
      this.#fail(value, "its operand has no high word");
    }
    if (value.op === "result" && !hasResult(value))
      this.#fail(value, "its call has no such result");
    if (value.op === "phi" && value.args.length !== block.predecessors.length) {
      this.#fail(value, "operands and predecessors differ in number");
    }
    for (let i = 0; i < value.args.length; i++) {
      const argument = value.args[i]!;
      if (types && argument.type !== (types[i] ?? "i32")) {
        this.#fail(value, `operand ${i} is of type ${argument.type}, not ${types[i] ?? "i32"}`);
      }
      if (isFree(argument)) continue;
      if (argument.facts.results === 0) this.#fail(value, "an operand has no result");
      const defined = this.#place.get(argument);
      if (defined === undefined || !argument.block) {
        this.#fail(value, `operand v${argument.id} (${argument.op}) is nowhere`);
      }
      const from = value.op === "phi" ? block.predecessors[i]! : block;
      const isBefore = argument.block === block && value.op !== "phi" && defined < index;
      if (isBefore) continue;
      const isSame = argument.block === from && value.op !== "phi";
      if (isSame || !this.#dominators.dominates(argument.block, from)) {
        this.#fail(value, `operand v${argument.id} does not dominate its use`);
      }
    }
  }

  /** The place where control goes if a call throws knows only what was computed before the call. */
  #afterCall(block: Block): void {
    const call = throwingCall(block);
    if (!call) this.#fail(block, "it has no call that may throw");
  }

  #terminator(block: Block, value: Value): void {
    const count = block.successors.length;
    switch (value.op) {
      case "jump":
        if (count !== 1) this.#fail(value, "a jump has one successor");
        return;
      case "branch":
        if (count !== 2) this.#fail(value, "a branch has two successors");
        return;
      case "may_throw":
        if (count !== 2) this.#fail(value, "a call that may throw has two successors");
        this.#afterCall(block);
        return;
      case "switch":
      case "table_jump":
        if (!value.cases?.every((target) => target < count)) this.#fail(value, "a case is lost");
        return;
      default:
        if (count !== 0) this.#fail(value, "it has successors");
    }
  }
}

const WORDS: readonly ValueType[] = [];

/** What the operands must be; those beyond the end are words. Undefined: anything. */
function operandTypes(value: Value): readonly ValueType[] | undefined {
  switch (value.op) {
    case "call":
    case "call_indirect":
    case "tail_call":
    case "tail_call_indirect":
      return value.signature ? valuesOf(value.signature.parameters) : WORDS;
    case "phi":
      return value.type === "i32" ? WORDS : value.args.map(() => value.type);
    case "select":
      return value.type === "i32" ? WORDS : ["i32", value.type, value.type];
    case "return":
    case "result":
    case "routine":
    case "checked_routine":
      return undefined;
    default:
      return value.facts.operands ?? WORDS;
  }
}
