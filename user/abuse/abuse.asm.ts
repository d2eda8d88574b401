// The machine code of the abuse suite: the cases of privileged.asm.ts and crossing-cases.asm.ts,
// and what the cases in TypeScript call.
//
//   machine_cases   name, code, outcomes, needs; name, code, outcomes, needs; ...; 0
//   ..._float_registers...                          floating-point-cases.ts
//   interrupts      256 functions of INTERRUPT_STRIDE bytes: int N, ret

import type { Assembler } from "../../src/x86/assembler";
import { mem, mem16, mem32, symbol } from "../../src/x86/operand";
import {
  al,
  eax,
  ebp,
  ebx,
  ecx,
  edi,
  edx,
  esi,
  esp,
  gs,
  registersXmm,
} from "../../src/x86/registers";
import { CROSSING_CASES } from "./crossing-cases.asm";
import { FAILED, NOTHING } from "./machine-case.asm";
import { PRIVILEGED_CASES } from "./privileged.asm";

const INTERRUPT_STRIDE = 4;
const VECTORS = 256;

export default function abuse(a: Assembler): void {
  a.section(".text");
  callCode(a);
  jumpHostile(a);
  returnFromSignal(a);
  overflowStack(a);
  loadGs(a);
  fillFloatRegisters(a);
  floatRegistersHold(a);
  floatRegistersAreClear(a);
  interrupts(a);
  failed(a);
  machineCases(a);
}

/** call_code(address: EAX): the EAX that the code there returns. Registers and DF survive. */
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

/** load_gs(selector: EAX) */
function loadGs(a: Assembler): void {
  a.function("load_gs", () => {
    a.mov(gs, eax);
    a.ret();
  });
}

/** jump_hostile(address: EAX, value: EDX): jumps there with value in every register but ESP. */
function jumpHostile(a: Assembler): void {
  a.function("jump_hostile", () => {
    a.push(eax);
    for (const register of [eax, ecx, ebx, esi, edi, ebp]) a.mov(register, edx);
    a.ret();
  });
}

/** return_from_signal(stack: EAX, number: EDX): the call of that number, with that stack. */
function returnFromSignal(a: Assembler): void {
  a.function("return_from_signal", () => {
    a.mov(esp, eax);
    a.mov(eax, edx);
    a.int(0x80);
    a.ud2();
  });
}

/** overflow_stack(): pushes until a push faults. */
function overflowStack(a: Assembler): void {
  a.function("overflow_stack", () => {
    const again = a.newLabel("again");
    a.label(again);
    a.push(eax);
    a.jmp(again);
  });
}

// What FXSAVE writes.
const CONTROL = 0;
const MXCSR = 24;
const REGISTERS = 32;
const REGISTERS_END = 288;
const SAVED = 512;

/** fill_float_registers(pattern: EAX): unusual control words, two x87 numbers, all of XMM. */
function fillFloatRegisters(a: Assembler): void {
  a.function("fill_float_registers", () => {
    a.push(eax);
    a.push(0x0000_3f80);
    a.push(0x0000_027f);
    a.fninit();
    a.fldcw(mem16({ base: esp }));
    a.ldmxcsr(mem32({ base: esp, disp: 4 }));
    a.fild(mem32({ base: esp, disp: 8 }));
    a.fild(mem32({ base: esp, disp: 8 }));
    a.add(esp, 12);
    for (const register of registersXmm) {
      a.movd(register, eax);
      a.pshufd(register, register, 0);
      a.inc(eax);
    }
    a.ret();
  });
}

/** Saves EBX, ESI, EDI and EBP, and makes room for two states, the first at ESP. */
function openStates(a: Assembler): void {
  for (const register of [ebx, esi, edi, ebp]) a.push(register);
  a.mov(ebp, esp);
  a.sub(esp, 2 * SAVED);
  a.and(esp, -16);
}

/** Returns whether ZF is set. */
function closeStates(a: Assembler): void {
  a.label("different");
  a.sete(al);
  a.movzx(eax, al);
  a.mov(esp, ebp);
  for (const register of [ebp, edi, esi, ebx]) a.pop(register);
  a.ret();
}

/** float_registers_hold(pattern: EAX): compares them with what filling them again gives. */
function floatRegistersHold(a: Assembler): void {
  a.function("float_registers_hold", () => {
    openStates(a);
    a.fxsave(mem({ base: esp }));
    a.call("fill_float_registers");
    a.fxsave(mem({ base: esp, disp: SAVED }));
    for (const offset of [CONTROL, MXCSR]) {
      a.mov(eax, mem32({ base: esp, disp: offset }));
      a.cmp(eax, mem32({ base: esp, disp: SAVED + offset }));
      a.jne("different");
    }
    a.mov(ecx, REGISTERS);
    a.label("next");
    a.mov(eax, mem32({ base: esp, index: ecx }));
    a.cmp(eax, mem32({ base: esp, index: ecx, disp: SAVED }));
    a.jne("different");
    a.add(ecx, 4);
    a.cmp(ecx, REGISTERS_END);
    a.jne("next");
    closeStates(a);
  });
}

/** float_registers_are_clear(): no bit set, and the control registers as the ABI has them. */
function floatRegistersAreClear(a: Assembler): void {
  a.function("float_registers_are_clear", () => {
    openStates(a);
    a.fxsave(mem({ base: esp }));
    a.cmp(mem32({ base: esp, disp: CONTROL }), 0x0000_037f);
    a.jne("different");
    a.cmp(mem32({ base: esp, disp: MXCSR }), 0x0000_1f80);
    a.jne("different");
    a.mov(ecx, REGISTERS);
    a.label("next");
    a.cmp(mem32({ base: esp, index: ecx }), 0);
    a.jne("different");
    a.add(ecx, 4);
    a.cmp(ecx, REGISTERS_END);
    a.jne("next");
    closeStates(a);
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
