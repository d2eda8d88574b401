// Drops the phis whose value nothing but other such phis uses.
//
// Construction makes a phi for each local that differs where control meets, used or not. Compilers
// that do not optimise write functions of thousands of locals and as many blocks, each local used
// in a few of them: the needless phis then outnumber all else, and every pass after this one would
// work on them, registers and moves included. `simplify` drops them too, where it runs.

import { IdSet } from "../ir/id-map";
import type { IrFunction, Value } from "../ir/ir";

export function prunePhis({ blocks, valueLimit }: IrFunction): void {
  const used = new IdSet<Value>(valueLimit);
  const work: Value[] = [];
  const use = (value: Value) => {
    if (value.op === "phi" && used.add(value)) work.push(value);
  };
  for (const { values } of blocks) {
    for (const value of values) if (value.op !== "phi") value.args.forEach(use);
  }
  for (let phi = work.pop(); phi; phi = work.pop()) phi.args.forEach(use);
  const isUsed = (value: Value) => value.op !== "phi" || used.has(value);
  for (const block of blocks) {
    if (!block.values.every(isUsed)) block.values = block.values.filter(isUsed);
  }
}
