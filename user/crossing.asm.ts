// One system call with a known value in every register, and the count of those that changed. FS and
// GS hold a segment of the thread's own.

import { EFLAGS_DF, EFLAGS_FIXED, EFLAGS_IF } from "../src/abi/descriptors";
import type { Assembler } from "../src/x86/assembler";
import { mem32 } from "../src/x86/operand";
import { eax, ebp, ebx, ecx, edi, edx, esi, esp, fs, gs } from "../src/x86/registers";

const PATTERNS = [
  [ebx, 0x1b1b1b1b],
  [ecx, 0x2c2c2c2c],
  [edx, 0x3d3d3d3d],
  [esi, 0x45454545],
  [edi, 0x5d5d5d5d],
  [ebp, 0x6b6b6b6b],
] as const;
const EFLAGS_CF = 1;
const FLAGS = EFLAGS_FIXED | EFLAGS_CF | EFLAGS_DF;

export default function crossing(a: Assembler): void {
  a.section(".text");
  // use_segment(selector: EAX): loads FS and GS.
  a.function("use_segment", () => {
    a.mov(fs, eax);
    a.mov(gs, eax);
    a.mov(mem32({ symbol: "selector" }), eax);
    a.ret();
  });

  // cross(number: EAX, out: EDX): the call's result; *out: how many registers it changed.
  a.function("cross", () => {
    const saved = [ebx, esi, edi, ebp];
    for (const register of saved) a.push(register);
    a.push(edx);
    a.push(0);
    for (const [register, value] of PATTERNS) a.mov(register, value);
    a.push(FLAGS);
    a.popf();
    a.global("crossing_int80");
    a.int(0x80);
    a.pushf();
    a.and(mem32({ base: esp }), ~EFLAGS_IF);
    a.cmp(mem32({ base: esp }), FLAGS);
    a.jz("flags_kept");
    a.inc(mem32({ base: esp, disp: 4 }));
    a.label("flags_kept");
    a.add(esp, 4);
    a.cld();
    for (const [register, value] of PATTERNS) {
      const kept = a.newLabel(`${register.name}_kept`);
      a.cmp(register, value);
      a.jz(kept);
      a.inc(mem32({ base: esp }));
      a.label(kept);
    }
    for (const segment of [fs, gs]) {
      const kept = a.newLabel(`${segment.name}_kept`);
      a.mov(ecx, segment);
      a.cmp(ecx, mem32({ symbol: "selector" }));
      a.jz(kept);
      a.inc(mem32({ base: esp }));
      a.label(kept);
    }
    a.pop(ecx);
    a.pop(edx);
    a.mov(mem32({ base: edx }), ecx);
    for (const register of [...saved].reverse()) a.pop(register);
    a.ret();
  });
  a.section(".bss");
  a.align(4);
  a.local("selector", "object");
  a.space(4);
}
