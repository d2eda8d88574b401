// The processes that compile: as many as there are processors, each taking one task after another.
//
// A process takes several tasks, since loading the compiler costs more than compiling a program.

import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Diagnostic, Diagnostics } from "../base/diagnostic";
import type { BuildAnswer, BuildTask, PlainDiagnostic } from "./build-task";
import { INSTALLATION } from "./project";
import { IS_BUNDLED } from "./toolchain-hash";

/** Most of what a compiler makes is soon garbage: a large young generation copies little of it. */
const NURSERY = ["--min-semi-space-size=64", "--max-semi-space-size=128"];

/** What a task that went well answers. */
export type Done = BuildAnswer & { readonly kind: "done" };

const WORKER = join(INSTALLATION, "bin", "worker.js");
const WORK = IS_BUNDLED ? "dist/cli/build-worker.js" : "src/cli/build-worker.ts";

/**
 * Performs the tasks, the first ones first, and hands each answer to `accept`. All are performed,
 * even if one fails, so that all errors show.
 *
 * @throws Diagnostics of the tasks that failed
 */
export async function performTasks(
  tasks: readonly BuildTask[],
  accept: (task: BuildTask, done: Done) => void,
): Promise<void> {
  const waiting = [...tasks];
  const refusals: PlainDiagnostic[] = [];
  const serve = async () => {
    const worker = new BuildWorker();
    try {
      for (let task = waiting.shift(); task; task = waiting.shift()) {
        const answer = await worker.perform(task);
        if (answer.kind === "broken") throw new Error(answer.trace);
        if (answer.kind === "refused") refusals.push(...answer.diagnostics);
        else accept(task, answer);
      }
    } finally {
      worker.close();
    }
  };
  const count = Math.min(availableParallelism(), tasks.length);
  await Promise.all(Array.from({ length: count }, serve));
  const [first, ...rest] = refusals.map(revive);
  if (first) throw new Diagnostics([first, ...rest]);
}

/** A diagnostic as it was before it was sent. */
export function revive({ code, text, remedy, place }: PlainDiagnostic): Diagnostic {
  return new Diagnostic(code, text, remedy, place);
}

/** A process that runs src/cli/build-worker.ts. */
class BuildWorker {
  readonly #child = fork(WORKER, [join(INSTALLATION, WORK)], {
    execArgv: NURSERY,
    serialization: "advanced",
  });

  /** Who leaves in the middle of a build leaves no process that still writes. */
  readonly #kill = () => this.#child.kill("SIGKILL");

  perform(task: BuildTask): Promise<BuildAnswer> {
    return new Promise((resolve, reject) => {
      const died = (status: number | null) =>
        reject(new Error(`the build process ended with status ${status}`));
      this.#child.once("exit", died);
      this.#child.once("message", (answer: BuildAnswer) => {
        this.#child.removeListener("exit", died);
        resolve(answer);
      });
      this.#child.send(task);
    });
  }

  constructor() {
    process.once("exit", this.#kill);
  }

  close(): void {
    process.removeListener("exit", this.#kill);
    if (this.#child.connected) this.#child.disconnect();
  }
}
