// A function under construction, as the instructions of WebAssembly see it: the operand stack, the
// locals, the control frames, and the module around them.

import type { Signature } from "../ir/ir";
import { IrFunction, isFloatType, type NumberType } from "../ir/ir";
import { ValueBuilder } from "../ir/value-builder";
import type { Code } from "../wasm/code";
import type { WasmFunction, WasmModule } from "../wasm/wasm";
import { ControlFrames } from "./control-frames";
import { LinearMemory } from "./linear-memory";
import type { Linkage } from "./linkage";
import type { LocalHistory } from "./local-history";
import { Locals } from "./locals";
import { OperandStack } from "./operand-stack";
import { numberType, signatureOf } from "./signature";
import { unsupportedFloats } from "./unsupported-code";

export class FunctionBuilder {
  readonly fn: IrFunction;
  readonly code: Code;
  readonly values: ValueBuilder;
  readonly memory: LinearMemory;
  readonly stack: OperandStack;
  readonly locals: Locals;
  readonly control: ControlFrames;

  /** @throws UnsupportedCode if the signature or a local needs what the environment lacks */
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
    this.memory = new LinearMemory(this.values, linkage.memoryBase, linkage.ownMemory);
    this.stack = new OperandStack(this.values, this.memory, linkage.callsTraps);
    this.locals = new Locals(this.values, history);
    this.control = new ControlFrames(this.values, this.stack, this.locals);
    this.control.openFunction(signature.results.length);
    this.locals.declare(signature, declared);
  }
}

/**
 * Builds one instruction. `a` and `b` are the immediates of the instruction at `index`, as in
 * `Code`.
 */
export type Handler = (builder: FunctionBuilder, a: number, b: number, index: number) => void;

function hasFloats({ parameters, results }: Signature, locals: readonly NumberType[]): boolean {
  return [...parameters, ...results, ...locals].some(isFloatType);
}
