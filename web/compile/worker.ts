// The worker that compiles. It is started when somebody builds for the first time, and loads the
// compilers then: they are larger than all the rest of the page.

import { Diagnostic, Diagnostics } from "../../src/base/diagnostic";
import { hasEvaluated } from "./evaluate";
import { type PageParts, parseParts } from "./parts";
import { buildEdited } from "./project";
import type { BuildAnswer, BuildRequest, Fault } from "./protocol";

interface Port {
  postMessage(message: BuildAnswer): void;
  addEventListener(name: "message", listener: (event: { data: BuildRequest }) => void): void;
}

const port = globalThis as unknown as Port;
let parts: Promise<PageParts> | undefined;

port.addEventListener("message", async ({ data }) => port.postMessage(await answer(data)));
// The modules are here: requests that came earlier would have been lost.
port.postMessage({ kind: "progress", text: "" });

async function answer(request: BuildRequest): Promise<BuildAnswer> {
  try {
    parts ??= readParts();
    const progress = (text: string) => port.postMessage({ kind: "progress", text });
    const files = buildEdited(request, await parts, progress);
    return { kind: "done", files, warnings: [], isSpent: hasEvaluated() };
  } catch (error) {
    if (error instanceof Diagnostic) {
      return { kind: "refused", faults: faultsOf(error), isSpent: hasEvaluated() };
    }
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { kind: "broken", text };
  }
}

async function readParts(): Promise<PageParts> {
  const response = await fetch(new URL("parts.json", import.meta.url));
  if (!response.ok) throw new Error(`parts.json: ${response.status}`);
  return parseParts(await response.text());
}

function faultsOf(diagnostic: Diagnostic): Fault[] {
  if (diagnostic instanceof Diagnostics) return diagnostic.list.flatMap(faultsOf);
  const { code, message, remedy, place } = diagnostic;
  const { file, line, column } = place ?? {};
  return [{ code, text: message, remedy, file, line, column }];
}
