// The two stacks of validation: types of operands, and open blocks.
//
// After an instruction that never returns, the operand stack is polymorphic until its block ends:
// popping what is not there yields UNKNOWN, which matches every type.
// Source: WebAssembly Core Specification 2.0, appendix A.3.

import { Op } from "./opcodes";
import { EXTERNREF, F32, F64, FUNCREF, type FunctionType, I32, I64, type ValueType } from "./wasm";

/** The type of an operand that unreachable code would have left. */
export const UNKNOWN = 0;
export type Operand = ValueType | typeof UNKNOWN;

export interface OpenBlock {
  readonly op: number;
  readonly type: FunctionType;
  /** How many operands lay on the stack when the block began, without its parameters. */
  readonly height: number;
  /** The next instruction cannot be reached. */
  unreachable: boolean;
}

/** Names of the value types in the text format. */
export const TYPE_NAMES: Readonly<Record<number, string>> = {
  [UNKNOWN]: "unknown",
  [I32]: "i32",
  [I64]: "i64",
  [F32]: "f32",
  [F64]: "f64",
  [FUNCREF]: "funcref",
  [EXTERNREF]: "externref",
};

export class TypingStack {
  readonly #fail: (text: string) => never;
  readonly #operands: Operand[] = [];
  readonly #blocks: OpenBlock[] = [];

  /** @param fail reports that the instruction at hand breaks a rule; must throw */
  constructor(fail: (text: string) => never) {
    this.#fail = fail;
  }

  clear(): void {
    this.#operands.length = 0;
    this.#blocks.length = 0;
  }

  push(type: Operand): void {
    this.#operands.push(type);
  }

  pushAll(types: readonly Operand[]): void {
    for (const type of types) this.#operands.push(type);
  }

  /** Takes an operand of this type; UNKNOWN takes any. Returns the type that was found. */
  pop(expected: Operand): Operand {
    const block = this.#innermost();
    if (this.#operands.length === block.height) {
      return block.unreachable ? UNKNOWN : this.#fail("there are too few operands");
    }
    const found = this.#operands.pop() ?? UNKNOWN;
    if (found !== expected && found !== UNKNOWN && expected !== UNKNOWN) {
      this.#fail(`the operand should be ${TYPE_NAMES[expected]} but is ${TYPE_NAMES[found]}`);
    }
    return found;
  }

  popAll(types: readonly ValueType[]): Operand[] {
    const found = new Array<Operand>(types.length);
    for (let i = types.length - 1; i >= 0; i--) found[i] = this.pop(types[i] ?? UNKNOWN);
    return found;
  }

  /**
   * Opens a block, whose parameters must have been popped, and pushes them again, or what else the
   * block begins with.
   */
  open(op: number, type: FunctionType, first = type.params): void {
    this.#blocks.push({ op, type, height: this.#operands.length, unreachable: false });
    this.pushAll(first);
  }

  /** Closes the innermost block, of which nothing but its results must be left. */
  close(): OpenBlock {
    const block = this.#innermost();
    this.popAll(block.type.results);
    if (this.#operands.length !== block.height) {
      this.#fail("a block leaves more operands than its type says");
    }
    this.#blocks.pop();
    return block;
  }

  /** Notes that the rest of the innermost block cannot be reached. */
  unreachable(): void {
    const block = this.#innermost();
    this.#operands.length = block.height;
    block.unreachable = true;
  }

  /** What a branch to this label must find on the stack. */
  label(depth: number): readonly ValueType[] {
    const block = this.#blocks[this.#blocks.length - 1 - depth];
    if (block === undefined) return this.#fail(`there is no label ${depth}`);
    return block.op === Op.loop ? block.type.params : block.type.results;
  }

  /** The instruction that the block of this label is in: `catch`, for one. */
  opener(depth: number): number {
    const block = this.#blocks[this.#blocks.length - 1 - depth];
    return block === undefined ? this.#fail(`there is no label ${depth}`) : block.op;
  }

  #innermost(): OpenBlock {
    return this.#blocks[this.#blocks.length - 1] ?? this.#fail("there is code after the end");
  }
}
