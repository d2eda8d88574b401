// The words in which a UEFI loader is written once for both kinds of firmware: 64-bit, in long mode
// with Microsoft's calling convention, and 32-bit, with C's.
//
//   64-bit   RCX, RDX, R8, R9, then the stack past 32 bytes for those four; SP is a multiple of 16
//   32-bit   the stack; SP is a multiple of 16 here too, which no firmware minds
//
// Everything that lives longer than an instruction is a word in memory with a name, so registers
// need no bookkeeping: a service may change A, C and D.

import type { Assembler } from "../x86/assembler";
import type { Mnemonic } from "../x86/instructions/table";
import { type Memory, mem, mem32, mem64, type Operand, symbol } from "../x86/operand";
import {
  eax,
  ebp,
  ebx,
  ecx,
  edi,
  edx,
  esi,
  esp,
  r8,
  r9,
  rax,
  rbp,
  rbx,
  rcx,
  rdi,
  rdx,
  rsi,
  rsp,
} from "../x86/registers";

export type FirmwareBits = 32 | 64;

/** What a service gets: a number, the word of that name, or the address of a name. */
export type Argument = number | { readonly value: string } | { readonly addressOf: string };

/** Room for the arguments of any service that is called. */
const FRAME = 96;
/** Where arguments past the fourth go in 64-bit calls: after room for the four in registers. */
const FIFTH_ARGUMENT = 32;

const REGISTERS = {
  32: { a: eax, b: ebx, c: ecx, d: edx, si: esi, di: edi, bp: ebp, sp: esp },
  64: { a: rax, b: rbx, c: rcx, d: rdx, si: rsi, di: rdi, bp: rbp, sp: rsp },
} as const;

export type Word = keyof (typeof REGISTERS)[32];

export class UefiCode {
  readonly bits: FirmwareBits;
  /** Bytes of a pointer. */
  readonly word: 4 | 8;
  readonly #a: Assembler;

  constructor(a: Assembler, bits: FirmwareBits) {
    this.#a = a;
    this.bits = bits;
    this.word = bits === 64 ? 8 : 4;
  }

  /** An instruction on words of the firmware's width. */
  do(mnemonic: Mnemonic, ...operands: readonly Operand[]): void {
    this.#a.instruction(mnemonic, operands);
  }

  /** The register of the firmware's width. */
  register(name: Word) {
    return REGISTERS[this.bits][name];
  }

  /** The word of that name. */
  at(name: string, disp = 0): Memory {
    return this.bits === 64 ? mem64({ symbol: name, disp }) : mem32({ symbol: name, disp });
  }

  /** Memory `disp` bytes past where a register points. */
  past(base: Word, disp: number): Memory {
    return mem({ base: this.register(base), disp });
  }

  load(to: Word, name: string): void {
    this.do("mov", this.register(to), this.at(name));
  }

  store(name: string, from: Word): void {
    this.do("mov", this.at(name), this.register(from));
  }

  addressOf(to: Word, name: string): void {
    if (this.bits === 64) this.do("lea", this.register(to), mem({ symbol: name }));
    else this.do("mov", this.register(to), symbol(name));
  }

  /** Saves what a caller wants back, and makes room for the arguments of services. */
  enter(stackName: string): void {
    for (const name of ["b", "si", "di", "bp"] as const) this.do("push", this.register(name));
    this.store(stackName, "sp");
    this.do("and", this.register("sp"), -16);
    this.do("sub", this.register("sp"), FRAME);
  }

  /** Returns to the caller of the application. */
  leave(stackName: string): void {
    this.load("sp", stackName);
    for (const name of ["bp", "di", "si", "b"] as const) this.do("pop", this.register(name));
    this.#a.ret();
  }

  /** Calls the function at `slot` of the table that `table` points to. A is its status, and ZF. */
  call(table: string, slot: number, ...args: readonly Argument[]): void {
    // Those on the stack first: they go through A, which is no argument's register.
    for (const [index, argument] of [...args.entries()].reverse()) this.#pass(argument, index);
    this.load("a", table);
    this.do("call", mem64OrMem32(this.bits, { base: this.register("a"), disp: slot }));
    this.do("test", this.register("a"), this.register("a"));
  }

  /** Copies `bytes` bytes from a name to where the word `to` points, `offset` bytes further. */
  copy(to: string, offset: number, from: string, bytes: number): void {
    this.load("di", to);
    if (offset !== 0) this.do("add", this.register("di"), offset);
    this.addressOf("si", from);
    this.#a.mov(ecx, bytes);
    this.#a.cld();
    this.#a.repMovsb();
  }

  #pass(argument: Argument, index: number): void {
    const register = this.bits === 64 ? [rcx, rdx, r8, r9][index] : undefined;
    if (register !== undefined) {
      if (typeof argument === "number") this.do("mov", register, argument);
      else if ("value" in argument) this.do("mov", register, this.at(argument.value));
      else this.do("lea", register, mem({ symbol: argument.addressOf }));
      return;
    }
    if (typeof argument === "number") this.do("mov", this.register("a"), argument);
    else if ("value" in argument) this.load("a", argument.value);
    else this.addressOf("a", argument.addressOf);
    const disp = this.bits === 64 ? FIFTH_ARGUMENT + 8 * (index - 4) : 4 * index;
    this.do("mov", this.past("sp", disp), this.register("a"));
  }
}

function mem64OrMem32(bits: FirmwareBits, parts: Parameters<typeof mem>[0]): Memory {
  return bits === 64 ? mem64(parts) : mem32(parts);
}
