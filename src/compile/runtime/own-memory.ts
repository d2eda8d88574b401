// The storage of a memory that is the module's own, and what grows it.
//
//   NAME             | bytes at first | up to the most that it can grow to |    zeros, in .bss
//   isthmus.bound.*  the words that checks compare with (ir/own-memory.ts), one after the other
//   isthmus.grow     asks whoever manages the memory, then moves all bounds
//
// The whole of it is reserved from the start: a hosted system maps pages when they are first
// touched, so what the memory never grows to costs addresses only.

import type { Assembler } from "../../x86/assembler";
import { mem32 } from "../../x86/operand";
import { eax, ecx, edx } from "../../x86/registers";
import { boundSymbol, OWN_GROW, type OwnMemory } from "../ir/own-memory";

const PAGE_SHIFT = 16;
const WORD = 4;
const BOUNDS = "isthmus.bounds";
/** Aligned like a page, so that whoever looks at addresses finds those of the module in them. */
const ALIGN = 4096;

/** Who answers for the memory's size. */
export type MemoryManager =
  /** The object: its memory is an array of at most so many pages. */
  | { readonly kind: "object"; readonly limit: number }
  /** The program: `memory_grow`, which takes pages in EAX and returns the pages before, or -1. */
  | { readonly kind: "program" };

/** Appends what code that was compiled for `memory` refers to. */
export function emitOwnMemory(
  a: Assembler,
  memory: OwnMemory,
  manager: MemoryManager,
  bounds: Iterable<number>,
): void {
  const all = [...new Set([0, ...bounds])].sort((x, y) => x - y);
  if (manager.kind === "object" && memory.symbol !== undefined) {
    a.section(".bss.isthmus.memory", { write: true, nobits: true });
    a.align(ALIGN);
    a.global(memory.symbol, "object");
    a.space(Math.max(manager.limit * 2 ** PAGE_SHIFT, memory.bytes));
  }
  a.section(".data.isthmus.bounds", { write: true });
  a.align(WORD);
  a.local(BOUNDS, "object");
  for (const bytes of all) {
    a.local(boundSymbol(bytes), "object");
    a.long((memory.bytes - bytes) | 0);
  }
  a.section(`.text.${OWN_GROW}`, { execute: true });
  a.align(WORD);
  a.function(OWN_GROW, () => writeGrow(a, manager, all.length), "local");
}

/** EAX pages; EAX := the pages before, or -1. Changes ECX and EDX. */
function writeGrow(a: Assembler, manager: MemoryManager, count: number): void {
  a.push(eax);
  a.frame(8);
  if (manager.kind === "program") {
    a.call("memory_grow");
    a.cmp(eax, -1);
    a.je("refused");
  } else {
    a.mov(ecx, mem32({ symbol: boundSymbol(0) }));
    a.shr(ecx, PAGE_SHIFT);
    a.mov(edx, manager.limit);
    a.sub(edx, ecx);
    a.cmp(eax, edx);
    a.mov(eax, ecx);
    a.ja("refused");
  }
  a.pop(edx);
  a.frame(4);
  a.shl(edx, PAGE_SHIFT);
  a.mov(ecx, count);
  a.label("next");
  a.add(mem32({ symbol: BOUNDS, index: ecx, scale: WORD, disp: -WORD }), edx);
  a.dec(ecx);
  a.jne("next");
  a.ret();
  a.label("refused");
  a.frame(8);
  a.pop(edx);
  a.frame(4);
  a.mov(eax, -1);
  a.ret();
}
