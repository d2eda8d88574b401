// A command's manual page is the header comment of its file; this reads it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { INSTALLATION } from "./installation";

export interface ManualPage {
  /** What follows the colon of the first line: `compiles and links …`. */
  readonly summary: string;
  /** The whole page, without comment marks. */
  readonly text: string;
}

/** The header of `src/cli/<name>.ts`. */
export function manualPage(name: string): ManualPage {
  return parseManualPage(readFileSync(join(INSTALLATION, "src", "cli", `${name}.ts`), "utf8"));
}

/** The `//` lines at the start of a source text, as a page. */
export function parseManualPage(source: string): ManualPage {
  const lines = source.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("//"));
  const text = lines
    .slice(0, end < 0 ? lines.length : end)
    .map((line) => line.replace(/^\/\/ ?/, ""))
    .join("\n");
  const summary = /^isthmus[^:]*: (.*)$/m.exec(text)?.[1] ?? "";
  return { summary, text };
}
