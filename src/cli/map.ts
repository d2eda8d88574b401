// isthmus map: draws the address spaces of a running machine, or those of an ELF file
//
//   npx isthmus map [--machine v86|qemu|grub] [--memory MiB] [--pid N] [--json] [--svg FILE]
//                   [--kernel FILE --initramfs FILE] [-- PROGRAM ARGS…]
//   npx isthmus map FILE.elf [--json] [--svg FILE]
//   npx isthmus map --diff A.elf B.elf [--json]
//
// Boots and stops the machine while PROGRAM runs (without it: churn), then draws physical memory,
// the kernel's space and that of one process side by side, from the page tables. With FILE.elf
// nothing is booted: the drawing shows where the file is loaded and where its code sees it.
//
// Options
//   --machine NAME     v86 (default), qemu or grub
//   --memory MIB       the guest's memory; default 64
//   --pid N            draws this process; default the one that runs
//   --svg FILE         writes the drawing to FILE; `-` is the standard output
//   --diff             compares the two files; i386 or x86-64, linked by anyone
//   --json             prints the columns: title, subtitle, boxes (start, end, label, note, shared)
//   --kernel FILE      boots this kernel
//   --initramfs FILE   the module for it
//
// Exit status: 0 drawn; 2 the machine or the file could not be drawn.

import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { Diagnostic } from "../base/diagnostic";
import { drawSvg } from "../inspect/draw-svg";
import { drawText } from "../inspect/draw-text";
import { readElfImage } from "../inspect/elf-image";
import { imageColumns, sizeText, spaceColumns } from "../inspect/space-columns";
import type { Spaces } from "../inspect/spaces";
import { readElfFile } from "../link/check/elf-file";
import {
  diffMaps,
  formatMapDiff,
  type MapDiff,
  type MemoryUse,
  type SectionPlace,
} from "../link/check/map-diff";
import { hex as hexOf } from "../link/check/subject";
import type { Column } from "../link/draw-columns";
import { BOOT_OPTIONS, type BootSettings, bootSettings, readInput } from "./boot-settings";
import { type Command, type CommandLine, UsageError } from "./command";
import { Observation } from "./observe";
import { print, printJson } from "./terminal";

const DEFAULT_PROGRAM = ["churn"];
const TIMEOUT_MS = 20_000;
const PID_LIMITS = { min: 1, max: 0x7fff_ffff };

interface Map {
  readonly title: string;
  readonly summary: string;
  readonly columns: readonly Column[];
}

export const command: Command = {
  options: {
    ...BOOT_OPTIONS,
    pid: { type: "string" },
    json: { type: "boolean" },
    svg: { type: "string" },
    diff: { type: "boolean" },
  },
  operands: 2,
  takesProgram: true,
  run,
};

async function run(line: CommandLine): Promise<number> {
  const [file, other] = line.operands;
  if (line.flag("diff")) return diffFiles(line, file, other);
  if (other !== undefined) throw new UsageError(`${other} is not expected here; see --diff`);
  if (file !== undefined && line.program.length > 0) {
    throw new UsageError("a program cannot run when only a file is drawn");
  }
  const map = file === undefined ? await mapMachine(line) : await mapFile(file);
  const path = line.value("svg");
  if (path !== undefined) await writeSvg(path, drawSvg(map.title, map.summary, map.columns));
  if (line.flag("json")) printJson({ title: map.title, columns: map.columns.map(plainColumn) });
  else if (path === undefined) for (const text of drawText(map.columns)) print(text);
  return 0;
}

/** Two builds of a kernel, compared. */
async function diffFiles(line: CommandLine, before?: string, after?: string): Promise<number> {
  if (before === undefined || after === undefined) throw new UsageError("--diff needs two files");
  const read = async (path: string) => readElfFile(await readInput(path), path);
  const [old, now] = await Promise.all([read(before), read(after)]);
  const diff = diffMaps(old, now);
  if (line.flag("json")) printJson(plainDiff(diff));
  else for (const text of formatMapDiff(diff)) print(text);
  return 0;
}

/** Addresses as hexadecimal text, sizes as numbers. */
function plainDiff({ changes, same, before, after }: MapDiff) {
  const place = (of: SectionPlace | undefined) =>
    of && {
      vma: hexOf(of.address),
      lma: of.loadAddress === undefined ? undefined : hexOf(of.loadAddress),
      size: Number(of.size),
      permissions: of.permissions,
    };
  const use = (of: MemoryUse) =>
    Object.fromEntries(Object.entries(of).map(([name, bytes]) => [name, Number(bytes)]));
  return {
    changes: changes.map((each) => ({
      name: each.name,
      before: place(each.before),
      after: place(each.after),
    })),
    same,
    before: use(before),
    after: use(after),
  };
}

async function mapFile(path: string): Promise<Map> {
  const image = readElfImage(await readInput(path), path);
  const bytes = image.segments.reduce((total, { size }) => total + size, 0);
  const summary = `${sizeText(bytes)} in ${image.segments.length} segments`;
  return { title: basename(path), summary, columns: imageColumns(image) };
}

async function mapMachine(line: CommandLine): Promise<Map> {
  const pid = line.count("pid", PID_LIMITS, undefined);
  const settings = await bootSettings(line, { program: DEFAULT_PROGRAM, kernelOptions: ["quiet"] });
  const observation = new Observation(settings);
  try {
    await observation.start();
    const look = (spaces: Spaces) => mapSpaces(settings, observation, spaces, pid);
    const map = await observation.userMode(look, TIMEOUT_MS);
    if (map) return map;
    const said = observation.machine.serial.text().trimEnd().split("\n").at(-1);
    throw new Diagnostic(
      "CLI005",
      `the machine was never seen in user mode; it said: ${said || "nothing"}`,
      "Run a program that computes for a while, or see `npx isthmus run`",
    );
  } finally {
    await observation.close();
  }
}

function mapSpaces(
  { machine }: BootSettings,
  { image, programs }: Observation,
  spaces: Spaces,
  pid: number | undefined,
): Map {
  const process = spaces.processes.find((each) =>
    pid === undefined ? each.current : each.pid === pid,
  );
  if (pid !== undefined && !process) {
    const pids = spaces.processes.map((each) => each.pid).join(", ");
    throw new UsageError(`there is no process ${pid}; there are ${pids}`);
  }
  const program = process && programs.get(process.name);
  const count = spaces.processes.length;
  return {
    title: "Two address spaces and what they share",
    summary: `${machine}, in user mode, ${count} ${count === 1 ? "process" : "processes"}`,
    columns: spaceColumns(spaces, process, image, program),
  };
}

function plainColumn({ title, subtitle, boxes }: Column) {
  return {
    title,
    subtitle,
    boxes: boxes.map(({ start, end, label, note, shared }) => ({
      start,
      end,
      label,
      note,
      shared,
    })),
  };
}

async function writeSvg(path: string, text: string): Promise<void> {
  if (path === "-") process.stdout.write(text);
  else await writeFile(path, text);
}
