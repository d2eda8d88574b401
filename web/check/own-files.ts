// What files of the reader's own are: a kernel, a program for the guest, or parts of a kernel,
// which are linked first.
//
//   objects, archives   linked, by the layout or the linker script among the files
//   a program           an ELF file for i386 without a boot header that calls Linux: `int 0x80`
//   anything else       taken for a kernel: the check says what it is if it is none

import { ET_REL } from "../../src/abi/elf";
import { Diagnostic } from "../../src/base/diagnostic";
import { drawSvg } from "../../src/draw/draw-svg";
import { requireStaticProgram } from "../../src/guest/elf-program";
import { fileColumns } from "../../src/inspect/file-columns";
import { DEFAULT_OPTIONS } from "../../src/link/by-script/scripted-image";
import { type CheckReport, check } from "../../src/link/check/check";
import { groupFindings } from "../../src/link/check/group-findings";
import type { Subject } from "../../src/link/check/subject";
import { readElf } from "../../src/link/elf/read";
import { LINK_FILES } from "../../src/link/elf/shape";
import { parseScript } from "../../src/link/gnu-script/parse-script";
import { isArchive } from "../../src/link/input/archive";
import { isLinkerScript, readInput } from "../../src/link/input/read-input";
import type { Layout } from "../../src/link/layout/layout";
import { parseLayout } from "../../src/link/layout/parse";
import { resolveLayout } from "../../src/link/layout/resolve";
import type { ResolvedLayout } from "../../src/link/layout/resolved";
import { link } from "../../src/link/link";
import { linkByScript } from "../../src/link/link-by-script";
import { elfFile } from "../../src/link/output/elf-files";
import { writeProgram } from "../../src/link/output/write-program";
import type { CheckAnswer, CheckRequest, OwnFile } from "./protocol";

/** The layout if there is none: every section gets a place. */
const NO_LAYOUT: Layout = { orphans: "place" };
const LINKED = "kernel.elf";
/** `int 0x80`. */
const CALL_CODE = [0xcd, 0x80] as const;

/** @throws Diagnostics of whatever is wrong with the files */
export function judgeFiles({ files, isDark }: CheckRequest): CheckAnswer {
  const layout = layoutAmong(files);
  if (layout !== undefined || files.some(isPart)) {
    const parts = files.filter((file) => file !== layout);
    const { kernel, resolved } = linkFiles(parts, layout);
    return report(kernel, layout, isDark, resolved);
  }
  const [file] = files;
  if (!file) throw noFile();
  if (files.length > 1) throw tooMany(files);
  const found = check(file.bytes, file.name);
  if (isProgram(found.subject)) {
    requireStaticProgram(file.bytes, file.name);
    return { kind: "program", program: file };
  }
  return reportOf(found, file, undefined, isDark);
}

/** The layout or linker script among files; undefined if there is none. */
export function layoutAmong(files: readonly OwnFile[]): OwnFile | undefined {
  return files.find(({ name, bytes }) => name.endsWith(".json") || isLinkerScript(bytes));
}

/** Whether a file is to be linked before it is a kernel. */
function isPart({ name, bytes }: OwnFile): boolean {
  if (isArchive(bytes)) return true;
  try {
    return readElf(bytes, name, LINK_FILES).type === ET_REL;
  } catch (error) {
    if (error instanceof Diagnostic) return false;
    throw error;
  }
}

function linkFiles(
  parts: readonly OwnFile[],
  layout: OwnFile | undefined,
): { kernel: OwnFile; resolved?: ResolvedLayout } {
  const inputs = parts.map(({ bytes, name }) => readInput(bytes, name));
  if (inputs.length === 0) throw noParts(layout?.name ?? "");
  if (layout && !layout.name.endsWith(".json")) {
    const text = new TextDecoder().decode(layout.bytes);
    const script = parseScript(text, layout.name, () => undefined);
    const image = linkByScript({ inputs, script, options: DEFAULT_OPTIONS, name: LINKED });
    return { kernel: { name: LINKED, bytes: writeProgram(image) } };
  }
  const plan = layout ? parseLayout(readJson(layout), layout.name) : NO_LAYOUT;
  const image = link(inputs, plan, { name: plan.name ?? "kernel" });
  const kernel = { name: LINKED, bytes: elfFile(image) };
  return layout ? { kernel, resolved: resolveLayout(plan) } : { kernel };
}

function report(
  kernel: OwnFile,
  layout: OwnFile | undefined,
  isDark: boolean,
  resolved: ResolvedLayout | undefined,
): CheckAnswer {
  const found = check(kernel.bytes, kernel.name, resolved ? { layout: resolved } : {});
  return reportOf(found, kernel, layout, isDark);
}

function reportOf(
  { findings, verdicts, subject }: CheckReport,
  kernel: OwnFile,
  layout: OwnFile | undefined,
  isDark: boolean,
): CheckAnswer {
  const { shared } = subject;
  const theme = isDark ? "dark" : "light";
  const summary = "where it is loaded, and where its code sees it";
  return {
    kind: "report",
    kernel,
    layout,
    findings: groupFindings(findings).map(({ first, all }) => ({
      code: first.code,
      severity: first.severity,
      what: first.what,
      change: first.change,
      more: all.length - 1,
    })),
    verdicts: verdicts.map(({ loader, outcome, reasons }) => ({ loader, outcome, reasons })),
    shared: shared && { start: Number(shared.start), end: Number(shared.end) },
    picture: drawSvg({ title: kernel.name, summary, theme, ...fileColumns(subject) }),
  };
}

/** Whether an executable is one of Linux's for i386, not a kernel that has lost its boot header. */
function isProgram({ file, protocols, loads }: Subject): boolean {
  const { multiboot, multiboot2, limine, pvh } = protocols;
  if (file.bits !== 32 || file.isFlat || multiboot || multiboot2 || limine || pvh) return false;
  return loads.some(({ execute, offset, fileSize }) => {
    return execute && callsLinux(file.bytes.subarray(offset, offset + fileSize));
  });
}

function callsLinux(code: Uint8Array): boolean {
  const [first, second] = CALL_CODE;
  for (let at = code.indexOf(first); at >= 0; at = code.indexOf(first, at + 1)) {
    if (code[at + 1] === second) return true;
  }
  return false;
}

function readJson({ name, bytes }: OwnFile): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const text = `${name} is not valid JSON: ${why}`;
    throw new Diagnostic("CLI003", text, "Correct the layout", { file: name });
  }
}

function noFile(): Diagnostic {
  return new Diagnostic("WEB003", "there is no file", "Choose one, or several");
}

function noParts(layout: string): Diagnostic {
  const text = `${layout} alone makes no kernel`;
  return new Diagnostic("WEB003", text, "Choose the objects together with it", { file: layout });
}

function tooMany(files: readonly OwnFile[]): Diagnostic {
  const names = files.map(({ name }) => name).join(", ");
  const text = `several files that are no objects: ${names}`;
  return new Diagnostic("WEB003", text, "Choose one kernel, or objects and one layout");
}
