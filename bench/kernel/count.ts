// Runs the benchmark's program on a kernel in QEMU and reads what it prints.
//
// Under `-icount shift=0` the guest's clocks advance by a nanosecond with each instruction, so the
// time-stamp counter counts instructions; an iteration of a `rep` instruction counts as one. While
// the processor waits, `sleep=off` moves the clocks on to the next event at once. The time of day
// and random numbers are fixed. So all figures repeat exactly, on any machine, for one kernel and
// one version of QEMU.
//
// A row's figure is the median of its samples. The first sample may do work that is done only once,
// and every ten million instructions or so a timer interrupt falls into one. The least would be
// wrong for sleeping: the first sleep begins anywhere between two ticks, and ends early for it; all
// others begin right after a tick.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeArchive } from "../../src/machine/initramfs";
import { benchmarkFiles, NOTHING } from "./program";
import { type CallRow, ROWS } from "./rows";
import { ownInstructions } from "./steps";

const TIMEOUT_MS = 600_000;
const NANOSECONDS_PER_MS = 1e6;
const QEMU = [
  ...["-accel", "tcg", "-icount", "shift=0,sleep=off", "-cpu", "max", "-m", "256"],
  ...["-rtc", "base=2026-01-01,clock=vm", "-seed", "1", "-no-reboot"],
  ...["-nodefaults", "-vga", "std", "-display", "none", "-monitor", "none"],
];

/** What each row costs on a kernel, by the rows' names. */
export function countRows(kernel: string, commandLine: string): ReadonlyMap<string, number> {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-bench-"));
  try {
    const initramfs = join(folder, "initramfs.cpio");
    const serial = join(folder, "serial");
    writeFileSync(initramfs, writeArchive(benchmarkFiles()));
    const boot = ["-kernel", kernel, "-initrd", initramfs, "-append", commandLine];
    // A file takes each byte at once; a pipe or a socket would sometimes keep the guest waiting.
    const { error, stderr } = spawnSync(
      "qemu-system-i386",
      [...QEMU, "-serial", `file:${serial}`, ...boot],
      {
        encoding: "utf8",
        timeout: TIMEOUT_MS,
      },
    );
    if (process.env.SHOW)
      console.log(readFileSync(serial, "latin1").replace(/^[!-~]{20,}\r?\n/gm, ""));
    if (error) throw new Error(`QEMU: ${error.message} ${stderr}`);
    return readCounts(readFileSync(serial, "latin1"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The figures in what the program printed. @throws Error if a row is missing or went wrong */
export function readCounts(output: string): ReadonlyMap<string, number> {
  const failure = output.match(/^failed: .*/m);
  if (failure) throw new Error(failure[0].trim());
  const overhead = median(samplesOf(output, NOTHING));
  return new Map(ROWS.map((row) => [row.id, cost(row, median(samplesOf(output, row)) - overhead)]));
}

function cost({ body, unit }: CallRow, ticks: number): number {
  return unit === "ms" ? ticks / NANOSECONDS_PER_MS : ticks - ownInstructions(body);
}

/** The ticks of each sample of a row, once its results have been checked. */
function samplesOf(output: string, { id, result }: CallRow): number[] {
  const line = output.match(new RegExp(`row ${id}((?: [0-9a-f]{8})+)\\r?$`, "m"))?.[1];
  if (line === undefined) throw new Error(`row ${id} is missing from ${output.slice(-400)}`);
  const numbers = line
    .trim()
    .split(" ")
    .map((digits) => Number.parseInt(digits, 16));
  const isResult = (_: number, index: number) => index % 2 === 0;
  const wrong = numbers
    .filter(isResult)
    .find((each) => result !== undefined && (each | 0) !== result);
  if (wrong !== undefined) throw new Error(`a call of row ${id} returned ${wrong | 0}`);
  return numbers.filter((_, index) => !isResult(_, index));
}

function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
