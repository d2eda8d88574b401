// What must be known of the processor before compiled code runs: the compiler takes CMOV for
// granted, and the kernel PAE. A processor without them gets a sentence, where there are neither
// drivers nor paging: on the serial line, at the top of the screen, and as a panic on the debug
// console. Then the machine halts.
//
// Only instructions of the 386 come before the test that they are about. See Intel SDM vol. 2A,
// CPUID, and vol. 1, 20.1.

import { EFLAGS_ID } from "../../../src/abi/descriptors";
import { INFO_OFFSET } from "../../../src/abi/kernel-info";
import { PORT_DEBUG_CONSOLE, PORT_EXIT } from "../../../src/abi/ports";
import type { Assembler } from "../../../src/x86/assembler";
import { mem8, mem16, mem32, symbol } from "../../../src/x86/operand";
import { al, ax, dx, eax, ebp, ebx, ecx, edi, edx } from "../../../src/x86/registers";

const EDX_PAE = 1 << 6;
const EDX_CMOV = 1 << 15;

const COM1 = 0x3f8;
const LINE_STATUS = COM1 + 5;
const TRANSMIT_EMPTY = 0x20;
/** 115200 baud, 8 data bits: device/serial.ts has the names. */
const SERIAL_SETUP: readonly (readonly [port: number, value: number])[] = [
  [COM1 + 1, 0],
  [COM1 + 3, 0x80],
  [COM1, 1],
  [COM1 + 1, 0],
  [COM1 + 3, 0x03],
];
const PATIENCE = 1_000_000;
const SCREEN = 0xb8000;
/** White on red. */
const ATTRIBUTE = 0x4f00;

const MESSAGES = {
  no_cpuid: "processor: no CPUID, so it is not an i686",
  no_pae: "processor: no PAE, which every i686 but some Pentium M has",
  no_cmov: "processor: no CMOV, so it is not an i686",
};

export default function checkProcessor(a: Assembler): void {
  a.section(".boot.processor", { execute: true });
  check(a);
  refuse(a);
  for (const [name, text] of Object.entries(MESSAGES)) {
    a.global(name, "object");
    a.asciz(text);
  }
}

/** Goes on if there is CPUID; calls nothing. Changes EAX, ECX and EBP. */
export function requireCpuid(a: Assembler): void {
  a.pushf();
  a.pop(eax);
  a.mov(ecx, eax);
  a.xor(eax, EFLAGS_ID);
  a.push(eax);
  a.popf();
  a.pushf();
  a.pop(eax);
  a.mov(ebp, symbol("no_cpuid"));
  a.xor(eax, ecx);
  a.test(eax, EFLAGS_ID);
  a.jz("refuse_processor");
}

/** check_processor(): returns if the kernel can run. Changes EAX to EDX and EBP. */
function check(a: Assembler): void {
  a.global("check_processor", "function");
  a.mov(eax, 1);
  a.cpuid();
  a.mov(ebp, symbol("no_pae"));
  a.test(edx, EDX_PAE);
  a.jz("refuse_processor");
  a.mov(ebp, symbol("no_cmov"));
  a.test(edx, EDX_CMOV);
  a.jz("refuse_processor");
  a.ret();
}

/** Shows the sentence at EBP and halts. */
function refuse(a: Assembler): void {
  a.global("refuse_processor", "function");
  for (const [port, value] of SERIAL_SETUP) output(a, port, value);
  for (const byte of Buffer.from("panic ")) output(a, PORT_DEBUG_CONSOLE, byte);
  a.mov(edi, SCREEN);
  a.sub(edi, mem32({ symbol: "kernel_info", disp: INFO_OFFSET }));
  const next = a.newLabel("next");
  const end = a.newLabel("end");
  a.label(next);
  a.movzx(eax, mem8({ base: ebp }));
  a.test(eax, eax);
  a.jz(end);
  a.inc(ebp);
  a.mov(edx, PORT_DEBUG_CONSOLE);
  a.out(dx, al);
  a.or(eax, ATTRIBUTE);
  a.mov(mem16({ base: edi }), ax);
  a.add(edi, 2);
  sendSerial(a);
  a.jmp(next);

  a.label(end);
  for (const byte of Buffer.from("\r\n")) {
    a.mov(eax, byte);
    sendSerial(a);
  }
  output(a, PORT_DEBUG_CONSOLE, 0x0a);
  output(a, PORT_EXIT, 0xff);
  const halt = a.newLabel("halt");
  a.label(halt);
  a.cli();
  a.hlt();
  a.jmp(halt);
}

/** Sends AL; a UART that takes nothing is not waited for for ever. Changes EBX, ECX, EDX. */
function sendSerial(a: Assembler): void {
  const poll = a.newLabel("poll");
  const ready = a.newLabel("ready");
  a.mov(ebx, eax);
  a.mov(ecx, PATIENCE);
  a.label(poll);
  a.mov(edx, LINE_STATUS);
  a.in(al, dx);
  a.test(al, TRANSMIT_EMPTY);
  a.jnz(ready);
  a.dec(ecx);
  a.jnz(poll);
  a.label(ready);
  a.mov(eax, ebx);
  a.mov(edx, COM1);
  a.out(dx, al);
}

function output(a: Assembler, port: number, value: number): void {
  a.mov(edx, port);
  a.mov(al, value);
  a.out(dx, al);
}
