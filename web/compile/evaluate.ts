// Evaluates edited assembly and layouts: TypeScript that runs while a kernel is built. It runs in
// the worker that compiles, which ends with the build then (edit/compile-client.ts).
//
// The worker is a file of its own and so not bound by the page's Content-Security-Policy, which
// forbids the page itself to evaluate text. That is no fence against malice: what a link brings is
// evaluated only when the reader has agreed (`EditPane.followLink`).

import { Diagnostic } from "../../src/base/diagnostic";
import { moduleFault } from "../../src/cli/module-fault";
import type { Layout } from "../../src/link/layout/layout";
import type { ObjectFile } from "../../src/object/object";
import { type AssemblyModule, assembleModule } from "../../src/x86/assembler";
import { joined } from "./dependents";
import { EXPORTS, eraseTypes, IMPORT } from "./erase-types";
import { SHARED_MODULES } from "./shared-modules";

type Exports = Record<string, unknown>;
type Body = (exports: Exports, load: (name: string) => object) => void;

let isSpent = false;

/** Whether anything has been evaluated here, ever. */
export function hasEvaluated(): boolean {
  return isSpent;
}

/** The modules of one build, each evaluated once. */
export class Evaluator {
  readonly #sources: ReadonlyMap<string, string>;
  readonly #known = new Map<string, Exports>();

  constructor(sources: ReadonlyMap<string, string>) {
    this.#sources = sources;
  }

  /** @throws Diagnostics of the module and of the assembler */
  assemble(path: string): ObjectFile {
    const module = this.#exportOf(path, "default") as AssemblyModule;
    return guarded(path, () => assembleModule(path, module));
  }

  /** @throws Diagnostics of the module */
  layout(path: string): Layout {
    return this.#exportOf(path, "layout") as Layout;
  }

  #exportOf(path: string, name: string): unknown {
    const value = this.#load(path, path)[name];
    if (value !== undefined) return value;
    const remedy = "Export it, as the shipped source does";
    throw new Diagnostic("CLI003", `${path} has no export named ${name}`, remedy, { file: path });
  }

  #load(path: string, importer: string): Exports {
    const known = this.#known.get(path);
    if (known) return known;
    const source = this.#sources.get(path);
    if (source === undefined) throw this.#unknown(path, importer);
    const exports: Exports = {};
    this.#known.set(path, exports);
    isSpent = true;
    const run = bodyOf(path, eraseTypes(path, source));
    guarded(path, () => run(exports, (name) => this.#import(name, path)));
    return exports;
  }

  #import(name: string, importer: string): object {
    const target = joined(importer, name);
    return SHARED_MODULES.get(target) ?? this.#load(`${target}.ts`, importer);
  }

  #unknown(path: string, importer: string): Diagnostic {
    const shared = [...SHARED_MODULES.keys()].join(", ");
    const remedy = `Import other assembly, or one of ${shared}`;
    const text = `the page has no module ${path} for assembly and layouts`;
    return new Diagnostic("WEB004", text, remedy, { file: importer });
  }
}

/** What the stack calls a module: so the assembler finds its lines (src/x86/source-place.ts). */
function stackName(path: string): string {
  return `file:///${path}`;
}

function bodyOf(path: string, code: string): Body {
  const text = `(function (${EXPORTS}, ${IMPORT}) { "use strict"; ${code}\n})`;
  // Indirect, so that it sees nothing of this module's.
  // biome-ignore lint/security/noGlobalEval: evaluating is what this file is for; see its header
  const evaluate = globalThis.eval;
  return guarded(path, () => evaluate(`${text}\n//# sourceURL=${stackName(path)}`) as Body);
}

function guarded<Result>(path: string, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    throw moduleFault(path, stackName(path), error);
  }
}
