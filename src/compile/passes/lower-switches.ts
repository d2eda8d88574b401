// Turns `switch` into what the machine has: comparisons, or a jump through a table.
//
// Few cases become a chain of comparisons. More become `table_jump` after one check of the range;
// wasm's `br_table` is dense by nature, so a table is never mostly holes.

import type { Block, IrFunction, Value } from "../ir/ir";
import { append, connect, disconnect } from "../ir/ir";

/** Switches with up to this many cases become a chain. */
const CHAIN_LIMIT = 4;

/** Replaces every `switch` of `fn`. */
export function lowerSwitches(fn: IrFunction): void {
  for (const block of [...fn.blocks]) {
    if (block.terminator.op === "switch") new SwitchLowering(fn, block).run();
  }
}

class SwitchLowering {
  readonly #fn: IrFunction;
  readonly #block: Block;
  readonly #switch: Value;
  readonly #index: Value;
  readonly #targets: Block[];
  readonly #otherwise: Block;

  /** What each successor's phis get over the edges from here. */
  readonly #operands = new Map<Block, Value[]>();
  readonly #added: Block[] = [];

  constructor(fn: IrFunction, block: Block) {
    this.#fn = fn;
    this.#block = block;
    this.#switch = block.terminator;
    this.#index = this.#switch.args[0]!;
    this.#targets = (this.#switch.cases ?? []).map((target) => block.successors[target]!);
    const otherwise = this.#targets.pop();
    if (!otherwise) throw new Error(`${fn.name}: a switch has no default`);
    this.#otherwise = otherwise;
  }

  run(): void {
    for (const successor of [...this.#block.successors]) {
      const edge = successor.predecessors.indexOf(this.#block);
      this.#operands.set(
        successor,
        successor.phis().map((phi) => phi.args[edge]!),
      );
      disconnect(this.#block, successor);
    }
    this.#block.values.pop();
    const last = this.#targets.findLastIndex((target) => target !== this.#otherwise);
    this.#targets.length = last + 1;
    if (this.#targets.length <= CHAIN_LIMIT) this.#chain();
    else this.#table();
    const { blocks } = this.#fn;
    blocks.splice(blocks.indexOf(this.#block) + 1, 0, ...this.#added);
  }

  #emit(block: Block, op: "eq" | "gt_u", right: number): Value {
    const args = [this.#index, this.#fn.constant(right)];
    return append(block, this.#fn.createValue(op, args, this.#switch.position));
  }

  #end(block: Block, op: "jump" | "branch" | "table_jump", args: Value[]): Value {
    return append(block, this.#fn.createValue(op, args, this.#switch.position));
  }

  #newBlock(): Block {
    const block = this.#fn.createBlock();
    this.#added.push(block);
    return block;
  }

  #goTo(from: Block, target: Block): void {
    connect(from, target);
    const operands = this.#operands.get(target) ?? [];
    for (const [i, phi] of target.phis().entries()) phi.args.push(operands[i]!);
  }

  #chain(): void {
    let current = this.#block;
    const compared = [...this.#targets.entries()].filter(
      ([, target]) => target !== this.#otherwise,
    );
    for (const [i, [number, target]] of compared.entries()) {
      this.#end(current, "branch", [this.#emit(current, "eq", number)]);
      this.#goTo(current, target);
      if (i === compared.length - 1) {
        this.#goTo(current, this.#otherwise);
        return;
      }
      const next = this.#newBlock();
      connect(current, next);
      current = next;
    }
    this.#end(current, "jump", []);
    this.#goTo(current, this.#otherwise);
  }

  #table(): void {
    const block = this.#block;
    this.#end(block, "branch", [this.#emit(block, "gt_u", this.#targets.length - 1)]);
    const inRange = this.#newBlock();
    this.#goTo(block, this.#otherwise);
    connect(block, inRange);
    const distinct = [...new Set(this.#targets)];
    if (distinct.length === 1) {
      this.#end(inRange, "jump", []);
      this.#goTo(inRange, distinct[0]!);
      return;
    }
    const jump = this.#end(inRange, "table_jump", [this.#index]);
    jump.cases = this.#targets.map((target) => distinct.indexOf(target));
    for (const target of distinct) this.#goTo(inRange, target);
  }
}
