// Copies and fills of memory by sixteen bytes at a time: block.ts has what the kernel calls.
//
// A block is BLOCK bytes. The XMM registers that are used here belong to the thread that the kernel
// works for: they lie on the stack meanwhile, and nobody else runs before they are back. Moves need
// no alignment, and change no flag, no exception and nothing of the x87's.

import type { Assembler } from "../../../src/x86/assembler";
import { mem } from "../../../src/x86/operand";
import { eax, ecx, edx, esp, xmm0, xmm1, xmm2, xmm3 } from "../../../src/x86/registers";

/** Bytes of a block, as block.ts knows. */
const BLOCK = 128;
const VECTOR = 16;
const REGISTERS = [xmm0, xmm1, xmm2, xmm3];

export default function blocks(a: Assembler): void {
  a.section(".text", { execute: true });

  // copy_blocks(to: EAX, from: EDX, size: ECX): `size` is a multiple of BLOCK, and not 0.
  a.global("copy_blocks", "function");
  a.frame(4, {});
  borrow(a, REGISTERS, () => {
    // Counted up to 0, so that one register is offset and counter.
    a.add(eax, ecx);
    a.add(edx, ecx);
    a.neg(ecx);
    const next = a.newLabel("next_copy");
    a.align(VECTOR);
    a.label(next);
    for (let start = 0; start < BLOCK; start += REGISTERS.length * VECTOR) {
      for (const [i, register] of REGISTERS.entries()) {
        a.movups(register, mem({ base: edx, index: ecx, disp: start + i * VECTOR }));
      }
      for (const [i, register] of REGISTERS.entries()) {
        a.movups(mem({ base: eax, index: ecx, disp: start + i * VECTOR }), register);
      }
    }
    a.add(ecx, BLOCK);
    a.jnz(next);
  });

  // clear_blocks(at: EAX, size: EDX): sets them to 0; `size` as above.
  a.global("clear_blocks", "function");
  a.frame(4, {});
  borrow(a, [xmm0], () => {
    a.xorps(xmm0, xmm0);
    const next = a.newLabel("next_clear");
    a.align(VECTOR);
    a.label(next);
    for (let start = 0; start < BLOCK; start += VECTOR) {
      a.movups(mem({ base: eax, disp: start }), xmm0);
    }
    a.add(eax, BLOCK);
    a.sub(edx, BLOCK);
    a.jnz(next);
  });
}

/** Code that uses `registers`, and leaves them as they were; then the return. */
function borrow(a: Assembler, registers: typeof REGISTERS, code: () => void): void {
  const size = registers.length * VECTOR;
  a.sub(esp, size);
  a.frame(4 + size, {});
  for (const [i, register] of registers.entries()) {
    a.movups(mem({ base: esp, disp: i * VECTOR }), register);
  }
  code();
  for (const [i, register] of registers.entries()) {
    a.movups(register, mem({ base: esp, disp: i * VECTOR }));
  }
  a.add(esp, size);
  a.frame(4, {});
  a.ret();
}
