// What a program that comes as a WebAssembly module does when it traps: it says which trap and
// where on the standard error, and exits with the status that a shell gives for an abort.
//
//   trap: out of bounds memory access in parse, at byte 0x1a2b of the module

import { SystemCall } from "../../src/abi/linux/i386";
import type { Assembler } from "../../src/x86/assembler";
import { mem8, symbol } from "../../src/x86/operand";
import { al, eax, ebx, ecx, edi, edx, esi } from "../../src/x86/registers";

const STANDARD_ERROR = 2;
/** 128 and SIGABRT. */
const STATUS = 134;
const DIGITS = 8;

/** Writes `isthmus.trap`: EAX the byte of the module, EDX the function's name, ECX which trap. */
export function writeWasmTrap(a: Assembler): void {
  a.section(".text");
  a.function("isthmus.trap", () => {
    a.mov(esi, edx);
    a.mov(edi, eax);
    a.push(ecx);
    say(a, "trap.text");
    a.pop(ecx);
    a.call("trap.print");
    say(a, "trap.in");
    a.mov(ecx, esi);
    a.call("trap.print");
    say(a, "trap.at");
    a.mov(ecx, DIGITS);
    a.label("digit");
    a.mov(eax, edi);
    a.and(eax, 0xf);
    a.mov(al, mem8({ symbol: "trap.digits", base: eax }));
    a.mov(mem8({ symbol: "trap.number", base: ecx, disp: -1 }), al);
    a.shr(edi, 4);
    a.dec(ecx);
    a.jne("digit");
    say(a, "trap.number");
    say(a, "trap.end");
    a.mov(eax, SystemCall.exit_group);
    a.mov(ebx, STATUS);
    a.int(0x80);
    a.ud2();
  });
  // ECX text that ends with 0; changes EAX, EBX, EDX.
  a.function("trap.print", () => {
    a.xor(edx, edx);
    a.label("next");
    a.cmp(mem8({ base: ecx, index: edx, scale: 1 }), 0);
    a.je("end");
    a.inc(edx);
    a.jmp("next");
    a.label("end");
    a.mov(ebx, STANDARD_ERROR);
    a.mov(eax, SystemCall.write);
    a.int(0x80);
    a.ret();
  });
  a.section(".rodata");
  text(a, "trap.text", "trap: ");
  text(a, "trap.in", " in ");
  text(a, "trap.at", ", at byte 0x");
  text(a, "trap.end", " of the module\n");
  text(a, "trap.digits", "0123456789abcdef");
  a.section(".data");
  text(a, "trap.number", "0".repeat(DIGITS));
}

function say(a: Assembler, name: string): void {
  a.mov(ecx, symbol(name));
  a.call("trap.print");
}

function text(a: Assembler, name: string, content: string): void {
  a.local(name, "object");
  a.bytes(new TextEncoder().encode(`${content}\0`));
}
