// The control frames of a function while it is built: which blocks are open, where branches to
// their labels go, and how the values meet that arrive there.
//
//   block                loop                    if
//     |                    | jump                  | branch
//     |--- br ---.         v                       |------------.
//     |          |       header <------.           v            v
//     | jump     |         |           |          then      otherwise    at `else`; without one
//     v          |         |--- br ----'           | jump       | jump   it is the edge itself
//   target <-----'         v                       '-> target <-'
//
// wasm's control is structured, so no dominance frontiers are needed: values meet only where a
// block ends (all branches to it are known by then) and at the headers of loops. A header gets a
// phi for each local that the loop assigns and for each parameter; the simplifier removes those
// that turn out to be needless.
//
// Invariants
//   - `values.block` is undefined exactly where control cannot arrive.
//   - The predecessors of a target and the states recorded for it stand in one order; so do those
//     of a header and the operands of its phis.
//   - The operand stack is never lower than the innermost frame's `height`.

import type { Block, Value } from "../ir/ir";
import { connect } from "../ir/ir";
import type { ValueBuilder } from "../ir/value-builder";
import type { Locals } from "./locals";
import type { Operand, OperandStack } from "./operand-stack";

/** How many operands a block takes and gives. */
export interface Arity {
  readonly parameters: number;
  readonly results: number;
}

/** Locals and block results on one edge into a target. */
interface State {
  readonly locals: readonly Operand[];
  readonly results: readonly Operand[];
}

/** The phis of a loop's header: an operand of phis for each that can differ between rounds. */
interface Header {
  readonly locals: ReadonlyMap<number, Operand>;
  readonly parameters: readonly Operand[];
}

/** An open block, which branches name as a label. */
export interface Frame {
  readonly kind: "block" | "loop" | "if" | "try" | "function";
  /** Where a branch to this label goes: the header of a loop, else the block after the end. */
  readonly target: Block;
  /** How many operands are on the stack below this frame's. */
  readonly height: number;
  /** How many operands a branch to this label takes along. */
  readonly labelArity: number;
  readonly results: number;
  /** Recorded edges into `target`, unless it is a header. */
  readonly states: State[];
  /** `loop`: what to extend when there is one more edge to the header. */
  readonly header: Header | undefined;
  /** `if`: where the condition is false, until its `else`; `try`: where a catch does not apply. */
  otherwise: { readonly from: Block; readonly state: State } | undefined;
  /** `try`, until it catches: where control arrives if something throws. */
  handler: Handler | undefined;
  /** `try`, once it catches: what was thrown. */
  caught: Caught | undefined;
}

/** Where control arrives when a call throws. */
interface Handler {
  readonly block: Block;
  readonly states: State[];
}

/** What was thrown: its tag, and all words that it may carry. */
export interface Caught {
  readonly tag: Value;
  readonly words: readonly Value[];
}

export class ControlFrames {
  readonly #values: ValueBuilder;
  readonly #stack: OperandStack;
  readonly #locals: Locals;
  readonly #frames: Frame[] = [];

  constructor(values: ValueBuilder, stack: OperandStack, locals: Locals) {
    this.#values = values;
    this.#stack = stack;
    this.#locals = locals;
  }

  // --- blocks of values ---

  /** What is built from here on belongs to a new block, or to the one given. */
  startBlock(block = this.#values.fn.createBlock()): void {
    this.#values.fn.blocks.push(block);
    this.#values.block = block;
  }

  /** Control goes on from `from` to a new block, where building goes on too. */
  startSuccessor(from: Block): Block {
    const block = this.#values.fn.createBlock();
    connect(from, block);
    this.startBlock(block);
    return block;
  }

  currentBlock(): Block {
    const { block, fn } = this.#values;
    if (!block) throw new Error(`${fn.name}: control cannot arrive here`);
    return block;
  }

  // --- opening ---

