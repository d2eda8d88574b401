// What a program needs to take signals: the addresses of its handlers, and code to come back.
//
// A handler gets the signal in EAX, the addresses of siginfo and ucontext in EDX and ECX, as Linux
// hands them to handlers with register arguments, which is how functions here are called.

import type { Assembler } from "../src/x86/assembler";
import { mem32, symbol } from "../src/x86/operand";
import { eax, esp } from "../src/x86/registers";

const SYS_SIGRETURN = 119;
const SYS_RT_SIGRETURN = 173;

export default function signals(a: Assembler): void {
  a.section(".text");
  for (const name of ["onSignal", "onFault"]) {
    a.function(`${name}Address`, () => {
      a.mov(eax, symbol(name));
      a.ret();
    });
  }
  a.function("restorerAddress", () => {
    a.mov(eax, symbol("restore"));
    a.ret();
  });
  a.function("longRestorerAddress", () => {
    a.mov(eax, symbol("restore_long"));
    a.ret();
  });
  a.local("restore", "function");
  a.pop(eax);
  a.mov(eax, SYS_SIGRETURN);
  a.int(0x80);
  a.local("restore_long", "function");
  a.mov(eax, SYS_RT_SIGRETURN);
  a.int(0x80);
  // storeAt(address: EAX): one instruction of FAULTING_SIZE bytes that may fault.
  a.function("storeAt", () => {
    a.mov(mem32({ base: eax }), 1);
    a.ret();
  });
  a.function("stackPointer", () => {
    a.mov(eax, esp);
    a.ret();
  });
}
