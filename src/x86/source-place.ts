// Finds the line of the `.asm.ts` source that called the assembler, from the call stack.
//
// A stack frame reads `at name (file:///…/kernel/boot/boot.asm.ts:12:5)`, without the parentheses
// for anonymous functions; positions are those of the TypeScript source, as tsx maps them. The
// innermost frame in an `.asm.ts` module counts: inside a macro that is the macro's own line.
//
// Mapping a stack is slow, and most instructions come from a call that assembled one before: of a
// macro, or of a loop. So the place of a call is remembered by its unmapped position.

import type { Place } from "../base/diagnostic";

const FRAME = /([^\s()]+\.asm\.ts):(\d+):(\d+)\)?$/;
/** Enough for the assembler's own frames and a few macros; each frame costs time to map. */
const MAX_FRAMES = 12;

type PrepareStackTrace = (error: Error, frames: NodeJS.CallSite[]) => unknown;

/** Finds the places of one module that is being assembled. */
export class SourcePlaces {
  readonly #module: string;

  /** By unmapped position. */
  readonly #known = new Map<string, Place>();

  /**
   * @param module the path of the module, as the user knows it; paths of other modules are made
   *   relative to the same folder
   */
  constructor(module: string) {
    this.#module = module;
  }

  /**
   * The place in an `.asm.ts` module from which the assembler was called; without a line if there
   * is none on the stack.
   */
  caller(): Place {
    const position = callerPosition();
    const known = position === undefined ? undefined : this.#known.get(position);
    if (known) return known;
    const place = mappedCaller(this.#module);
    if (position !== undefined) this.#known.set(position, place);
    return place;
  }
}

/** The innermost call from an `.asm.ts` module, as the engine numbers lines. */
function callerPosition(): string | undefined {
  return withStack((_, frames) => {
    for (const frame of frames) {
      const file = frame.getFileName();
      if (!file?.includes(".asm.ts")) continue;
      return `${file}:${frame.getLineNumber()}:${frame.getColumnNumber()}`;
    }
    return undefined;
  });
}

function mappedCaller(module: string): Place {
  const lines = withStack()?.split("\n") ?? [];
  const frames = lines.flatMap((text) => {
    const [, path, line, column] = FRAME.exec(text) ?? [];
    if (path === undefined) return [];
    return [{ path: path.replace(/^file:\/\//, ""), line: Number(line), column: Number(column) }];
  });
  const [caller] = frames;
  if (caller === undefined) return { file: module };
  const own = frames.find(({ path }) => path.endsWith(`/${module}`));
  const root = own === undefined ? "" : own.path.slice(0, -module.length);
  const file = caller.path.startsWith(root) ? caller.path.slice(root.length) : caller.path;
  return { file, line: caller.line, column: caller.column };
}

/** The stack as `prepare` reads it; as text without one, or if the engine knows none (not V8). */
function withStack(prepare?: PrepareStackTrace): string | undefined {
  const { stackTraceLimit, prepareStackTrace } = Error;
  Error.stackTraceLimit = MAX_FRAMES;
  if (prepare) Error.prepareStackTrace = prepare;
  const { stack } = new Error();
  Error.prepareStackTrace = prepareStackTrace;
  Error.stackTraceLimit = stackTraceLimit;
  return stack;
}
