// Runs the command `isthmus` as a user would, and collects what it prints.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { INSTALLATION } from "../../src/cli/project";

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Circumstances {
  /** What it reads; absent: an empty file. */
  readonly input?: string;
  readonly directory?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** It is told to end, by SIGTERM, once it has printed this. */
  readonly endAfter?: string;
}

/** Runs `isthmus` with these words to its end. */
export function isthmus(
  words: readonly string[],
  { input = "", directory = INSTALLATION, environment = {}, endAfter }: Circumstances = {},
): Promise<Outcome> {
  const command = join(INSTALLATION, "bin", "isthmus.js");
  const child = spawn(process.execPath, [command, ...words], {
    cwd: directory,
    env: { ...process.env, NO_COLOR: "1", ...environment },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
    if (endAfter !== undefined && stdout.includes(endAfter) && !child.killed) child.kill("SIGTERM");
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, stdout, stderr }));
  });
}
