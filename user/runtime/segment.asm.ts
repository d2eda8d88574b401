// GS loaded, and looked through.

import type { Assembler } from "../../src/x86/assembler";
import { mem32 } from "../../src/x86/operand";
import { eax, gs } from "../../src/x86/registers";

export default function segment(a: Assembler): void {
  a.section(".text");
  // useSegment(selector: EAX)
  a.function("useSegment", () => {
    a.mov(gs, eax);
    a.ret();
  });
  // ownWord(): the first word of the segment in GS.
  a.function("ownWord", () => {
    a.mov(eax, mem32({ segment: gs, disp: 0 }));
    a.ret();
  });
}
