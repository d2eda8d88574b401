// Prints the kernel's numbers beside those of its rivals, and fails if one got worse.
//
//   npm run bench [-- options]
//
//   --linux VMLINUZ   measures this Linux for i386 in the same run, with page-table isolation
//                     (pti=on). Debian's is in linux-image-686-pae: apt-get download, then
//                     dpkg -x FILE DIR; DIR/boot/vmlinuz-…
//   --busybox FILE    adds a row that starts this static busybox for i386 (Debian's is in
//                     busybox-static: the same two commands, then DIR/bin/busybox). With --linux
//                     it must cost at most a quarter of what it does there; it is not stored
//   --bless           stores the figures of this run in bench/figures.json and README.md, and adds
//                     those that have changed to bench/history.tsv
//   --json            prints one JSON document instead of the table
//   --profile ROW     prints which functions the instructions of one row are spent in, instead;
//                     rows have the names of bench/figures.json
//   --pages ROW       prints which pages the processor looks up in each space during one row,
//                     instead
//
// What system calls and faults cost is counted in instructions: one program (bench/kernel/) runs on
// both kernels in the same QEMU, and its figures are the same in every run. They say what a kernel
// does, not how long that takes: in an emulator the time is ruled by CR3 loads, which flush the
// TLB.
//
// Without --linux, Linux's figures are those in bench/figures.json, marked "stored"; figures that
// no run measures are "quoted".
//
// Exit status: 1 if a row is beyond its limit: 2 % more than its figure in bench/figures.json, or
// the limit that it has here.

import "../tools/report-errors";
import { execFileSync } from "node:child_process";
import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { PAGE_SIZE, USER_END } from "../src/abi/memory-map";
import { Diagnostic } from "../src/base/diagnostic";
import { INSTALLATION } from "../src/cli/project";
import { readElfImage, symbolAddress } from "../src/inspect/elf-image";
import { readElf } from "../src/link/elf/read";
import { encodeCommandLine } from "../src/machine/command-line";
import { fileEntry } from "../src/machine/initramfs";
import { countRows, linuxOptions, requireKernel } from "./kernel/count";
import { historyLines, lastCosts } from "./kernel/history";
import { formatPages, pageCount, type Stay, usedPages } from "./kernel/pages";
import { formatProfile, profileRow } from "./kernel/profile";
import { readmeTable, withTable } from "./kernel/readme-table";
import { BUSYBOX, BUSYBOX_ROW, type CallRow, ROWS } from "./kernel/rows";
import {
  bless,
  type Figures,
  failureOf,
  formatRow,
  gatedRows,
  improvedRows,
  type Row,
} from "./kernel/table";

const BUILD = join(INSTALLATION, "build");
const KERNEL = join(BUILD, "kernel.elf");
const COMMAND = join(INSTALLATION, "bin", "isthmus.js");
const FIGURES = join(INSTALLATION, "bench", "figures.json");
const HISTORY = join(INSTALLATION, "bench", "history.tsv");
const README = join(INSTALLATION, "README.md");
const LINUX_OPTIONS = linuxOptions("pti=on");
const KIB = 1024;
const NULL_CALL = "getppid";
const NULL_CALL_PAGES = 8;
/** Of what it costs on Linux to start busybox, the most that it may cost here. */
const BUSYBOX_SHARE = 0.25;

const { values } = parseArgs({
  options: {
    linux: { type: "string" },
    busybox: { type: "string" },
    bless: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    profile: { type: "string" },
    pages: { type: "string" },
  },
});

if (values.linux !== undefined) requireKernel(values.linux);
const figures = JSON.parse(readFileSync(FIGURES, "utf8")) as Figures;
execFileSync(process.execPath, [COMMAND, "build"], { cwd: INSTALLATION });
const commandLine = encodeCommandLine(["quiet"], ["/init"]);
if (values.profile !== undefined) {
  console.log(await profile(values.profile));
  process.exit();
}
if (values.pages !== undefined) {
  console.log(formatPages(await pagesOf(values.pages)));
  process.exit();
}
const ours = countRows(KERNEL, commandLine);
const linux = values.linux === undefined ? undefined : measureLinux(values.linux);
const known = values.bless ? storeFigures() : figures;

const counted = gatedRows(ROWS, ours, linux?.counts, known);
const other: readonly Row[] = [
  ...startedBusybox(),
  await lookedUpPages(),
  imageSize(),
  sharedPages(),
  userSpace(),
];
console.log(values.json ? json() : table());
const failures = [
  ...counted.map((row) => failureOf(row, true)),
  ...other.map((row) => failureOf(row, false)),
].filter((failure) => failure !== undefined);
for (const failure of failures) process.stderr.write(`bench: ${failure}\n`);
const improved = improvedRows(ours, known);
if (improved.length > 0) {
  process.stderr.write(`bench: better than stored, so --bless: ${improved.join(", ")}\n`);
}
process.exitCode = failures.length > 0 ? 1 : 0;

