// Builds SSA form from a function's WebAssembly instructions.
//
// wasm's control is structured, so no dominance frontiers are needed: values meet only where a
// block ends (all branches to it are known by then) and at loop headers. A header gets a phi for
// each local that the loop assigns; the simplifier removes those that turn out to be needless.
//
// Invariants
//   - `values.block` is undefined exactly where control cannot arrive; that code is skipped.
//   - The predecessors of a merge block and the states recorded for it stand in one order.

import type { Block, NumberType, Signature, Value } from "../ir/ir";
import { connect, IrFunction, isFloatType } from "../ir/ir";
import { type Trap, trapKind } from "../ir/trap";
import type { Pair } from "../ir/value-builder";
import { ValueBuilder } from "../ir/value-builder";
import { isFloatOpcode, Op, opcodeInfo, opcodeName } from "../wasm/opcodes";
import type { FunctionType, ValueType, WasmFunction, WasmModule } from "../wasm/wasm";
import { EXTERNREF, F32, F64, FUNCREF, I32, I64 } from "../wasm/wasm";
import type { Code } from "../wasm/wasm-code";
import { BLOCK_EMPTY } from "../wasm/wasm-code";
import type { Operand, OperandStack } from "./build-numeric";
import { numericHandler } from "./build-numeric";
import { TABLE_HANDLERS } from "./build-table";
import type { LocalHistory } from "./local-history";
import type { Segment, Table } from "./tables";

/** Something that the compiler does not support, at a byte offset of the module. */
export class UnsupportedCode extends Error {
  constructor(
    readonly what: string,
    readonly position: number,
  ) {
    super(what);
  }
}

/** What a call of an imported or defined function becomes. */
export type Callee =
  | { readonly kind: "function"; readonly name: string }
  | { readonly kind: "intrinsic"; readonly name: string }
  /** The address of a symbol; nothing is called. */
  | { readonly kind: "address"; readonly name: string };

/** How the module's items are reached from code. */
export interface Linkage {
  /** @param position of the call, for messages */
  callee(index: number, position: number): Callee;
  /** The symbol of a global's storage; its value if that never changes. */
  global(index: number): string | Pair64 | StaticAddress;
  /** What address the constant `value` at this byte of the module is; undefined: none. */
  addressAt(position: number, value: number): StaticAddress | undefined;
  table(index: number): Table;
  elements(index: number): Segment;
  data(index: number): Segment;
  /** The symbol whose address is a reference to function `index`. */
  functionAddress(index: number): string;
  /** What stands before functions of a type, if calls are checked: equal for equal types only. */
  typeHash(typeIndex: number): number;
  /** Whether a call through a table must find a function of its type there, or trap. */
  readonly checksCalls: boolean;
  /** Added to every address of linear memory. */
  readonly memoryBase: number;
  /** Whether floating-point numbers may be used: a kernel does not save their registers. */
  readonly hasFloats: boolean;
  /** Whether there is a memory manager to call for `memory.size` and `memory.grow`. */
  readonly hasMemoryManager: boolean;
}

/** A constant global's value. */
export interface Pair64 {
  readonly low: number;
  readonly high: number;
}

/** A number that the linker knows: the address of a symbol and an offset, or that negated. */
export interface StaticAddress {
  readonly symbol: string;
  readonly offset: number;
  readonly isNegated: boolean;
}

/** Locals and block results on one edge into a merge block. */
interface State {
  readonly locals: readonly Operand[];
  readonly results: readonly Operand[];
}

interface HeaderPhi {
  /** Index of the local; undefined: a block parameter, at `depth` of the results. */
  readonly local: number | undefined;
  readonly depth: number;
  readonly isHigh: boolean;
  readonly phi: Value;
}

interface Frame {
  readonly kind: "block" | "loop" | "if" | "function";
  /** Where a branch to this label goes: the header of a loop, else the block behind the end. */
  readonly target: Block;
  /** Words' owners: operands on the stack below this frame's. */
  readonly height: number;
  readonly labelArity: number;
  readonly results: number;
  /** Recorded edges into `target`, unless it is a loop. */
  readonly states: State[];
  readonly phis: readonly HeaderPhi[];
  /** `if`: where the condition is false, until its `else` or end. */
  otherwise: { block: Block; state: State } | undefined;
}

