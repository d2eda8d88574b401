// isthmus check: finds mistakes in the layout of a linked kernel, by any linker
//
//   npx isthmus check FILE [MODULE.elf…] [OBJECTS…] [--layout FILE]
//                     [--loader grub|qemu|v86|limine|all] [--memory MiB]
//                     [--allow CODE[@SYMBOL][=REASON],…] [--fail-on error|warning|note|never]
//                     [--format text|json|sarif|github] [--json] [--verbose] [--watch]
//
// Looks for the mistakes of `isthmus explain --list` in an i386 or x86-64 ELF kernel, or in a flat
// image whose Multiboot header has the addresses; judges what each boot loader will do with it; and
// proves that the part that kernel and user programs share refers to nothing outside itself: from
// relocations where there are any (`ld -q`, or the objects and archives that were linked, for
// i386), otherwise by disassembly.
//
// Each finding is an error (it will not boot, or breaks a law of the machine), a warning (most
// likely a mistake) or a note (something that was not checked, or style). Findings that are alike
// are one, with a count.
//
// A second linked file is a module that the boot loader loads: a trampoline in a file of its own.
// The two are checked as one, and the report says what the kernel must do to map the module.
//
// Of a PE file it says whether UEFI's firmware loads it, and why not; with --json: ok, file,
// format, machine, verdicts (loader: uefi32 or uefi64, outcome, reasons), reasons, notes.
//
// Options
//   --layout FILE      a layout (.ts, .js or .json, see src/link/layout/layout.ts): says what is
//                      shared, through which symbols it may be left, and where each section belongs
//   --loader NAMES     the loaders it is for, separated by commas: it is an error if one of them
//                      does not load all of it
//   --memory MIB       the machine's memory; default: all that 32 bits can reach
//   --allow CODES      mistakes that are made on purpose, separated by commas: CODE, CODE@SYMBOL
//                      for those about a symbol, a section or a function, and after = the reason,
//                      which the report repeats; may be given more than once
//   --fail-on LEVEL    the least that makes the exit status 1: error (default), warning, note; or
//                      never
//   --format NAME      text (default); json; sarif: SARIF 2.1.0, for code-scanning services;
//                      github: workflow commands for GitHub Actions
//   --json             the same as --format json: one document: ok, file, bits, damage (what of the
//                      file could not be used), findings (code, severity, title, what, change,
//                      subject, within, place, count, places), allowed (allow, reason, count,
//                      places), verdicts (loader, command, outcome, basis, reasons, span, entry),
//                      shared (how, start, end, slack, sections, method, proven, leaving, allowed,
//                      unproven), modules (file, bytes, parts: sections, vma, offset, size,
//                      permissions, mustCopy)
//   --verbose          lists every place of findings that are alike
//   --watch            checks again whenever a file changes, until ^C
//
// Example
//   $ npx isthmus check kernel.elf
//   kernel.elf: error[LAY008]: segment 0 is loaded at 0xc00ff000, where a PC has no memory
//     a high section without AT is loaded at its high address; npx isthmus explain LAY008
//     change: Write `AT(…)` at segment 0: an address past the kernel's.
//   …
//
// Exit status: 0 nothing was found that --fail-on names; 1 something was; 2 a file cannot be used.

import { EHDR_SIZE, EHDR_TYPE, ELF_MAGIC, ET_DYN, ET_EXEC } from "../abi/elf";
import { Diagnostic } from "../base/diagnostic";
import { parseAllowances } from "../link/check/allowance";
import { type CheckReport, check as checkFile } from "../link/check/check";
import { formatOf, isBzImage } from "../link/check/file-format";
import { isPe, judgePe } from "../link/check/judge-pe";
import { LOADERS, type Loader } from "../link/check/loader-verdict";
import { MISTAKES, mistakeOf } from "../link/check/mistakes";
import { isArchive } from "../link/input/archive";
import { isArchiveInput, readInput as readObjects } from "../link/input/read-input";
import { resolveLayout } from "../link/layout/resolve";
import type { ObjectFile } from "../object/object";
import { readInput } from "./boot-settings";
import { githubCommands } from "./check-github";
import { plainReport } from "./check-json";
import { printPe } from "./check-pe";
import { sarifLog } from "./check-sarif";
import { printReport } from "./check-text";
import { type Command, type CommandLine, UsageError } from "./command";
import { readLayout } from "./layout-file";
import { packageVersion } from "./package-version";
import { print, printJson } from "./terminal";

const MEMORY_LIMITS = { min: 1, max: 3072 };
const OBJECTS_MAX = 10_000;
const FORMATS = ["text", "json", "sarif", "github"] as const;
const FAIL_ON = ["error", "warning", "note", "never"] as const;

export const command: Command = {
  options: {
    layout: { type: "string" },
    loader: { type: "string", choices: LOADERS },
    memory: { type: "string" },
    allow: { type: "string", repeats: true },
    "fail-on": { type: "string", choices: FAIL_ON },
    format: { type: "string", choices: FORMATS },
    json: { type: "boolean" },
    verbose: { type: "boolean" },
    watch: { type: "boolean" },
  },
  watched: (line) => [...line.operands, ...[line.value("layout") ?? []].flat()],
  operands: 1 + OBJECTS_MAX,
  run,
};

