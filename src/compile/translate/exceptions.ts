// Exceptions in their legacy form (try, catch, rethrow, delegate) as control flow.
//
//   try
//     call f          f, or if it throws:  handler
//   catch $t                               tag = $t?  its code
//   end                                               else: the next catch, or further out
//
// What is thrown lies in memory while control is on its way (runtime/unwind.ts): its tag, which is
// an address, and the words that it carries. A handler takes them out at once, so `rethrow` finds
// them however often others have thrown meanwhile. Inside one function a throw is a jump.

import type { Value } from "../ir/ir";
import { valuesOf } from "../ir/ir";
import { EXCEPTION, THROW } from "../runtime/unwind";
import { Op } from "../wasm/opcodes";
import { callNamed } from "./call";
import { arityOf } from "./control";
import type { Caught } from "./control-frames";
import type { FunctionBuilder, Handler } from "./function-builder";
import { numberType } from "./signature";

const WORD = 4;
const NOTHING = { parameters: [], results: [] } as const;

/** Puts what is thrown in its place. */
function store({ fn, values }: FunctionBuilder, { tag, words }: Caught): void {
  const place = fn.symbol(EXCEPTION);
  values.effect("store32", [place, tag]);
  for (const [i, word] of words.entries()) {
    values.effect("store32", [place, word], WORD * (1 + i));
  }
}

/** Takes out what is thrown. */
function take({ fn, linkage, values }: FunctionBuilder): Caught {
  const place = fn.symbol(EXCEPTION);
  const load = (word: number) => values.effect("load32", [place], WORD * word);
  const words = Array.from({ length: linkage.exceptionWords }, (_, i) => load(1 + i));
  return { tag: load(0), words };
}

/** Control goes to where what is in place is caught: in a block that `depth` others are in. */
function leave(builder: FunctionBuilder, depth = 0): void {
  const { control, values } = builder;
  const handler = control.handlerAt(depth);
  if (handler) {
    control.throwTo(handler);
    return;
  }
  callNamed(builder, THROW, [], NOTHING);
  values.effect("unreachable", []);
  values.block = undefined;
}

function typesOf({ module, values }: FunctionBuilder, tag: number) {
  const { params } = module.types[module.tags[tag]!.typeIndex]!;
  return params.map((type) => numberType(type, values.position));
}

function throwTag(builder: FunctionBuilder, tag: number): void {
  const { fn, linkage, stack, values } = builder;
  const operands = stack.popMany(typesOf(builder, tag).length);
  const words = operands.flatMap(({ low, high }): Value[] => {
    if (high) return [low, high];
    if (low.type === "f32") return [values.emit("bits_f32", low)];
    if (low.type === "i32") return [low];
    const bits = values.effect("bits_f64", [low]);
    return [bits, values.high(bits)];
  });
  store(builder, { tag: fn.symbol(linkage.tag(tag)), words });
  leave(builder);
}

function rethrow(builder: FunctionBuilder, depth: number): void {
  const { caught } = builder.control.label(depth);
  if (!caught) throw new Error(`${builder.fn.name}: nothing was caught`);
  store(builder, caught);
  leave(builder);
}

function catchTag(builder: FunctionBuilder, tag: number): void {
  const { control, fn, linkage, stack, values } = builder;
  if (!control.startCatch(() => take(builder))) return;
  const caught = control.label(0).caught!;
  control.catchIf(values.emit("eq", caught.tag, fn.symbol(linkage.tag(tag))));
  let next = 0;
  const word = () => caught.words[next++]!;
  for (const type of typesOf(builder, tag)) {
    const low = word();
    const high = valuesOf([type]).length === 2 || type === "f64" ? word() : undefined;
    if (type === "f32") stack.push(values.emit("from_bits_f32", low));
    else if (type === "f64") stack.push(values.emit("from_bits_f64", low, high!));
    else stack.push(low, high);
  }
}

/** What no catch has taken goes further out. */
function end(builder: FunctionBuilder): void {
  const { control } = builder;
  const { kind, handler, otherwise } = control.label(0);
  const isOpen = kind === "try" && (handler || otherwise);
  if (isOpen && control.startCatch(() => take(builder))) leave(builder);
  control.end();
}

function delegate(builder: FunctionBuilder, depth: number): void {
  const { control } = builder;
  if (control.startCatch(() => take(builder))) leave(builder, depth + 1);
  control.end();
}

/** How to build the instructions of this file, and the ends of blocks, by number. */
export const EXCEPTION_HANDLERS: readonly (readonly [number, Handler])[] = [
  [Op.try, (builder, type) => builder.control.openTry(arityOf(builder, type))],
  [Op.catch, catchTag],
  [
    Op.catch_all,
    (builder) => {
      builder.control.startCatch(() => take(builder));
    },
  ],
  [Op.delegate, delegate],
  [Op.throw, throwTag],
  [Op.rethrow, rethrow],
  [Op.end, end],
];
