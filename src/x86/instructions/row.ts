// The vocabulary in which the instruction table is written.
//
//   add: [row([rw(rm32), r(imm8s32)], "83 /0 ib", ARITHMETIC), ...]
//              operands with roles    as in the SDM  effects that the operands do not show
//
// An encoding is written in the SDM's words (vol. 2A, 3.1.1.1), bytes in hexadecimal:
//
//   66 F0 F2 F3   prefix bytes that belong to the instruction, first
//   REX.W         the REX prefix with its bit for 64-bit operands, in long mode
//   0F AF         opcode bytes; `50+r`: plus the number of the register operand
//   /r  /0 .. /7  a ModR/M byte; its reg field is a register operand or this digit
//   ib iw id      an immediate of 8, 16, 32 bits
//   cb cd         a branch distance of 8, 32 bits, counted from the end of the instruction
//   od            an address of 32 bits without ModR/M
//
// The rows hold all there is to know about an instruction: src/x86/ derives from them the choice of
// the shortest encoding, the encoder, the decoder, the printer and the assembler's methods; the
// compiler's register allocator and verifier take the roles and effects.
//
// Invariants
//   - A role is about the register or memory named; registers in an address are always read.
//   - An 8- or 16-bit register operand that is written leaves the rest of its register as it was;
//     so does a floating-point scalar that is written to an XMM register. Roles are about the part.

import { AC, AF, ALL_FLAGS, CF, DF, IF, OF, PF, SF, ZF } from "../flags";
import type { OperandKind } from "../operand-kind";
import type { Register32 } from "../registers";

/** What an instruction does with an operand; `address`: computes it and goes no further. */
export type Role = "read" | "write" | "read-write" | "address";

export interface OperandSpec<T = unknown> {
  readonly role: Role;
  readonly kind: OperandKind<T>;
}

/** What an instruction does beyond its operands. Flags are masks of EFLAGS bits. */
export interface Effects {
  /** Registers that are read though no operand names them. */
  readonly reads: readonly Register32[];
  readonly writes: readonly Register32[];
  readonly flagsRead: number;
  /** Flags that get a value that the manual defines. */
  readonly flagsWritten: number;
  /** Flags whose value must not be used afterwards. */
  readonly flagsUndefined: number;
}

/** One encoding of an instruction. */
export interface Row<K extends readonly OperandSpec[] = readonly OperandSpec[]> {
  readonly operands: K;
  readonly encoding: string;
  readonly effects: Effects;
  /** The mode of the processor that has the row; absent: both. */
  readonly only?: Bits;
}

/** A mode by the width of its addresses: protected mode or long mode. */
export type Bits = 32 | 64;

/** Rows that long mode does not have, or gives another meaning. */
export const in32 = <K extends readonly OperandSpec[]>(given: Row<K>): Row<K> => ({
  ...given,
  only: 32,
});

/** Rows of long mode. */
export const in64 = <K extends readonly OperandSpec[]>(given: Row<K>): Row<K> => ({
  ...given,
  only: 64,
});

export const r = <T>(kind: OperandKind<T>): OperandSpec<T> => ({ role: "read", kind });
export const w = <T>(kind: OperandKind<T>): OperandSpec<T> => ({ role: "write", kind });
export const rw = <T>(kind: OperandKind<T>): OperandSpec<T> => ({ role: "read-write", kind });
export const address = <T>(kind: OperandKind<T>): OperandSpec<T> => ({ role: "address", kind });

/** One row of the table. */
export function row<const K extends readonly OperandSpec[]>(
  operands: K,
  encoding: string,
  effects: Effects = NO_EFFECTS,
): Row<K> {
  return { operands, encoding, effects };
}

interface EffectsText {
  readonly reads?: readonly Register32[];
  readonly writes?: readonly Register32[];
  /** Flags as letters: O S Z A P C, Direction, Interrupt, K for the alignment checK; * for all. */
  readonly flagsRead?: string;
  readonly flagsWritten?: string;
  readonly flagsUndefined?: string;
}

const FLAG_LETTERS: Readonly<Record<string, number>> = {
  O: OF,
  S: SF,
  Z: ZF,
  A: AF,
  P: PF,
  C: CF,
  D: DF,
  I: IF,
  K: AC,
  "*": ALL_FLAGS,
};

function flagMask(letters = ""): number {
  let mask = 0;
  for (const letter of letters) {
    const flag = FLAG_LETTERS[letter];
    if (flag === undefined) throw new Error(`no flag has the letter ${letter}`);
    mask |= flag;
  }
  return mask;
}

/** Effects from their short notation. */
export function effects(text: EffectsText): Effects {
  return {
    reads: text.reads ?? [],
    writes: text.writes ?? [],
    flagsRead: flagMask(text.flagsRead),
    flagsWritten: flagMask(text.flagsWritten),
    flagsUndefined: flagMask(text.flagsUndefined),
  };
}

export const NO_EFFECTS = effects({});

/** A byte as rows write it: `0F`. */
export function byte(value: number): string {
  return value.toString(16).toUpperCase().padStart(2, "0");
}
