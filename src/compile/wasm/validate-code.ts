// Validation of function bodies: every instruction finds operands of the types that it needs.
//
// The algorithm of the WebAssembly Core Specification 2.0, appendix A.3: one pass with a stack of
// operand types and a stack of open blocks. After an instruction that never returns (`br`,
// `return`, `unreachable`) the operand stack is polymorphic until the block ends: popping from an
// empty one yields UNKNOWN, which matches every type.

import { BLOCK_EMPTY, type Code } from "./code";
import { accessShift, OPCODES, Op, opcodeName } from "./opcodes";
import { invalid } from "./reader";
import { type Operand, TYPE_NAMES, TypingStack, UNKNOWN } from "./typing-stack";
import {
  EXTERNREF,
  F32,
  F64,
  FUNCREF,
  type FunctionType,
  I32,
  I64,
  type ValueType,
  type WasmFunction,
  type WasmModule,
  type WasmTable,
} from "./wasm";

const LETTERS: Readonly<Record<string, ValueType>> = { i: I32, l: I64, f: F32, d: F64 };
interface FixedType extends FunctionType {
  readonly accesses: boolean;
  /** log2 of the greatest alignment that a load or store may claim. */
  readonly alignment: number;
}

const FIXED: (FixedType | undefined)[] = fixedTypes();

/** The types of the instructions that have only one, by `slot(op)`. */
function fixedTypes(): (FixedType | undefined)[] {
  const table = new Array<FixedType | undefined>(0x120).fill(undefined);
  const types = (letters: string) => [...letters].map((letter) => LETTERS[letter] ?? I32);
  for (const { code, name, immediate, type } of OPCODES) {
    if (type === undefined) continue;
    const accesses = name.startsWith("memory.") || immediate === "memory";
    const alignment = immediate === "memory" ? accessShift(name) : 0;
    const params = types(type.operands);
    table[slot(code)] = { params, results: types(type.results), accesses, alignment };
  }
  return table;
}

/** Numbers above 0xfc00 follow those of one byte. */
function slot(op: number): number {
  return op < 0x100 ? op : op - 0xfb00;
}

const EMPTY: FunctionType = { params: [], results: [] };
const SINGLE = new Map(
  [I32, I64, F32, F64, FUNCREF, EXTERNREF].map((type) => [
    type - 0x80,
    { params: [], results: [type] },
  ]),
);

/** Validates the bodies of one module, one after the other. */
export class CodeValidator {
  readonly #module: WasmModule;
  readonly #declared: ReadonlySet<number>;
  readonly #stack = new TypingStack((text) => this.#fail(text));
  #function: WasmFunction | undefined;
  #locals: readonly ValueType[] = [];
  #results: readonly ValueType[] = [];
  #index = 0;

  /** @param declared the functions to which `ref.func` may refer */
  constructor(module: WasmModule, declared: ReadonlySet<number>) {
    this.#module = module;
    this.#declared = declared;
  }

  /** Validates a function's body; an import has none. Its type index must exist. */
  validate(each: WasmFunction): void {
    const { body } = each;
    if (body === undefined) return;
    const type = this.#module.types[each.typeIndex] ?? EMPTY;
    this.#function = each;
    this.#locals = [...type.params, ...body.locals];
    this.#results = type.results;
    this.#index = 0;
    this.#stack.clear();
    this.#stack.open(Op.block, { params: [], results: type.results });
    const { code } = body;
    for (; this.#index < code.length; this.#index++) this.#instruction(code, this.#index);
  }

  #fail(text: string): never {
    const code = this.#function?.body?.code;
    const name = opcodeName(code?.op[this.#index] ?? 0);
    const at = code?.at[this.#index] ?? 0;
    invalid(this.#module.file, `${name}: ${text}`, at, this.#function?.name);
  }

  #item<Item>(space: readonly Item[], index: number, what: string): Item {
    return space[index >>> 0] ?? this.#fail(`there is no ${what} ${index >>> 0}`);
  }

  #blockType(encoded: number): FunctionType {
    if (encoded === BLOCK_EMPTY) return EMPTY;
    return SINGLE.get(encoded) ?? this.#item(this.#module.types, encoded, "type");
  }

  #table(index: number): WasmTable {
    return this.#item(this.#module.tables, index, "table");
  }

  #instruction(code: Code, index: number): void {
    const op = code.op[index]!;
    const a = code.a[index]!;
    const b = code.b[index]!;
    const fixed = FIXED[slot(op)];
    if (fixed !== undefined) {
      if (fixed.accesses) this.#memory(op, fixed, b);
      if (op >= 0xfc00) this.#segments(op, a, b);
      this.#apply(fixed);
    } else {
      const known =
        this.#variable(op, a) || this.#control(op, a, b, code) || this.#reference(op, a, b);
      if (!known) this.#fail("there is no rule for this instruction");
    }
  }

