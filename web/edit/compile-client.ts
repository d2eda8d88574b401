// The page's side of the worker that compiles: started when somebody builds for the first time, and
// kept, as the compilers are warm then. A second kernel costs half of the first one.
//
// Invariants
//   - One build at a time.
//   - A worker that has run code of the reader's (edited assembly, an edited layout) is not used
//     again, nor is one that broke: who knows what they are after that.

import type { BuildAnswer, BuildRequest } from "../compile/protocol";

type Build = Exclude<BuildAnswer, { kind: "progress" }>;

export class CompileClient {
  #worker: Worker | undefined;

  /** @param progress told what is being done */
  async build(request: BuildRequest, progress: (text: string) => void): Promise<Build> {
    const isNew = this.#worker === undefined;
    const worker = this.#worker ?? startWorker();
    this.#worker = worker;
    const build = await new Promise<Build>((resolve) => {
      worker.onerror = ({ message }) => {
        resolve({ kind: "broken", text: message || "the compilers could not be loaded" });
      };
      worker.onmessage = ({ data }) => {
        const answer = data as BuildAnswer;
        if (answer.kind !== "progress") resolve(answer);
        else if (answer.text === "") worker.postMessage(request);
        else progress(answer.text);
      };
      // A new one says when it is ready.
      if (!isNew) worker.postMessage(request);
    });
    if (build.kind === "broken" || build.isSpent) {
      worker.terminate();
      this.#worker = undefined;
    }
    return build;
  }
}

function startWorker(): Worker {
  return new Worker(new URL("compile/worker.js", import.meta.url), { type: "module" });
}
