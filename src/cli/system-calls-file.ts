// build/kernel.syscalls.json: which system calls a kernel serves, from its own table.
//
// The table (kernel/syscall/table.ts) is filled by code of the kernel at boot. A build runs that
// code in Node on the kernel's WebAssembly, so the file says what the kernel will do, not what a
// reader of its sources thinks it will. A kernel without such a table has no such file.

import { ARGUMENTS_MAX, argumentKind } from "../abi/linux/argument-kinds";
import { SYSTEM_CALL_LIMIT, SystemCall } from "../abi/linux/i386";

export const SYSTEM_CALLS_FILE = "kernel.syscalls.json";

/** A call that the kernel serves. */
export interface ServedCall {
  readonly number: number;
  readonly name: string;
  /** What its arguments are, in order: words of KIND_NAMES. */
  readonly arguments: readonly string[];
}

/** By the numbers of src/abi/linux/argument-kinds.ts. */
const KIND_NAMES = [
  "none",
  ...["integer", "file", "size", "flags", "path", "input", "output", "pointer", "address"],
];

type Call = (...values: number[]) => number;

/**
 * The calls that the kernel of this module serves, by number; undefined if it exports no table.
 *
 * @throws RuntimeError if filling the table does more than store words
 */
export function servedCalls(wasm: Uint8Array): ServedCall[] | undefined {
  const module = new WebAssembly.Module(wasm);
  const names = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  const needed = ["startSystemCalls", "systemCallHandler", "systemCallKinds"];
  if (!needed.every((name) => names.has(name))) return undefined;
  const { exports } = new WebAssembly.Instance(module, importsOf(module));
  const [start, handler, kinds] = needed.map((name) => exports[name] as Call);
  start?.();
  const calls: ServedCall[] = [];
  for (let number = 0; number < SYSTEM_CALL_LIMIT; number++) {
    if (!handler?.(number)) continue;
    const name = SystemCall[number] ?? `syscall_${number}`;
    calls.push({ number, name, arguments: kindNames(kinds?.(number) ?? 0) });
  }
  return calls;
}

function kindNames(packed: number): string[] {
  const kinds = Array.from({ length: ARGUMENTS_MAX }, (_, index) => argumentKind(packed, index));
  return kinds.filter((kind) => kind !== 0).map((kind) => KIND_NAMES[kind] ?? `kind ${kind}`);
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
