// Lets time pass while a counter is watched, with hardly an instruction executed: memory is read
// by a single one.
//
// v86 compiles a page of code of which some 200,000 instructions have run, and the first time that
// takes longer than all of the boot. A loop that does nothing but read a counter is such code: how
// many instructions fit into its time depends on the host.

import type { Assembler } from "../../src/x86/assembler";
import { symbol } from "../../src/x86/operand";
import { ecx, esi } from "../../src/x86/registers";

/** Of `.rodata`: v86 reads them in the time of a thousand instructions and more. */
const BYTES = 0x8000;

export default function passTime(a: Assembler): void {
  a.section(".text", { execute: true });
  a.global("pass_time", "function");
  a.frame(4, {});
  a.push(esi);
  a.frame(8, { esi: 8 });
  a.mov(esi, symbol("rodata_start"));
  a.mov(ecx, BYTES);
  a.repLodsb();
  a.pop(esi);
  a.frame(4, {});
  a.ret();
}
