// Calls as values, or as terminators where the function's frame is gone by then.
//
// Arguments are words, an i64's low one first. A call's value is its first result; the high word
// of that, if it is an i64, and all other results are values after it that name the call.

import type { Signature, Value } from "../ir/ir";
import { Op } from "../wasm/opcodes";
import { br } from "./control";
import type { FunctionBuilder, Handler } from "./function-builder";
import { signatureOf } from "./signature";

/** Calls function `index`, or what it is replaced by. */
export function call(builder: FunctionBuilder, index: number): void {
  const { fn, linkage, module, stack, values } = builder;
  const callee = linkage.callee(index, values.position);
  const type = module.types[module.functions[index]?.typeIndex ?? -1];
  if (!type) throw new Error(`${fn.name}: there is no function ${index}`);
  const signature = signatureOf(type, values.position);
  const args = stack.popWords(signature.parameters.length);
  if (callee.kind === "address") {
    stack.push(fn.symbol(callee.name));
    return;
  }
  const op = callee.kind === "function" ? "call" : "intrinsic";
  pushResults(builder, values.effect(op, args, 0, callee.name), signature);
  if (op === "call") builder.control.mayThrow();
}

/** Calls function `index`, and returns what it does. */
export function returnCall(builder: FunctionBuilder, index: number): void {
  const { linkage, module, stack, values } = builder;
  const callee = linkage.callee(index, values.position);
  if (callee.kind !== "function") {
    call(builder, index);
    br(builder, builder.control.body);
    return;
  }
  const type = module.types[module.functions[index]!.typeIndex]!;
  const signature = signatureOf(type, values.position);
  const args = stack.popWords(signature.parameters.length);
  values.effect("tail_call", args, 0, callee.name).signature = signature;
  values.block = undefined;
}

/** Calls the function of this type at an address. */
export function callAddress(builder: FunctionBuilder, target: Value, typeIndex: number): void {
  const { fn, module, stack, values } = builder;
  const type = module.types[typeIndex];
  if (!type) throw new Error(`${fn.name}: there is no type ${typeIndex}`);
  const signature = signatureOf(type, values.position);
  const args = stack.popWords(signature.parameters.length);
  pushResults(builder, values.effect("call_indirect", [...args, target]), signature);
  builder.control.mayThrow();
}

/** The same, and returns what the function does. */
export function returnCallAddress(
  { module, stack, values }: FunctionBuilder,
  target: Value,
  typeIndex: number,
): void {
  const signature = signatureOf(module.types[typeIndex]!, values.position);
  const args = stack.popWords(signature.parameters.length);
  values.effect("tail_call_indirect", [...args, target]).signature = signature;
  values.block = undefined;
}

/** Calls what is at a symbol that the module does not know. */
export function callNamed(
  builder: FunctionBuilder,
  name: string,
  args: Value[],
  signature: Signature,
): void {
  pushResults(builder, builder.values.effect("call", args, 0, name), signature);
}

function pushResults({ stack, values }: FunctionBuilder, call: Value, signature: Signature): void {
  call.signature = signature;
  const [first, ...others] = signature.results;
  if (first && first !== "i64") call.type = first;
  if (first) stack.push(call, first === "i64" ? values.high(call) : undefined);
  let index = first === "i64" ? 2 : 1;
  const result = (type: Value["type"]): Value => {
    const value = values.effect("result", [call], index++);
    value.type = type;
    return value;
  };
  for (const type of others) {
    if (type === "i64") stack.push(result("i32"), result("i32"));
    else stack.push(result(type));
  }
}

/** How to build the instructions of this file, by number. */
export const CALL_HANDLERS: readonly (readonly [number, Handler])[] = [
  [Op.call, call],
  [Op.return_call, returnCall],
];
