// What must happen before a module's first function runs and cannot be linked: copying what other
// modules' globals decide.
//
//   globals            whose first value is an imported global's
//   element segments   into imported tables, or at an imported global's number
//   data segments      into imported memory, or at an imported global's address
//   the start function
//
// A module without imported globals and tables has at most a start function, and no such code.

import type { Assembler } from "../../x86/assembler";
import { mem32, symbol } from "../../x86/operand";
import { eax, ecx, edx } from "../../x86/registers";
import { Op } from "../wasm/opcodes";
import type { ConstantExpression, WasmGlobal, WasmModule } from "../wasm/wasm";
import { F64, I64 } from "../wasm/wasm";
import { hasLateData } from "./module-data";
import type { ModuleTables } from "./module-tables";

/** The symbol of the code; local to an object. */
export const INSTANTIATE = "isthmus:instantiate";

export interface InstantiateOptions {
  readonly module: WasmModule;
  readonly tables: ModuleTables;
  readonly memoryBase: number;
  globalSymbol(index: number): string;
  /** The symbol of data segment `index`, which is not placed by the linker. */
  dataSymbol(index: number): string;
  readonly start: string | undefined;
}

/** Whether a constant is another module's. */
export function isForeign(expression: ConstantExpression | undefined): boolean {
  return expression?.op === Op["global.get"];
}

/** Whether `module` needs more than its start function before it can be used. */
export function isInstantiated(module: WasmModule, tables: ModuleTables): boolean {
  const isLate = module.globals.some(({ init }) => isForeign(init));
  return isLate || tables.late().length > 0 || hasLateData(module);
}

/** Appends the function `INSTANTIATE`, which ends by going on to the start function. */
export function emitInstantiate(a: Assembler, options: InstantiateOptions): void {
  const { module, tables, memoryBase, start } = options;
  const load = (expression: ConstantExpression) => {
    if (isForeign(expression)) a.mov(eax, mem32({ symbol: options.globalSymbol(expression.a) }));
    else a.mov(eax, expression.a);
  };
  a.section(`.text.${INSTANTIATE}`, { execute: true });
  a.align(4);
  a.function(
    INSTANTIATE,
    () => {
      for (const [index, global] of module.globals.entries()) {
        if (isForeign(global.init)) copyGlobal(a, options, index, global);
      }
      for (const segment of tables.late()) {
        tables.emitPlacing(a, segment, () => load(segment.offset!));
      }
      for (const [index, { offset, bytes }] of module.data.entries()) {
        if (!offset || !hasLateData(module)) continue;
        load(offset);
        if (memoryBase !== 0) a.add(eax, memoryBase);
        a.mov(edx, symbol(options.dataSymbol(index)));
        a.mov(ecx, bytes.length);
        a.call("__isthmus_copy");
      }
      if (start === undefined) a.ret();
      else a.jmp(start);
    },
    "local",
  );
}

function copyGlobal(
  a: Assembler,
  options: InstantiateOptions,
  index: number,
  { type, init }: WasmGlobal,
): void {
  const from = options.globalSymbol(init!.a);
  const to = options.globalSymbol(index);
  for (const disp of type === I64 || type === F64 ? [0, 4] : [0]) {
    a.mov(eax, mem32({ symbol: from, disp }));
    a.mov(mem32({ symbol: to, disp }), eax);
  }
}
