// Runs the WebAssembly of a user program in Node, which plays its system calls: `write` is all that
// programs may need here. What they say is what they must say as processes.

import { SystemCall } from "../../src/abi/linux/i386";

/** What a program that ended has written and returned. */
export interface ProgramResult {
  readonly output: string;
  readonly errors: string;
  /** null: a signal ended it. */
  readonly status: number | null;
}

/** Runs a program without arguments. Throws if it makes another system call than `write`. */
export function runProgramInNode(wasm: Uint8Array): ProgramResult {
  const written: Record<number, Buffer[]> = { 1: [], 2: [] };
  const int80 = (number: number, file: number, from: number, size: number): number => {
    if (number !== SystemCall.write) throw new Error(`system call ${number}`);
    // The memory may have grown since: its buffer is another one then.
    const { buffer } = exports.memory as WebAssembly.Memory;
    written[file]?.push(Buffer.from(buffer.slice(from >>> 0, (from >>> 0) + size)));
    return size;
  };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), { x86: { int80 } });
  const call = (name: string, ...args: number[]) =>
    (exports[name] as (...args: number[]) => number | undefined)(...args);
  call("_initialize");
  const status = call("main", 1, 0, 0) ?? 0;
  call("_finish");
  const text = (file: number) => Buffer.concat(written[file] ?? []).toString("utf8");
  return { output: text(1), errors: text(2), status: status & 0xff };
}
