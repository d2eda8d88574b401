// A kernel whose allocations fail when a program says so: sync(n) has the n-th allocation after it
// fail, sync(0) none, and both return how many it would still have taken. sync(-1) returns how many
// objects the heap has.
//
// An allocation is a frame, pages of the kernel's heap, or an object in them: each counts, so each
// place that asks for one of these meets the answer "no" without the others having to.

import { kernelParts } from "../../src/cli/build-kernel";
import { INSTALLATION } from "../../src/cli/project";
import { SourceLog } from "../../src/cli/source-log";
import { link } from "../../src/link/link";
import { elfFile } from "../../src/link/output/elf-files";

interface Change {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const COUNTDOWN = `
let countdown: u32 = 0;
export function starve(count: u32): u32 {
  const left = countdown;
  countdown = count;
  return left;
}
export function isStarved(): bool {
  return countdown !== 0 && --countdown === 0;
}
function takeFree(index: u32): u32 {
  if (isStarved()) return 0;
`;

const CHANGES: readonly Change[] = [
  {
    file: "kernel/memory/frames.ts",
    from: "function takeFree(index: u32): u32 {\n",
    to: COUNTDOWN,
  },
  {
    file: "kernel/memory/pages.ts",
    from: "export function allocatePages(count: u32): usize {\n",
    to: "export function allocatePages(count: u32): usize {\n  if (isStarved()) return 0;\n",
  },
  {
    file: "kernel/memory/pages.ts",
    from: 'from "./frames";',
    to: 'from "./frames";\nimport { isStarved } from "./frames";',
  },
  {
    file: "kernel/memory/heap.ts",
    from: "export function allocate(size: usize): usize {\n",
    to: "export function allocate(size: usize): usize {\n  if (isStarved()) return 0;\n",
  },
  {
    file: "kernel/memory/heap.ts",
    from: 'from "./pages";',
    to: 'from "./pages";\nimport { isStarved } from "./frames";\nexport let liveObjects: u32 = 0;',
  },
  ...[
    ["  slab.used++;\n", "  liveObjects++;\n"],
    ["  slab.used--;\n", "  liveObjects--;\n"],
    ["  changetype<Large>(page).count = count;\n", "  liveObjects++;\n"],
    ["    freePages(page, changetype<Large>(page).count);\n", "    liveObjects--;\n"],
  ].map(([from = "", counts]) => ({
    file: "kernel/memory/heap.ts",
    from,
    to: `${from}${counts}`,
  })),
  {
    file: "kernel/syscall/file.ts",
    from: "export function sync(_frame: TrapFrame): i32 {\n  return 0;\n",
    to: `export function sync(frame: TrapFrame): i32 {
  if (frame.arg0 === 0xffffffff) return <i32>liveObjects;
  return <i32>starve(frame.arg0);
`,
  },
  {
    file: "kernel/syscall/file.ts",
    from: 'import { allocate, free } from "../memory/heap";',
    to: `import { allocate, free, liveObjects } from "../memory/heap";
import { starve } from "../memory/frames";`,
  },
];

/** Compiles and links it. */
export async function starvingKernel(): Promise<Uint8Array> {
  const log = new SourceLog(INSTALLATION);
  const read = (path: string) => changed(path, log.read(path));
  const { objects, layout } = await kernelParts(INSTALLATION, log, {}, read);
  return elfFile(link(objects, layout));
}

function changed(path: string, source: string | undefined): string | undefined {
  let text = source;
  for (const { file, from, to } of CHANGES) {
    if (file !== path) continue;
    if (text?.includes(from) !== true) throw new Error(`${file} has no longer: ${from}`);
    text = text.replace(from, () => to);
  }
  return text;
}
