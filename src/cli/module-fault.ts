// What is said of a module of a project's own that fails while it is evaluated: a layout, assembly.

import { Diagnostic } from "../base/diagnostic";

/**
 * An exception of the module at `path`, with the line of its that is topmost on the stack; a
 * Diagnostic as it is.
 *
 * @param file what the stack calls the module
 */
export function moduleFault(path: string, file: string, error: unknown): Diagnostic {
  if (error instanceof Diagnostic) return error;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const line = lineOf(file, stack ?? "");
  return new Diagnostic(
    "CLI006",
    `${path} failed while it was evaluated: ${message.split("\n")[0]}`,
    'Fix the module; its package.json needs "type": "module"',
    { file: path, ...(line !== undefined && { line }) },
  );
}

/** The topmost line of `file` in a stack trace. */
function lineOf(file: string, stack: string): number | undefined {
  const at = stack.indexOf(`${file}:`);
  const line = Number.parseInt(stack.slice(at + file.length + 1), 10);
  return at < 0 || Number.isNaN(line) ? undefined : line;
}
