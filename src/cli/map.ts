// isthmus map: draws the address spaces of a running machine, or those of an ELF file
//
//   npx isthmus map [--machine v86|qemu|grub] [--memory MiB] [--pid N] [--json] [--svg FILE]
//                   [--kernel FILE --initramfs FILE --layout FILE] [-- PROGRAM ARGS…]
//   npx isthmus map FILE.elf [MODULE.elf…] [--layout FILE] [--json] [--svg FILE]
//   npx isthmus map --diff A.elf B.elf [--json]
//
// Boots the machine, stops it while PROGRAM (by default churn) runs, and draws the kernel's space,
// physical memory and the space of one process, from the page tables: what is joined (in text, what
// has the same letter) is the same frames. CR3, EIP and ESP are marked in the space that is loaded,
// and in the other, hollow or in parentheses, where the same numbers mean something else. With
// FILE.elf, a kernel for i386 or x86-64 by any linker, nothing is booted: the drawing shows where
// the file is loaded, where its code sees it, in each of the layout's spaces, and how much memory
// is lost. Each column leaves out what is empty; in text, columns that do not fit follow below.
//
// Options
//   --machine NAME     v86 (default), qemu or grub
//   --memory MIB       the guest's memory; default 64
//   --pid N            draws this process; default the one that is running
//   --svg FILE         writes the drawing to FILE; `-` is the standard output
//   --layout FILE      the layout of FILE.elf, or of the kernel that --kernel names: its spaces,
//                      and the regions that they show
//   --diff             compares two files for i386 or x86-64, by any linker
//   --json             prints title and columns: title, subtitle, boxes (start, end, label, note,
//                      kind, shared, frames: start and end of each physical range); of a machine
//                      also loaded, markers (name, address); of a file also use (bytes, span, gaps,
//                      rounding). Addresses are numbers, and strings for 64-bit files. With --diff:
//                      changes (name, before, after: vma, lma, size, permissions), same, before and
//                      after (as use)
//   --kernel FILE      boots this kernel
//   --initramfs FILE   the module for it
//
// Example
//   $ npx isthmus map -- churn
//   kernel space                 physical memory              churn (pid 2)
//   CR3 0x00149000               64 MiB, 62.1 MiB free        CR3 0x001bcfe0 <- loaded
//   j=fffff000 .trampoline  4K     001ef000 free     62.1M    j=fffff000 .trampoline  4K
//   …
//   m 00119000 .text       52K   m 00119000 .text      52K    f 00001000 .text <EIP   4K
//
//   a b …  the same frames   =  in several spaces   ⋮  nothing
//   <EIP  points here   (EIP)  would, were this space loaded
//
// Exit status: 0 drawn; 2 the machine or the file could not be drawn.

import { basename } from "node:path";
import { hex as hexOf } from "../base/address";
import { countText } from "../base/count-text";
import { Diagnostic } from "../base/diagnostic";
import { sizeText } from "../base/size-text";
import { wrap } from "../base/wrap";
import { type Column, noteOf } from "../draw/columns";
import { drawSvg } from "../draw/draw-svg";
import { drawText } from "../draw/draw-text";
import { fileColumns } from "../inspect/file-columns";
import type { Observation } from "../inspect/observation";
import { spaceColumns } from "../inspect/space-columns";
import type { Spaces } from "../inspect/spaces";
import { readLinkedElf } from "../link/check/linked-file";
import {
  diffMaps,
  formatMapDiff,
  type MapDiff,
  type MemoryUse,
  memoryUse,
  type SectionPlace,
} from "../link/check/map-diff";
import { Subject } from "../link/check/subject";
import { resolveLayout } from "../link/layout/resolve";
import { BOOT_OPTIONS, bootSettings, readInput } from "./boot-settings";
import { type Command, type CommandLine, refuseOverwriting, UsageError } from "./command";
import { readLayout } from "./layout-file";
import { observe } from "./observe";
import { writeText } from "./replace-file";
import { outputWidth, patiently, print, printJson } from "./terminal";

const DEFAULT_PROGRAM = ["churn"];
const TIMEOUT_MS = 60_000;
const FILES_MAX = 16;
const PID_LIMITS = { min: 1, max: 0x7fff_ffff };

interface Map {
  readonly title: string;
  readonly summary: string;
  readonly columns: readonly Column[];
  /** Only of a file. */
  readonly use?: MemoryUse;
  readonly isWide?: boolean;
  readonly addressText?: (address: number) => string;
}

export const command: Command = {
  options: {
    ...BOOT_OPTIONS,
    pid: { type: "string" },
    json: { type: "boolean" },
    svg: { type: "string" },
    diff: { type: "boolean" },
    layout: { type: "string" },
  },
  operands: FILES_MAX,
  takesProgram: true,
  run,
};

