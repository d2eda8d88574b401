// isthmus check: finds what is wrong with a kernel's layout, whoever linked it
//
//   npx isthmus check FILE.elf [OBJECT.o…] [--layout FILE] [--loader grub|qemu|v86|limine|all]
//                     [--memory MiB] [--allow CODE,…] [--json]
//
// Looks for the mistakes of `isthmus explain --list` in an i386 or x86-64 ELF kernel; judges what
// each boot loader will do with it; and proves that the part which kernel and user programs share
// refers to nothing outside itself: from relocations where there are any (`ld -q`, or the objects
// that were linked), else by disassembly.
//
// Options
//   --layout FILE      a layout (.ts, .js or .json, see src/link/layout.ts): says what is shared,
//                      through which symbols it may be left, and where each section belongs
//   --loader NAMES     the loaders it is for, by commas: one that does not load all of it is a
//                      failure
//   --memory MIB       what the machine has; default: all that 32 bits can reach
//   --allow CODES      mistakes that are on purpose here, by commas
//   --json             prints one JSON document: ok, findings (code, title, what, change, subject,
//                      place), verdicts (loader, outcome, reasons, span, entry), shared (how,
//                      slack, sections, method, proven, leaving, allowed, unproven)
//
// Exit status: 0 all is well; 1 something was found; 2 a file cannot be used.

import { formatPlace } from "../base/diagnostic";
import { type CheckReport, check as checkFile, type SharedReport } from "../link/check/check";
import { mistakeOf } from "../link/check/mistakes";
import { hex } from "../link/check/subject";
import { LOADERS, type Loader, type Verdict } from "../link/check/verdict";
import { readElfObject } from "../link/elf-object-read";
import { resolveLayout } from "../link/resolve-layout";
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
  const [path, ...objectPaths] = line.operands;
  if (path === undefined) throw new UsageError("check needs a file: npx isthmus check FILE.elf");
  const layoutPath = line.value("layout");
  const layout = layoutPath === undefined ? undefined : await readLayout(layoutPath);
  const loaders = loadersOf(line);
  const memory = line.count("memory", MEMORY_LIMITS, undefined);
  const objects = await Promise.all(
    objectPaths.map(async (each) => readElfObject(await readInput(each), each)),
  );
  const report = checkFile(await readInput(path), path, {
    objects,
    allow: allowedOf(line),
    ...(layout && { layout: resolveLayout(layout) }),
    ...(loaders && { loaders }),
    ...(memory !== undefined && { memory: BigInt(memory) << 20n }),
  });
  if (line.flag("json")) printJson(plainReport(report));
  else printReport(report);
  return report.ok ? 0 : 1;
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
    if (!mistakeOf(code)) throw new UsageError(`--allow is ${code}, which is no code of a mistake`);
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
  else print("shared   no section is at the end of the address space: nothing is taken for shared");
  for (const damage of report.subject.file.damage) print(style(`damaged  ${damage}`, "yellow"));
  print("");
  const count = report.findings.length;
  const verdict = count === 0 ? "no mistake was found" : `${count} found`;
  print(style(verdict, report.ok ? "green" : "red"));
}

const OUTCOMES = { loads: "green", partly: "yellow", refuses: "red" } as const;

function printVerdict({ loader, outcome, reasons, span, entry }: Verdict): void {
  const where = span ? `${hex(span.start)} to ${hex(span.end)}` : "";
  const start = entry === undefined || outcome === "refuses" ? "" : `, starts at ${hex(entry)}`;
  const mark = style(outcome.padEnd(7), OUTCOMES[outcome]);
  print(`${loader.padEnd(7)}  ${mark}  ${where}${start}`.trimEnd());
  for (const reason of reasons) print(`                  ${reason}`);
}

function printShared({ part, proof }: SharedReport, { subject }: CheckReport): void {
  const how =
    part.how === "layout" ? "the layout says so" : "inferred: the end of the address space";
  print(`shared   ${hex(part.start)} to ${hex(part.end)} (${how})`);
  for (const section of part.sections) {
    const load = subject.loadAddressOf(section);
    const from = load === undefined ? "not loaded" : `loaded at ${hex(load)}`;
    print(`         ${section.name}: ${section.size} bytes at ${hex(section.address)}, ${from}`);
  }
  if (part.slack > 0n) {
    print(
      `         it ends ${part.slack} bytes below the end of the address space, not parked there`,
    );
  }
  const { method, leaving, allowed, unproven } = proof;
  const state = leaving.length > 0 ? "open" : unproven.length > 0 ? "not proven" : "closed";
  const colour = state === "closed" ? "green" : state === "open" ? "red" : "yellow";
  print(
    `         ${style(state, colour)}, by ${method}; ${allowed} references leave where they may`,
  );
  for (const place of unproven) print(`         not proven: ${place}`);
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
