// Which code of a function of WebAssembly runs only after a given instruction.

import type { Code } from "../wasm/code";
import { Op } from "../wasm/opcodes";

const OPENS: ReadonlySet<number> = new Set([Op.block, Op.loop, Op.if, Op.try]);
/** What begins a further part of a block. */
const PARTS: ReadonlySet<number> = new Set([Op.else, Op.catch, Op.catch_all]);

/**
 * The index of the last instruction up to which all after `index` is dominated by it: what gets
 * there has passed it. Control is structured, so that is all up to the end of the block around it,
 * and on from there unless a branch from before `index` leads there too.
 */
export function dominatedEnd(code: Code, index: number): number {
  const { op, b, length } = code;
  const open: number[] = [];
  // For each block around: the first branch to its end.
  const left: number[] = [];
  for (let i = 0; i < index; i++) {
    if (OPENS.has(op[i]!)) {
      open.push(i);
      left.push(length);
    } else if (op[i] === Op.end || op[i] === Op.delegate) {
      open.pop();
      left.pop();
    } else {
      for (const depth of targetsOf(code, i)) {
        const at = open.length - 1 - depth;
        if (at >= 0) left[at] = Math.min(left[at]!, i);
      }
    }
  }
  for (let i = open.length - 1; i >= 0; i--) {
    const start = open[i]!;
    if (op[start] === Op.loop) continue;
    let end = b[start]!;
    while (end < index && PARTS.has(op[end]!)) end = b[end]!;
    if (op[start] !== Op.block || left[i]! < index) return end - 1;
  }
  return length - 1;
}

/** The labels that an instruction may branch to, by how many blocks they are further out. */
function targetsOf({ op, a, b, targets }: Code, index: number): readonly number[] {
  if (op[index] === Op.br || op[index] === Op.br_if) return [a[index]!];
  if (op[index] !== Op.br_table) return [];
  return targets.slice(a[index]!, a[index]! + b[index]! + 1);
}
