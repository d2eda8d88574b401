// Runs the benchmark's program on a kernel in QEMU and reads what it prints.
//
// Under `-icount shift=0` the guest's clocks advance by a nanosecond with each instruction, so the
// time-stamp counter counts instructions; an iteration of a `rep` instruction counts as one. While
// the processor waits, `sleep=off` moves the clocks on to the next event at once. The time of day
// and random numbers are fixed. So all figures repeat exactly, on any machine, for one kernel and
// one version of QEMU.
//
// A row's figure is the median of its samples. The first sample may do work that is done only once,
// and every ten million instructions or so a timer interrupt may fall into one. The least would be
// wrong for sleeping where sleeps end with a regular interrupt: the first one begins anywhere
// between two of them, and ends early for it.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Diagnostic } from "../../src/base/diagnostic";
import { type ArchiveEntry, writeArchive } from "../../src/machine/initramfs";
import { requireTool } from "../harness/require-tool";
import { benchmarkFiles, NOTHING } from "./program";
import { type CallRow, ROWS } from "./rows";
import { ownInstructions } from "./steps";

const TIMEOUT_MS = 600_000;
const NANOSECONDS_PER_MS = 1e6;
const COUNTED = ["-icount", "shift=0,sleep=off"];
const QEMU = [
  ...["-accel", "tcg", "-cpu", "max", "-m", "256"],
  ...["-rtc", "base=2026-01-01,clock=vm", "-seed", "1", "-no-reboot"],
  ...["-nodefaults", "-vga", "std", "-display", "none", "-monitor", "none"],
];

/** @throws Diagnostic BENCH010 if there is no such file */
export function requireKernel(file: string): void {
  if (existsSync(file)) return;
  throw new Diagnostic(
    "BENCH010",
    `there is no kernel ${file}`,
    "Debian's Linux for i386 is in linux-image-686-pae: apt-get download, then dpkg -x FILE DIR.",
  );
}

/** Linux's options, with page-table isolation (`pti=on`) or without (`pti=off`). */
export function linuxOptions(isolation: "pti=on" | "pti=off"): string {
  return `console=ttyS0 ${isolation} quiet norandmaps`;
}

/** What each row costs on a kernel, by the rows' names; `files` are what they need besides. */
export function countRows(
  kernel: string,
  commandLine: string,
  rows: readonly CallRow[] = ROWS,
  files: readonly ArchiveEntry[] = [],
): ReadonlyMap<string, number> {
  return readCounts(runProgram(kernel, commandLine, rows, COUNTED, files), rows);
}

/**
 * What the benchmark's program prints on a kernel in QEMU, which gets these options besides, and in
 * a system that has these files besides.
 */
export function runProgram(
  kernel: string,
  commandLine: string,
  rows: readonly CallRow[],
  options: readonly string[] = [],
  files: readonly ArchiveEntry[] = [],
): string {
  requireTool("qemu-system-i386");
  const folder = mkdtempSync(join(tmpdir(), "isthmus-bench-"));
  try {
    const initramfs = join(folder, "initramfs.cpio");
    writeFileSync(initramfs, writeArchive([...benchmarkFiles(rows), ...files]));
    const boot = ["-kernel", kernel, "-initrd", initramfs, "-append", commandLine];
    return serialOutput([...QEMU, ...options, ...boot], join(folder, "serial"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs QEMU until the guest ends; `file` takes what it sends over the serial line. */
function serialOutput(qemu: readonly string[], file: string): string {
  // A file takes each byte at once; a pipe or a socket would sometimes keep the guest waiting.
  const parameters = [...qemu, "-serial", `file:${file}`];
  const options = { encoding: "utf8", timeout: TIMEOUT_MS } as const;
  const { error, stderr } = spawnSync("qemu-system-i386", parameters, options);
  const output = readFileSync(file, "latin1");
  if (error) throw new Error(`QEMU: ${error.message} ${stderr} after ${output.slice(-400)}`);
  return output;
}

/** The figures in what the program printed. @throws Error if a row is missing or went wrong */
export function readCounts(
  output: string,
  rows: readonly CallRow[] = ROWS,
): ReadonlyMap<string, number> {
  const overhead = median(samplesOf(output, NOTHING));
  return new Map(rows.map((row) => [row.id, cost(row, median(samplesOf(output, row)) - overhead)]));
}

function cost({ body, unit }: CallRow, ticks: number): number {
  return unit === "ms" ? ticks / NANOSECONDS_PER_MS : ticks - ownInstructions(body);
}

/**
 * The ticks of each sample of a row in what the program printed, once its results are checked.
 * @throws Error if the row is missing or went wrong
 */
export function samplesOf(output: string, { id, result }: CallRow): number[] {
  const failure = output.match(/^failed: .*/m);
  if (failure) throw new Error(failure[0].trim());
  const lines = output.matchAll(new RegExp(`row ${id}((?: [0-9a-f]{8} [0-9a-f]{8})+)\\r?$`, "gm"));
  const samples = [...lines].flatMap(([, each = ""]) => [...each.matchAll(/ (\w+) (\w+)/g)]);
  if (samples.length === 0) throw new Error(`row ${id} is missing from ${output.slice(-400)}`);
  return samples.map(([, returned = "", ticks = ""]) => {
    const value = Number.parseInt(returned, 16) | 0;
    if (value !== (result ?? value)) throw new Error(`a call of row ${id} returned ${value}`);
    return Number.parseInt(ticks, 16);
  });
}

function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
