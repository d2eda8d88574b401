// The first instructions of every user program.
//
// The kernel leaves on the stack what the i386 System V ABI says:
//
//   ESP -> argc | argv[0] ... argv[argc-1] | 0 | envp[0] ... | 0 | auxiliary vector
//
// The program's initialisers run first, then main(argc, argv, envp); its result is the exit status.
// EBP is 0 and the frame says that nothing lies outside it, so a backtrace ends here.

import { SystemCall } from "../src/abi/syscalls";
import type { Assembler } from "../src/i686/assembler";
import { mem, mem32 } from "../src/i686/operand";
import { eax, ebp, ebx, ecx, edi, edx, esi, esp } from "../src/i686/registers";

export default function start(a: Assembler): void {
  a.section(".text");
  a.function("_start", () => {
    a.xor(ebp, ebp);
    a.mov(esi, mem32({ base: esp }));
    a.lea(edi, mem({ base: esp, disp: 4 }));
    a.lea(ebx, mem({ base: esp, index: esi, scale: 4, disp: 8 }));
    a.call("_initialize");
    a.mov(eax, esi);
    a.mov(edx, edi);
    a.mov(ecx, ebx);
    a.call("main");
    a.mov(ebx, eax);
    a.mov(eax, SystemCall.exit_group);
    a.int(0x80);
    a.ud2();
  });
}