  #apply({ params, results }: FunctionType): void {
    for (let i = params.length - 1; i >= 0; i--) this.#stack.pop(params[i]!);
    this.#stack.pushAll(results);
  }

  #memory(op: number, { alignment }: FixedType, claimed: number): void {
    if (this.#module.memories.length === 0) this.#fail("there is no memory 0");
    if (op < 0x3f && claimed > alignment) this.#fail("the alignment is above the natural one");
  }

  #segments(op: number, a: number, b: number): void {
    const { elements } = this.#module;
    if (op === Op["memory.init"] || op === Op["data.drop"]) {
      this.#dataSegment(a);
    } else if (op === Op["elem.drop"]) {
      this.#item(elements, a, "element segment");
    } else if (op === Op["table.init"]) {
      const { element } = this.#item(elements, a, "element segment");
      if (this.#table(b).element !== element) this.#fail("segment and table differ in type");
    } else if (op === Op["table.copy"] && this.#table(a).element !== this.#table(b).element) {
      this.#fail("the tables differ in type");
    }
  }

  #dataSegment(index: number): void {
    const count = this.#module.dataCount;
    if (count === undefined) this.#fail("there is no data count section");
    if (index >>> 0 >= count) this.#fail(`there is no data segment ${index >>> 0}`);
  }

  /** Locals, globals, calls and the instructions without a type; false: it is not one of these. */
  #variable(op: number, a: number): boolean {
    const stack = this.#stack;
    switch (op) {
      case Op["local.get"]:
        stack.push(this.#item(this.#locals, a, "local"));
        return true;
      case Op["local.set"]:
        stack.pop(this.#item(this.#locals, a, "local"));
        return true;
      case Op["local.tee"]: {
        const type = this.#item(this.#locals, a, "local");
        stack.pop(type);
        stack.push(type);
        return true;
      }
      case Op["global.get"]:
        stack.push(this.#item(this.#module.globals, a, "global").type);
        return true;
      case Op["global.set"]: {
        const global = this.#item(this.#module.globals, a, "global");
        if (!global.mutable) this.#fail(`global ${global.name} is immutable`);
        stack.pop(global.type);
        return true;
      }
      case Op.call:
        this.#call(this.#item(this.#module.functions, a, "function").typeIndex);
        return true;
      case Op.drop:
        stack.pop(UNKNOWN);
        return true;
      case Op.select:
        this.#select();
        return true;
      case Op.nop:
        return true;
      default:
        return false;
    }
  }

  #call(typeIndex: number): void {
    const type = this.#item(this.#module.types, typeIndex, "type");
    this.#stack.popAll(type.params);
    this.#stack.pushAll(type.results);
  }

  #select(): void {
    this.#stack.pop(I32);
    const right = this.#stack.pop(UNKNOWN);
    const left = this.#stack.pop(UNKNOWN);
    if (isReference(left) || isReference(right)) this.#fail("references need select with a type");
    if (left !== right && left !== UNKNOWN && right !== UNKNOWN) {
      this.#fail(`the operands are ${TYPE_NAMES[left]} and ${TYPE_NAMES[right]}`);
    }
    this.#stack.push(left === UNKNOWN ? right : left);
  }

  /** Structured control; false: the instruction is not part of it. */
  #control(op: number, a: number, b: number, code: Code): boolean {
    const stack = this.#stack;
    switch (op) {
      case Op.block:
      case Op.loop:
      case Op.try:
      case Op.if: {
        const type = this.#blockType(a);
        if (op === Op.if) stack.pop(I32);
        stack.popAll(type.params);
        stack.open(op, type);
        return true;
      }
      case Op.else:
        stack.open(Op.else, stack.close().type);
        return true;
      case Op.end:
        this.#end();
        return true;
      case Op.br:
        stack.popAll(stack.label(a >>> 0));
        stack.unreachable();
        return true;
      case Op.br_if: {
        stack.pop(I32);
        const types = stack.label(a >>> 0);
        stack.popAll(types);
        stack.pushAll(types);
        return true;
      }
      case Op.br_table:
        this.#branchTable(code.targets, a, b);
        return true;
      case Op.return:
        stack.popAll(this.#results);
        stack.unreachable();
        return true;
      case Op.return_call:
        this.#returnCall(this.#item(this.#module.functions, a, "function").typeIndex);
        return true;
      case Op.unreachable:
        stack.unreachable();
        return true;
      default:
        return this.#exception(op, a);
    }
  }

  /** Exceptions in their legacy form; false: the instruction is not about them. */
  #exception(op: number, a: number): boolean {
    const stack = this.#stack;
    switch (op) {
      case Op.catch:
        stack.open(op, stack.close().type, this.#tagType(a).params);
        return true;
      case Op.catch_all:
        stack.open(op, stack.close().type, []);
        return true;
      case Op.throw:
        stack.popAll(this.#tagType(a).params);
        stack.unreachable();
        return true;
      case Op.rethrow: {
        const opener = stack.opener(a >>> 0);
        if (opener !== Op.catch && opener !== Op.catch_all) {
          this.#fail(`label ${a >>> 0} is not a catch`);
        }
        stack.unreachable();
        return true;
      }
      case Op.delegate: {
        const { type } = stack.close();
        stack.opener(a >>> 0);
        stack.pushAll(type.results);
        return true;
      }
      default:
        return false;
    }
  }

  #tagType(index: number): FunctionType {
    const { typeIndex } = this.#item(this.#module.tags, index, "tag");
    return this.#item(this.#module.types, typeIndex, "type");
  }

  /** A call whose results are the function's own. */
  #returnCall(typeIndex: number): void {
    const { params, results } = this.#item(this.#module.types, typeIndex, "type");
    if (!sameTypes(results, this.#results)) this.#fail("the callee gives other results");
    this.#stack.popAll(params);
    this.#stack.unreachable();
  }

  #end(): void {
    const { op, type } = this.#stack.close();
    if (op === Op.if && !sameTypes(type.params, type.results)) {
      this.#fail("an if without an else does not leave what it takes");
    }
    this.#stack.pushAll(type.results);
  }

  #branchTable(targets: readonly number[], start: number, count: number): void {
    const stack = this.#stack;
    stack.pop(I32);
    const byDefault = stack.label(targets[start + count] ?? 0);
    for (let i = start; i < start + count; i++) {
      const types = stack.label(targets[i] ?? 0);
      if (types.length !== byDefault.length) this.#fail("the labels differ in arity");
      stack.pushAll(stack.popAll(types));
    }
    stack.popAll(byDefault);
    stack.unreachable();
  }

  /** References, tables and typed selects; false: the instruction is not one of these. */
  #reference(op: number, a: number, b: number): boolean {
    const stack = this.#stack;
    switch (op) {
      case Op.call_indirect:
      case Op.return_call_indirect:
        if (this.#table(b).element !== FUNCREF) this.#fail("the table holds no functions");
        stack.pop(I32);
        if (op === Op.call_indirect) this.#call(a);
        else this.#returnCall(a);
        return true;
      case Op.select_typed: {
        const type = a as ValueType;
        this.#apply({ params: [type, type, I32], results: [type] });
        return true;
      }
      case Op["ref.null"]:
        stack.push(a as ValueType);
        return true;
      case Op["ref.is_null"]: {
        const type = stack.pop(UNKNOWN);
        if (type !== UNKNOWN && !isReference(type))
          this.#fail(`${TYPE_NAMES[type]} is not a reference`);
        stack.push(I32);
        return true;
      }
      case Op["ref.func"]:
        this.#item(this.#module.functions, a, "function");
        if (!this.#declared.has(a >>> 0)) this.#fail(`function ${a} is not declared`);
        stack.push(FUNCREF);
        return true;
      default:
        return this.#tableAccess(op, a);
    }
  }

  #tableAccess(op: number, index: number): boolean {
    const types = TABLE_ACCESS.get(op);
    if (types === undefined) return false;
    this.#apply(types(this.#table(index).element));
    return true;
  }
}

const TABLE_ACCESS: ReadonlyMap<number, (element: ValueType) => FunctionType> = new Map([
  [Op["table.get"], (element: ValueType) => ({ params: [I32], results: [element] })],
  [Op["table.set"], (element: ValueType) => ({ params: [I32, element], results: [] })],
  [Op["table.size"], () => ({ params: [], results: [I32] })],
  [Op["table.grow"], (element: ValueType) => ({ params: [element, I32], results: [I32] })],
  [Op["table.fill"], (element: ValueType) => ({ params: [I32, element, I32], results: [] })],
]);

function isReference(type: Operand): boolean {
  return type === FUNCREF || type === EXTERNREF;
}

function sameTypes(left: readonly ValueType[], right: readonly ValueType[]): boolean {
  return left.length === right.length && left.every((type, i) => type === right[i]);
}