const NUMBER_TYPES: Readonly<Partial<Record<ValueType, NumberType>>> = {
  [I32]: "i32",
  [I64]: "i64",
  [F32]: "f32",
  [F64]: "f64",
  [FUNCREF]: "i32",
  [EXTERNREF]: "i32",
};

/** Translates a wasm type: references are words. */
export function numberType(type: ValueType, position: number): NumberType {
  const found = NUMBER_TYPES[type];
  if (!found) throw new UnsupportedCode("vectors", position);
  return found;
}

/** Translates a function type. */
export function signatureOf(type: FunctionType, position: number): Signature {
  return {
    parameters: type.params.map((each) => numberType(each, position)),
    results: type.results.map((each) => numberType(each, position)),
  };
}

/**
 * Builds one function that has a body.
 *
 * @throws UnsupportedCode for floating-point numbers in a kernel, and the like
 */
export function buildFunction(
  module: WasmModule,
  fn: WasmFunction,
  linkage: Linkage,
  history?: LocalHistory,
): IrFunction {
  return new FunctionBuilder(module, fn, linkage, history).build();
}

type ControlHandler = (builder: FunctionBuilder, index: number, a: number, b: number) => void;

export class FunctionBuilder implements OperandStack {
  readonly values: ValueBuilder;
  readonly fn: IrFunction;
  readonly code: Code;
  readonly stack: Operand[] = [];
  locals: Operand[] = [];
  readonly frames: Frame[] = [];
  private readonly exit: Frame;

  constructor(
    readonly module: WasmModule,
    readonly source: WasmFunction,
    readonly linkage: Linkage,
    private readonly history: LocalHistory | undefined,
  ) {
    const { body } = source;
    const type = module.types[source.typeIndex];
    if (!body || !type) throw new Error(`${source.name} has no body or no type`);
    this.code = body.code;
    const signature = signatureOf(type, body.offset);
    this.requireFloats(signature, body.locals);
    this.fn = new IrFunction(source.name, signature);
    this.values = new ValueBuilder(this.fn);
    this.values.position = body.offset;
    this.exit = this.openFrame("function", 0, signature.results.length);
    this.startBlock(this.fn.createBlock());
    this.initLocals(signature, body.locals);
    history?.noteAll(this.locals, history.start - 1);
  }

  /** What the locals are behind the current instruction. */
  private noteLocals(): void {
    this.history?.noteAll(this.locals, this.values.position);
  }

  /** Gives a local another value. */
  setLocal(local: number, value: Operand): void {
    this.locals[local] = value;
    this.history?.note(local, value, this.values.position);
  }

  build(): IrFunction {
    const { code } = this;
    for (let index = 0; index < code.length; index++) {
      const op = code.op[index]!;
      this.values.position = code.at[index]!;
      if (!this.values.block && op !== Op.end && op !== Op.else) {
        if (op === Op.block || op === Op.loop || op === Op.if) index = this.skip(index);
        continue;
      }
      this.instruction(index, op);
    }
    return this.fn;
  }

  /** The index of the `end` of a block that control cannot enter. */
  private skip(index: number): number {
    const end = this.code.b[index]!;
    return this.code.op[end] === Op.else ? this.code.b[end]! : end;
  }

  /** Refuses floating-point parameters, results and locals where there are none. */
  private requireFloats({ parameters, results }: Signature, locals: readonly ValueType[]): void {
    const position = this.source.body?.offset ?? 0;
    const types = [...parameters, ...results, ...locals.map((each) => numberType(each, position))];
    if (this.linkage.hasFloats || !types.some(isFloatType)) return;
    throw new UnsupportedCode(FLOATS, position);
  }

  private instruction(index: number, op: number): void {
    if (!this.linkage.hasFloats && isFloatOpcode(op)) {
      throw new UnsupportedCode(describe(op), this.values.position);
    }
    const a = this.code.a[index]!;
    const b = this.code.b[index]!;
    const numeric = numericHandler(op);
    if (numeric) {
      const isAccess = opcodeInfo(op)?.immediate === "memory";
      numeric(this, isAccess ? (a + this.linkage.memoryBase) | 0 : a, b);
      return;
    }
    const control = CONTROL.get(op);
    if (!control) throw new UnsupportedCode(describe(op), this.values.position);
    control(this, index, a, b);
  }