async function run(line: CommandLine): Promise<number> {
  const [path, ...others] = line.operands;
  if (path === undefined) throw new UsageError("check needs a file: npx isthmus check FILE.elf");
  const bytes = await readInput(path);
  if (isPe(bytes) && !isBzImage(bytes)) return checkPe(bytes, path, line);
  const layoutPath = line.value("layout");
  const layout = layoutPath === undefined ? undefined : await readLayout(layoutPath);
  const loaders = loadersOf(line);
  const format = formatChoice(line);
  const failOn = line.choice("fail-on", FAIL_ON);
  const memory = line.count("memory", MEMORY_LIMITS, undefined);
  const files = await Promise.all(
    others.map(async (name) => ({ name, bytes: await readInput(name) })),
  );
  const isModule = ({ bytes }: { bytes: Uint8Array }) => isLinked(bytes);
  const report = checkFile(bytes, path, {
    modules: files.filter(isModule),
    objects: files.filter((file) => !isModule(file)).flatMap(objectsOf),
    allow: allowedOf(line),
    failOn,
    ...(layout && { layout: resolveLayout(layout) }),
    ...(loaders && { loaders }),
    ...(memory !== undefined && { memory: BigInt(memory) << 20n }),
  });
  write(report, format, line.flag("verbose"));
  return report.ok ? 0 : 1;
}

/** A UEFI application is judged by its headers alone. */
function checkPe(bytes: Uint8Array, path: string, line: CommandLine): number {
  const format = formatChoice(line);
  if (format !== "text" && format !== "json") {
    throw new UsageError(`--format ${format} is not for PE files, of which there are no findings`);
  }
  for (const option of ["layout", "loader", "memory", "allow"]) {
    const isGiven = line.value(option) !== undefined || line.values(option).length > 0;
    if (isGiven) throw new UsageError(`--${option} is not for PE files`);
  }
  const report = judgePe(bytes);
  printPe(path, report, format === "json");
  return report.outcome === "loads" || line.value("fail-on") === "never" ? 0 : 1;
}

function formatChoice(line: CommandLine): (typeof FORMATS)[number] {
  if (!line.flag("json")) return line.choice("format", FORMATS);
  const format = line.value("format") ?? "json";
  if (format === "json") return format;
  throw new UsageError(`--json and --format ${format} exclude each other`);
}

function write(report: CheckReport, format: (typeof FORMATS)[number], verbose: boolean): void {
  if (format === "json") printJson(plainReport(report));
  else if (format === "sarif") printJson(sarifLog(report, packageVersion()));
  else if (format === "github") for (const command of githubCommands(report)) print(command);
  else printReport(report, verbose);
}

/** Whether it is a linked ELF file, not an object; an archive is neither. */
function isLinked(bytes: Uint8Array): boolean {
  if (bytes.length < EHDR_SIZE || !isElf(bytes)) return false;
  const type = new DataView(bytes.buffer, bytes.byteOffset).getUint16(EHDR_TYPE, true);
  return type === ET_EXEC || type === ET_DYN;
}

function isElf(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return bytes.length >= 4 && view.getUint32(0, true) === ELF_MAGIC;
}

/** An object, or the members of an archive; those that were not linked have no symbol here. */
function objectsOf({ bytes, name }: { bytes: Uint8Array; name: string }): ObjectFile[] {
  const format = formatOf(bytes);
  if (format) {
    throw new Diagnostic("ELF001", `${name} is ${format.what}`, format.remedy, { file: name });
  }
  if (!isArchive(bytes) && !isElf(bytes)) {
    const remedy = "Give linked modules, objects, or archives of objects after the kernel.";
    throw new Diagnostic("ELF001", `${name} is not an ELF file`, remedy, { file: name });
  }
  const input = readObjects(bytes, name);
  return isArchiveInput(input) ? input.members.map((member) => member.read()) : [input];
}

function loadersOf(line: CommandLine): readonly Loader[] | undefined {
  const text = line.value("loader");
  if (text === undefined) return undefined;
  return text.split(",").flatMap((name): readonly Loader[] => {
    if (name === "all") return LOADERS;
    const found = LOADERS.find((loader) => loader === name);
    if (found) return [found];
    throw new UsageError(
      `--loader is ${name}, not one of ${LOADERS.join(", ")}, all`,
      name,
      LOADERS,
    );
  });
}

function allowedOf(line: CommandLine): readonly string[] {
  const texts = line.values("allow");
  for (const { code } of texts.flatMap(parseAllowances)) {
    if (mistakeOf(code)) continue;
    const known = MISTAKES.map((each) => each.code);
    throw new UsageError(`--allow is ${code}, which is not the code of a mistake`, code, known);
  }
  return texts;
}
