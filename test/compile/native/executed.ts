// Which instructions of a module run in Node: each marks a byte of its memory, which nothing else
// uses.

import { decodeModule } from "../../../src/compile/wasm/decode";
import { i32 } from "../random/code";
import type { Call } from "./native";
import { instanceInNode } from "./run-in-node";
import { splice } from "./splice";

/** Where the marks begin; the first page ends after them. */
const MARKS = 0x2000;
const PAGE = 0x10000;
const STORE8 = 0x3a;

export interface Executed {
  /** The numbers of the instructions that ran, as in opcodes.ts. */
  readonly ops: ReadonlySet<number>;
  /** How many instructions there are, and how many of them ran. */
  readonly all: number;
  readonly ran: number;
}

/**
 * What runs in `calls` of a module that exports its memory and leaves everything after MARKS alone.
 */
export function executedIn(bytes: Uint8Array, calls: readonly Call[]): Executed {
  const { functions } = decodeModule(bytes, "module");
  const marked: number[] = [];
  const insertions = new Map<number, number[]>();
  for (const { body } of functions) {
    if (!body) continue;
    const { op, at, length } = body.code;
    for (let i = 0; i < length; i++) {
      insertions.set(at[i]!, [...i32(MARKS + marked.length), ...i32(1), STORE8, 0, 0]);
      marked.push(op[i]!);
    }
  }
  if (MARKS + marked.length > PAGE) throw new Error("there is no room for all marks");
  const { exports } = instanceInNode(splice(bytes, insertions), calls);
  const memory = new Uint8Array((exports.memory as WebAssembly.Memory).buffer);
  const ran = marked.filter((_, i) => memory[MARKS + i] !== 0);
  return { ops: new Set(ran), all: marked.length, ran: ran.length };
}
