// A C header with the symbols of a layout, and a table of its sections for the code that builds
// page tables.
//
// In C a linker's symbol has an address and no value, so all of them are arrays of char:
// `text_size` as a number is `(uintptr_t)text_size`, which LAYOUT_SIZE(text) writes.

import { hex } from "../../base/align";
import { type ResolvedLayout, symbolStem } from "../layout/resolved";

/** `layout.h`: declarations of all symbols. */
export function writeHeader(layout: ResolvedLayout): string {
  const guard = `${symbolStem(layout.name).toUpperCase()}_LAYOUT_H`;
  const regions = layout.regions.map(({ name, start, end, title }) => {
    const stem = symbolStem(name).toUpperCase();
    const values = [`${stem}_LOWEST ${hex(start)}ull`, `${stem}_HIGHEST ${hex(end - 1)}ull`];
    return [`/* ${title} */`, ...values.map((value) => `#define REGION_${value}`)].join("\n");
  });
  return `${[
    `/* The symbols of ${layout.name}'s layout: written by \`isthmus script\`.`,
    "   The end of something that ends at 4 GiB is the number 0: use its size. */",
    `#ifndef ${guard}`,
    `#define ${guard}`,
    "",
    "#include <stdint.h>",
    "",
    "#ifdef __cplusplus",
    'extern "C" {',
    "#endif",
    "",
    ...layout.symbols
      .filter(({ kind }) => kind !== "inputs")
      .map(({ name, kind, edge, of }) => {
        return `extern char ${name}[]; /* ${kind === "within" ? "within" : `${edge} of`} ${of} */`;
      }),
    "",
    "#ifdef __cplusplus",
    "}",
    "#endif",
    "",
    "/* LAYOUT_START(text), LAYOUT_SIZE(text), LAYOUT_LOAD(text): as numbers. */",
    "#define LAYOUT_START(name) ((uintptr_t)name##_start)",
    "#define LAYOUT_SIZE(name) ((uintptr_t)name##_size)",
    "#define LAYOUT_LOAD(name) ((uintptr_t)name##_load)",
    "",
    ...regions,
    "",
    `#endif`,
  ].join("\n")}\n`;
}

/** `layout-table.h`: an array of the sections that a page-table builder maps. */
export function writeTable(layout: ResolvedLayout, header: string): string {
  const isShared = (region: string) =>
    Object.values(layout.spaces).filter(({ regions }) => regions.includes(region)).length > 1;
  const closed = layout.closed.flatMap(({ sections }) => sections);
  const rows = layout.sections
    .filter(({ allocate }) => allocate)
    .map(({ name, permissions, region, module }) => {
      const stem = symbolStem(name);
      const flags = [
        ...(permissions.includes("w") ? ["LAYOUT_WRITE"] : []),
        ...(permissions.includes("x") ? ["LAYOUT_EXECUTE"] : []),
        ...(closed.includes(name) || isShared(region.name) ? ["LAYOUT_SHARED"] : []),
        ...(module === undefined ? [] : ["LAYOUT_MODULE"]),
      ];
      const bits = flags.length === 0 ? "0" : flags.join(" | ");
      const load = module === undefined ? `${stem}_load` : "0";
      return `  {"${name}", ${stem}_start, ${load}, ${stem}_size, ${bits}},`;
    });
  return `${[
    `/* The sections of ${layout.name}: map \`size\` bytes from \`lma\` at \`vma\`. All are`,
    "   aligned to pages unless the layout says otherwise; an address of `size` is its number.",
    "   What is LAYOUT_MODULE came in a file of its own: its program headers say where. */",
    `#include "${header}"`,
    "",
    "enum { LAYOUT_WRITE = 2, LAYOUT_EXECUTE = 1, LAYOUT_SHARED = 8, LAYOUT_MODULE = 16 };",
    "",
    "struct layout_section {",
    "  const char *name;",
    "  char *vma;",
    "  char *lma;",
    "  char *size;",
    "  unsigned flags;",
    "};",
    "",
    "static const struct layout_section layout_sections[] = {",
    ...rows,
    "};",
    "",
    "enum { LAYOUT_SECTIONS = sizeof layout_sections / sizeof layout_sections[0] };",
  ].join("\n")}\n`;
}
