// `memory.size` and `memory.grow` for programs that come as WebAssembly modules and do not know
// where they are: their memory begins at `base`, not at 0.
//
//   base              base + 64 KiB * pages
//   | data, heap, ... | not theirs yet, though mapped up to the brk perhaps
//
// The size is kept as a count, because the module may rely on the size that it declares. memory.ts
// does the same for programs in TypeScript.

import { SystemCall } from "../../src/abi/linux/i386";
import type { Assembler } from "../../src/x86/assembler";
import { mem } from "../../src/x86/operand";
import { eax, ebx, ecx, edx } from "../../src/x86/registers";

const PAGE_SHIFT = 16;

export interface WasmMemory {
  /** The address of the memory, a multiple of 64 KiB. */
  readonly base: number;
  /** How many pages of 64 KiB it has at first, and at most. */
  readonly pages: number;
  readonly limit: number;
}

/** Writes both functions. */
export function writeWasmMemory(a: Assembler, { base, pages, limit }: WasmMemory): void {
  a.section(".text");
  a.function("memory_size", () => {
    a.mov(eax, mem({ symbol: "pages" }));
    a.ret();
  });
  // EAX pages; the size before, or -1.
  a.function("memory_grow", () => {
    a.cmp(eax, limit);
    a.ja("refuse");
    a.mov(ecx, mem({ symbol: "pages" }));
    a.lea(edx, mem({ base: eax, index: ecx, scale: 1 }));
    a.cmp(edx, limit);
    a.ja("refuse");
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
    a.mov(eax, ecx);
    a.ret();
    a.label("refuse");
    a.mov(eax, -1);
    a.ret();
  });
  a.section(".data");
  a.local("pages", "object");
  a.long(pages);
}
