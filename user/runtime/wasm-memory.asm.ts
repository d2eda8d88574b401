// `memory.size` and `memory.grow` of programs that come as WebAssembly modules and know nothing of
// addresses: their memory begins not at 0 but at `base`, and ends at the brk.
//
//   base              base + 64 KiB * memory.size
//   | data, heap, ... | grows
//
// See memory.ts for what programs in TypeScript have.

import { SystemCall } from "../../src/abi/syscalls";
import type { Assembler } from "../../src/i686/assembler";
import { mem } from "../../src/i686/operand";
import { eax, ebx, ecx, edx } from "../../src/i686/registers";

const PAGE_SHIFT = 16;

/**
 * Writes both functions.
 *
 * @param base  the address of the memory, a multiple of 64 KiB
 * @param limit how many pages the memory may have at the most
 */
export function writeWasmMemory(a: Assembler, base: number, limit: number): void {
  const first = base >>> PAGE_SHIFT;
  a.section(".text");
  a.function("memory_size", () => {
    a.push(ebx);
    a.frame(8, { ebx: 8 });
    a.xor(ebx, ebx);
    a.mov(eax, SystemCall.brk);
    a.int(0x80);
    a.shr(eax, PAGE_SHIFT);
    a.sub(eax, first);
    a.pop(ebx);
    a.frame(4);
    a.ret();
  });
  // EAX pages; the size before, or -1.
  a.function("memory_grow", () => {
    a.push(ebx);
    a.frame(8, { ebx: 8 });
    a.mov(edx, eax);
    a.call("memory_size");
    a.mov(ecx, eax);
    a.cmp(edx, limit);
    a.ja("refuse");
    a.add(edx, eax);
    a.cmp(edx, limit);
    a.ja("refuse");
    a.lea(ebx, mem({ base: edx, disp: first }));
    a.shl(ebx, PAGE_SHIFT);
    a.mov(eax, SystemCall.brk);
    a.int(0x80);
    a.cmp(eax, ebx);
    a.mov(eax, ecx);
    a.jae("done");
    a.label("refuse");
    a.mov(eax, -1);
    a.label("done");
    a.pop(ebx);
    a.frame(4);
    a.ret();
  });
}
