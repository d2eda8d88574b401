// For bench/compile.ts: the kernel's build once AssemblyScript is done, first as the first thing
// that this process compiles, then warm. Prints JSON: how many instructions of WebAssembly the
// kernel has, and seconds of the processor.

import { layout } from "../kernel/layout";
import { assembleKernel } from "../src/cli/build-kernel";
import { compileKernel, readKernel } from "../src/cli/kernel-steps";
import { INSTALLATION } from "../src/cli/project";
import { SourceLog } from "../src/cli/source-log";
import { link } from "../src/link/link";
import { elfFile } from "../src/link/output/elf-files";
import { ownSeconds } from "./harness/cpu-time";

const ROUNDS = 8;

const log = new SourceLog(INSTALLATION);
const output = readKernel(INSTALLATION, log.read, {});

async function ourPart(): Promise<number> {
  const begun = ownSeconds();
  const objects = [compileKernel(output, {}), ...(await assembleKernel(INSTALLATION, log))];
  elfFile(link(objects, layout));
  return ownSeconds() - begun;
}

const fresh = await ourPart();
let warm = fresh;
for (let round = 0; round < ROUNDS; round++) warm = Math.min(warm, await ourPart());
const operations = output.module.functions.reduce(
  (sum, { body }) => sum + (body?.code.length ?? 0),
  0,
);
console.log(JSON.stringify({ operations, fresh, seconds: warm }));
