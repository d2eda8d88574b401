// Prints how long system calls and faults take: here and on Linux in the same QEMU, or here and in
// another kernel of ours, in QEMU and in v86.
//
//   npm run bench:time -- [options]
//
//   --linux VMLINUZ   this Linux for i386, once with page-table isolation (pti=on) and once without
//                     (pti=off). Debian's is in linux-image-686-pae: apt-get download, then
//                     dpkg -x FILE DIR; DIR/boot/vmlinuz-…
//   --before KERNEL   another kernel of ours: build/kernel.elf of a clone at an earlier commit
//   --rounds N        boots each kernel N times, in turn; the default is 3
//   --json            prints one JSON document instead of the table
//
// Figures are the shortest of all samples, in QEMU in thousands of cycles of the host's processor,
// in v86 in microseconds. QEMU translates code, and each load of CR3 empties the TLB that it keeps:
// so these are times of an emulator, and say nothing of a processor. They have no limits; `npm run
// bench` counts instructions and has them.

import "../tools/report-errors";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Diagnostic } from "../src/base/diagnostic";
import { INSTALLATION } from "../src/cli/project";
import { encodeCommandLine } from "../src/machine/command-line";
import { linuxOptions, requireKernel } from "./kernel/count";
import { inQemu, inV86, TIMED_ROWS, type TimedKernel, timeRows } from "./kernel/time";

/** The rows' ticks, in the order of the names. */
interface Result {
  readonly title: string;
  readonly names: readonly string[];
  readonly times: ReadonlyMap<string, readonly (number | undefined)[]>;
}

interface Comparison {
  readonly title: string;
  /** Ours is the first. */
  readonly kernels: readonly TimedKernel[];
}

const KERNEL = join(INSTALLATION, "build", "kernel.elf");
const COMMAND = join(INSTALLATION, "bin", "isthmus.js");
const OWN_OPTIONS = encodeCommandLine(["quiet"], ["/init"]);
const NAME_WIDTH = 46;

const { values } = parseArgs({
  options: {
    linux: { type: "string" },
    before: { type: "string" },
    rounds: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
  },
});
const comparisons = chosenComparisons();
const rounds = roundsOf(values.rounds);
execFileSync(process.execPath, [COMMAND, "build"], { cwd: INSTALLATION });
const results: Result[] = [];
for (const { title, kernels } of comparisons) {
  const times = await timeRows(kernels, rounds, (text) => {
    process.stderr.write(`bench: ${title}, ${text}\n`);
  });
  results.push({ title, names: kernels.map(({ name }) => name), times });
}
console.log(values.json ? json() : results.map(table).join("\n\n"));

/** @throws Diagnostic BENCH008 if there is nothing to compare with, BENCH010 if it is no file */
function chosenComparisons(): Comparison[] {
  const { linux, before } = values;
  if (linux === undefined && before === undefined) {
    throw new Diagnostic(
      "BENCH008",
      "there is no kernel to compare with",
      "Name a Linux for i386, --linux DIR/boot/vmlinuz-…, or a kernel of ours, --before FILE.",
    );
  }
  const own = inQemu("Isthmus", KERNEL, OWN_OPTIONS);
  const chosen: Comparison[] = [];
  if (linux !== undefined) {
    requireKernel(linux);
    const rivals = (["pti=on", "pti=off"] as const).map((isolation) => {
      return inQemu(isolation, linux, linuxOptions(isolation));
    });
    chosen.push({ title: "QEMU, thousands of cycles", kernels: [own, ...rivals] });
  }
  if (before !== undefined) {
    requireKernel(before);
    const earlier = inQemu("before", before, OWN_OPTIONS);
    chosen.push({ title: "QEMU, thousands of cycles", kernels: [own, earlier] });
    const both = [inV86("Isthmus", KERNEL, OWN_OPTIONS), inV86("before", before, OWN_OPTIONS)];
    chosen.push({ title: "v86, microseconds", kernels: both });
  }
  return chosen;
}

/** @throws Diagnostic BENCH009 */
function roundsOf(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new Diagnostic("BENCH009", `${text} is no number of rounds`, "Give 1 or more: --rounds 5.");
}

function table({ title, names, times }: Result): string {
  const [, ...rivals] = names;
  const heads = [
    ...names.map((name) => name.padStart(10)),
    ...rivals.map((name) => `of ${name}`.padStart(11)),
  ];
  const lines = TIMED_ROWS.map(({ id, what }) => {
    const ticks = times.get(id) ?? [];
    const [own = 0, ...others] = ticks;
    const figures = ticks.map((each) => (each && each / 1000)?.toFixed(1) ?? "none");
    const ratios = others.map((each) => (each && own / each)?.toFixed(2) ?? "");
    const columns = [
      ...figures.map((each) => each.padStart(10)),
      ...ratios.map((each) => each.padStart(11)),
    ];
    return what.padEnd(NAME_WIDTH) + columns.join("");
  });
  return [title.padEnd(NAME_WIDTH) + heads.join(""), ...lines].join("\n");
}

function json(): string {
  const machines = results.map(({ title, names, times }) => {
    const rows = TIMED_ROWS.map(({ id, what }) => {
      const ticks = names.map((name, index) => [name, times.get(id)?.[index]]);
      return { id, what, ticks: Object.fromEntries(ticks) };
    });
    return { title, rows };
  });
  return JSON.stringify({ rounds, machines }, null, 2);
}
