// isthmus audit: boots, stops the machine at several moments, and checks the nine laws of isolation
//
//   npx isthmus audit [--machine v86|qemu|grub] [--firmware bios|uefi32|uefi64] [--board pc|q35]
//                     [--memory MiB] [--stops N] [--seed N] [--json]
//                     [--kernel FILE --initramfs FILE --layout FILE] [[--] PROGRAM ARGS…]
//
// The moments: in user mode, in a system call, after the exit of a process, N random ones in
// between, and the end of the run. PROGRAM is what runs meanwhile; without it, churn: processes
// that compute, call the kernel, fork and exit. A law that a machine cannot show is `unchecked`,
// with the reason.
//
// Options
//   --machine NAME     v86 (default), qemu or grub
//   --firmware NAME    of QEMU's PC: bios (default), or uefi32 or uefi64
//   --board NAME       QEMU's PC: pc (default with bios) or q35 (default with UEFI)
//   --memory MIB       the guest's memory; default 64
//   --stops N          random stops; default 4. v86 goes on from each by a random number of
//                      instructions
//   --seed N           chooses these numbers, to repeat them; default another one each time, which
//                      the report tells
//   --json             prints one JSON document: ok, machine, seed, sharedBytes, shared (va, pa,
//                      flags), laws (number, title, verdict, why, offences: space, va, pa, region,
//                      symbol, what), spaces (name, cr3, mappedBytes), moments, missed
//   --kernel FILE      audits this kernel; it must describe itself as src/abi/kernel-info.ts says
//   --initramfs FILE   the module for it
//   --layout FILE      the layout of that kernel: what the regions of its spaces are called
//
// Example
//   $ npx isthmus audit
//   v86: no law is broken
//
//   law 1  holds      the trampoline is all that is shared
//                     3 pages, 12288 bytes, in 5 user spaces
//   law 2  holds      user directories hold user frames and the trampoline
//                     40 pages in 5 user spaces were looked at
//   …
//
// Exit status: 0 no law is broken; 1 one is, and the addresses are listed; 2 the machine could not
// be audited.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Diagnostic } from "../base/diagnostic";
import { auditMachine } from "../inspect/audit-machine";
import { type AuditReport, reportLines } from "../inspect/audit-report";
import { userPointersAreAllegations } from "../inspect/law-of-pointers";
import type { Observation } from "../inspect/observation";
import { BOOT_OPTIONS, type BootSettings, bootSettings, PC_OPTIONS } from "./boot-settings";
import type { Command, CommandLine } from "./command";
import { observe } from "./observe";
import { outputWidth, patiently, print, printJson, style } from "./terminal";

const DEFAULT_STOPS = 4;
const STOPS_LIMITS = { min: 0, max: 1000 };
const SEED_LIMITS = { min: 1, max: 0xffff_ffff };
const DEFAULT_PROGRAM = ["churn"];

export const command: Command = {
  options: {
    ...BOOT_OPTIONS,
    ...PC_OPTIONS,
    layout: { type: "string" },
    stops: { type: "string" },
    seed: { type: "string" },
    json: { type: "boolean" },
  },
  takesProgram: true,
  run,
};

async function run(line: CommandLine): Promise<number> {
  const stops = line.count("stops", STOPS_LIMITS, DEFAULT_STOPS);
  const seed = line.count("seed", SEED_LIMITS, undefined) ?? randomSeed();
  const settings = await bootSettings(line, { program: DEFAULT_PROGRAM, kernelOptions: ["quiet"] });
  const what = `booting ${settings.machine}, and auditing it until its program ends`;
  const report = await patiently(what, () => auditRun(settings, stops, line.value("layout"), seed));
  if (line.flag("json")) printJson(report);
  else for (const text of reportLines(report, style, outputWidth())) print(text);
  return report.ok ? 0 : 1;
}

/**
 * Boots a machine and audits it until the end of its program.
 *
 * @param layoutPath the layout of the kernel; default: the project's, if the kernel is its
 * @param seed of the random stops
 * @throws Diagnostic CLI004 if there was no moment at which a process existed
 */
export async function auditRun(
  settings: BootSettings,
  stops: number,
  layoutPath?: string,
  seed = randomSeed(),
): Promise<AuditReport> {
  const sources = await kernelSources(settings);
  const observation = await observe(settings, layoutPath);
  try {
    const judgement = userPointersAreAllegations(sources);
    const report = await auditMachine(observation, stops, seed, judgement);
    if (!report) throw nothingSeen(observation);
    return report;
  } finally {
    await observation.close();
  }
}

function randomSeed(): number {
  return 1 + Math.floor(Math.random() * SEED_LIMITS.max);
}

/** The text of the kernel's source files by path; none if it is not the project's kernel. */
async function kernelSources({ project }: BootSettings): Promise<Map<string, string>> {
  const sources = new Map<string, string>();
  if (!project) return sources;
  const folder = join(project.root, "kernel");
  for (const name of await readdir(folder, { recursive: true })) {
    if (!name.endsWith(".ts")) continue;
    sources.set(name.replaceAll("\\", "/"), await readFile(join(folder, name), "utf8"));
  }
  return sources;
}

function nothingSeen(observation: Observation): Diagnostic {
  const tail = observation.machine.serial.text().trimEnd().split("\n").slice(-3).join(" / ");
  return new Diagnostic(
    "CLI004",
    `no process was ever seen; the kernel said: ${tail || "nothing"}`,
    "See what `npx isthmus run` prints with the same options",
  );
}
