// Which functions the instructions of a row are spent in.
//
// The program measures that row alone, in the machine of count.ts. At the start of the median's
// sample QEMU begins to log each instruction that it executes, at the end it stops. So the figures
// add up to the row's, as long as no timer's interrupt comes in.
//
//   Trace 0: 0x7f49cc0894c0 [00000000/0012b2d4/000000b0/ff020201] name
//                            CS base  EIP      flags: the privilege level in bits 0 and 1
//
// An instruction that reads or writes a port is logged twice: QEMU tries it, sees that it must be
// the last of its block, and begins again. A repetition of a `rep` instruction counts as one.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CodeFile } from "../../src/inspect/code-file";
import { writeArchive } from "../../src/machine/initramfs";
import { QemuMachine } from "../../src/machine/qemu";
import { bootDirectly } from "../../src/machine/qemu-command";
import { requireTool } from "../harness/require-tool";
import { benchmarkFiles } from "./program";
import type { CallRow } from "./rows";
import { bodyOf, reach, startAtSample } from "./sample";

/** What user mode is called in a profile. */
export const PROGRAM = "(the program)";
const LOGGED = /^Trace \d+: \S+ \[\w+\/(\w+)\/(\w+)\//gm;

export interface ProfileLine {
  /** A symbol of the kernel, or PROGRAM. */
  readonly symbol: string;
  readonly instructions: number;
  /** How often its first instruction was executed. */
  readonly entries: number;
}

/**
 * The functions in which one sample of `row` spends its instructions, the dearest first.
 *
 * @throws Error if the run ends before the row's body does
 */
export async function profileRow(
  kernel: Uint8Array,
  commandLine: string,
  row: CallRow,
): Promise<ProfileLine[]> {
  requireTool("qemu-system-i386");
  const folder = mkdtempSync(join(tmpdir(), "isthmus-profile-"));
  try {
    const log = join(folder, "log");
    await logSample(kernel, commandLine, row, log);
    return profileOf(readFileSync(log, "latin1"), new CodeFile(kernel, "kernel.elf"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function logSample(
  kernel: Uint8Array,
  commandLine: string,
  row: CallRow,
  log: string,
): Promise<void> {
  const initramfs = writeArchive(benchmarkFiles([row]));
  const { start, end } = bodyOf(row);
  const boot = { kernel, initramfs, commandLine, memoryMiB: 256 };
  const extraArguments = ["-rtc", "base=2026-01-01,clock=vm", "-seed", "1", "-D", log];
  const machine = new QemuMachine(
    "qemu",
    boot,
    { gdb: true, icountShift: 0, extraArguments },
    bootDirectly,
  );
  try {
    await startAtSample(machine, row, start);
    await machine.monitor("singlestep on");
    await machine.monitor("log exec,nochain");
    await reach(machine, end);
    await machine.monitor("log none");
  } finally {
    await machine.close();
  }
}

/** What a log says, by the symbols of the kernel's code. */
export function profileOf(log: string, kernel: CodeFile): ProfileLine[] {
  const found = new Map<string, { instructions: number; entries: number }>();
  for (const [, address = "", flags = ""] of log.matchAll(LOGGED)) {
    const isUser = (Number.parseInt(flags, 16) & 3) === 3;
    const place = isUser ? undefined : kernel.symbolAt(Number.parseInt(address, 16));
    const symbol = isUser ? PROGRAM : (place?.name ?? "?");
    const line = found.get(symbol) ?? { instructions: 0, entries: 0 };
    found.set(symbol, line);
    line.instructions += 1;
    if (place?.offset === 0) line.entries += 1;
  }
  return [...found]
    .map(([symbol, line]) => ({ symbol, ...line }))
    .sort((a, b) => b.instructions - a.instructions || (a.symbol < b.symbol ? -1 : 1));
}

/** The lines as a table. */
export function formatProfile(lines: readonly ProfileLine[]): string {
  const total = lines.reduce((sum, { instructions }) => sum + instructions, 0);
  const rows = lines.map(({ symbol, instructions, entries }) => {
    const share = `${((100 * instructions) / total).toFixed(1)} %`;
    const numbers = [
      String(instructions).padStart(9),
      share.padStart(9),
      String(entries).padStart(8),
    ];
    return `${numbers.join("")}  ${symbol}`;
  });
  const head = `${"executed".padStart(9)}${"share".padStart(9)}${"entered".padStart(8)}  function`;
  return [head, ...rows, `${String(total).padStart(9)}  in all`].join("\n");
}
