// Builds SSA form from a function's WebAssembly instructions.
//
// One walk over the instructions, each of which takes values off the operand stack and pushes the
// values that it makes. What an instruction does is in the file of its kind:
//
//   numeric.ts    arithmetic, comparisons, conversions, accesses to memory
//   float.ts      those on floating-point numbers
//   variable.ts   locals, globals, constants
//   control.ts    blocks, branches, traps
//   call.ts       calls
//   exceptions.ts what is thrown, and where it is caught
//   table.ts      tables, references, element segments
//   memory.ts     bulk instructions on memory, its size, data segments
//
// Invariant: `values.block` is undefined exactly where control cannot arrive; that code is skipped.

import type { IrFunction } from "../ir/ir";
import type { Code } from "../wasm/code";
import { isFloatOpcode, Op } from "../wasm/opcodes";
import type { WasmFunction, WasmModule } from "../wasm/wasm";
import { CALL_HANDLERS } from "./call";
import { CONTROL_HANDLERS } from "./control";
import { EXCEPTION_HANDLERS } from "./exceptions";
import { FunctionBuilder, type Handler } from "./function-builder";
import type { Linkage } from "./linkage";
import type { LocalHistory } from "./local-history";
import { MEMORY_HANDLERS } from "./memory";
import { numericHandler } from "./numeric";
import { TABLE_HANDLERS } from "./table";
import { unsupportedInstruction } from "./unsupported-code";
import { VARIABLE_HANDLERS } from "./variable";

const HANDLERS: ReadonlyMap<number, Handler> = new Map([
  ...CONTROL_HANDLERS,
  ...VARIABLE_HANDLERS,
  ...CALL_HANDLERS,
  ...EXCEPTION_HANDLERS,
  ...TABLE_HANDLERS,
  ...MEMORY_HANDLERS,
]);

/**
 * Builds one function that has a body.
 *
 * @param history is told which values the locals have
 * @throws UnsupportedCode for floating-point numbers in a kernel, and the like
 */
export function buildFunction(
  module: WasmModule,
  source: WasmFunction,
  linkage: Linkage,
  history?: LocalHistory,
): IrFunction {
  const builder = new FunctionBuilder(module, source, linkage, history);
  const { code, values } = builder;
  for (let index = 0; index < code.length; index++) {
    const op = code.op[index]!;
    values.position = code.at[index]!;
    if (values.block || GOES_ON.has(op)) buildInstruction(builder, index, op);
    else if (OPENS.has(op)) index = endOf(code, index);
  }
  return builder.fn;
}

const OPENS: ReadonlySet<number> = new Set([Op.block, Op.loop, Op.if, Op.try]);
/** What begins a further part of a block. */
const PARTS: ReadonlySet<number> = new Set([Op.else, Op.catch, Op.catch_all]);
/** Where control may arrive although it cannot get to the end of what stands before. */
const GOES_ON: ReadonlySet<number> = new Set([...PARTS, Op.delegate, Op.end]);

/** The index of the `end` or `delegate` of the block that begins at `index`. */
function endOf(code: Code, index: number): number {
  let end = code.b[index]!;
  while (PARTS.has(code.op[end]!)) end = code.b[end]!;
  return end;
}

function buildInstruction(builder: FunctionBuilder, index: number, op: number): void {
  const { code, linkage, stack, values } = builder;
  if (!linkage.hasFloats && isFloatOpcode(op)) throw unsupportedInstruction(op, values.position);
  const a = code.a[index]!;
  const b = code.b[index]!;
  const numeric = numericHandler(op);
  if (numeric) {
    numeric(stack, a, b);
    return;
  }
  const handler = HANDLERS.get(op);
  if (!handler) throw unsupportedInstruction(op, values.position);
  handler(builder, a, b, index);
}