  #open(
    kind: Frame["kind"],
    { parameters, results }: Arity,
    target = this.#values.fn.createBlock(),
    header?: Header,
  ): Frame {
    const frame: Frame = {
      kind,
      target,
      height: this.#stack.height - parameters,
      labelArity: kind === "loop" ? parameters : results,
      results,
      states: [],
      header,
      otherwise: undefined,
      handler: undefined,
      caught: undefined,
    };
    this.#frames.push(frame);
    return frame;
  }

  /** Opens the frame of the function's body, to which `return` branches. */
  openFunction(results: number): void {
    this.#open("function", { parameters: 0, results });
    this.startBlock();
  }

  openBlock(arity: Arity): void {
    this.#open("block", arity);
  }

  openIf(condition: Value, arity: Arity): void {
    const from = this.currentBlock();
    this.#values.effect("branch", [condition]);
    const state = this.#state(arity.parameters);
    const frame = this.#open("if", arity);
    this.startSuccessor(from);
    frame.otherwise = { from, state };
  }

  openTry(arity: Arity): void {
    const frame = this.#open("try", arity);
    frame.handler = { block: this.#values.fn.createBlock(), states: [] };
  }

  /** Goes on with what the innermost `if` does when its condition is false. */
  else(): void {
    const frame = this.#frames[this.#frames.length - 1];
    if (!frame?.otherwise) throw new Error(`${this.#values.fn.name}: an else has no if`);
    this.#leave(frame);
    const { from, state } = frame.otherwise;
    frame.otherwise = undefined;
    this.#stack.cut(frame.height);
    for (const operand of state.results) this.#stack.put(operand);
    this.#locals.restore(state.locals);
    this.startSuccessor(from);
  }

  /** @param assigned the locals that the loop assigns, ascending */
  openLoop(assigned: readonly number[], arity: Arity): void {
    const from = this.currentBlock();
    this.#values.effect("jump", []);
    const block = this.startSuccessor(from);
    this.#open("loop", arity, block, this.#startHeader(assigned, arity.parameters));
  }

  /** Makes phis of locals and parameters, with one operand each: as the loop is entered. */
  #startHeader(assigned: readonly number[], parameters: number): Header {
    const locals = new Map<number, Operand>();
    for (const local of assigned) {
      const phis = this.#phisOf(this.#locals.get(local));
      locals.set(local, phis);
      this.#locals.set(local, phis);
    }
    const entries = this.#stack.popMany(parameters).map((operand) => this.#phisOf(operand));
    for (const phis of entries) this.#stack.put(phis);
    return { locals, parameters: entries };
  }

  #phisOf({ low, high }: Operand): Operand {
    return {
      low: this.#values.effect("phi", [low]),
      high: high && this.#values.effect("phi", [high]),
    };
  }

  // --- branches ---

  /** The frame that `depth` others are in. */
  label(depth: number): Frame {
    const frame = this.#frames[this.#frames.length - 1 - depth];
    if (!frame) throw new Error(`${this.#values.fn.name}: there is no label ${depth}`);
    return frame;
  }

  /** The frame of the function's body. */
  get body(): Frame {
    return this.label(this.#frames.length - 1);
  }

  /** Records the edge from `from` to a label, with the top of the stack as its operands. */
  edge(from: Block, { target, states, header, labelArity }: Frame): void {
    connect(from, target);
    if (!header) {
      states.push(this.#state(labelArity));
      return;
    }
    for (const [local, phis] of header.locals) this.#extend(phis, this.#locals.get(local));
    const operands = this.#stack.top(labelArity);
    for (const [i, phis] of header.parameters.entries()) this.#extend(phis, operands[i]);
  }

  // --- exceptions ---

  /** Where control goes if something throws here, or in a block that `depth` others are in. */
  handlerAt(depth = 0): Handler | undefined {
    const around = this.#frames.slice(0, this.#frames.length - depth);
    return around.reverse().find(({ handler }) => handler)?.handler;
  }

  /** The call that was just built may throw: then control goes to where that is caught. */
  mayThrow(): void {
    const handler = this.handlerAt();
    if (!handler) return;
    const from = this.currentBlock();
    this.#values.effect("may_throw", []);
    this.startSuccessor(from);
    connect(from, handler.block);
    handler.states.push(this.#state(0));
  }

  /** Control goes to `handler`, with what is thrown in its place. */
  throwTo(handler: Handler): void {
    const from = this.currentBlock();
    this.#values.effect("jump", []);
    connect(from, handler.block);
    handler.states.push(this.#state(0));
    this.#values.block = undefined;
  }

  /**
   * Ends what the innermost `try` has been doing, and goes on where it has caught something: for
   * the first time, or after a catch that does not apply. False if control cannot arrive there.
   *
   * @param take makes the values of what was thrown, the first time
   */
  startCatch(take: () => Caught): boolean {
    const frame = this.label(0);
    this.#leave(frame);
    this.#stack.cut(frame.height);
    const { handler, otherwise } = frame;
    frame.handler = undefined;
    frame.otherwise = undefined;
    if (otherwise) {
      this.#locals.restore(otherwise.state.locals);
      this.startSuccessor(otherwise.from);
    } else if (handler && handler.states.length > 0) {
      this.startBlock(handler.block);
      this.#merge(handler.states);
      frame.caught = take();
    }
    return this.#values.block !== undefined;
  }

  /** Goes on if `condition` is not 0; if it is, the next catch of the innermost `try` does. */
  catchIf(condition: Value): void {
    const from = this.currentBlock();
    this.#values.effect("branch", [condition]);
    const state = this.#state(0);
    this.startSuccessor(from);
    this.label(0).otherwise = { from, state };
  }

  /** Adds to phis what they are on one more edge to them. */
  #extend(phis: Operand, operand: Operand | undefined): void {
    if (!operand || !phis.high !== !operand.high) {
      throw new Error(`${this.#values.fn.name}: a loop operand is missing`);
    }
    phis.low.args.push(operand.low);
    if (phis.high && operand.high) phis.high.args.push(operand.high);
  }

  /** The locals and the top `count` operands as they are now. */
  #state(count: number): State {
    return { locals: this.#locals.snapshot(), results: this.#stack.top(count) };
  }

  // --- closing ---

  /** Closes the innermost frame: control goes on with all that arrives at its end. */
  end(): void {
    const frame = this.#frames.pop();
    if (!frame) throw new Error(`${this.#values.fn.name}: an end belongs to nothing`);
    if (frame.kind === "loop") return;
    this.#leave(frame);
    if (frame.otherwise) {
      connect(frame.otherwise.from, frame.target);
      frame.states.push(frame.otherwise.state);
    }
    this.#stack.cut(frame.height);
    if (frame.states.length === 0) return;
    this.startBlock(frame.target);
    this.#merge(frame.states);
    if (frame.kind === "function") this.#return(frame.results);
  }

  /** Control flows from here to the end of `frame`'s block. */
  #leave(frame: Frame): void {
    const { block } = this.#values;
    if (!block) return;
    this.#values.effect("jump", []);
    connect(block, frame.target);
    frame.states.push(this.#state(frame.results));
    this.#values.block = undefined;
  }

  /** Makes locals and block results those of `states`, with phis where they differ. */
  #merge(states: readonly State[]): void {
    const [first] = states as [State];
    this.#locals.restore(
      first.locals.map((operand, i) =>
        states.every((state) => state.locals[i] === operand)
          ? operand
          : this.#meet(states.map(({ locals }) => locals[i]!)),
      ),
    );
    for (const i of first.results.keys()) {
      this.#stack.put(this.#meet(states.map(({ results }) => results[i]!)));
    }
  }

  /** The operand that is one of these, by the edge on which control arrived. */
  #meet(operands: readonly Operand[]): Operand {
    const [{ high }] = operands as [Operand];
    return {
      low: this.#meetValues(operands.map(({ low }) => low)),
      high: high && this.#meetValues(operands.map((each) => each.high ?? high)),
    };
  }

  #meetValues(values: Value[]): Value {
    const [first] = values as [Value];
    return values.every((value) => value === first) ? first : this.#values.effect("phi", values);
  }

  #return(results: number): void {
    this.#values.effect("return", this.#stack.popWords(results));
    this.#values.block = undefined;
  }
}
