// A process that compiles: it takes one task after another and answers each. bin/worker.js starts
// it. Only this file loads the compilers, so that a build with nothing to do loads none.

import { Diagnostic, Diagnostics } from "../base/diagnostic";
import { buildKernel } from "./build-kernel";
import { buildProgram } from "./build-program";
import type { BuildAnswer, BuildOutcome, BuildTask, PlainDiagnostic } from "./build-task";
import { systemTrouble } from "./system-trouble";

async function answer(task: BuildTask): Promise<BuildAnswer> {
  const start = performance.now();
  try {
    const { warnings, ...outcome } = await perform(task);
    const milliseconds = Math.round(performance.now() - start);
    return { kind: "done", outcome, warnings: warnings.flatMap(plain), milliseconds };
  } catch (error) {
    const diagnostic = error instanceof Diagnostic ? error : systemTrouble(error);
    if (diagnostic) return { kind: "refused", diagnostics: plain(diagnostic) };
    const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { kind: "broken", trace };
  }
}

function perform(task: BuildTask): Promise<BuildOutcome> {
  switch (task.kind) {
    case "kernel":
      return buildKernel(task.project);
    case "program":
      return buildProgram(task.project, task.program);
  }
}

function plain(diagnostic: Diagnostic): PlainDiagnostic[] {
  if (diagnostic instanceof Diagnostics) return diagnostic.list.flatMap(plain);
  const { code, message, remedy, place } = diagnostic;
  return [{ code, text: message, remedy, ...(place && { place }) }];
}

process.on("message", async (task: BuildTask) => {
  process.send?.(await answer(task));
});
// The parent has no more tasks, or has ended.
process.on("disconnect", () => process.exit());
