// isthmus check: finds mistakes in the layout of a linked kernel, by any linker
//
//   npx isthmus check FILE.elf [MODULE.elf…] [OBJECTS…] [--layout FILE]
//                     [--loader grub|qemu|v86|limine|all] [--memory MiB] [--allow CODE,…] [--json]
//
// Looks for the mistakes of `isthmus explain --list` in an i386 or x86-64 ELF kernel; judges what
// each boot loader will do with it; and proves that the part that kernel and user programs share
// refers to nothing outside itself: from relocations where there are any (`ld -q`, or the objects
// and archives that were linked, for i386), otherwise by disassembly.
//
// A second linked file is a module that the boot loader loads: a trampoline in a file of its own.
// The two are checked as one, and the report says what the kernel must do to map the module.
//
// Options
//   --layout FILE      a layout (.ts, .js or .json, see src/link/layout/layout.ts): says what is
//                      shared, through which symbols it may be left, and where each section belongs
//   --loader NAMES     the loaders it is for, separated by commas: it is a failure if one of them
//                      does not load all of it
//   --memory MIB       the machine's memory; default: all that 32 bits can reach
//   --allow CODES      mistakes that are made on purpose, separated by commas
//   --json             prints one JSON document: ok, file, bits, damage (what of the file could not
//                      be used), findings (code, title, what, change, subject, place), verdicts
//                      (loader, command, outcome, basis, reasons, span, entry), shared (how, start,
//                      end, slack, sections, method, proven, leaving, allowed, unproven), modules
//                      (file, bytes, parts: sections, vma, offset, size, permissions, mustCopy)
//
// Exit status: 0 no mistake; 1 something was found; 2 a file cannot be used.

import { EHDR_SIZE, EHDR_TYPE, ELF_MAGIC, ET_DYN, ET_EXEC } from "../abi/elf";
import { Diagnostic, formatPlace } from "../base/diagnostic";
import { hex } from "../link/check/address";
import { type CheckReport, check as checkFile, type SharedReport } from "../link/check/check";
import { formatOf } from "../link/check/file-format";
import { LOADERS, type Loader, type LoaderVerdict } from "../link/check/loader-verdict";
import { MISTAKES, mistakeOf } from "../link/check/mistakes";
import type { ModuleFile } from "../link/check/module-file";
import { permissionText } from "../link/check/subject";
import { isArchiveInput, readInput as readObjects } from "../link/input/read-input";
import { resolveLayout } from "../link/layout/resolve";
import type { ObjectFile } from "../object/object";
import { readInput } from "./boot-settings";
import { type Command, type CommandLine, UsageError } from "./command";
import { readLayout } from "./layout-file";
import { print, printJson, style } from "./terminal";

const MEMORY_LIMITS = { min: 1, max: 3072 };
const OBJECTS_MAX = 10_000;

export const command: Command = {
  options: {
    layout: { type: "string" },
    loader: { type: "string" },
    memory: { type: "string" },
    allow: { type: "string" },
    json: { type: "boolean" },
  },
  operands: 1 + OBJECTS_MAX,
  run,
};

async function run(line: CommandLine): Promise<number> {
  const [path, ...others] = line.operands;
  if (path === undefined) throw new UsageError("check needs a file: npx isthmus check FILE.elf");
  const layoutPath = line.value("layout");
  const layout = layoutPath === undefined ? undefined : await readLayout(layoutPath);
  const loaders = loadersOf(line);
  const memory = line.count("memory", MEMORY_LIMITS, undefined);
  const files = await Promise.all(
    others.map(async (name) => ({ name, bytes: await readInput(name) })),
  );
  const isModule = ({ bytes }: { bytes: Uint8Array }) => isLinked(bytes);
  const report = checkFile(await readInput(path), path, {
    modules: files.filter(isModule),
    objects: files.filter((file) => !isModule(file)).flatMap(objectsOf),
    allow: allowedOf(line),
    ...(layout && { layout: resolveLayout(layout) }),
    ...(loaders && { loaders }),
    ...(memory !== undefined && { memory: BigInt(memory) << 20n }),
  });
  if (line.flag("json")) printJson(plainReport(report));
  else printReport(report);
  return report.ok ? 0 : 1;
}

/** Whether it is a linked ELF file, not an object; an archive is neither. */
function isLinked(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < EHDR_SIZE || view.getUint32(0, true) !== ELF_MAGIC) return false;
  const type = view.getUint16(EHDR_TYPE, true);
  return type === ET_EXEC || type === ET_DYN;
}

