// Links and checks damaged files in processes of their own, and finds what breaks the promise:
// always a result or a message, within a second of processor time and a gibibyte each.
//
//   node --import ./bin/loader.js test/link/mutation/hunt.ts [COUNT] [SEED]
//
// Whatever was too slow is tried once more alone, because a pause on a loaded machine is not a
// hang.

import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeTargets } from "./targets";
import type { Attempt } from "./worker";

const SLOW_MS = 1000;
const MEMORY_LIMIT = 2 ** 30;
/** V8's own part of the limit, in MiB: beyond it the process ends. */
const HEAP_MIB = 768;
/** A process that reports nothing for this long hangs. */
const HANG_MS = 20_000;
/** Files before a slow one that is tried again: the first of a process are always slow. */
const WARM_UP = 12;
const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));
const LOADER = new URL("../../../bin/loader.js", import.meta.url).href;

export interface Hunt {
  readonly attempts: number;
  /** The codes of what was said. */
  readonly codes: ReadonlySet<string>;
  /** Each is a broken promise, in words. */
  readonly failures: readonly string[];
  readonly slowestMs: number;
  readonly mostBytes: number;
}

/** Tries files number 0 to `count`, which depend on `seed`. */
export async function hunt(count: number, seed: number): Promise<Hunt> {
  const directory = mkdtempSync(join(tmpdir(), "isthmus-mutations-"));
  const cleanUps: (() => void)[] = [() => rmSync(directory, { recursive: true })];
  try {
    writeTargets({ after: (cleanUp: () => void) => cleanUps.push(cleanUp) }, directory);
    return await new Hunter(directory, count, seed).run();
  } finally {
    for (const cleanUp of cleanUps) cleanUp();
  }
}

class Hunter {
  private readonly codes = new Set<string>();
  private readonly failures: string[] = [];
  private readonly suspects: number[] = [];
  private attempts = 0;
  private slowestMs = 0;
  private mostBytes = 0;

  constructor(
    private readonly directory: string,
    private readonly count: number,
    private readonly seed: number,
  ) {}

  async run(): Promise<Hunt> {
    for (let from = 0; from < this.count; ) {
      const reached = await this.work(from, this.count, (attempt) => this.judge(attempt));
      if (reached < this.count) this.suspects.push(reached);
      from = reached + 1;
    }
    for (const number of this.suspects) await this.again(number);
    const { attempts, codes, failures, slowestMs, mostBytes } = this;
    return { attempts, codes, failures, slowestMs, mostBytes };
  }

  private judge({ number, target, milliseconds, bytes, said, crash }: Attempt): void {
    this.attempts += 1;
    this.mostBytes = Math.max(this.mostBytes, bytes);
    const name = `file ${number} of seed ${this.seed} (${target})`;
    const code = said === undefined ? undefined : /\[(\w+)\]/.exec(said)?.[1];
    if (code !== undefined) this.codes.add(code);
    if (crash !== undefined) this.failures.push(`${name}: ${crash}`);
    if (bytes > MEMORY_LIMIT) this.failures.push(`${name}: ${bytes} bytes of memory`);
    if (milliseconds > SLOW_MS) this.suspects.push(number);
    else this.slowestMs = Math.max(this.slowestMs, milliseconds);
  }

  /** Tries one file alone, in a process that is warm. */
  private async again(number: number): Promise<void> {
    let time = Number.POSITIVE_INFINITY;
    await this.work(Math.max(0, number - WARM_UP), number + 1, (attempt) => {
      if (attempt.number === number) time = attempt.milliseconds;
    });
    if (time <= SLOW_MS) return;
    const what = Number.isFinite(time) ? `${Math.round(time)} ms` : "no end, or too much memory";
    this.failures.push(`file ${number} of seed ${this.seed}: ${what}`);
  }

  /** Runs a process over files; returns `to`, or the number of the file at which it ended. */
  private work(from: number, to: number, done: (attempt: Attempt) => void): Promise<number> {
    const execArgv = [`--max-old-space-size=${HEAP_MIB}`, "--import", LOADER];
    const args = [this.directory, String(this.seed), String(from), String(to)];
    const child = fork(WORKER, args, { execArgv, stdio: "ignore" });
    let current = from;
    const kill = () => child.kill("SIGKILL");
    let watchdog = setTimeout(kill, HANG_MS);
    child.on("message", (message: number | Attempt) => {
      clearTimeout(watchdog);
      watchdog = setTimeout(kill, HANG_MS);
      if (typeof message === "number") current = message;
      else {
        current = message.number + 1;
        done(message);
      }
    });
    return new Promise((resolve) => {
      child.on("close", () => {
        clearTimeout(watchdog);
        resolve(current);
      });
    });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [count = "10000", seed = "7"] = process.argv.slice(2);
  const { attempts, codes, failures, slowestMs, mostBytes } = await hunt(
    Number(count),
    Number(seed),
  );
  const memory = Math.round(mostBytes / 2 ** 20);
  process.stdout.write(
    `${attempts} damaged files: slowest ${Math.round(slowestMs)} ms, most memory ${memory} MiB; ` +
      `said ${[...codes].sort().join(" ")}\n`,
  );
  for (const failure of failures) process.stderr.write(`${failure}\n`);
  process.exitCode = failures.length > 0 ? 1 : 0;
}