function table(): string {
  const source = linux ? `measured: ${linux.name}` : `stored: ${known.linux}`;
  return [`Linux ${source}`, "", ...[...counted, ...other].map(formatRow)].join("\n");
}

async function profile(id: string): Promise<string> {
  return formatProfile(await profileRow(readFileSync(KERNEL), commandLine, rowOf(id)));
}

function pagesOf(id: string): Promise<Stay[]> {
  return usedPages(readFileSync(KERNEL), commandLine, rowOf(id));
}

function rowOf(id: string): CallRow {
  const row = ROWS.find((each) => each.id === id);
  if (row) return row;
  const names = ROWS.map((each) => each.id).join(", ");
  throw new Diagnostic("BENCH007", `no row is called ${id}`, `The rows are ${names}.`);
}

function json(): string {
  const rows = [...counted, ...other];
  return JSON.stringify({ linux: linux?.name ?? known.linux, rows }, null, 2);
}

function storeFigures(): Figures {
  const blessed = bless(ROWS, ours, linux, figures);
  writeFileSync(FIGURES, `${JSON.stringify(blessed, null, 2)}\n`);
  writeFileSync(README, withTable(readFileSync(README, "utf8"), readmeTable(blessed)));
  const image = Number((imageSize().ours ?? 0).toFixed(1));
  const own = Object.entries(blessed.rows).map(([id, figure]): [string, number] => [
    id,
    figure.ours,
  ]);
  const costs = { ...Object.fromEntries(own), "image-kib": image };
  const date = new Date().toISOString().slice(0, 10);
  appendFileSync(HISTORY, historyLines(date, lastCosts(readFileSync(HISTORY, "utf8")), costs));
  return blessed;
}

function measureLinux(kernel: string) {
  const version = execFileSync("qemu-system-i386", ["--version"], { encoding: "utf8" });
  const qemu = version.match(/version (\S+)/)?.[1];
  const name = `${basename(kernel)}, ${LINUX_OPTIONS}, QEMU ${qemu}`;
  return { name, counts: countRows(kernel, LINUX_OPTIONS) };
}

/** The row of --busybox. */
function startedBusybox(): Row[] {
  if (values.busybox === undefined) return [];
  const files = [fileEntry(BUSYBOX.slice(1), readFileSync(values.busybox), 0o755)];
  const count = (kernel: string, options: string) =>
    countRows(kernel, options, [BUSYBOX_ROW], files).get(BUSYBOX_ROW.id) ?? 0;
  const row = { what: BUSYBOX_ROW.what, ours: count(KERNEL, commandLine), unit: "instructions" };
  const there = values.linux === undefined ? undefined : count(values.linux, LINUX_OPTIONS);
  if (there === undefined) return [row];
  const rival = { name: "Linux", value: there, source: "measured" } as const;
  return [{ ...row, rival, limit: there * BUSYBOX_SHARE }];
}

/** What a boot loader reads: the bytes of the loadable segments. */
function imageSize(): Row {
  const { segments } = readElf(readFileSync(KERNEL), "kernel.elf");
  const bytes = segments.reduce((total, { fileSize }) => total + fileSize, 0);
  const rival =
    values.linux === undefined
      ? ({ name: "Linux 6.1", value: 8 * KIB, source: "quoted" } as const)
      : ({
          name: "Linux, compressed",
          value: statSync(values.linux).size / KIB,
          source: "measured",
        } as const);
  return { what: "kernel image", ours: bytes / KIB, unit: "KiB", rival, limit: 256 };
}

/** Of both spaces: what the TLB must learn again for each call, since it is emptied twice. */
async function lookedUpPages(): Promise<Row> {
  const ours = pageCount(await pagesOf(NULL_CALL));
  return { what: "null call: pages looked up", ours, unit: "pages", limit: NULL_CALL_PAGES };
}

function sharedPages(): Row {
  const image = readElfImage(readFileSync(KERNEL), "kernel.elf");
  const start = symbolAddress(image, "trampoline_text_start") ?? 0;
  const rival = { name: "FreeBSD i386 4/4", value: 1024, source: "quoted" } as const;
  const what = "shared between kernel and user";
  return { what, ours: (2 ** 32 - start) / PAGE_SIZE, unit: "pages", rival, limit: 3 };
}

/** More is better here, and the layout fixes it. Linux on i386 gives 3 GiB. */
function userSpace(): Row {
  const value = (2 ** 32 - 2 * PAGE_SIZE) / KIB;
  const rival = { name: "64-bit Linux, 32-bit program", value, source: "quoted" } as const;
  const size = (USER_END - PAGE_SIZE) / KIB;
  return { what: "user address space", ours: size, unit: "KiB", rival };
}
