// Page tables as source text: C, GNU assembler, or Rust.
//
// All three put the tables into a section .data.boot_tables, each on a page of its own, and define
// the symbol boot_cr3, whose address is the value for CR3:
//
//      mov $boot_cr3, %eax        extern char boot_cr3[];  (uint32_t)boot_cr3      boot_cr3()
//      mov %eax, %cr3             in C                                              in Rust

import type { PageTable, PageTables, TableEntry } from "./page-tables";

export const TABLE_LANGUAGES = ["c", "asm", "rust"] as const;
export type TableLanguage = (typeof TABLE_LANGUAGES)[number];

/** The input section of the tables. */
export const TABLES_SECTION = ".data.boot_tables";

export interface TablesText {
  readonly tables: PageTables;
  /** VMA minus LMA of the section that the tables go to. */
  readonly distance: bigint;
  /** What is shown where, a line each. */
  readonly summary: readonly string[];
}

export function writeTables(text: TablesText, language: TableLanguage): string {
  const writers = { c: writeC, asm: writeAssembly, rust: writeRust };
  return `${writers[language](text).join("\n")}\n`;
}

function introduction({ tables, summary }: TablesText): string[] {
  const needs = tables.paging === "two-level" ? [] : ["CR4.PAE must be set before CR0.PG."];
  const isNx = tables.tables.some(({ entries }) =>
    entries.some(({ value }) => value >> 63n === 1n),
  );
  return [
    `Boot page tables (${tables.paging}): written by \`isthmus script --tables\`.`,
    "The address of the symbol boot_cr3 is the value for CR3.",
    ...needs,
    ...(tables.paging === "4-level" ? ["So must EFER.LME."] : []),
    ...(isNx ? ["Pages that are not code have NX: set EFER.NXE (bit 11) before CR0.PG."] : []),
    "",
    ...summary,
  ];
}

function writeAssembly(text: TablesText): string[] {
  return [
    ...introduction(text).map((line) => `# ${line}`.trimEnd()),
    "",
    ...directives(text),
    '.section .note.GNU-stack, "", @progbits',
  ];
}

/** For GNU as; also what the Rust text hands to its assembler. */
function directives(text: TablesText): string[] {
  const { tables, distance } = text;
  const size = tables.entryBytes * tables.count;
  return [
    `.section ${TABLES_SECTION}, "aw", @progbits`,
    ...tables.tables.flatMap((table) => [
      ".balign 4096",
      `.globl ${table.name}`,
      `.type ${table.name}, @object`,
      `.size ${table.name}, ${size}`,
      `${table.name}:`,
      ...directivesOf(table, tables, distance),
    ]),
    ".globl boot_cr3",
    `.set boot_cr3, ${physical(tables.tables[0].name, distance)}`,
  ];
}

function directivesOf(table: PageTable, tables: PageTables, distance: bigint): string[] {
  const { entryBytes, count } = tables;
  const isWide = tables.paging === "4-level";
  const word = entryBytes === 4 ? ".long" : ".quad";
  const lines: string[] = [];
  let next = 0;
  for (const run of runsOf(table.entries)) {
    const [first] = run;
    if (first.index > next) lines.push(`  .skip ${(first.index - next) * entryBytes}`);
    if (run.length > 1) {
      lines.push(`  .set page, ${hex(first.value)}`, `  .rept ${run.length}`);
      lines.push(`  ${word} page`, "  .set page, page + 0x1000", "  .endr");
    } else {
      lines.push(`  ${entryOf(first, entryBytes, isWide, distance)}`);
    }
    next = first.index + run.length;
  }
  if (next < count) lines.push(`  .skip ${(count - next) * entryBytes}`);
  return lines;
}

/** @param isWide whether addresses may have 64 bits: if not, no relocation has */
function entryOf(
  { value, table }: TableEntry,
  entryBytes: number,
  isWide: boolean,
  distance: bigint,
): string {
  if (table === undefined) return `${entryBytes === 4 ? ".long" : ".quad"} ${hex(value)}`;
  const entry = `${physical(table, distance)} + ${hex(value)}`;
  if (isWide) return `.quad ${entry}`;
  return entryBytes === 4 ? `.long ${entry}` : `.long ${entry}, 0`;
}

/** The physical address of a table. */
function physical(table: string, distance: bigint): string {
  return distance === 0n ? table : `${table} - ${hex(distance)}`;
}

/** Entries beside each other that name frames beside each other, with the same bits. */
function runsOf(entries: readonly TableEntry[]): [TableEntry, ...TableEntry[]][] {
  const runs: [TableEntry, ...TableEntry[]][] = [];
  for (const entry of entries) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    const follows =
      last !== undefined &&
      last.table === undefined &&
      entry.table === undefined &&
      entry.index === last.index + 1 &&
      entry.value === last.value + 0x1000n;
    if (run && follows) run.push(entry);
    else runs.push([entry]);
  }
  return runs;
}

function writeC(text: TablesText): string[] {
  const { tables, distance } = text;
  const isWide = tables.paging === "4-level";
  // An entry of PAE is two words: 32-bit C has no 64-bit constant that is an address.
  const words = tables.paging === "pae" ? 2 : 1;
  const type = isWide ? "uint64_t" : "uint32_t";
  const attributes = `__attribute__((section("${TABLES_SECTION}"), aligned(4096)))`;
  const suffix = isWide ? "ull" : "u";
  const baseOf = (name: string) => {
    const base = distance === 0n ? "" : ` - ${hex(distance)}${suffix}`;
    return `(${type})${name}${base} + `;
  };
  return [
    "/*",
    ...introduction(text).map((line) => ` * ${line}`.trimEnd()),
    " */",
    "#include <stdint.h>",
    "",
    ...tables.tables.map(({ name }) => `extern ${type} ${name}[${tables.count * words}];`),
    "",
    ...tables.tables.flatMap(({ name, entries }) => [
      `${attributes} ${type} ${name}[${tables.count * words}] = {`,
      ...entries.map(({ index, value, table }) => {
        const low = words === 2 ? value & 0xffff_ffffn : value;
        const entry = `${table === undefined ? "" : baseOf(table)}${hex(low)}${suffix}`;
        const high = words === 2 ? `, ${hex(value >> 32n)}u` : "";
        return `  [${index * words}] = ${entry}${high},`;
      }),
      "};",
      "",
    ]),
    `__asm__(".globl boot_cr3\\n.set boot_cr3, ${physical(tables.tables[0].name, distance)}");`,
  ];
}

function writeRust(text: TablesText): string[] {
  return [
    ...introduction(text).map((line) => `//! ${line}`.trimEnd()),
    "",
    "core::arch::global_asm!(",
    '    r#"',
    ".pushsection .data",
    ...directives(text),
    ".popsection",
    '"#,',
    "    options(att_syntax)",
    ");",
    "",
    "/// The value for CR3.",
    "pub fn boot_cr3() -> u32 {",
    "    let value: u32;",
    "    unsafe {",
    "        core::arch::asm!(",
    '            "mov {0:e}, offset boot_cr3",',
    "            out(reg) value,",
    "            options(pure, nomem, nostack, preserves_flags)",
    "        );",
    "    }",
    "    value",
    "}",
  ];
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}
