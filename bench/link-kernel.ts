// Times linking this repository's kernel: the first link of a process, and when warm. Compiling it
// comes before that and is not counted. bench/link.ts runs this.

import { kernelParts } from "../src/cli/build-kernel";
import { INSTALLATION } from "../src/cli/project";
import { SourceLog } from "../src/cli/source-log";
import { link } from "../src/link/link";
import { elfFile } from "../src/link/output/elf-files";

const ROUNDS = 10;

const { objects, layout } = await kernelParts(INSTALLATION, new SourceLog(INSTALLATION));
const times = Array.from({ length: ROUNDS }, () => {
  const start = performance.now();
  elfFile(link(objects, layout));
  return performance.now() - start;
});
const first = (times[0] ?? 0).toFixed(0);
const best = Math.min(...times).toFixed(0);
const sections = objects.reduce((sum, object) => sum + object.sections.length, 0);
process.stdout.write(`our kernel, ${sections} sections: first ${first} ms, warm ${best} ms\n`);
