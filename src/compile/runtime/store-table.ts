// The routine that carries out a table of stores (code/store-table.ts has the form of the table).
//
//   __isthmus_store_table    EAX the table; changes ECX and EDX too

import type { Assembler } from "../../x86/assembler";
import { mem, mem8, mem16, mem32 } from "../../x86/operand";
import { al, cl, dl, dx, eax, ecx, edi, edx, esi } from "../../x86/registers";
import {
  END,
  SIZE_CODES,
  SIZE_SHIFT,
  STEP,
  STEP_OFFSET,
  STEP_SHIFT,
  VALUE_BITS,
} from "../code/store-table";

/** Appends the routine's code. */
export function writeStoreTable(a: Assembler): void {
  const longest = (1 << VALUE_BITS) - 1;
  a.push(esi);
  a.frame(8, { esi: 8 });
  a.push(edi);
  a.frame(12, { esi: 8, edi: 12 });
  a.mov(esi, eax);
  a.label("next");
  a.movzx(eax, mem8({ base: esi }));
  a.inc(esi);
  a.cmp(al, END);
  a.je("end");
  a.mov(edx, eax);
  a.shr(edx, STEP_SHIFT);
  a.cmp(edx, STEP_OFFSET);
  a.je("offset");
  a.ja("address");
  a.lea(edi, mem({ base: edi, index: edx, scale: STEP }));
  a.label("value");
  a.mov(ecx, eax);
  a.and(ecx, longest);
  a.mov(edx, mem32({ base: esi }));
  a.lea(esi, mem({ base: esi, index: ecx, disp: 1 }));
  // The bytes that are not the value's are shifted out at the top.
  a.xor(ecx, longest);
  a.shl(ecx, 3);
  a.shl(edx, cl);
  a.shr(edx, cl);
  a.and(eax, END);
  a.je("byte");
  a.cmp(al, SIZE_CODES[32] << SIZE_SHIFT);
  a.jb("half");
  a.mov(mem32({ base: edi }), edx);
  a.jmp("next");
  a.label("half");
  a.mov(mem16({ base: edi }), dx);
  a.jmp("next");
  a.label("byte");
  a.mov(mem8({ base: edi }), dl);
  a.jmp("next");
  a.label("offset");
  a.movsx(edx, mem16({ base: esi }));
  a.add(esi, 2);
  a.add(edi, edx);
  a.jmp("value");
  a.label("address");
  a.mov(edi, mem32({ base: esi }));
  a.add(esi, 4);
  a.jmp("value");
  a.label("end");
  a.pop(edi);
  a.frame(8, { esi: 8 });
  a.pop(esi);
  a.frame(4);
  a.ret();
}
