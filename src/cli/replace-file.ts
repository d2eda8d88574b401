// Writes an output file in such a way that half of one is never seen: to a file beside it, which is
// then renamed. A command that fails leaves what was there before.
//
// The file beside it is `.NAME.PID.partial`. A process that is killed leaves it behind: the next
// that writes NAME removes it, and so does the next build of the folder.

import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { Diagnostic } from "../base/diagnostic";
import { systemReason } from "../base/system-error";

/**
 * Makes `path` a file of these bytes.
 *
 * @param mode the permissions: 0o644, or 0o755 for a program
 * @throws Diagnostic CLI007 if it cannot be written
 */
export function replaceFile(path: string, bytes: Uint8Array | string, mode = 0o644): void {
  if (isDevice(path)) writeInPlace(path, bytes);
  else replace(path, bytes, mode);
}

/** The standard output for `-`, else a file of this text. */
export function writeText(path: string, text: string): void {
  if (path === "-") process.stdout.write(text);
  else replaceFile(path, text);
}

/** The first of the files that would be `written` that is one of those `read`. */
export function overwritten(
  written: readonly (string | undefined)[],
  read: readonly (string | undefined)[],
): { readonly output: string; readonly input: string } | undefined {
  const sources = read.filter((path) => path !== undefined);
  for (const output of written) {
    if (output === undefined) continue;
    const input = sources.find((each) => resolve(each) === resolve(output));
    if (input !== undefined) return { output, input };
  }
  return undefined;
}

/** `/dev/null` or a pipe: something that must not be replaced by a file. */
function isDevice(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && !stats.isFile() && !stats.isDirectory();
}

function writeInPlace(path: string, bytes: Uint8Array | string): void {
  try {
    writeFileSync(path, bytes);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

function replace(path: string, bytes: Uint8Array | string, mode: number): void {
  const partial = join(dirname(path), `.${basename(path)}.${process.pid}.partial`);
  try {
    removeOldPartials(dirname(path), basename(path));
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
    throw cannotWrite(path, error);
  }
}

const PARTIAL = /^\.(.+)\.(\d+)\.partial$/;
/** Nothing takes as long to write, by a process of another container either. */
const OLD_MS = 30_000;

/** Removes what processes that have ended left of `name` in a folder that anyone may write to. */
function removeOldPartials(folder: string, name: string): void {
  for (const file of readdirSync(folder)) {
    const [, of, pid] = PARTIAL.exec(file) ?? [];
    if (of !== name || isRunning(Number(pid))) continue;
    const path = join(folder, file);
    const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    if (written !== undefined && Date.now() - written > OLD_MS) rmSync(path, { force: true });
  }
}

/** Removes what is left in a folder, and in those below, to which this process alone writes. */
export function removePartials(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (PARTIAL.test(basename(name))) rmSync(join(folder, name), { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** CLI007: what a file cannot be written for. */
export function cannotWrite(path: string, error: unknown): Diagnostic {
  const reason = systemReason(error) ?? (error instanceof Error ? error.message : String(error));
  return new Diagnostic(
    "CLI007",
    `${path} cannot be written: ${reason}`,
    "Choose a place that is writable and has room for it.",
    { file: path },
  );
}