  private initLocals(signature: Signature, declared: readonly ValueType[]): void {
    let count = 0;
    const parameter = (type: NumberType): Value => {
      const value = this.values.effect("param", [], count++);
      if (type !== "i64") value.type = type;
      return value;
    };
    for (const type of signature.parameters) {
      const low = parameter(type);
      this.locals.push({ low, high: type === "i64" ? parameter(type) : undefined });
    }
    const zero = this.values.constant(0);
    for (const wasmType of declared) {
      const type = numberType(wasmType, this.values.position);
      const low = isFloatType(type) ? this.fn.float(type, 0) : zero;
      this.locals.push({ low, high: type === "i64" ? zero : undefined });
    }
  }

  // --- operands ---

  push(low: Value, high?: Value): void {
    this.stack.push({ low, high });
  }

  pop(): Operand {
    const operand = this.stack.pop();
    if (!operand) throw new Error(`${this.fn.name}: the operand stack is empty`);
    return operand;
  }

  popWord(): Value {
    return this.pop().low;
  }

  popPair(): Pair {
    const { low, high } = this.pop();
    if (!high) throw new Error(`${this.fn.name}: a word stands where an i64 must`);
    return { low, high };
  }

  /** Takes `count` operands off the stack, the deepest first. */
  popMany(count: number): Operand[] {
    return count === 0 ? [] : this.stack.splice(-count);
  }

  /** An address of linear memory as the processor knows it. */
  linear(address: Value): Value {
    return this.values.emit("add", address, this.values.constant(this.linkage.memoryBase));
  }

  // --- blocks ---

  startBlock(block: Block): void {
    this.fn.blocks.push(block);
    this.values.block = block;
  }

  currentBlock(): Block {
    if (!this.values.block) throw new Error(`${this.fn.name}: control cannot arrive here`);
    return this.values.block;
  }

  private openFrame(
    kind: Frame["kind"],
    parameters: number,
    results: number,
    target = this.fn.createBlock(),
    phis: readonly HeaderPhi[] = [],
  ): Frame {
    const frame: Frame = {
      kind,
      target,
      height: this.stack.length - parameters,
      labelArity: kind === "loop" ? parameters : results,
      results,
      states: [],
      phis,
      otherwise: undefined,
    };
    this.frames.push(frame);
    return frame;
  }

  /** Numbers of parameters and results of a block type. */
  private blockArity(type: number): { parameters: number; results: number } {
    if (type === BLOCK_EMPTY) return { parameters: 0, results: 0 };
    if (type < 0) return { parameters: 0, results: 1 };
    const known = this.module.types[type];
    if (!known) throw new Error(`${this.fn.name}: there is no type ${type}`);
    return { parameters: known.params.length, results: known.results.length };
  }

  block(type: number): void {
    const { parameters, results } = this.blockArity(type);
    this.openFrame("block", parameters, results);
  }

  if(type: number): void {
    const condition = this.popWord();
    const { parameters, results } = this.blockArity(type);
    const from = this.currentBlock();
    this.values.effect("branch", [condition]);
    const state = this.state(parameters);
    const frame = this.openFrame("if", parameters, results);
    const then = this.fn.createBlock();
    connect(from, then);
    frame.otherwise = { block: from, state };
    this.startBlock(then);
  }

  else(): void {
    const frame = this.frames[this.frames.length - 1];
    if (!frame?.otherwise) throw new Error(`${this.fn.name}: an else belongs to no if`);
    this.leave(frame);
    const { block: from, state } = frame.otherwise;
    frame.otherwise = undefined;
    this.stack.length = frame.height;
    this.stack.push(...state.results);
    this.locals = [...state.locals];
    this.noteLocals();
    const block = this.fn.createBlock();
    connect(from, block);
    this.startBlock(block);
  }

  loop(index: number, type: number): void {
    const { parameters, results } = this.blockArity(type);
    const from = this.currentBlock();
    this.values.effect("jump", []);
    const header = this.fn.createBlock();
    connect(from, header);
    this.startBlock(header);
    const phis = this.headerPhis(this.assignedLocals(index), parameters);
    this.noteLocals();
    this.openFrame("loop", parameters, results, header, phis);
  }

