// The report of `check` for people.
//
//      start.S:12: error[LAY012]: what was found      one for each kind, as compilers print them
//        the title; npx isthmus explain LAY012
//        change: …
//        and 84 more like it: --verbose lists them
//
//      grub     loads    0x00100000 to …              what each loader does
//      shared   …                                     what kernel and user programs share
//
// The first line of a finding is what editors take apart (docs/check.md).

import { hex } from "../base/address";
import { countText } from "../base/count-text";
import { formatPlace } from "../base/diagnostic";
import { allowanceText } from "../link/check/allowance";
import type { AllowedFindings, CheckReport, SharedReport } from "../link/check/check";
import { type FindingGroup, groupFindings } from "../link/check/group-findings";
import type { LoaderVerdict } from "../link/check/loader-verdict";
import { type CodedFinding, SEVERITIES } from "../link/check/mistake";
import type { ModuleFile } from "../link/check/module-file";
import { permissionText } from "../link/check/subject";
import { print, style } from "./terminal";

const COLOURS = { error: "red", warning: "yellow", note: "cyan" } as const;
const OUTCOMES = { loads: "green", partly: "yellow", refuses: "red" } as const;

/** @param verbose lists every place of findings that are alike */
export function printReport(report: CheckReport, verbose: boolean): void {
  printFindings(report, verbose);
  if (report.findings.length > 0) print("");
  for (const verdict of report.verdicts) printVerdict(verdict);
  print("");
  if (report.shared) printShared(report.shared, report);
  else print("shared   no section is at the end of the address space, so nothing counts as shared");
  for (const module of report.subject.modules) printModule(module);
  for (const damage of report.subject.file.damage) print(style(`damaged  ${damage}`, "yellow"));
  for (const each of report.allowed) printAllowed(each);
  print("");
  print(style(summaryOf(report.findings), report.ok ? "green" : "red"));
}

/**
 * The findings alone.
 *
 * @param write where their lines go
 */
export function printFindings({ findings }: CheckReport, verbose: boolean, write = print): void {
  for (const group of groupFindings(findings)) {
    for (const line of linesOf(group, verbose)) write(line);
  }
}

function linesOf({ first, all }: FindingGroup, verbose: boolean): string[] {
  const others = all.slice(1);
  const list = others.map((other) => `  also ${headlineOf(other)}`);
  const count = `  and ${others.length} more like it: --verbose lists them`;
  return [
    headlineOf(first),
    `  ${style(first.title, "dim")}; npx isthmus explain ${first.code}`,
    `  change: ${first.change}`,
    ...(verbose || others.length === 0 ? list : [count]),
  ];
}

/** What editors take apart. */
function headlineOf(finding: CodedFinding): string {
  return `${placeText(finding)}${markOf(finding)}: ${finding.what}`;
}

function placeText({ place }: CodedFinding): string {
  return place ? `${formatPlace(place)}: ` : "";
}

function markOf({ severity, code }: CodedFinding): string {
  return style(`${severity}[${code}]`, COLOURS[severity]);
}

/** `2 errors, 1 warning`; notes are no mistakes. */
export function summaryOf(findings: readonly CodedFinding[]): string {
  const counts = [...SEVERITIES].reverse().flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [countText(count, severity)];
  });
  const isClean = findings.every(({ severity }) => severity === "note");
  return [...(isClean ? ["no mistake was found"] : []), ...counts].join(", ");
}

function printAllowed({ allowance, findings }: AllowedFindings): void {
  const reason = allowance.reason === undefined ? "no reason is given" : allowance.reason;
  const count = findings.length === 1 ? "" : `, ${findings.length} times`;
  print(`allowed  ${allowanceText(allowance)}${count}: ${reason}`);
}

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
