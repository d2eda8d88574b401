// Writes an output file so that nobody ever sees half of one: into a file beside it, which then
// takes its name. A command that fails leaves what was there before.

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Diagnostic } from "../base/diagnostic";

/**
 * Makes `path` a file of these bytes.
 *
 * @param mode permissions of a file that anybody may read, or run: 0o644, 0o755
 * @throws Diagnostic CLI007 if it cannot be written
 */
export function replaceFile(path: string, bytes: Uint8Array | string, mode = 0o644): void {
  const partial = join(dirname(path), `.${basename(path)}.${process.pid}.partial`);
  try {
    const file = openSync(partial, "w", mode);
    try {
      const content = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
      for (let done = 0; done < content.length; ) done += writeSync(file, content, done);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    const reason = error instanceof Error ? error.message : String(error);
    throw new Diagnostic(
      "CLI007",
      `${path} cannot be written: ${reason}`,
      "Give a place where files may be written, with room for it.",
      { file: path },
    );
  }
}