  /** The locals that the loop starting at `index` assigns, ascending. */
  private assignedLocals(index: number): number[] {
    const { op, a, b } = this.code;
    const assigned = new Set<number>();
    for (let i = index + 1; i < b[index]!; i++) {
      if (op[i] === Op["local.set"] || op[i] === Op["local.tee"]) assigned.add(a[i]!);
    }
    return [...assigned].sort((x, y) => x - y);
  }

  private headerPhis(assigned: readonly number[], parameters: number): HeaderPhi[] {
    const phis: HeaderPhi[] = [];
    const phiFor = (entry: Value, isHigh: boolean, local: number | undefined, depth: number) => {
      const phi = this.values.effect("phi", [entry]);
      phis.push({ local, depth, isHigh, phi });
      return phi;
    };
    const replace = (operand: Operand, local: number | undefined, depth: number): Operand => ({
      low: phiFor(operand.low, false, local, depth),
      high: operand.high && phiFor(operand.high, true, local, depth),
    });
    for (const local of assigned) this.locals[local] = replace(this.locals[local]!, local, 0);
    const entries = this.popMany(parameters);
    this.stack.push(...entries.map((operand, depth) => replace(operand, undefined, depth)));
    return phis;
  }

  /** The locals and the top `count` operands as they are now. */
  private state(count: number): State {
    return { locals: [...this.locals], results: count === 0 ? [] : this.stack.slice(-count) };
  }

  /** Records the edge from `from` to a label, with the top of the stack as its operands. */
  edge(from: Block, frame: Frame): void {
    connect(from, frame.target);
    if (frame.kind !== "loop") {
      frame.states.push(this.state(frame.labelArity));
      return;
    }
    const { results } = this.state(frame.labelArity);
    for (const { local, depth, isHigh, phi } of frame.phis) {
      const operand = local === undefined ? results[depth] : this.locals[local];
      const value = isHigh ? operand?.high : operand?.low;
      if (!value) throw new Error(`${this.fn.name}: a loop operand is missing`);
      phi.args.push(value);
    }
  }

  /** Control flows from here to the end of `frame`'s block. */
  private leave(frame: Frame): void {
    const { block } = this.values;
    if (!block) return;
    this.values.effect("jump", []);
    connect(block, frame.target);
    frame.states.push(this.state(frame.results));
    this.values.block = undefined;
  }

  end(): void {
    const frame = this.frames.pop();
    if (!frame) throw new Error(`${this.fn.name}: an end belongs to nothing`);
    if (frame.kind === "loop") return;
    this.leave(frame);
    if (frame.otherwise) {
      connect(frame.otherwise.block, frame.target);
      frame.states.push(frame.otherwise.state);
    }
    this.stack.length = frame.height;
    if (frame.states.length === 0) return;
    this.startBlock(frame.target);
    this.merge(frame.states);
    if (frame.kind === "function") this.finish();
  }

  /** Makes locals and block results those of `states`, with phis where they differ. */
  private merge(states: readonly State[]): void {
    const [first] = states as [State];
    const merged = (select: (state: State) => Operand): Operand => {
      const { low, high } = select(first);
      return {
        low: this.meet(low, () => states.map((state) => select(state).low)),
        high: high && this.meet(high, () => states.map((state) => select(state).high ?? high)),
      };
    };
    this.locals = first.locals.map((operand, i) =>
      states.every((state) => state.locals[i] === operand)
        ? operand
        : merged((state) => state.locals[i]!),
    );
    this.noteLocals();
    this.stack.push(...first.results.map((_, i) => merged((state) => state.results[i]!)));
  }

  private meet(first: Value, all: () => Value[]): Value {
    const args = all();
    return args.every((value) => value === first) ? first : this.values.effect("phi", args);
  }

  private finish(): void {
    const results = this.popMany(this.exit.results);
    this.values.effect("return", wordsOfOperands(results));
    this.values.block = undefined;
  }

  // --- branches ---

  label(depth: number): Frame {
    const frame = this.frames[this.frames.length - 1 - depth];
    if (!frame) throw new Error(`${this.fn.name}: there is no label ${depth}`);
    return frame;
  }

