// isthmus script: writes a linker script from a layout, for GNU ld, gold or lld
//
//   npx isthmus script [--linker bfd|gold|lld] [--layout FILE] [-o FILE] [--header FILE]
//                      [--table FILE]
//   npx isthmus script --tables c|asm|rust [--kernel FILE.elf] [--paging two-level|pae|4-level]
//                      [--identity START-END] [--no-nx] [--layout FILE] [-o FILE]
//
// The script places everything as `isthmus link` does, and avoids what each linker does badly at
// the end of the address space. Without -o it goes to the standard output.
//
// With --tables it writes static page tables instead, which start-up code loads into CR3: they show
// the kernel where it is linked, page by page with the rights of each section, and start-up code
// where it is loaded. The sizes of sections are known once the kernel is linked, so link it with
// the tables of the layout alone, write them again with --kernel, and link again until nothing
// changes; `isthmus check` compares them with the kernel. They are in .data.boot_tables; boot_cr3
// is the value for CR3.
//
// Options
//   --linker NAME      bfd (default) is GNU ld; gold; lld
//   --layout FILE      the layout: a module that exports `layout`, or JSON; default:
//                      isthmus.layout.ts, .js or .json in this folder
//   -o, --output FILE  where to write the script, or the tables
//   --header FILE      writes a C header that declares the symbols; - is the standard output
//   --table FILE       writes a C table of the sections for the code that builds the page tables:
//                      VMA, LMA, size, permissions; - is the standard output
//   --tables LANGUAGE  writes page tables as c, asm (GNU as) or rust
//   --kernel FILE      the linked kernel that they are for; without it each region is shown whole,
//                      up to its end or 4 MiB, with all the rights that its sections have
//   --paging FORMAT    two-level (default for i386), pae, or 4-level (default for x86-64)
//   --identity RANGE   shows this memory at its own address as well, writable: 0xb8000-0xc0000; may
//                      be given more than once
//   --no-nx            leaves out the NX bit, for processors without it
//
// Example
//   $ npx isthmus script | head -n 9
//   /* kernel, for GNU ld (bfd): written by `isthmus script` from a layout.
//      Change the layout, not this file.
//
//        ld -m elf_i386 -z max-page-size=4096 --orphan-handling=error -T THIS -o OUT OBJECTS…
//   */
//
//   ENTRY(_start)
//
//   SECTIONS
//
// Exit status: 0 written; 2 the layout cannot be used.

import { basename } from "node:path";
import { readKernel } from "../link/check/flat-image";
import { describeRange, kernelRanges } from "../link/check/kernel-ranges";
import { Subject } from "../link/check/subject";
import { resolveLayout } from "../link/layout/resolve";
import type { ResolvedLayout } from "../link/layout/resolved";
import { writeHeader, writeTable } from "../link/script/c-header";
import { DIALECTS, writeLinkerScript } from "../link/script/linker-script";
import { type MappedRange, PAGINGS, type Paging, pageTables } from "../link/script/page-tables";
import { distanceOfTables, layoutRanges } from "../link/script/table-ranges";
import { TABLE_LANGUAGES, writeTables } from "../link/script/write-tables";
import { readInput } from "./boot-settings";
import { type Command, type CommandLine, refuseOverwriting, UsageError } from "./command";
import { readLayout } from "./layout-file";
import { writeText } from "./replace-file";

export const command: Command = {
  options: {
    linker: { type: "string", choices: DIALECTS },
    layout: { type: "string" },
    output: { type: "string", short: "o" },
    header: { type: "string" },
    table: { type: "string" },
    tables: { type: "string" },
    kernel: { type: "string" },
    paging: { type: "string" },
    identity: { type: "string", repeats: true },
    "no-nx": { type: "boolean" },
  },
  run,
};

async function run(line: CommandLine): Promise<number> {
  const dialect = line.choice("linker", DIALECTS);
  const written = ["output", "header", "table"].map((name) => line.value(name));
  refuseOverwriting(written, [line.value("layout"), line.value("kernel")]);
  const declared = await readLayout(line.value("layout"));
  if (!declared) throw new UsageError("no layout was found here: --layout FILE");
  const layout = resolveLayout(declared);
  if (line.value("tables") !== undefined) return writePageTables(line, layout);
  refuseTableOptions(line);
  const header = line.value("header");
  const table = line.value("table");
  const output = line.value("output");
  if (output !== undefined || (header === undefined && table === undefined)) {
    writeText(output ?? "-", writeLinkerScript(layout, dialect));
  }
  if (header !== undefined) writeText(header, writeHeader(layout));
  if (table !== undefined) {
    const name = header === undefined || header === "-" ? `${layout.name}-layout.h` : header;
    writeText(table, writeTable(layout, basename(name)));
  }
  return 0;
}

async function writePageTables(line: CommandLine, layout: ResolvedLayout): Promise<number> {
  const language = line.choice("tables", TABLE_LANGUAGES);
  for (const other of ["header", "table", "linker"]) {
    if (line.value(other) === undefined) continue;
    throw new UsageError(`--tables and --${other} exclude each other`);
  }
  const path = line.value("kernel");
  const kernel = path === undefined ? undefined : readKernel(await readInput(path), path);
  const paging = pagingOf(line, kernel?.bits ?? (layout.machine === "x86-64" ? 64 : 32));
  const ranges = [
    ...(kernel ? kernelRanges(new Subject(kernel), layout) : layoutRanges(layout, paging)),
    ...line.values("identity").map(identityRange),
  ];
  const tables = pageTables(ranges, paging, !line.flag("no-nx"));
  const summary = ranges.map(describeRange);
  const text = writeTables(
    { tables, distance: distanceOfTables(layout, paging), summary },
    language,
  );
  writeText(line.value("output") ?? "-", text);
  return 0;
}

function refuseTableOptions(line: CommandLine): void {
  const given = ["kernel", "paging"].find((name) => line.value(name) !== undefined);
  const wrong =
    given ?? (line.values("identity").length > 0 ? "identity" : line.flag("no-nx") && "no-nx");
  if (wrong) throw new UsageError(`--${wrong} is for page tables: give --tables too`);
}

function pagingOf(line: CommandLine, bits: 32 | 64): Paging {
  if (line.value("paging") === undefined) return bits === 64 ? "4-level" : "two-level";
  const paging = line.choice("paging", PAGINGS);
  if ((bits === 64) === (paging === "4-level")) return paging;
  throw new UsageError(`--paging ${paging} is not for a kernel of ${bits} bits`);
}

/** `0xb8000-0xc0000`. */
function identityRange(text: string): MappedRange {
  const [, first, last] = /^(0x[0-9a-f]+|\d+)-(0x[0-9a-f]+|\d+)$/i.exec(text) ?? [];
  const start = BigInt(first ?? 0);
  const size = BigInt(last ?? 0) - start;
  if (size <= 0n) {
    throw new UsageError(`--identity is ${text}, not a range such as 0xb8000-0xc0000`);
  }
  return { name: "--identity", start, load: start, size, write: true, execute: false };
}
