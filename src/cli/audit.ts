// isthmus audit: boots, stops the machine at several moments, and checks the nine laws of isolation
//
//   npx isthmus audit [--machine v86|qemu|grub] [--memory MiB] [--stops N] [--json]
//                     [--kernel FILE --initramfs FILE] [-- PROGRAM ARGS…]
//
// The moments: in user mode, in a system call, after the exit of a process, N random ones in
// between, and the end of the run. PROGRAM is what runs meanwhile; without it, churn: processes
// that compute, call the kernel, fork and exit. A law that a machine cannot show is `unchecked`,
// with the reason.
//
// Options
//   --machine NAME     v86 (default), qemu or grub
//   --memory MIB       the guest's memory; default 64
//   --stops N          random stops; default 4
//   --json             prints one JSON document: ok, sharedBytes, shared (va, pa, flags), laws
//                      (number, title, verdict, why, offences), spaces (name, cr3, mappedBytes),
//                      moments, missed
//   --kernel FILE      audits this kernel; it must describe itself as src/abi/kernel-info.ts says
//   --initramfs FILE   the module for it
//
// Exit status: 0 no law is broken; 1 one is, and the addresses are listed; 2 it could not be
// audited.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { hex } from "../base/align";
import { Diagnostic } from "../base/diagnostic";
import { audit as auditSpaces, joinAudits, type LawResult } from "../inspect/audit";
import { type Finding, unchecked } from "../inspect/finding";
import { userPointersAreAllegations } from "../inspect/law-of-sources";
import { everySpace, processTitle, type SharedPage, sharedPages } from "../inspect/laws-of-paging";
import type { Spaces } from "../inspect/spaces";
import { mappedBytes } from "../inspect/walk";
import type { Ending } from "../machine/machine";
import { BOOT_OPTIONS, type BootSettings, bootSettings } from "./boot-settings";
import type { Command, CommandLine } from "./command";
import { Observation } from "./observe";
import { findProject } from "./project";
import { print, printJson, style } from "./terminal";

const DEFAULT_STOPS = 4;
const STOPS_LIMITS = { min: 0, max: 1000 };
const DEFAULT_PROGRAM = ["churn"];
/** How long to wait for each of the moments. */
const MOMENT_TIMEOUT_MS = 10_000;
const END_TIMEOUT_MS = 60_000;
const RANDOM_STOP_MAX_MS = 60;
const PAGE = 4096;

/** What was seen at one moment. */
interface Moment {
  readonly name: string;
  readonly cpl: number;
  readonly eip: number;
  readonly pids: readonly number[];
  readonly processes: readonly string[];
  /** How often the kernel had been entered from ring 3. */
  readonly entries: number;
  readonly laws: readonly LawResult[];
  readonly shared: readonly SharedPage[];
  readonly spaces: readonly SpaceSize[];
}

interface SpaceSize {
  readonly name: string;
  readonly cr3: number;
  readonly mappedBytes: number;
}

interface Report {
  readonly ok: boolean;
  readonly machine: string;
  readonly sharedBytes: number;
  readonly shared: readonly SharedPage[];
  readonly laws: readonly LawResult[];
  readonly spaces: readonly SpaceSize[];
  readonly moments: readonly Pick<Moment, "name" | "cpl" | "eip" | "processes">[];
  /** Moments that did not come in time. */
  readonly missed: readonly string[];
}

export const command: Command = {
  options: { ...BOOT_OPTIONS, stops: { type: "string" }, json: { type: "boolean" } },
  takesProgram: true,
  run,
};

async function run(line: CommandLine): Promise<number> {
  const stops = line.count("stops", STOPS_LIMITS, DEFAULT_STOPS);
  const settings = await bootSettings(line, { program: DEFAULT_PROGRAM, kernelOptions: ["quiet"] });
  const report = await auditMachine(settings, stops);
  if (line.flag("json")) printJson(report);
  else printReport(report);
  return report.ok ? 0 : 1;
}

/**
 * Boots a machine and audits it until the end of its program.
 *
 * @throws Diagnostic CLI004 if there was no moment at which a process existed
 */
export async function auditMachine(settings: BootSettings, stops: number): Promise<Report> {
  const observation = new Observation(settings);
  try {
    const userPointers = await userPointersAreAllegations(
      join(findProject(process.cwd()).root, "kernel"),
    );
    await observation.start();
    const { moments, missed } = await collectMoments(observation, stops, userPointers);
    const liveness = judgeLiveness(moments, observation.ending);
    const sawUser = moments.some(({ pids }) => pids.length > 0);
    if (!sawUser && liveness.verdict !== "broken") throw nothingSeen(observation);
    return makeReport(settings.machine, moments, missed, liveness);
  } finally {
    await observation.close();
  }
}

