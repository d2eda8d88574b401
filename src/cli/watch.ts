// `--watch`: does a command's work now, and again whenever a file that it depends on has changed.
//
// Each round is a process of its own, so that it sees everything anew: layouts are modules, and a
// process loads a module once. The folders of files are watched, not the files themselves, which
// editors replace by others. A round's own outputs do not count: only what was named is looked at.

import { spawn } from "node:child_process";
import { existsSync, type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import { dirname, join } from "node:path";
import { progress } from "./terminal";

/** Editors write in several steps. */
const SETTLE_MS = 150;

/**
 * Runs this program with `words` now and after each change of `paths`, files or folders, until it
 * is ended from outside.
 */
export async function repeatOnChange(
  words: readonly string[],
  paths: readonly string[],
): Promise<never> {
  const changes = new Changes(paths);
  for (;;) {
    const status = await runAgain(words);
    const verdict = status === 0 ? "" : `exit status ${status}; `;
    progress(`isthmus: ${verdict}watching ${paths.join(", ")}; ^C ends`);
    await changes.next();
  }
}

function runAgain(words: readonly string[]): Promise<number | null> {
  const program = process.argv[1];
  if (program === undefined) throw new Error("a process without a program");
  const child = spawn(process.execPath, [...process.execArgv, program, ...words], {
    stdio: "inherit",
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
}

/** Waits for files to become different from what they were. */
class Changes {
  readonly #paths: readonly string[];
  readonly #watchers: readonly FSWatcher[];
  #state: string;
  #wake: () => void = () => {};

  constructor(paths: readonly string[]) {
    this.#paths = paths;
    this.#state = stateOf(paths);
    const folders = new Set(paths.map((path) => (isFolder(path) ? path : dirname(path))));
    this.#watchers = [...folders].map((folder) =>
      watch(folder, { recursive: paths.includes(folder) }, () => this.#wake()),
    );
    // A folder that is removed: nothing will change any more, which is no reason to end.
    for (const watcher of this.#watchers) watcher.on("error", () => {});
  }

  /** Resolves at the next difference, or at once if there has been one since the last time. */
  async next(): Promise<void> {
    for (;;) {
      const state = stateOf(this.#paths);
      if (state !== this.#state) {
        await settle();
        this.#state = stateOf(this.#paths);
        return;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await settle();
    }
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}

/** Sizes and times of all files, as text to compare. */
function stateOf(paths: readonly string[]): string {
  return paths.flatMap(filesOf).map(fileState).join("\n");
}

function filesOf(path: string): string[] {
  if (!isFolder(path)) return [path];
  return readdirSync(path, { recursive: true, encoding: "utf8" }).map((name) => join(path, name));
}

function fileState(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() ? `${path} ${stats.mtimeMs} ${stats.size}` : path;
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}
