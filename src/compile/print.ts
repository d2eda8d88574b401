// The text form of the intermediate representation, for people, dumps and tests.
//
//   function kernel/add(i32, i32): i32
//   b0:
//     v0 = param 0
//     v2 = add v0 v1
//     return v2

import type { Block, IrFunction, Value } from "./ir";
import { factsOf } from "./ir";

/** How a value is named where it is used: constants by value, symbols by name. */
export function printOperand(value: Value): string {
  if (value.op === "const") return String(value.immediate);
  if (value.op === "symbol") {
    return value.immediate ? `&${value.name}+${value.immediate}` : `&${value.name}`;
  }
  return `v${value.id}`;
}

function printPayload(value: Value): string[] {
  switch (value.op) {
    case "param":
      return [String(value.immediate)];
    case "call":
    case "intrinsic":
      return [value.name];
    default:
      return [];
  }
}

function printTargets(value: Value): string[] {
  const successors = value.block?.successors ?? [];
  const names = successors.map((block) => `b${block.id}`);
  if (!value.cases) return names;
  return (value.cases ?? []).map((target) => names[target] ?? "b?");
}

function printValue(value: Value): string {
  const facts = factsOf(value.op);
  const left = facts.results === 0 ? "" : `v${value.id} = `;
  const isMemory = facts.effect === "read" || value.op.startsWith("store");
  const operands = value.args.map(printOperand);
  if (isMemory && value.immediate)
    operands[0] += `${value.immediate > 0 ? "+" : ""}${value.immediate}`;
  const targets = facts.effect === "terminator" ? printTargets(value) : [];
  return left + [value.op, ...printPayload(value), ...operands, ...targets].join(" ");
}

function printBlock(block: Block): string[] {
  const from = block.predecessors.map((predecessor) => `b${predecessor.id}`).join(" ");
  const depth = block.depth ? `  ; depth ${block.depth}` : "";
  return [
    `b${block.id}:${from && ` from ${from}`}${depth}`,
    ...block.values.map((v) => `  ${printValue(v)}`),
  ];
}

/** The whole function as text, one value a line. */
export function printFunction(fn: IrFunction): string {
  const { parameters, results } = fn.signature;
  const head = `function ${fn.name}(${parameters.join(", ")}): ${results.join(", ") || "void"}`;
  return `${[head, ...fn.blocks.flatMap(printBlock)].join("\n")}\n`;
}