  br(frame: Frame): void {
    const from = this.currentBlock();
    this.values.effect("jump", []);
    this.edge(from, frame);
    this.values.block = undefined;
  }

  brIf(frame: Frame): void {
    const condition = this.popWord();
    const from = this.currentBlock();
    this.values.effect("branch", [condition]);
    this.edge(from, frame);
    const next = this.fn.createBlock();
    connect(from, next);
    this.startBlock(next);
  }

  brTable(first: number, count: number): void {
    const index = this.popWord();
    const labels = this.code.targets.slice(first, first + count + 1);
    const distinct = [...new Set(labels)];
    const from = this.currentBlock();
    if (distinct.length === 1) {
      this.br(this.label(distinct[0]!));
      return;
    }
    const terminator = this.values.effect("switch", [index]);
    terminator.cases = labels.map((label) => distinct.indexOf(label));
    for (const label of distinct) this.edge(from, this.label(label));
    this.values.block = undefined;
  }

  unreachable(): void {
    this.values.effect("unreachable", []);
    this.values.block = undefined;
  }

  /** Stops the program for this reason if `condition` is not 0. */
  trapIf(condition: Value, trap: Trap): void {
    const from = this.currentBlock();
    this.values.effect("branch", [condition]);
    const fails = this.fn.createBlock();
    const next = this.fn.createBlock();
    connect(from, fails);
    connect(from, next);
    this.startBlock(fails);
    this.values.effect("unreachable", [], trapKind(trap));
    this.startBlock(next);
  }

  // --- variables and calls ---

  select(): void {
    const { values } = this;
    const condition = this.popWord();
    const no = this.pop();
    const yes = this.pop();
    const low = values.emit("select", condition, yes.low, no.low);
    const isWide = yes.high && no.high;
    this.push(low, isWide && values.emit("select", condition, yes.high, no.high));
  }

  globalGet(index: number): void {
    const { values } = this;
    const type = numberType(this.module.globals[index]?.type ?? I32, values.position);
    const isWide = type === "i64";
    const isFloat = isFloatType(type);
    if (isFloat && !this.linkage.hasFloats) throw new UnsupportedCode(FLOATS, values.position);
    const storage = this.linkage.global(index);
    if (typeof storage !== "string" && "symbol" in storage) {
      this.pushAddress(storage);
      return;
    }
    if (typeof storage !== "string" && isFloat) {
      this.push(this.fn.float(type, storage.low, storage.high));
      return;
    }
    if (typeof storage !== "string") {
      const { low, high } = values.pairConstant(storage.low, storage.high);
      this.push(low, isWide ? high : undefined);
      return;
    }
    const address = this.fn.symbol(storage);
    const low = values.effect(isFloat ? `load_${type}` : "load32", [address]);
    this.push(low, isWide ? values.effect("load32", [address], 4) : undefined);
  }

  constant(value: number): void {
    const address = this.linkage.addressAt(this.values.position, value);
    if (address) this.pushAddress(address);
    else this.push(this.values.constant(value));
  }

  private pushAddress({ symbol, offset, isNegated }: StaticAddress): void {
    const address = this.fn.symbol(symbol, offset);
    if (isNegated) this.push(this.values.emit("sub", this.values.constant(0), address));
    else this.push(address);
  }

  globalSet(index: number): void {
    const storage = this.linkage.global(index);
    if (typeof storage !== "string") throw new Error(`${this.fn.name}: sets a constant global`);
    const { low, high } = this.pop();
    const address = this.fn.symbol(storage);
    const op = low.type === "i32" ? "store32" : (`store_${low.type}` as const);
    this.values.effect(op, [address, low]);
    if (high) this.values.effect("store32", [address, high], 4);
  }

  call(index: number): void {
    const callee = this.linkage.callee(index, this.values.position);
    const type = this.module.types[this.module.functions[index]?.typeIndex ?? -1];
    if (!type) throw new Error(`${this.fn.name}: there is no function ${index}`);
    const signature = signatureOf(type, this.values.position);
    const args = wordsOfOperands(this.popMany(signature.parameters.length));
    if (callee.kind === "address") {
      this.push(this.fn.symbol(callee.name));
      return;
    }
    const op = callee.kind === "function" ? "call" : "intrinsic";
    this.called(this.values.effect(op, args, 0, callee.name), signature);
  }

