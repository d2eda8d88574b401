// The text form of the intermediate representation, for people, dumps and tests. parse.ts reads it
// back: everything but the positions in the source is there.
//
//   function kernel/add(i32, i32): i32
//   b0:
//     v0 = param 0
//     v2 = add v0 -1
//     v3 = load32 &counter+4 offset=8
//     check v2 bytes=4 size=65536              traps, if they are not all in the module's memory
//     v4 = load32 memory v2                    an address in the module's own memory
//     v5 = phi.f64 v6 f64:3ff0000000000000     a number by its bits; a type that the name lacks
//     v4 = call work(i32, i64): i32 v2 v3 0
//     branch v4 b1 b2
//   b1: from b0 depth 1
//
// A name that could be read as something else stands in quotation marks, as in JSON.

import { floatSymbol } from "./float-constants";
import type { Block, IrFunction, Signature, Value } from "./ir";
import { factsOf, isFree, isMemoryAccess } from "./ir";
import { trapOf } from "./trap";

const PLAIN_NAME = /^[A-Za-z_~$.][\w~$./#:|<>,@^%*]*$/;

/** A name as it stands in a dump. */
export function printName(name: string): string {
  return PLAIN_NAME.test(name) ? name : JSON.stringify(name);
}

/** `&name+4`: the address of a symbol. */
export function printSymbol(name: string, addend: number): string {
  if (addend === 0) return `&${printName(name)}`;
  return `&${printName(name)}${addend < 0 ? "" : "+"}${addend}`;
}

/** How a value is named where it is used: constants by value, symbols by name. */
export function printOperand(value: Value): string {
  if (value.op === "const") return String(value.immediate);
  if (value.op === "symbol") return printSymbol(value.name, value.immediate);
  if (isFree(value) && value.type !== "i32") {
    return floatSymbol(value.type, value.immediate, value.highImmediate);
  }
  return `v${value.id}`;
}

function printSignature({ parameters, results }: Signature): string {
  return `(${parameters.join(", ")}): ${results.join(", ") || "void"}`;
}

function printPayload(value: Value): string[] {
  switch (value.op) {
    case "param":
    case "result":
      return [String(value.immediate)];
    case "unreachable":
    case "trap_if":
      return value.immediate === 0 ? [] : [JSON.stringify(trapOf(value.immediate))];
    case "call":
    case "call_indirect":
    case "tail_call":
    case "tail_call_indirect":
    case "routine":
    case "checked_routine":
    case "intrinsic": {
      const name = value.op.endsWith("call_indirect") ? "" : printName(value.name);
      return [name + (value.signature ? printSignature(value.signature) : "")];
    }
    default:
      return isMemoryAccess(value) && value.name !== "" ? [value.name] : [];
  }
}

function printTargets(value: Value): string[] {
  const names = (value.block?.successors ?? []).map((block) => `b${block.id}`);
  return value.cases ? value.cases.map((target) => names[target] ?? "b?") : names;
}

function printValue(value: Value): string {
  const facts = factsOf(value.op);
  const left = facts.results === 0 ? "" : `v${value.id} = `;
  const op = value.type === (facts.type ?? "i32") ? value.op : `${value.op}.${value.type}`;
  const operands = value.args.map(printOperand);
  if (isMemoryAccess(value) && value.immediate !== 0) operands.push(`offset=${value.immediate}`);
  if (value.op === "check") {
    operands.push(`bytes=${value.immediate >>> 0}`, `size=${value.highImmediate >>> 0}`);
  }
  const targets = facts.effect === "terminator" ? printTargets(value) : [];
  return left + [op, ...printPayload(value), ...operands, ...targets].join(" ");
}

function printBlock(block: Block): string[] {
  const from = block.predecessors.map((predecessor) => ` b${predecessor.id}`).join("");
  const depth = block.depth ? ` depth ${block.depth}` : "";
  return [
    `b${block.id}:${from && ` from${from}`}${depth}`,
    ...block.values.map((value) => `  ${printValue(value)}`),
  ];
}

/** The whole function as text, one value a line. */
export function printFunction(fn: IrFunction): string {
  const head = `function ${printName(fn.name)}${printSignature(fn.signature)}`;
  return `${[head, ...fn.blocks.flatMap(printBlock)].join("\n")}\n`;
}
