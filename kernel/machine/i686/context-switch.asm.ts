// The context switch: one thread's kernel stack for another's.
//
//   ESP of a thread that does not run ->  | EBP | EDI | ESI | EBX | return address | …
//
// Only what GCC's convention preserves is saved: to its caller switch_stack is an ordinary call
// that returns later. context-switch.ts makes the first such stack of a thread.

import type { Assembler } from "../../../src/x86/assembler";
import { mem32 } from "../../../src/x86/operand";
import { eax, ebp, ebx, edi, edx, esi, esp } from "../../../src/x86/registers";

/**
 * switch_stack(saveOld: EAX, newEsp: EDX): leaves this thread, its ESP at *saveOld, for the one
 * whose ESP is newEsp.
 */
export default function contextSwitch(a: Assembler): void {
  a.section(".text", { execute: true });
  const saved = [ebx, esi, edi, ebp];
  a.global("switch_stack", "function");
  const places = saved.map(({ name }, i): [string, number] => [name, 8 + 4 * i]);
  const frame = (pushed: number) =>
    a.frame(4 + 4 * pushed, Object.fromEntries(places.slice(0, pushed)));
  for (const [i, register] of saved.entries()) {
    a.push(register);
    frame(i + 1);
  }
  a.mov(mem32({ base: eax }), esp);
  a.mov(esp, edx);
  for (const [i, register] of [...saved.entries()].reverse()) {
    a.pop(register);
    frame(i);
  }
  a.ret();
}
