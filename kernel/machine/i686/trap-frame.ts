// The trap frame as TypeScript sees it: what the trampoline saved. src/abi/trap-frame.ts draws it.
//
// A system call's number, arguments and result have names of their own here, so that only this file
// knows which registers carry them (`int 0x80` as on Linux: number and result in EAX, arguments in
// EBX, ECX, EDX, ESI, EDI, EBP).

import { EFLAGS_FIXED, EFLAGS_IF, USER_CS, USER_DS } from "../../../src/abi/descriptors";
import {
  FRAME_CS,
  FRAME_EAX,
  FRAME_EDI,
  FRAME_EFLAGS,
  FRAME_EIP,
  FRAME_ERROR,
  FRAME_ESP,
  FRAME_SIZE,
  FRAME_SS,
  FRAME_VECTOR,
} from "../../../src/abi/trap-frame";

@unmanaged
export class TrapFrame {
  edi: u32 = 0;
  esi: u32 = 0;
  ebp: u32 = 0;
  /** The ESP that pusha saw: meaningless. */
  unusedEsp: u32 = 0;
  ebx: u32 = 0;
  edx: u32 = 0;
  ecx: u32 = 0;
  eax: u32 = 0;
  /** The vector in the low 8 bits; the rest is its sign. */
  vectorByte: u32 = 0;
  error: u32 = 0;
  eip: u32 = 0;
  cs: u32 = 0;
  eflags: u32 = 0;
  /** These two are there only when ring 3 was interrupted. */
  esp: u32 = 0;
  ss: u32 = 0;

  get vector(): u32 {
    return this.vectorByte & 0xff;
  }

  /** The number of the system call. */
  get call(): u32 {
    return this.eax;
  }

  set result(value: u32) {
    this.eax = value;
  }

  get arg0(): u32 {
    return this.ebx;
  }

  get arg1(): u32 {
    return this.ecx;
  }

  get arg2(): u32 {
    return this.edx;
  }

  get arg3(): u32 {
    return this.esi;
  }

  get arg4(): u32 {
    return this.edi;
  }

  get arg5(): u32 {
    return this.ebp;
  }

  /** Other arguments than the program has given. */
  setArguments(a: u32, b: u32, c: u32, d: u32, e: u32, f: u32): void {
    this.ebx = a;
    this.ecx = b;
    this.edx = c;
    this.esi = d;
    this.edi = e;
    this.ebp = f;
  }

  /** The registers of a program that starts at `entry` with its stack at `esp`. */
  startProgram(entry: u32, esp: u32): void {
    this.setArguments(0, 0, 0, 0, 0, 0);
    this.unusedEsp = 0;
    this.eax = 0;
    this.vectorByte = 0;
    this.error = 0;
    this.eip = entry;
    this.cs = USER_CS;
    this.eflags = EFLAGS_IF | EFLAGS_FIXED;
    this.esp = esp;
    this.ss = USER_DS;
  }

  /** A copy of another frame of user mode. */
  copyFrom(other: TrapFrame): void {
    memory.copy(changetype<usize>(this), changetype<usize>(other), FRAME_SIZE);
  }
}

if (offsetof<TrapFrame>("edi") !== FRAME_EDI) ERROR("pusha leaves edi at FRAME_EDI");
if (offsetof<TrapFrame>("eax") !== FRAME_EAX) ERROR("pusha leaves eax at FRAME_EAX");
if (offsetof<TrapFrame>("vectorByte") !== FRAME_VECTOR)
  ERROR("stubs push the vector at FRAME_VECTOR");
if (offsetof<TrapFrame>("error") !== FRAME_ERROR) ERROR("the error code is at FRAME_ERROR");
if (offsetof<TrapFrame>("eip") !== FRAME_EIP) ERROR("the trampoline reads eip at FRAME_EIP");
if (offsetof<TrapFrame>("cs") !== FRAME_CS) ERROR("the trampoline reads cs at FRAME_CS");
if (offsetof<TrapFrame>("eflags") !== FRAME_EFLAGS) ERROR("the trampoline reads eflags there");
if (offsetof<TrapFrame>("esp") !== FRAME_ESP) ERROR("the trampoline reads esp at FRAME_ESP");
if (offsetof<TrapFrame>("ss") !== FRAME_SS) ERROR("the trampoline reads ss at FRAME_SS");
if (offsetof<TrapFrame>() !== FRAME_SIZE) ERROR("the trampoline copies FRAME_SIZE bytes");
