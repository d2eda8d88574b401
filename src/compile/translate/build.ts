// Builds SSA form from a function's WebAssembly instructions.
//
// One walk over the instructions, each of which takes values off the operand stack and pushes the
// values that it makes. What an instruction does is in the file of its kind:
//
//   build-numeric.ts    arithmetic, comparisons, conversions, accesses to memory
//   build-float.ts      those on floating-point numbers
//   build-variable.ts   locals, globals, constants
//   build-control.ts    blocks, branches, traps
//   build-call.ts       calls
//   build-table.ts      tables, references, segments
//
// Invariant: `values.block` is undefined exactly where control cannot arrive; that code is skipped.

import type { Signature } from "../ir/ir";
import { IrFunction, isFloatType, type NumberType } from "../ir/ir";
import { ValueBuilder } from "../ir/value-builder";
import { isFloatOpcode, Op, opcodeInfo } from "../wasm/opcodes";
import type { WasmFunction, WasmModule } from "../wasm/wasm";
import type { Code } from "../wasm/wasm-code";
import { CALL_HANDLERS } from "./build-call";
import { CONTROL_HANDLERS } from "./build-control";
import { numericHandler } from "./build-numeric";
import { TABLE_HANDLERS } from "./build-table";
import { VARIABLE_HANDLERS } from "./build-variable";
import { ControlFrames } from "./control-frames";
import type { Linkage } from "./linkage";
import type { LocalHistory } from "./local-history";
import { Locals } from "./locals";
import { OperandStack } from "./operand-stack";
import { numberType, signatureOf } from "./signature";
import { unsupportedFloats, unsupportedInstruction } from "./unsupported-code";

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
  return new FunctionBuilder(module, source, linkage, history).build();
}

/** `a` and `b` are the immediates of the instruction at `index`, as in `Code`. */
export type Handler = (builder: FunctionBuilder, a: number, b: number, index: number) => void;

const HANDLERS: ReadonlyMap<number, Handler> = new Map([
  ...CONTROL_HANDLERS,
  ...VARIABLE_HANDLERS,
  ...CALL_HANDLERS,
  ...TABLE_HANDLERS,
]);

/** A function under construction, as the instructions see it. */
export class FunctionBuilder {
  readonly fn: IrFunction;
  readonly code: Code;
  readonly values: ValueBuilder;
  readonly stack: OperandStack;
  readonly locals: Locals;
  readonly control: ControlFrames;

  constructor(
    readonly module: WasmModule,
    source: WasmFunction,
    readonly linkage: Linkage,
    history: LocalHistory | undefined,
  ) {
    const { body, name } = source;
    const type = module.types[source.typeIndex];
    if (!body || !type) throw new Error(`${name} has no body or no type`);
    const signature = signatureOf(type, body.offset);
    const declared = body.locals.map((each) => numberType(each, body.offset));
    if (!linkage.hasFloats && hasFloats(signature, declared)) throw unsupportedFloats(body.offset);
    this.code = body.code;
    this.fn = new IrFunction(name, signature);
    this.values = new ValueBuilder(this.fn);
    this.values.position = body.offset;
    this.stack = new OperandStack(this.values, linkage.memoryBase);
    this.locals = new Locals(this.values, history);
    this.control = new ControlFrames(this.values, this.stack, this.locals);
    this.control.openFunction(signature.results.length);
    this.locals.declare(signature, declared);
  }

  build(): IrFunction {
    const { code } = this;
    for (let index = 0; index < code.length; index++) {
      const op = code.op[index]!;
      this.values.position = code.at[index]!;
      if (this.values.block || op === Op.end || op === Op.else) this.instruction(index, op);
      else if (op === Op.block || op === Op.loop || op === Op.if) index = this.endOf(index);
    }
    return this.fn;
  }

  /** The index of the `end` of the block that begins at `index`. */
  private endOf(index: number): number {
    const end = this.code.b[index]!;
    return this.code.op[end] === Op.else ? this.code.b[end]! : end;
  }

  private instruction(index: number, op: number): void {
    const { linkage, values } = this;
    if (!linkage.hasFloats && isFloatOpcode(op)) throw unsupportedInstruction(op, values.position);
    const a = this.code.a[index]!;
    const b = this.code.b[index]!;
    const numeric = numericHandler(op);
    if (numeric) {
      const isAccess = opcodeInfo(op)?.immediate === "memory";
      numeric(this.stack, isAccess ? (a + linkage.memoryBase) | 0 : a, b);
      return;
    }
    const handler = HANDLERS.get(op);
    if (!handler) throw unsupportedInstruction(op, values.position);
    handler(this, a, b, index);
  }
}

function hasFloats({ parameters, results }: Signature, locals: readonly NumberType[]): boolean {
  return [...parameters, ...results, ...locals].some(isFloatType);
}
