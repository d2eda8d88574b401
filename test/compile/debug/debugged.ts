// TypeScript programs under the stock debugger: compiled to a Linux executable and run by gdb.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { isthmus } from "../../cli/isthmus";

export interface Debugged {
  /** What gdb prints for these commands; complaints about debug information fail the test. */
  gdb(...commands: string[]): string;
  /** What any program prints that is given the executable as its last argument. */
  inspect(program: string, ...words: string[]): string;
  close(): void;
}

/** Compiles `main.ts` of these sources, which export `main`. */
export async function debugged(sources: Readonly<Record<string, string>>): Promise<Debugged> {
  const directory = mkdtempSync(join(tmpdir(), "isthmus-debug-"));
  for (const [path, text] of Object.entries(sources)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  const words = ["compile", "main.ts", "--target", "linux", "-o", "program"];
  const outcome = await isthmus(words, { directory });
  assert.equal(outcome.status, 0, outcome.stderr);
  const inspect = (program: string, ...rest: string[]) => {
    const { stdout, stderr } = spawnSync(program, [...rest, "program"], {
      cwd: directory,
      encoding: "utf8",
    });
    return `${stderr}${stdout}`;
  };
  return {
    inspect,
    gdb: (...commands) => {
      const all = ["set complaints 1000", ...commands].flatMap((each) => ["-ex", each]);
      const output = inspect("gdb", "-batch", "-nx", ...all);
      assert.doesNotMatch(output, /During symbol reading|DWARF Error|warning:/);
      return output;
    },
    close: () => rmSync(directory, { recursive: true }),
  };
}
