// For bench/link.ts: what linking this repository's kernel takes of the processor, as the first
// link of a process and warm. Compiling it comes first and is not counted.

import { kernelParts } from "../src/cli/build-kernel";
import { INSTALLATION } from "../src/cli/project";
import { SourceLog } from "../src/cli/source-log";
import { link } from "../src/link/link";
import { elfFile } from "../src/link/output/elf-files";
import { timeHere } from "./harness/cpu-time";

const ROUNDS = 10;

const { objects, layout } = await kernelParts(INSTALLATION, new SourceLog(INSTALLATION));
const times = Array.from({ length: ROUNDS }, () =>
  timeHere(() => void elfFile(link(objects, layout))),
).map(({ cpu }) => 1000 * cpu);
const first = (times[0] ?? 0).toFixed(0);
const best = Math.min(...times).toFixed(0);
const sections = objects.reduce((sum, object) => sum + object.sections.length, 0);
process.stdout.write(`our kernel, ${sections} sections: first ${first} CPU ms, warm ${best}\n`);
