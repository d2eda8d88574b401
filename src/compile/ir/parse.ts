// Reads the text form of the intermediate representation back; print.ts describes it.
//
// Values keep their numbers, so that a dump can be changed by hand, read, and compared. Uses may
// stand before definitions (phis), so operands are looked up when a function is complete.

import { type DumpLine, dumpFunctions, limitOf } from "./dump-reader";
import {
  Block,
  type FloatType,
  factsOf,
  IrFunction,
  type IrOp,
  isIrOp,
  isMemoryAccess,
  type NumberType,
  OWN_MEMORY,
  type Signature,
  Value,
  type ValueType,
} from "./ir";
import { type Trap, trapKind } from "./trap";

/**
 * All functions of a dump, in order.
 *
 * @param file what messages call the text
 * @throws Diagnostic DUMP001 with the line
 */
export function parseFunctions(text: string, file = "dump"): IrFunction[] {
  return dumpFunctions(text, file, "function").map(([head, ...lines]) =>
    new FunctionParser(head, lines).run(),
  );
}

/** A value whose operands are words still. */
interface Pending {
  readonly line: DumpLine;
  readonly value: Value;
  readonly operands: readonly string[];
}

const OPERAND = /^(v\d+|-?\d+|&.*|f(?:32|64):[0-9a-f]+)$/;
/** An operation, and the type of its result where the name does not tell. */
const OPERATION = /^(\w+?)(?:\.(f32|f64))?$/;
const TARGET = /^b\d+$/;
const CALLS: ReadonlySet<IrOp> = new Set([
  ...(["call", "call_indirect", "tail_call", "tail_call_indirect", "intrinsic"] as const),
]);

class FunctionParser {
  readonly #lines: readonly DumpLine[];
  readonly #fn: IrFunction;
  readonly #blocks = new Map<string, Block>();
  readonly #values = new Map<string, Value>();
  readonly #pending: Pending[] = [];
  readonly #edges: { line: DumpLine; to: Block; from: readonly string[] }[] = [];
  #block: Block | undefined;

  constructor(head: DumpLine, lines: readonly DumpLine[]) {
    this.#lines = lines;
    head.take();
    const { name, signature } = parseHead(head, head.rest().join(" "));
    if (!signature) head.fail("a function has parameters and a result");
    this.#fn = new IrFunction(head.name(name), signature);
    // Values without a name get numbers that no other has.
    this.#fn.reserve(limitOf(lines, /^ +v(\d+) = /), limitOf(lines, /^b(\d+):/));
  }

  run(): IrFunction {
    for (const line of this.#lines) {
      if (line.isIndented) this.#value(line);
      else this.#startBlock(line);
    }
    for (const { line, to, from } of this.#edges) {
      to.predecessors = from.map((name) => this.#target(line, name));
    }
    for (const { line, value, operands } of this.#pending) {
      value.args = operands.map((word) => this.#operand(line, word));
    }
    return this.#fn;
  }

  #startBlock(line: DumpLine): void {
    const name = line.take().replace(/:$/, "");
    const block = this.#target(line, name);
    if (this.#fn.blocks.includes(block)) line.fail(`${name} is there twice`);
    this.#fn.blocks.push(block);
    const from = line.takeIf("from") ? line.takeWhile(TARGET) : [];
    if (line.takeIf("depth")) block.depth = line.integer();
    if (!line.atEnd) line.fail(`${line.peek} is not expected here`);
    this.#edges.push({ line, to: block, from });
    this.#block = block;
  }

  /** The block of that name, which may come later. */
  #target(line: DumpLine, name: string): Block {
    if (!TARGET.test(name)) line.fail(`${name} is not a block`);
    const found = this.#blocks.get(name) ?? new Block(Number(name.slice(1)));
    this.#blocks.set(name, found);
    return found;
  }

  #value(line: DumpLine): void {
    const block = this.#block ?? line.fail("there is not a block yet");
    const first = line.take();
    const isNamed = line.takeIf("=");
    const [, name = "", type] = OPERATION.exec(isNamed ? line.take() : first) ?? [];
    const op = operation(line, name);
    const value = this.#create(line, isNamed ? first : undefined, op);
    if (type) value.type = type as ValueType;
    value.block = block;
    block.values.push(value);
    this.#payload(line, value);
    const operands = line.takeWhile(OPERAND);
    if (isMemoryAccess(value) && line.peek?.startsWith("offset=")) {
      value.immediate = line.integer(line.take().slice("offset=".length));
    }
    if (value.op === "check") {
      value.immediate = numberAfter(line, "bytes=");
      value.highImmediate = numberAfter(line, "size=");
    }
    const targets = line.takeWhile(TARGET).map((name) => this.#target(line, name));
    if (!line.atEnd) line.fail(`${line.peek} is not expected here`);
    this.#pending.push({ line, value, operands });
    if (value.effect === "terminator") this.#leave(value, block, targets);
  }

  #create(line: DumpLine, name: string | undefined, op: IrOp): Value {
    const hasResult = factsOf(op).results > 0;
    if (hasResult !== (name !== undefined)) line.fail(`${op} has ${hasResult ? "a" : "no"} result`);
    if (name === undefined) return this.#fn.createValue(op, [], 0);
    if (!/^v\d+$/.test(name)) line.fail(`${name} is not a value`);
    if (this.#values.has(name)) line.fail(`${name} is there twice`);
    const value = new Value(Number(name.slice(1)), op, [], 0);
    this.#values.set(name, value);
    return value;
  }

  #payload(line: DumpLine, value: Value): void {
    if (value.op === "param" || value.op === "result") value.immediate = line.integer();
    const isTrap = value.op === "unreachable" || value.op === "trap_if";
    if (isTrap && !line.atEnd) value.immediate = trapNumber(line);
    if (isMemoryAccess(value) && line.takeIf(OWN_MEMORY)) value.name = OWN_MEMORY;
    if (value.op.endsWith("routine")) value.name = line.name();
    if (!CALLS.has(value.op)) return;
    let text = line.take();
    // A signature has spaces: `work(i32, i64): i32`.
    while (isOpen(text)) text += ` ${line.take()}`;
    const { name, signature } = parseHead(line, text);
    value.name = line.name(name);
    value.signature = signature;
  }

