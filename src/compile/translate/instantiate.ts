// What must happen before a module's first function runs and cannot be linked: copying what other
// modules' globals decide.
//
//   globals            whose first value is an imported global's
//   element segments   into imported tables, or at an imported global's number
//   data segments      into imported memory, or at an imported global's address
//   the start function
//
// A module without imported globals and tables has at most a start function, and no such code.

import { boundSymbol, type OwnMemory } from "../ir/own-memory";
import type { ConstantCode, InstantiateStep } from "../runtime/instantiate";
import { Op } from "../wasm/opcodes";
import type { ConstantExpression, ConstantStep, WasmModule } from "../wasm/wasm";
import { F64, I64 } from "../wasm/wasm";
import { hasLateData } from "./module-data";
import type { ModuleTables } from "./module-tables";

export interface InstantiateOptions {
  readonly module: WasmModule;
  readonly tables: ModuleTables;
  readonly memoryBase: number;
  readonly ownMemory: OwnMemory | undefined;
  globalSymbol(index: number): string;
  /** The symbol of data segment `index`, which is not placed by the linker. */
  dataSymbol(index: number): string;
}

/** Whether a constant is another module's, or computed from one. */
export function isForeign(expression: ConstantExpression | undefined): boolean {
  return expression?.op === Op["global.get"] || expression?.steps !== undefined;
}

const OPERATIONS = new Map<number, "add" | "sub" | "mul">([
  ...[Op["i32.add"], Op["i64.add"]].map((op) => [op, "add"] as const),
  ...[Op["i32.sub"], Op["i64.sub"]].map((op) => [op, "sub"] as const),
  ...[Op["i32.mul"], Op["i64.mul"]].map((op) => [op, "mul"] as const),
]);

/** Whether `module` needs more than its start function before it can be used. */
export function isInstantiated(
  module: WasmModule,
  tables: ModuleTables,
  own: OwnMemory | undefined,
): boolean {
  const isLate = module.globals.some(({ init }) => isForeign(init));
  return isLate || tables.late().length > 0 || hasLateData(module, own);
}

/** What is to be done before the start function, in order. */
export function instantiateSteps(options: InstantiateOptions): InstantiateStep[] {
  const { module, tables, memoryBase, ownMemory: own } = options;
  const codeOf = ({ op, a, b }: ConstantStep): ConstantCode => {
    if (op === Op["global.get"]) return { kind: "global", symbol: options.globalSymbol(a) };
    const operation = OPERATIONS.get(op);
    return operation ? { kind: operation } : { kind: "number", low: a, high: b };
  };
  const startOf = (expression: ConstantExpression): ConstantCode[] =>
    (expression.steps ?? [expression]).map(codeOf);
  const globals = module.globals.flatMap(({ init, type }, index): InstantiateStep[] => {
    if (!init || !isForeign(init)) return [];
    const [from, to] = [startOf(init), options.globalSymbol(index)];
    return [{ kind: "global", from, to, words: type === I64 || type === F64 ? 2 : 1 }];
  });
  const elements = tables.late().map((segment): InstantiateStep => {
    const table = tables.tables[segment.table]!;
    const [at, image] = [startOf(segment.offset!), tables.symbolOf(segment)];
    return { kind: "elements", table, at, image, count: segment.items.length };
  });
  const data = module.data.flatMap(({ offset, bytes }, index): InstantiateStep[] => {
    if (!offset || !hasLateData(module, own)) return [];
    const [at, image] = [startOf(offset), options.dataSymbol(index)];
    const { symbol, base } = own ?? { symbol: undefined, base: memoryBase };
    const size = own && (own.isFixed ? own.bytes : boundSymbol(0));
    return [{ kind: "data", at, base, symbol, size, image, bytes: bytes.length }];
  });
  return [...globals, ...elements, ...data];
}
