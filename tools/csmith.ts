// Compares programs of csmith, compiled by clang to wasm32 and by us, with clang -m32 and Node.
//
//   node --import ./bin/loader.js tools/csmith.ts [--first SEED] [--count N] [--keep DIR]
//
// clang's levels take turns; ours run all, with a memory of the module's own, and -O2 without.
// --keep DIR keeps the programs that differ. Prints a line now and then, each difference, and a
// sum.
//
// Exit status: 0 no difference; 1 there was one; 2 csmith or clang is missing.

import "./report-errors";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CLANG_LEVELS, cannotGenerate, compareProgram, keep } from "../test/compile/csmith/csmith";

const { values } = parseArgs({
  options: {
    first: { type: "string", default: "1" },
    count: { type: "string", default: "100" },
    keep: { type: "string" },
  },
});

/** Programs between two lines of progress. */
const PROGRESS = 20;

async function main(): Promise<number> {
  const reason = await cannotGenerate();
  if (reason) {
    process.stderr.write(`csmith: ${reason}\n`);
    return 2;
  }
  const folder = mkdtempSync(join(tmpdir(), "isthmus-csmith-"));
  const first = Number(values.first);
  const sum = { compared: 0, endless: 0, different: 0 };
  for (let seed = first; seed < first + Number(values.count); seed++) {
    const level = CLANG_LEVELS[seed % CLANG_LEVELS.length]!;
    const found = compareProgram(seed, level, folder);
    if (found === undefined) sum.endless++;
    else sum.compared++;
    if (found && found.length > 0) {
      sum.different++;
      process.stdout.write(`${found.join("\n")}\n`);
      if (values.keep !== undefined) keep(seed, folder, values.keep);
    }
    if ((seed - first + 1) % PROGRESS === 0) process.stdout.write(`${summary(seed, sum)}\n`);
  }
  rmSync(folder, { recursive: true });
  process.stdout.write(`${summary(first + Number(values.count) - 1, sum)}\n`);
  return sum.different > 0 ? 1 : 0;
}

function summary(last: number, sum: { compared: number; endless: number; different: number }) {
  const { compared, endless, different } = sum;
  return (
    `seeds ${values.first} to ${last}: ${compared} programs compared, ${different} different; ` +
    `${endless} do not end in time`
  );
}

process.exitCode = await main();
