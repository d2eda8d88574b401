// build/kernel.syscalls.json: which system calls a kernel serves, from its own table.
//
// The table (kernel/syscall/table.ts) is filled by code of the kernel at boot. A build runs that
// code in Node on the kernel's WebAssembly, so the file says what the kernel will do, not what a
// reader of its sources thinks it will. A kernel without such a table has no such file.

import { ARGUMENTS_MAX } from "../abi/linux/argument-kinds";
import { SYSTEM_CALL_LIMIT, SystemCall } from "../abi/linux/i386";
import { kindName } from "../trace/kind-names";

export const SYSTEM_CALLS_FILE = "kernel.syscalls.json";

/** A call that the kernel serves. */
export interface ServedCall {
  readonly number: number;
  readonly name: string;
  /** What its arguments are, in order: names of kinds (src/trace/kind-names.ts). */
  readonly arguments: readonly string[];
}

type Call = (...values: number[]) => number;

/**
 * The calls that the kernel of this module serves, by number; undefined if it exports no table.
 *
 * @throws RuntimeError if filling the table does more than store words
 */
export function servedCalls(wasm: Uint8Array): ServedCall[] | undefined {
  const module = new WebAssembly.Module(wasm);
  const names = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  const needed = ["startSystemCalls", "systemCallHandler", "systemCallKind"];
  if (!needed.every((name) => names.has(name))) return undefined;
  const { exports } = new WebAssembly.Instance(module, importsOf(module));
  const [start, handler, kind] = needed.map((name) => exports[name] as Call);
  start?.();
  const calls: ServedCall[] = [];
  for (let number = 0; number < SYSTEM_CALL_LIMIT; number++) {
    if (!handler?.(number)) continue;
    const name = SystemCall[number] ?? `syscall_${number}`;
    calls.push({ number, name, arguments: kindNames((index) => kind?.(number, index) ?? 0) });
  }
  return calls;
}

function kindNames(kindOf: (index: number) => number): string[] {
  const kinds = Array.from({ length: ARGUMENTS_MAX }, (_, index) => kindOf(index));
  return kinds.filter((kind) => kind !== 0).map(kindName);
}

/** Functions for the module's imports, which filling the table does not call. */
function importsOf(module: WebAssembly.Module): WebAssembly.Imports {
  const imports: Record<string, Record<string, unknown>> = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    imports[from] ??= {};
    imports[from][name] = () => {
      throw new Error(`the table of system calls is filled with the help of ${from}.${name}`);
    };
  }
  return imports;
}
