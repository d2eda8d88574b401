// Memory as a whole: the instructions that copy, fill, measure and grow it, and data segments.
//
// `memory.size` and `memory.grow` ask the memory manager, if there is one. A memory of the module's
// own knows its size, and its bounds are checked, before anything is written.

import type { Signature, Value } from "../ir/ir";
import { isConst } from "../ir/ir";
import { OWN_GROW } from "../ir/own-memory";
import { Op } from "../wasm/opcodes";
import { callNamed } from "./call";
import type { FunctionBuilder, Handler } from "./function-builder";
import { checkRange, drop, segmentSize } from "./table";
import { unsupportedInstruction } from "./unsupported-code";

const SIZE: Signature = { parameters: [], results: ["i32"] };
const GROW: Signature = { parameters: ["i32"], results: ["i32"] };
const PAGE_SHIFT = 16;

const TRAP = "out of bounds memory access";

/** Traps unless `count` bytes are there from `start` on, if the memory is the module's own. */
function checkBytes(builder: FunctionBuilder, start: Value, count: Value): void {
  const { memory } = builder;
  if (!memory.own) return;
  if (isConst(count)) memory.check(start, count.immediate >>> 0);
  else checkRange(builder, start, count, memory.size(), TRAP);
}

function copy(builder: FunctionBuilder): void {
  const { memory, stack, values } = builder;
  const count = stack.popWord();
  const source = stack.popWord();
  const destination = stack.popWord();
  checkBytes(builder, source, count);
  checkBytes(builder, destination, count);
  if (isConst(count) && count.immediate === 0) return;
  values.effect("copy", [memory.pointer(destination), memory.pointer(source), count]);
}

function fill(builder: FunctionBuilder): void {
  const { memory, stack, values } = builder;
  const count = stack.popWord();
  const byte = stack.popWord();
  const destination = stack.popWord();
  checkBytes(builder, destination, count);
  if (isConst(count) && count.immediate === 0) return;
  values.effect("fill", [memory.pointer(destination), byte, count]);
}

function init(builder: FunctionBuilder, segment: number): void {
  const { fn, linkage, memory, stack, values } = builder;
  const data = linkage.data(segment);
  const count = stack.popWord();
  const source = stack.popWord();
  const start = stack.popWord();
  checkBytes(builder, start, count);
  checkRange(builder, source, count, segmentSize(builder, data), TRAP);
  if (data.size === 0) return;
  const from = values.emit("add", source, fn.symbol(data.symbol));
  values.effect("copy", [memory.pointer(start), from, count]);
}

function size(builder: FunctionBuilder): void {
  const { memory, stack, values } = builder;
  if (memory.own) stack.push(values.emit("shr", memory.size(), values.constant(PAGE_SHIFT)));
  else {
    requireManager(builder, Op["memory.size"]);
    callNamed(builder, "memory_size", [], SIZE);
  }
}

function grow(builder: FunctionBuilder): void {
  const { memory, stack } = builder;
  if (!memory.own) requireManager(builder, Op["memory.grow"]);
  callNamed(builder, memory.own ? OWN_GROW : "memory_grow", [stack.popWord()], GROW);
}

function requireManager({ linkage, values }: FunctionBuilder, op: number): void {
  if (!linkage.hasMemoryManager) throw unsupportedInstruction(op, values.position);
}

/** How to build the instructions of this file, by number. */
export const MEMORY_HANDLERS: readonly (readonly [number, Handler])[] = [
  [Op["memory.copy"], copy],
  [Op["memory.fill"], fill],
  [Op["memory.init"], init],
  [Op["data.drop"], (builder, index) => drop(builder, builder.linkage.data(index))],
  [Op["memory.size"], size],
  [Op["memory.grow"], grow],
];