/** An object, or the members of an archive; those that were not linked have no symbol here. */
function objectsOf({ bytes, name }: { bytes: Uint8Array; name: string }): ObjectFile[] {
  const format = formatOf(bytes);
  if (format) {
    throw new Diagnostic("ELF001", `${name} is ${format.what}`, format.remedy, { file: name });
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

function allowedOf(line: CommandLine): string[] {
  const codes = line.value("allow")?.split(",") ?? [];
  for (const code of codes) {
    if (mistakeOf(code)) continue;
    const known = MISTAKES.map((each) => each.code);
    throw new UsageError(`--allow is ${code}, which is not the code of a mistake`, code, known);
  }
  return codes;
}

function printReport(report: CheckReport): void {
  for (const { code, what, change, place, title } of report.findings) {
    const where = place ? `${formatPlace(place)}: ` : "";
    print(`${where}${style(code, "red")}: ${what}`);
    print(`  ${style(title, "dim")}; npx isthmus explain ${code}`);
    print(`  change: ${change}`);
  }
  if (report.findings.length > 0) print("");
  for (const verdict of report.verdicts) printVerdict(verdict);
  print("");
  if (report.shared) printShared(report.shared, report);
  else print("shared   no section is at the end of the address space, so nothing counts as shared");
  for (const module of report.subject.modules) printModule(module);
  for (const damage of report.subject.file.damage) print(style(`damaged  ${damage}`, "yellow"));
  print("");
  const count = report.findings.length;
  const verdict = count === 0 ? "no mistake was found" : `${count} found`;
  print(style(verdict, report.ok ? "green" : "red"));
}

const OUTCOMES = { loads: "green", partly: "yellow", refuses: "red" } as const;

function printVerdict(verdict: LoaderVerdict): void {
  const { loader, outcome, basis, reasons, span, entry, command } = verdict;
  const where = span ? `${hex(span.start)} to ${hex(span.end)}` : "";
  const start = entry === undefined || outcome === "refuses" ? "" : `, starts at ${hex(entry)}`;
  const mark = style(outcome.padEnd(7), OUTCOMES[outcome]);
  print(`${loader.padEnd(7)}  ${mark}  ${where}${start}`.trimEnd());
  for (const reason of reasons) print(`                  ${reason}`);
  if (command) print(`                  by GRUB's command: ${command} /boot/kernel.elf`);
  if (basis === "rules" && outcome !== "refuses") {
    print("                  by the rules in its source: none of our tests boots it");
  }
}

function printShared({ part, proof }: SharedReport, { subject }: CheckReport): void {
  const modules = subject.modules.filter(({ sections }) => sections.length > 0);
  const how =
    part.how === "layout" ? "the layout says so" : "inferred: the end of the address space";
  print(`shared   ${hex(part.start)} to ${hex(part.end)} (${how})`);
  for (const section of part.sections) {
    const load = subject.loadAddressOf(section);
    const module = modules.find(({ sections }) => sections.includes(section))?.file.name;
    const elsewhere = module === undefined ? "not loaded" : `in ${module}`;
    const from = load === undefined ? elsewhere : `loaded at ${hex(load)}`;
    print(`         ${section.name}: ${section.size} bytes at ${hex(section.address)}, ${from}`);
  }
  if (part.slack > 0n) {
    print(`         it ends ${part.slack} bytes below the end of the address space, not at it`);
  }
  const { method, leaving, allowed, unproven } = proof;
  const state = leaving.length > 0 ? "open" : unproven.length > 0 ? "not proven" : "closed";
  const colour = state === "closed" ? "green" : state === "open" ? "red" : "yellow";
  print(
    `         ${style(state, colour)}, by ${method}; ${allowed} references leave where they may`,
  );
  for (const place of unproven) print(`         not proven: ${place}`);
}

/** What the kernel must do with each part of a module. */
function printModule({ file, parts }: ModuleFile): void {
  print(`module   ${file.name}: ${file.bytes.length} bytes, placed on a page after the kernel`);
  for (const { segment, names, mustCopy } of parts) {
    const pages = (segment.memorySize + 0xfffn) >> 12n;
    const range = `${segment.fileSize} bytes at offset 0x${segment.offset.toString(16)}`;
    const how = mustCopy === undefined ? "map its" : "copy to new frames, and map, its";
    const what = `${how} ${range} at ${hex(segment.address)}, ${permissionText(segment)}`;
    print(`         ${names.join(", ")}: ${what} (${pages} ${pages === 1n ? "page" : "pages"})`);
    if (mustCopy !== undefined) print(`         because ${mustCopy}`);
  }
}

function plainModule({ file, parts }: ModuleFile) {
  return {
    file: file.name,
    bytes: file.bytes.length,
    parts: parts.map(({ segment, names, mustCopy }) => ({
      sections: names,
      vma: hex(segment.address),
      offset: segment.offset,
      size: Number(segment.memorySize),
      permissions: permissionText(segment),
      mustCopy,
    })),
  };
}

function plainReport({ ok, findings, verdicts, shared, subject }: CheckReport) {
  return {
    ok,
    file: subject.file.name,
    bits: subject.file.bits,
    findings,
    verdicts: verdicts.map(({ span, entry, ...rest }) => ({
      ...rest,
      span: span && { start: hex(span.start), end: hex(span.end) },
      entry: entry === undefined ? undefined : hex(entry),
    })),
    shared: shared && plainShared(shared),
    modules: subject.modules.map(plainModule),
    damage: subject.file.damage,
  };
}

function plainShared({ part, proof }: SharedReport) {
  const { method, leaving, allowed, unproven } = proof;
  return {
    how: part.how,
    start: hex(part.start),
    end: hex(part.end),
    slack: Number(part.slack),
    sections: part.sections.map(({ name }) => name),
    method,
    proven: leaving.length === 0 && unproven.length === 0,
    leaving: leaving.map(({ from, to, symbol, object }) => ({
      from: hex(from),
      to: hex(to),
      symbol,
      object,
    })),
    allowed,
    unproven,
  };
}
