// Threads for programs that make them by clone(2) itself.
//
// A new thread has a stack of its own, so code that was compiled cannot go on there: it begins
// here. The program exports what runs in it: runThread(argument: EAX).

import { SystemCall } from "../../src/abi/linux/i386";
import type { Assembler } from "../../src/x86/assembler";
import { mem, mem32 } from "../../src/x86/operand";
import { eax, ebp, ebx, ecx, edi, edx, esi, esp } from "../../src/x86/registers";

export default function thread(a: Assembler): void {
  a.section(".text");
  // startThread(flags: EAX, stackTop: EDX, argument: ECX, segment): the thread's number, or a
  // negative errno. The stack's first word is the one for CLONE_CHILD_SETTID and CLEARTID, and
  // segment is the struct user_desc for CLONE_SETTLS.
  a.function("startThread", () => {
    const child = a.newLabel("child");
    const saved = [ebx, esi, edi, ebp];
    for (const register of saved) a.push(register);
    a.mov(esi, mem32({ base: esp, disp: 4 * saved.length + 4 }));
    a.mov(ebx, eax);
    a.mov(ebp, ecx);
    a.lea(edi, mem({ base: edx, disp: -4 }));
    a.mov(ecx, edi);
    a.xor(edx, edx);
    a.mov(eax, SystemCall.clone);
    a.int(0x80);
    a.test(eax, eax);
    a.jz(child);
    for (const register of [...saved].reverse()) a.pop(register);
    a.ret();
    a.label(child);
    a.mov(eax, ebp);
    a.call("runThread");
    a.xor(ebx, ebx);
    a.mov(eax, SystemCall.exit);
    a.int(0x80);
    a.ud2();
  });
}
