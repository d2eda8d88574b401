// FS and GS, which the kernel never uses: while a thread is in the kernel they are still its own.
//
// user-segments.ts says when they are saved and loaded, and why they can be loaded.

import type { Assembler } from "../../../src/x86/assembler";
import { mem16 } from "../../../src/x86/operand";
import { eax, fs, gs } from "../../../src/x86/registers";

export default function userSegments(a: Assembler): void {
  a.section(".text", { execute: true });

  // save_user_segments(at: EAX): FS to the lower half of a word there, GS to that of the next.
  a.global("save_user_segments", "function");
  a.frame(4, {});
  a.mov(mem16({ base: eax }), fs);
  a.mov(mem16({ base: eax, disp: 4 }), gs);
  a.ret();

  // load_user_segments(at: EAX): from there again; both can be loaded.
  a.global("load_user_segments", "function");
  a.frame(4, {});
  a.mov(fs, mem16({ base: eax }));
  a.mov(gs, mem16({ base: eax, disp: 4 }));
  a.ret();
}
