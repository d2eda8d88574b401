// How much slower this machine is than the one that limits in seconds are for.
//
// Processor time is not the program's alone: the same build takes 18 s on one machine and 26 s on
// another, and some more beside other work, which shares caches and cores. So each measurement
// stands between two of a yardstick, which nobody changes: a pinned parser reads itself. It has
// much in common with what is measured, being JavaScript that is compiled while it runs, and
// megabytes of syntax trees.

import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { timeCommand } from "./cpu-time";

/** What the yardstick takes, in seconds of the processor, on the machine that limits are for. */
const REFERENCE_SECONDS = 2.0;

const PARSER = createRequire(import.meta.url).resolve("typescript");

const PROGRAM = `
  const typescript = require(process.argv[1]);
  const text = require("node:fs").readFileSync(process.argv[1], "utf8");
  typescript.createSourceFile("a.ts", text, typescript.ScriptTarget.Latest, true);
`;

/** This machine's speed at one moment: 1 as fast as the reference, 1.5 takes half as long again. */
export function slowness(): number {
  const { cpu } = timeCommand(process.execPath, ["-e", PROGRAM, PARSER], tmpdir());
  return cpu / REFERENCE_SECONDS;
}

/**
 * A limit on seconds of the processor as it is on this machine.
 *
 * @param seconds the limit on the reference machine, which a faster machine is held to as well
 * @param moments the slowness around the measurement
 */
export function limitHere(seconds: number, moments: readonly number[]): number {
  const mean = moments.reduce((sum, each) => sum + each, 0) / moments.length;
  return seconds * Math.max(1, mean);
}