async function run(line: CommandLine): Promise<number> {
  const [file, ...others] = line.operands;
  if (line.flag("diff")) return diffFiles(line);
  if (file !== undefined && line.program.length > 0) {
    throw new UsageError("a program cannot run when only a file is drawn");
  }
  if (file === undefined && line.value("layout") && !line.value("kernel")) {
    throw new UsageError("--layout is for a file: npx isthmus map FILE.elf --layout FILE");
  }
  const path = line.value("svg");
  refuseOverwriting([path], [...line.operands, line.value("kernel"), line.value("layout")]);
  if (path === "-" && line.flag("json")) {
    throw new UsageError("--json and --svg - cannot both go to standard output");
  }
  const map =
    file === undefined ? await mapMachine(line) : await mapFile(file, others, line.value("layout"));
  const { title, summary, columns, use, addressText } = map;
  if (path !== undefined) {
    writeText(path, drawSvg({ title, summary, columns, ...(addressText && { addressText }) }));
  }
  if (line.flag("json")) printJson(plainMap(map));
  else if (path === undefined) {
    for (const text of drawText(columns, addressText, outputWidth())) print(text);
    if (use) for (const text of wrap(summary, outputWidth())) print(text);
  }
  return 0;
}

/** Two builds of a kernel, compared. */
async function diffFiles(line: CommandLine): Promise<number> {
  const [before, after, more] = line.operands;
  if (before === undefined || after === undefined || more !== undefined) {
    throw new UsageError("--diff needs two files");
  }
  const read = async (path: string) => readLinkedElf(await readInput(path), path);
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
  return {
    changes: changes.map((each) => ({
      name: each.name,
      before: place(each.before),
      after: place(each.after),
    })),
    same,
    before: plainUse(before),
    after: plainUse(after),
  };
}

function plainUse(use: MemoryUse) {
  return Object.fromEntries(Object.entries(use).map(([name, bytes]) => [name, Number(bytes)]));
}

async function mapFile(
  path: string,
  others: readonly string[],
  layoutPath: string | undefined,
): Promise<Map> {
  const read = async (each: string) => readLinkedElf(await readInput(each), each);
  const [file, ...modules] = await Promise.all([path, ...others].map(read));
  if (!file) throw new UsageError("no file to draw was given");
  const declared = layoutPath === undefined ? undefined : await readLayout(layoutPath);
  const layout = declared && { layout: resolveLayout(declared) };
  const subject = new Subject(file, { modules, ...layout });
  const clash = subject.modules.find(({ parts }) =>
    parts.some(({ segment }) => subject.segmentAt(segment.address)),
  );
  if (clash) {
    const what = `${clash.file.name} has addresses of ${path}, so it cannot be a module of it`;
    throw new UsageError(`${what}; to compare two kernels see --diff`);
  }
  const use = memoryUse(subject);
  const text = (bytes: bigint) => sizeText(Number(bytes));
  const summary =
    `${text(use.bytes)} of content in ${subject.loads.length} segments; ` +
    `${text(use.span)} of physical memory, of which ${text(use.gaps)} are holes and ` +
    `${text(use.rounding)} unused ends of pages`;
  return {
    title: basename(path),
    summary,
    use,
    isWide: file.bits === 64,
    ...fileColumns(subject),
  };
}

async function mapMachine(line: CommandLine): Promise<Map> {
  const pid = line.count("pid", PID_LIMITS, undefined);
  const settings = await bootSettings(line, { program: DEFAULT_PROGRAM, kernelOptions: ["quiet"] });
  const observation = await observe(settings, line.value("layout"));
  try {
    const look = (spaces: Spaces) => mapSpaces(observation, spaces, pid);
    const map = await patiently(`booting ${settings.machine}, to look at it`, async () => {
      await observation.start();
      return observation.userMode(look, TIMEOUT_MS);
    });
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

function mapSpaces({ machine, files }: Observation, spaces: Spaces, pid: number | undefined): Map {
  const process = spaces.processes.find((each) =>
    pid === undefined ? each.current : each.pid === pid,
  );
  if (pid !== undefined && !process) {
    const pids = spaces.processes.map((each) => each.pid).join(", ");
    throw new UsageError(`there is no process ${pid}, only ${pids}`);
  }
  const processes = countText(spaces.processes.length, "process", "processes");
  return {
    title: "Two address spaces and what they share",
    summary: `${machine.name}, in user mode, ${processes}`,
    columns: spaceColumns(spaces, process, files),
  };
}

function plainMap({ title, columns, use, isWide, addressText }: Map) {
  const address = (value: number) => (isWide && addressText ? addressText(value) : value);
  return {
    title,
    columns: columns.map((column) => ({
      title: column.title,
      subtitle: column.subtitle,
      loaded: column.isLoaded,
      markers: column.markers?.map((each) => ({ name: each.name, address: each.address })),
      boxes: column.boxes.map((box) => ({
        start: address(box.start),
        end: address(box.end),
        label: box.label,
        note: noteOf(box),
        kind: box.kind,
        shared: box.shared,
        frames: box.frames.map(({ start, end }) => [address(start), address(end)]),
      })),
    })),
    ...(use && { use: plainUse(use) }),
  };
}
