// The user program: linked at 0x1000, an address at which the kernel has something else.

import type { Assembler } from "isthmus/src/x86/assembler";
import { type Immediate, type Label, symbol } from "isthmus/src/x86/operand";
import { eax, ebx, ecx } from "isthmus/src/x86/registers";

const EXIT = 1;
const WRITE = 4;
const BAD_ADDRESS = -14;
const KERNEL = 0x00100000;
const TRAMPOLINE = -4096;

const HELLO = "user: hello from 0x1000\n";
const REFUSED = "user: the kernel's memory is not mine\n";
const READABLE = "user: I read the kernel!\n";

export default function user(a: Assembler): void {
  const hello = a.newLabel("hello");
  const refused = a.newLabel("refused");
  const readable = a.newLabel("readable");
  const failed = a.newLabel("failed");
  a.section(".user_text", { execute: true });
  // The kernel starts the program at its first byte.
  a.global("start_user", "function");
  print(a, hello, HELLO);
  for (const address of [KERNEL, TRAMPOLINE]) {
    systemCall(a, WRITE, address, 16);
    a.cmp(eax, BAD_ADDRESS);
    a.jnz(failed);
  }
  print(a, refused, REFUSED);
  systemCall(a, EXIT, 0, 0);
  a.label(failed);
  print(a, readable, READABLE);
  systemCall(a, EXIT, 1, 0);
  place(a, hello, HELLO);
  place(a, refused, REFUSED);
  place(a, readable, READABLE);
}

function print(a: Assembler, label: Label, text: string): void {
  systemCall(a, WRITE, symbol(label), text.length);
}

function systemCall(a: Assembler, number: number, first: Immediate, second: number): void {
  a.mov(eax, number);
  a.mov(ebx, first);
  a.mov(ecx, second);
  a.int(0x80);
}

function place(a: Assembler, label: Label, text: string): void {
  a.label(label);
  a.ascii(text);
}
