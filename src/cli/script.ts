// isthmus script: writes a linker script from a layout, for GNU ld, gold or lld
//
//   npx isthmus script [--linker bfd|gold|lld] [--layout FILE] [-o FILE] [--header FILE]
//                      [--table FILE]
//
// The script places everything as `isthmus link` does, and avoids what each linker does badly at
// the end of the address space. Without -o it goes to the standard output.
//
// Options
//   --linker NAME      bfd (default) is GNU ld; gold; lld
//   --layout FILE      the layout: a module that exports `layout`, or JSON; default:
//                      isthmus.layout.ts, .js or .json in this folder
//   -o, --output FILE  where to write the script
//   --header FILE      writes a C header that declares the symbols; - is the standard output
//   --table FILE       writes a C table of the sections for the code that builds the page tables:
//                      VMA, LMA, size, permissions; - is the standard output
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
import { resolveLayout } from "../link/layout/resolve";
import { writeHeader, writeTable } from "../link/script/c-header";
import { DIALECTS, writeLinkerScript } from "../link/script/linker-script";
import { type Command, type CommandLine, UsageError } from "./command";
import { readLayout } from "./layout-file";
import { writeText } from "./replace-file";

export const command: Command = {
  options: {
    linker: { type: "string", choices: DIALECTS },
    layout: { type: "string" },
    output: { type: "string", short: "o" },
    header: { type: "string" },
    table: { type: "string" },
  },
  run,
};

async function run(line: CommandLine): Promise<number> {
  const dialect = line.choice("linker", DIALECTS);
  const declared = await readLayout(line.value("layout"));
  if (!declared) throw new UsageError("no layout was found here: --layout FILE");
  const layout = resolveLayout(declared);
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