async function collectMoments(observation: Observation, stops: number, userPointers: Finding) {
  const { image, programs } = observation;
  const liveness = unchecked("judged at the end of the run");
  const look = (spaces: Spaces): Omit<Moment, "name"> => ({
    ...describe(spaces),
    laws: auditSpaces({ spaces, image, programs, userPointers, liveness }),
  });
  const moments: Moment[] = [];
  const missed: string[] = [];
  const note = (name: string, seen: Omit<Moment, "name"> | undefined) => {
    if (seen) moments.push({ name, ...seen });
    else missed.push(name);
  };
  note("user mode", await observation.userMode(look, MOMENT_TIMEOUT_MS));
  note("system call", await observation.systemCall(look, MOMENT_TIMEOUT_MS));
  for (let stop = 1; stop <= stops && !observation.ending; stop++) {
    await sleep(Math.random() * RANDOM_STOP_MAX_MS);
    note(`random stop ${stop}`, await observation.now(look));
  }
  const pids = new Set(moments.flatMap((moment) => moment.pids));
  note("after an exit", await observation.afterExit(pids, look, MOMENT_TIMEOUT_MS));
  await Promise.race([observation.machine.ended, sleep(END_TIMEOUT_MS, undefined, { ref: false })]);
  note("end of the run", observation.ending && (await observation.now(look)));
  return { moments, missed };
}

function describe(spaces: Spaces): Omit<Moment, "name" | "laws"> {
  const { registers } = spaces.snapshot;
  return {
    cpl: registers.cpl,
    eip: registers.eip,
    pids: spaces.processes.map(({ pid }) => pid),
    processes: spaces.processes.map(processTitle),
    entries: spaces.entries,
    shared: sharedPages(spaces),
    spaces: everySpace(spaces).map(([name, space]) => ({
      name,
      cr3: space.cr3,
      mappedBytes: mappedBytes(space),
    })),
  };
}

/** Law 7, as far as one run shows it: the kernel lived on while ring 3 entered it. */
function judgeLiveness(moments: readonly Moment[], ending: Ending | undefined): Finding {
  if (ending?.kind === "panic" || ending?.kind === "crash") {
    const what = ending.kind === "panic" ? "the kernel panicked" : "the machine died";
    const why = `${what}: ${ending.text}`;
    return { verdict: "broken", why, offences: [{ space: "kernel", va: 0, what: why }] };
  }
  const entries = moments.at(-1)?.entries ?? 0;
  if (entries === 0) return unchecked("no entry from ring 3 was seen");
  const end = ending ? "to its end" : "so far";
  const why = `in this run, ${end}: the kernel was alive after ${entries} entries from ring 3`;
  return { verdict: "holds", why, offences: [] };
}

function nothingSeen(observation: Observation): Diagnostic {
  const tail = observation.machine.serial.text().trimEnd().split("\n").slice(-3).join(" / ");
  return new Diagnostic(
    "CLI004",
    `no process was there to be looked at; the kernel said: ${tail || "nothing"}`,
    "See what `npx isthmus run` shows with the same options",
  );
}

function makeReport(
  machine: string,
  moments: readonly Moment[],
  missed: readonly string[],
  liveness: Finding,
): Report {
  const laws = joinAudits(moments.map((moment) => moment.laws)).map((law) =>
    law.number === 7 ? { ...law, ...liveness } : law,
  );
  const busiest = [...moments].sort((a, b) => b.pids.length - a.pids.length)[0];
  const shared = busiest?.shared ?? [];
  return {
    ok: laws.every(({ verdict }) => verdict !== "broken"),
    machine,
    sharedBytes: shared.length * PAGE,
    shared,
    laws,
    spaces: busiest?.spaces ?? [],
    moments: moments.map(({ name, cpl, eip, processes }) => ({ name, cpl, eip, processes })),
    missed,
  };
}

const MARKS = { holds: "green", broken: "red", unchecked: "yellow" } as const;
const OFFENCES_SHOWN = 10;

function printReport(report: Report): void {
  for (const { number, title, verdict, why, offences } of report.laws) {
    print(`law ${number}  ${style(verdict.padEnd(9), MARKS[verdict])}  ${title}`);
    print(`                  ${why}`);
    for (const { space, va, what } of offences.slice(0, OFFENCES_SHOWN)) {
      print(`                  ${hex(va)} in ${space}: ${what}`);
    }
    const hidden = offences.length - OFFENCES_SHOWN;
    if (hidden > 0) print(`                  and ${hidden} more`);
  }
  print("");
  for (const { va, pa, flags } of report.shared) {
    print(`shared  ${hex(va)} -> frame ${hex(pa)}  ${flags}`);
  }
  print(`${report.sharedBytes} bytes are shared`);
  print("");
  for (const { name, cpl, eip, processes } of report.moments) {
    const ring = `ring ${cpl} at ${hex(eip)}`;
    print(`looked  ${name.padEnd(14)}  ${ring}, ${processes.join(", ") || "no process"}`);
  }
  for (const name of report.missed) print(style(`missed  ${name}`, "yellow"));
  const verdict = report.ok ? style("no law is broken", "green") : style("broken", "red");
  print(`${report.machine}: ${verdict}`);
}