  /** Calls the function of this type at an address. */
  callAddress(target: Value, typeIndex: number): void {
    const type = this.module.types[typeIndex];
    if (!type) throw new Error(`${this.fn.name}: there is no type ${typeIndex}`);
    const signature = signatureOf(type, this.values.position);
    const args = wordsOfOperands(this.popMany(signature.parameters.length));
    this.called(this.values.effect("call_indirect", [...args, target]), signature);
  }

  callNamed(name: string, args: Value[], signature: Signature): void {
    this.called(this.values.effect("call", args, 0, name), signature);
  }

  private called(call: Value, signature: Signature): void {
    call.signature = signature;
    const [first, ...others] = signature.results;
    if (first && first !== "i64") call.type = first;
    if (first) this.push(call, first === "i64" ? this.values.high(call) : undefined);
    let index = first === "i64" ? 2 : 1;
    const result = (type: Value["type"]): Value => {
      const value = this.values.effect("result", [call], index++);
      value.type = type;
      return value;
    };
    for (const type of others) {
      if (type === "i64") this.push(result("i32"), result("i32"));
      else this.push(result(type));
    }
  }
}

function wordsOfOperands(operands: readonly Operand[]): Value[] {
  return operands.flatMap(({ low, high }) => (high ? [low, high] : [low]));
}

const FLOATS = "floating-point numbers";

/** What a person calls an instruction that is refused. */
function describe(op: number): string {
  const name = opcodeName(op);
  return isFloatOpcode(op) ? `${FLOATS} (${name})` : `the instruction ${name}`;
}

function requireManager(builder: FunctionBuilder, op: number): void {
  if (builder.linkage.hasMemoryManager) return;
  throw new UnsupportedCode(describe(op), builder.values.position);
}

const SIZE: Signature = { parameters: [], results: ["i32"] };
const GROW: Signature = { parameters: ["i32"], results: ["i32"] };

const CONTROL: ReadonlyMap<number, ControlHandler> = new Map<number, ControlHandler>([
  [Op.nop, () => {}],
  [Op.unreachable, (builder) => builder.unreachable()],
  [Op.block, (builder, _, type) => builder.block(type)],
  [Op.loop, (builder, index, type) => builder.loop(index, type)],
  [Op.if, (builder, _, type) => builder.if(type)],
  [Op.else, (builder) => builder.else()],
  [Op.end, (builder) => builder.end()],
  [Op.br, (builder, _, depth) => builder.br(builder.label(depth))],
  [Op.br_if, (builder, _, depth) => builder.brIf(builder.label(depth))],
  [Op.br_table, (builder, _, first, count) => builder.brTable(first, count)],
  [Op.return, (builder) => builder.br(builder.label(builder.frames.length - 1))],
  [Op.drop, (builder) => builder.pop()],
  [Op.select, (builder) => builder.select()],
  [Op.select_typed, (builder) => builder.select()],
  [Op["local.get"], (builder, _, local) => builder.stack.push(builder.locals[local]!)],
  [
    Op["local.set"],
    (builder, _, local) => {
      builder.setLocal(local, builder.pop());
    },
  ],
  [
    Op["local.tee"],
    (builder, _, local) => {
      builder.setLocal(local, builder.stack[builder.stack.length - 1]!);
    },
  ],
  [Op["i32.const"], (builder, _, value) => builder.constant(value)],
  [Op["global.get"], (builder, _, index) => builder.globalGet(index)],
  [Op["global.set"], (builder, _, index) => builder.globalSet(index)],
  [Op.call, (builder, _, index) => builder.call(index)],
  ...TABLE_HANDLERS.map(([op, handler]): [number, ControlHandler] => [
    op,
    (builder, _, a, b) => handler(builder, a, b),
  ]),
  [
    Op["memory.size"],
    (builder) => {
      requireManager(builder, Op["memory.size"]);
      builder.callNamed("memory_size", [], SIZE);
    },
  ],
  [
    Op["memory.grow"],
    (builder) => {
      requireManager(builder, Op["memory.grow"]);
      builder.callNamed("memory_grow", [builder.popWord()], GROW);
    },
  ],
]);
