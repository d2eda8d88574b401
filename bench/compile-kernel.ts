// For bench/compile.ts: what is left of the kernel's build when AssemblyScript has done its part,
// once as the first thing that this process compiles, then warm. Prints seconds as JSON.

import { layout } from "../kernel/layout";
import { assembleKernel, compileKernel, readKernel } from "../src/cli/build-kernel";
import { INSTALLATION } from "../src/cli/project";
import { SourceLog } from "../src/cli/source-log";
import { link } from "../src/link/link";
import { elfFile } from "../src/link/output/elf-files";

const ROUNDS = 8;

const log = new SourceLog(INSTALLATION);
const output = readKernel(INSTALLATION, log, {});

async function ourPart(): Promise<number> {
  const begun = performance.now();
  const objects = [compileKernel(output, {}), ...(await assembleKernel(INSTALLATION, log))];
  elfFile(link(objects, layout));
  return (performance.now() - begun) / 1000;
}

const fresh = await ourPart();
let warm = fresh;
for (let round = 0; round < ROUNDS; round++) warm = Math.min(warm, await ourPart());
console.log(JSON.stringify({ fresh, warm }));
