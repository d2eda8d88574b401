// `memory.size` and `memory.grow` for programs that come as WebAssembly modules. Those that do not
// know where they are have theirs at `base`:
//
//   base              base + 64 KiB * pages
//   | data, heap, ... | not theirs yet, though mapped up to the brk perhaps
//
// Those that know have theirs at 0, and their text after the most that it can grow to, so what is
// between is mapped where it must be. A kernel without mmap2 refuses, and so does memory.grow.
//
// The size is kept as a count, because the module may rely on the size that it declares. memory.ts
// does the same for programs in TypeScript.

import { SystemCall } from "../../src/abi/linux/i386";
import type { Assembler } from "../../src/x86/assembler";
import { mem } from "../../src/x86/operand";
import type { Register32 } from "../../src/x86/registers";
import { eax, ebp, ebx, ecx, edi, edx, esi } from "../../src/x86/registers";
import { MAP_ZEROS_HERE, MMAP2, PROT_READ_WRITE } from "./mmap.asm";
import { SEGMENT_LIMIT, writeWasmSegment } from "./wasm-segment.asm";

const PAGE_SHIFT = 16;

export interface WasmMemory {
  /** The address of the memory, a multiple of 64 KiB. */
  readonly base: number;
  /** How many pages of 64 KiB it has at first, and at most. */
  readonly pages: number;
  readonly limit: number;
  /** Where the program's text is, if that is past the memory. */
  readonly text?: number;
  /** Whether accesses go through a segment, whose limit is the memory's size. */
  readonly isSegment?: boolean;
}

/** Writes both functions. */
export function writeWasmMemory(a: Assembler, memory: WasmMemory): void {
  a.section(".text");
  a.function("memory_size", () => {
    a.mov(eax, mem({ symbol: "pages" }));
    a.ret();
  });
  // EAX pages; the size before, or -1.
  a.function("memory_grow", () => {
    a.cmp(eax, memory.limit);
    a.ja("refuse");
    a.mov(ecx, mem({ symbol: "pages" }));
    a.lea(edx, mem({ base: eax, index: ecx, scale: 1 }));
    a.cmp(edx, memory.limit);
    a.ja("refuse");
    if (memory.text === undefined) growByBreak(a, memory);
    else growByMapping(a);
    a.label("refuse");
    a.mov(eax, -1);
    a.ret();
  });
  a.section(".data");
  a.local("pages", "object");
  a.long(memory.pages);
  if (memory.isSegment) writeWasmSegment(a, memory.base, memory.pages);
}

/** From ECX to EDX pages; jumps to `refuse` if that fails, else returns. */
function growByBreak(a: Assembler, { base, isSegment }: WasmMemory): void {
  a.push(ebx);
  a.frame(8, { ebx: 8 });
  a.xor(ebx, ebx);
  a.mov(eax, SystemCall.brk);
  a.int(0x80);
  a.lea(ebx, mem({ base: edx, disp: base >>> PAGE_SHIFT }));
  a.shl(ebx, PAGE_SHIFT);
  a.cmp(eax, ebx);
  a.jae("mapped");
  a.mov(eax, SystemCall.brk);
  a.int(0x80);
  a.cmp(eax, ebx);
  a.label("mapped");
  a.pop(ebx);
  a.frame(4);
  a.jb("refuse");
  a.mov(mem({ symbol: "pages" }), edx);
  if (isSegment) a.call(SEGMENT_LIMIT);
  a.mov(eax, ecx);
  a.ret();
}

/** From ECX to EDX pages, EAX more; jumps to `refuse` if that fails, else returns. */
function growByMapping(a: Assembler): void {
  const saved = [ebx, esi, edi, ebp];
  a.test(eax, eax);
  a.je("grown");
  for (const [i, register] of saved.entries()) {
    a.push(register);
    a.frame(8 + 4 * i, places(saved.slice(0, i + 1)));
  }
  a.mov(ebx, ecx);
  a.shl(ebx, PAGE_SHIFT);
  a.mov(ecx, eax);
  a.shl(ecx, PAGE_SHIFT);
  a.push(edx);
  a.frame(24, places(saved));
  a.mov(edx, PROT_READ_WRITE);
  a.mov(esi, MAP_ZEROS_HERE);
  a.mov(edi, -1);
  a.xor(ebp, ebp);
  a.mov(eax, MMAP2);
  a.int(0x80);
  a.mov(ecx, ebx);
  a.shr(ecx, PAGE_SHIFT);
  a.pop(edx);
  a.frame(20, places(saved));
  a.cmp(eax, ebx);
  for (const [i, register] of [...saved.entries()].reverse()) {
    a.pop(register);
    a.frame(4 + 4 * i, places(saved.slice(0, i)));
  }
  a.jne("refuse");
  a.mov(mem({ symbol: "pages" }), edx);
  a.label("grown");
  a.mov(eax, ecx);
  a.ret();
}

/** Where unwinding finds registers that were pushed in this order. */
function places(registers: readonly Register32[]): Record<string, number> {
  return Object.fromEntries(registers.map(({ name }, i) => [name, 8 + 4 * i]));
}
