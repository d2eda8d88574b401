// The segment of a memory in test processes, as programs have it
// (user/runtime/wasm-segment.asm.ts): one entry of the descriptor table, which is made anew for the
// memory that the next call is about.

import type { Assembler } from "../../../src/x86/assembler";
import { mem, mem32, symbol } from "../../../src/x86/operand";
import { eax, ebx, edx, fs } from "../../../src/x86/registers";

const SYS_SET_THREAD_AREA = 243;
/** struct user_desc: a segment of 32 bits that can be used, its limit in pages. */
const FLAGS = 0x51;
const ANY_ENTRY = -1;
const DESCRIPTOR = "descriptor";

/** Makes FS the memory at `base`, with as many pages of 64 KiB as the word `pages` says. */
export function loadSegment(a: Assembler, base: number, pages: string): void {
  a.pusha();
  a.xor(eax, eax);
  a.mov(edx, mem32({ symbol: pages }));
  a.shl(edx, 4);
  a.dec(edx);
  // An empty memory: nothing can be read through the null selector.
  a.js("load");
  a.mov(mem32({ symbol: DESCRIPTOR, disp: 4 }), base);
  a.mov(mem32({ symbol: DESCRIPTOR, disp: 8 }), edx);
  a.mov(eax, SYS_SET_THREAD_AREA);
  a.mov(ebx, symbol(DESCRIPTOR));
  a.int(0x80);
  a.mov(eax, mem32({ symbol: DESCRIPTOR }));
  a.lea(eax, mem({ index: eax, scale: 8, disp: 3 }));
  a.label("load");
  a.mov(fs, eax);
  a.popa();
  a.ret();
}

/** Appends what all memories share. */
export function writeSegment(a: Assembler): void {
  a.section(".data");
  a.align(4);
  a.local(DESCRIPTOR);
  a.long(ANY_ENTRY, 0, 0, FLAGS);
}
