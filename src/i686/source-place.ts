// Finds the line of the `.asm.ts` source that called the assembler, from the call stack.
//
// A stack frame reads `at name (file:///…/kernel/boot/boot.asm.ts:12:5)`, without the parentheses
// for anonymous functions; positions are those of the TypeScript source, as tsx maps them. The
// innermost frame in an `.asm.ts` module counts: inside a macro that is the macro's own line.

import type { Place } from "../base/diagnostic";

const FRAME = /([^\s()]+\.asm\.ts):(\d+):(\d+)\)?$/;
/** Enough for the assembler's own frames and a few macros; each frame costs time to map. */
const MAX_FRAMES = 12;

/**
 * The place in an `.asm.ts` module from which the assembler was called; without a line if there is
 * none on the stack.
 * @param module the path of the module being assembled, as the user knows it; paths of other
 *   modules are made relative to the same folder
 */
export function callerPlace(module: string): Place {
  const frames = captureStack().flatMap((text) => {
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

function captureStack(): string[] {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = MAX_FRAMES;
  const stack = new Error().stack ?? "";
  Error.stackTraceLimit = limit;
  return stack.split("\n");
}
