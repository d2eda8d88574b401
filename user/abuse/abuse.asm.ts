// The machine code of the abuse suite: the cases of privileged.asm.ts and crossing-cases.asm.ts,
// and what the cases in TypeScript call.
//
//   machine_cases   name, code, outcomes, needs; name, code, outcomes, needs; ...; 0
//   interrupts      256 functions of INTERRUPT_STRIDE bytes: int N, ret

import type { Assembler } from "../../src/i686/assembler";
import { symbol } from "../../src/i686/operand";
import { eax, ebp, ebx, ecx, edi, edx, esi } from "../../src/i686/registers";
import { CROSSING_CASES } from "./crossing-cases.asm";
import { FAILED, NOTHING } from "./machine-case.asm";
import { PRIVILEGED_CASES } from "./privileged.asm";

const INTERRUPT_STRIDE = 4;
const VECTORS = 256;

export default function abuse(a: Assembler): void {
  a.section(".text");
  callCode(a);
  jumpHostile(a);
  overflowStack(a);
  interrupts(a);
  failed(a);
  machineCases(a);
}

/** call_code(address: EAX): the EAX that the code there leaves. Registers and DF survive. */
function callCode(a: Assembler): void {
  a.function("call_code", () => {
    const saved = [ebx, esi, edi, ebp];
    for (const register of saved) a.push(register);
    a.call(eax);
    a.cld();
    for (const register of saved.reverse()) a.pop(register);
    a.ret();
  });
}

/** jump_hostile(address: EAX, value: EDX): goes there with the value in every register but ESP. */
function jumpHostile(a: Assembler): void {
  a.function("jump_hostile", () => {
    a.push(eax);
    for (const register of [eax, ecx, ebx, esi, edi, ebp]) a.mov(register, edx);
    a.ret();
  });
}

/** overflow_stack(): pushes until that is impossible. */
function overflowStack(a: Assembler): void {
  a.function("overflow_stack", () => {
    const again = a.newLabel("again");
    a.label(again);
    a.push(eax);
    a.jmp(again);
  });
}

function interrupts(a: Assembler): void {
  a.global("interrupts");
  for (let vector = 0; vector < VECTORS; vector++) a.byte(0xcd, vector, 0xc3, 0x90);
  if (INTERRUPT_STRIDE !== 4) throw new Error("a stub of interrupts has four bytes");
}

function failed(a: Assembler): void {
  a.function(FAILED, () => {
    a.mov(eax, 1);
    a.ret();
  });
}

function machineCases(a: Assembler): void {
  const cases = [...PRIVILEGED_CASES, ...CROSSING_CASES].map((each) => ({
    ...each,
    start: a.newLabel(each.name),
    title: a.newLabel(each.name),
  }));
  for (const { start, code } of cases) {
    a.label(start);
    code(a);
    a.xor(eax, eax);
    a.ret();
  }
  a.section(".rodata");
  for (const { name, title } of cases) {
    a.label(title);
    a.ascii(`${name}\0`);
  }
  a.align(4);
  a.global("machine_cases", "object");
  for (const { start, title, outcomes, needs = NOTHING } of cases) {
    a.long(symbol(title), symbol(start), outcomes, needs);
  }
  a.long(0);
}
