// npm run storm -- [--seed N] [--calls N] [--starving] [--machine qemu|v86]
//
// System calls of all numbers with random arguments, by processes of a few hundred calls each: the
// kernel must not panic, and no frame may be lost. --starving has allocations fail, one at a time;
// then no object of the kernel's heap may be lost either.
// Ten million, which is what is made unless said otherwise, take a quarter of an hour.
// The tests make a short share of them: test/kernel/storm.test.ts.

import "./report-errors";
import { parseArgs } from "node:util";
import { runStorm } from "../test/kernel/storm";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    calls: { type: "string", default: "10000000" },
    starving: { type: "boolean", default: false },
    machine: { type: "string", default: "qemu" },
  },
});
const machine = values.machine === "v86" ? "v86" : "qemu";
const { output, isGood } = await runStorm(
  machine,
  Number(values.seed),
  Number(values.calls),
  values.starving,
);
console.log(output);
process.exitCode = isGood ? 0 : 1;
