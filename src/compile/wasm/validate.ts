// Validation of a decoded WebAssembly module: what the compiler may take for granted afterwards.
//
// This file checks the module around the bodies; `validate-code.ts` types the bodies. A module that
// passes has only indices that exist, instructions that find the operands they need, and constant
// expressions of the right type. Source: WebAssembly Core Specification 2.0, section 3.4.

import { Op } from "./opcodes";
import { invalid } from "./reader";
import { CodeValidator } from "./validate-code";
import {
  type ConstantExpression,
  type ConstantStep,
  F32,
  F64,
  FUNCREF,
  I32,
  I64,
  type Limits,
  type ValueType,
  type WasmModule,
} from "./wasm";

const MAX_PAGES = 0x10000;
const MAX_TABLE = 0xffff_ffff;

/**
 * Validates a module and all of its function bodies.
 *
 * @throws WasmDiagnostic naming the function and the byte at which the module breaks a rule
 */
export function validateModule(module: WasmModule): void {
  const validator = new ModuleValidator(module);
  validator.validate();
  const code = new CodeValidator(module, validator.declared);
  for (const each of module.functions) code.validate(each);
}

/** The type of both operands, and of the result, of what constants may compute. */
const CONSTANT_OPERANDS: ReadonlyMap<number, ValueType> = new Map([
  ...[Op["i32.add"], Op["i32.sub"], Op["i32.mul"]].map((op) => [op, I32] as const),
  ...[Op["i64.add"], Op["i64.sub"], Op["i64.mul"]].map((op) => [op, I64] as const),
]);

class ModuleValidator {
  readonly #module: WasmModule;

  /** The functions to which `ref.func` may refer in a body. */
  readonly declared = new Set<number>();

  constructor(module: WasmModule) {
    this.#module = module;
  }

  validate(): void {
    this.#functions();
    this.#tablesAndMemories();
    this.#tags();
    this.#globals();
    this.#elements();
    this.#data();
    this.#exports();
    this.#start();
  }

  #fail(text: string, at = 0): never {
    invalid(this.#module.file, text, at);
  }

  #check(index: number, space: readonly unknown[], what: string, at?: number): void {
    if (index < 0 || index >= space.length) this.#fail(`there is no ${what} ${index >>> 0}`, at);
  }

  #functions(): void {
    const { functions, types } = this.#module;
    for (const { name, typeIndex, body } of functions) {
      if (typeIndex >= types.length) {
        invalid(this.#module.file, `there is no type ${typeIndex}`, body?.offset ?? 0, name);
      }
    }
  }

  #tablesAndMemories(): void {
    const { tables, memories } = this.#module;
    for (const { limits } of tables) this.#limits(limits, MAX_TABLE, "table");
    for (const { limits } of memories) this.#limits(limits, MAX_PAGES, "memory");
    if (memories.length > 1) this.#fail("it has more than one memory");
  }

  #tags(): void {
    const { tags, types } = this.#module;
    for (const { typeIndex } of tags) {
      this.#check(typeIndex, types, "type");
      if (types[typeIndex]?.results.length) this.#fail("a tag gives values");
    }
  }

  #limits({ min, max }: Limits, bound: number, what: string): void {
    if (min > bound || (max ?? 0) > bound) this.#fail(`a ${what} is larger than ${bound}`);
    if (max !== undefined && min > max) this.#fail(`the least size of a ${what} is above the most`);
  }

  #globals(): void {
    for (const { init, type } of this.#module.globals) {
      if (init) this.#constant(init, type);
    }
  }

  #elements(): void {
    const { elements, tables } = this.#module;
    for (const { mode, table, offset, element, items, at } of elements) {
      if (mode === "active") {
        this.#check(table, tables, "table", at);
        if (tables[table]?.element !== element) this.#fail("a table has another type", at);
      }
      if (offset) this.#constant(offset, I32);
      for (const item of items) this.#constant(item, element);
    }
  }

  #data(): void {
    const { data, memories } = this.#module;
    for (const { memory, offset, at } of data) {
      if (!offset) continue;
      this.#check(memory, memories, "memory", at);
      this.#constant(offset, I32);
    }
  }

  #constant(expression: ConstantExpression, expected: ValueType): void {
    const { steps = [expression], at } = expression;
    const stack: ValueType[] = [];
    for (const step of steps) {
      const operands = CONSTANT_OPERANDS.get(step.op);
      if (operands === undefined) stack.push(this.#constantType(step));
      else if (stack.pop() !== operands || stack.at(-1) !== operands)
        this.#fail("a constant expression has operands of the wrong type", step.at);
    }
    if (stack[0] !== expected) this.#fail("a constant expression has the wrong type", at);
  }

  #constantType({ op, a, at }: ConstantStep): ValueType {
    switch (op) {
      case Op["i32.const"]:
        return I32;
      case Op["i64.const"]:
        return I64;
      case Op["f32.const"]:
        return F32;
      case Op["f64.const"]:
        return F64;
      case Op["ref.null"]:
        return a as ValueType;
      case Op["ref.func"]:
        this.#check(a, this.#module.functions, "function", at);
        this.declared.add(a);
        return FUNCREF;
      default:
        return this.#constantGlobal(a, at);
    }
  }

  /** Constants may only be made of globals that are imported and never change. */
  #constantGlobal(index: number, at: number): ValueType {
    const global = this.#module.globals[index];
    if (!global?.imported) return this.#fail(`there is no imported global ${index >>> 0}`, at);
    if (global.mutable) this.#fail("a constant expression reads a mutable global", at);
    return global.type;
  }

  #exports(): void {
    const { functions, tables, memories, globals, tags } = this.#module;
    const spaces = {
      function: functions,
      table: tables,
      memory: memories,
      global: globals,
      tag: tags,
    };
    const names = new Set<string>();
    for (const { name, kind, index, at } of this.#module.exports) {
      this.#check(index, spaces[kind], kind, at);
      if (kind === "function") this.declared.add(index);
      if (names.has(name)) this.#fail(`two exports are called ${JSON.stringify(name)}`, at);
      names.add(name);
    }
  }

  #start(): void {
    const { start, functions, types } = this.#module;
    if (start === undefined) return;
    this.#check(start, functions, "function");
    const type = types[functions[start]?.typeIndex ?? 0];
    if (type?.params.length || type?.results.length) {
      this.#fail("the start function takes or gives values");
    }
  }
}