  #leave(value: Value, block: Block, targets: readonly Block[]): void {
    block.successors = [...new Set(targets)];
    if (value.op === "switch" || value.op === "table_jump") {
      value.cases = targets.map((each) => block.successors.indexOf(each));
    }
  }

  #operand(line: DumpLine, word: string): Value {
    if (word.startsWith("&")) {
      const { name, addend } = line.symbol(word);
      return this.#fn.symbol(name, addend);
    }
    const float = /^(f32|f64):([0-9a-f]{8})([0-9a-f]{8})?$/.exec(word);
    if (float) {
      const [, type, first = "", second] = float;
      const words = [first, ...(second === undefined ? [] : [second])];
      const [low = 0, high = 0] = words.reverse().map((hex) => Number.parseInt(hex, 16));
      return this.#fn.float(type as FloatType, low, high);
    }
    if (!word.startsWith("v")) return this.#fn.constant(line.integer(word));
    return this.#values.get(word) ?? line.fail(`${word} is defined nowhere`);
  }
}

/** The number in `bytes=4`. */
function numberAfter(line: DumpLine, name: string): number {
  const word = line.take();
  if (!word.startsWith(name)) line.fail(`a check has ${name}NUMBER`);
  return line.integer(word.slice(name.length));
}

function trapNumber(line: DumpLine): number {
  const kind = trapKind(line.name() as Trap);
  return kind < 0 ? line.fail("there is no such trap") : kind;
}

function operation(line: DumpLine, name: string): IrOp {
  return isIrOp(name) ? name : line.fail(`there is no operation ${name}`);
}

/** Whether a name with its signature goes on in the next word. */
function isOpen(text: string): boolean {
  const unquoted = text.replace(/"(?:[^"\\]|\\.)*"/g, "");
  return unquoted.includes("(") && !/\): \S*[^\s,]$/.test(unquoted.replace(/, (?=[^)]*$)/g, ","));
}

/** `name(i32, i64): i32, i32` or `name`. */
function parseHead(line: DumpLine, text: string): { name: string; signature?: Signature } {
  const match = /^("(?:[^"\\]|\\.)*"|[^("]*)(?:\(([^()]*)\): (\S+(?:, \S+)*))?$/.exec(text);
  if (!match) return line.fail(`${text} is not a name with a signature`);
  const [, name = "", parameters, result = ""] = match;
  if (parameters === undefined) return { name };
  const words = parameters === "" ? [] : parameters.split(", ");
  const results = result === "void" ? [] : result.split(", ");
  const type = (word: string): NumberType =>
    /^[if](32|64)$/.test(word) ? (word as NumberType) : line.fail(`${word} is not a type`);
  return { name, signature: { parameters: words.map(type), results: results.map(type) } };
}
