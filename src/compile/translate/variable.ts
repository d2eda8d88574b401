// Locals, globals and constants, and the instructions that only move operands, as values.
//
// A local is a name for a value and costs nothing (locals.ts). A global that never changes is a
// constant; any other is a word of memory, or two. A constant may be an address that the linker is
// to place: the linkage knows which are.

import { isFloatType } from "../ir/ir";
import { Op } from "../wasm/opcodes";
import { I32 } from "../wasm/wasm";
import type { FunctionBuilder, Handler } from "./function-builder";
import type { StaticAddress } from "./linkage";
import { numberType } from "./signature";
import { unsupportedFloats } from "./unsupported-code";

function pushAddress(builder: FunctionBuilder, { symbol, offset, isNegated }: StaticAddress): void {
  const { fn, stack, values } = builder;
  const address = fn.symbol(symbol, offset);
  if (isNegated) stack.push(values.emit("sub", values.constant(0), address));
  else stack.push(address);
}

function constant(builder: FunctionBuilder, value: number): void {
  const { linkage, stack, values } = builder;
  const address = linkage.addressAt(values.position, value);
  if (address) pushAddress(builder, address);
  else stack.push(values.constant(value));
}

function globalGet(builder: FunctionBuilder, index: number): void {
  const { fn, linkage, module, stack, values } = builder;
  const type = numberType(module.globals[index]?.type ?? I32, values.position);
  const isWide = type === "i64";
  const isFloat = isFloatType(type);
  if (isFloat && !linkage.hasFloats) throw unsupportedFloats(values.position);
  const storage = linkage.global(index);
  if (typeof storage === "string") {
    const address = fn.symbol(storage);
    const low = values.effect(isFloat ? `load_${type}` : "load32", [address]);
    stack.push(low, isWide ? values.effect("load32", [address], 4) : undefined);
  } else if ("symbol" in storage) {
    pushAddress(builder, storage);
  } else if (isFloat) {
    stack.push(fn.float(type, storage.low, storage.high));
  } else {
    const { low, high } = values.pairConstant(storage.low, storage.high);
    stack.push(low, isWide ? high : undefined);
  }
}

function globalSet({ fn, linkage, stack, values }: FunctionBuilder, index: number): void {
  const storage = linkage.global(index);
  if (typeof storage !== "string") throw new Error(`${fn.name}: sets a constant global`);
  const { low, high } = stack.pop();
  const address = fn.symbol(storage);
  const op = low.type === "i32" ? "store32" : (`store_${low.type}` as const);
  values.effect(op, [address, low]);
  if (high) values.effect("store32", [address, high], 4);
}

function select({ stack, values }: FunctionBuilder): void {
  const condition = stack.popWord();
  const no = stack.pop();
  const yes = stack.pop();
  const low = values.emit("select", condition, yes.low, no.low);
  const isWide = yes.high && no.high;
  stack.push(low, isWide && values.emit("select", condition, yes.high, no.high));
}

/** How to build the instructions of this file, by number. */
export const VARIABLE_HANDLERS: readonly (readonly [number, Handler])[] = [
  [Op["local.get"], ({ stack, locals }, local) => stack.put(locals.get(local))],
  [Op["local.set"], ({ stack, locals }, local) => locals.set(local, stack.pop())],
  [Op["local.tee"], ({ stack, locals }, local) => locals.set(local, stack.peek())],
  [Op["global.get"], globalGet],
  [Op["global.set"], globalSet],
  [Op["i32.const"], constant],
  [
    Op.drop,
    ({ stack }) => {
      stack.pop();
    },
  ],
  [Op.select, select],
  [Op.select_typed, select],
];
