// isthmus import: writes a layout from a linker script of GNU ld
//
//   npx isthmus import SCRIPT [-o FILE]
//
// The layout says what the script says: regions, sections with their inputs, symbols at their
// edges. Rights are not in a script, so those of the layout are guessed from names: look at them,
// and at what the warnings name. What a layout cannot say is an error with its line, and nothing
// is written; `isthmus link -T SCRIPT` links with the script as it is.
//
// Options
//   -o, --output FILE  where to write the layout: isthmus.layout.ts is the name that `isthmus link`
//                      looks for, and .json is written as JSON; default: the standard output
//
// Example
//   $ npx isthmus import kernel.ld | head -n 5
//   // Written by `isthmus import kernel.ld`.
//
//   export const layout = {
//     entry: "start",
//     regions: { low: { start: 0x100000 }, high: { load: "low", offset: 0xc0000000 } },
//
// Exit status: 0 written; 2 the script cannot be read, or says what a layout cannot.

import { Reporter } from "../base/reporter";
import { layoutOf } from "../link/by-script/to-layout";
import type { Layout } from "../link/layout/layout";
import { type Command, type CommandLine, refuseOverwriting, UsageError } from "./command";
import { LinkerFiles } from "./linker-files";
import { writeText } from "./replace-file";
import { complain } from "./terminal";

const WIDTH = 80;
/** Fields whose numbers are addresses or sizes. */
const HEXADECIMAL: ReadonlySet<string> = new Set([
  "start",
  "end",
  "offset",
  "align",
  "pad",
  "fill",
]);

export const command: Command = {
  options: { output: { type: "string", short: "o" } },
  operands: 1,
  run,
};

async function run(line: CommandLine): Promise<number> {
  const [path] = line.operands;
  if (path === undefined) throw new UsageError("no script was given");
  const output = line.value("output") ?? "-";
  refuseOverwriting([output], [path]);
  const script = await new LinkerFiles([]).script(path);
  const report = new Reporter();
  const layout = layoutOf(script, report);
  report.barrier();
  for (const warning of report.warnings) complain(warning, "warning");
  const isJson = output.endsWith(".json");
  writeText(output, isJson ? `${JSON.stringify(layout, null, 2)}\n` : moduleText(layout, path));
  return 0;
}

/** The layout as a module of TypeScript. */
function moduleText(layout: Layout, path: string): string {
  const text = literal(layout, "", "");
  return `// Written by \`isthmus import ${path}\`.\n\nexport const layout = ${text};\n`;
}

/** A value as a literal, on one line if it fits. */
function literal(value: unknown, indent: string, key: string): string {
  if (typeof value === "number") {
    return HEXADECIMAL.has(key) && value > 9 ? `0x${value.toString(16)}` : String(value);
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map((each) => literal(each, inner, key))
    : Object.entries(value).map(
        ([name, each]) => `${keyText(name)}: ${literal(each, inner, name)}`,
      );
  const [open, close] = isList ? ["[", "]"] : ["{ ", " }"];
  const line = `${open}${parts.join(", ")}${close}`;
  if (!line.includes("\n") && indent.length + line.length < WIDTH && indent !== "") return line;
  const lines = parts.map((part) => `${inner}${part},\n`).join("");
  return `${open.trim()}\n${lines}${indent}${close.trim()}`;
}

function keyText(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
}
