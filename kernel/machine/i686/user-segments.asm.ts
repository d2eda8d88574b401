// FS and GS, which the kernel never uses: while a thread is in the kernel they are still its own.
//
// user-segments.ts says when they are read and loaded, and that only what can be loaded is.

import type { Assembler } from "../../../src/x86/assembler";
import { eax, edx, fs, gs } from "../../../src/x86/registers";

export default function userSegments(a: Assembler): void {
  a.section(".text", { execute: true });

  // read_user_segments(): GS in the high half of EAX, FS in the low one.
  a.global("read_user_segments", "function");
  a.frame(4, {});
  a.mov(eax, gs);
  a.mov(edx, fs);
  a.shl(eax, 16);
  a.or(eax, edx);
  a.ret();

  // load_user_segments(fs: EAX, gs: EDX): both can be loaded.
  a.global("load_user_segments", "function");
  a.frame(4, {});
  a.mov(fs, eax);
  a.mov(gs, edx);
  a.ret();
}
