// A relocatable object in memory: what assembler and compiler make (for i686) and the linker takes.
//
// It is ELF's ET_REL without the encoding: sections, symbols and relocations, plus what the linker
// turns into debug information (lines and frames). src/link/ reads and writes the ELF form.
//
// Invariants
//   - `relocations`, `lines` and `frame.steps` ascend by offset.
//   - A relocation names its symbol by index into `symbols`; index order is meaningless.
//   - `bytes.length` is `size` for progbits and 0 for nobits. Addends are explicit (as in RELA);
//     the bytes that a relocation patches are ignored.
//   - Numbers of 64-bit objects are signed: -0x80000000 is 0xffffffff80000000. What a double cannot
//     hold is in two parts, the lower 32 bits and \`high\`, which counts in units of 2^32.

import type { Place } from "../base/diagnostic";
import type { DebugInfo } from "./debug-info";

/**
 * What a field becomes once addresses are known, on every machine. The letters are those of the
 * psABIs: S is the symbol's address, A the addend, P the field's own address, GOT the address of
 * the global offset table (which position-independent code has), G the offset in it of the symbol's
 * entry.
 */
export type RelocationKind =
  /** S + A */
  | "absolute"
  /** S + A, in a field that is sign-extended where it is used. */
  | "signed"
  /** S + A - P */
  | "relative"
  /** G + A, or GOT + G + A in an instruction without a base register. */
  | "got"
  /** The same, in an instruction that may be rewritten to do without the table. */
  | "got-relaxable"
  /** GOT + G + A - P */
  | "got-relative"
  /** The same, in an instruction that may be rewritten to do without the table. */
  | "got-relative-relaxable"
  /** The same, and the instruction has a REX prefix. */
  | "got-relative-rex"
  /** S + A - GOT */
  | "got-offset"
  /** GOT + A - P */
  | "got-address"
  /** S + A - the thread pointer, of a thread-local variable. */
  | "thread"
  /** S + A - the start of all thread-local variables: in debug information. */
  | "thread-block"
  /** The distance to a word that holds the variable's offset from the thread pointer. */
  | "thread-got-relative"
  /** The argument of a call that returns the address of a thread-local variable. */
  | "thread-general"
  /** The argument of a call that returns the address of the block of them. */
  | "thread-module"
  /** The address of a descriptor, in a register, and the call that it is for. */
  | "thread-descriptor"
  | "thread-descriptor-call"
  /** The symbol's size + A */
  | "size";

/** Bytes of a field. */
export type RelocationWidth = 1 | 2 | 4 | 8;

/** The machine that code is for. */
export type Machine = "i386" | "x86-64";

export interface Relocation {
  readonly offset: number;
  readonly kind: RelocationKind;
  readonly width: RelocationWidth;
  /** Index into the object's `symbols`. */
  readonly symbol: number;
  readonly addend: number;
  /** Units of 2^32 to add, where the addend is more than a double holds. */
  readonly high?: number;
}

/** From `offset` on, the code comes from this place, until the next entry. */
export interface LineEntry {
  readonly offset: number;
  /** Path as the user knows it: relative to the project. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** From `offset` on, the canonical frame address is the register `base`, or ESP, + `cfaOffset`. */
export interface FrameStep extends FrameRule {
  readonly offset: number;
  readonly cfaOffset: number;
  /**
   * Registers saved so far, as distances below the CFA: `{ ebx: 8 }` means at CFA - 8. Those that a
   * call preserves; where an interrupt left all of them, also the others, `esp` and `eip`.
   */
  readonly saved: Readonly<Record<string, number>>;
}

export interface FrameRule {
  /** What the CFA counts from; absent: ESP. */
  readonly base?: string;
  /**
   * The frame above was interrupted: its EIP is that of the next instruction, not the return
   * address of a call.
   */
  readonly isInterrupt?: boolean;
  /** Bytes of `cfaOffset` that are below the frame: arguments pushed for one call; absent: none. */
  readonly pushed?: number;
}

/** How to unwind a function that keeps no frame pointer. At its entry the CFA is ESP + 4. */
export interface FrameInfo {
  readonly steps: readonly FrameStep[];
}

export interface SectionFlags {
  readonly alloc: boolean;
  readonly write: boolean;
  readonly execute: boolean;
  /** Thread-local variables (ELF's SHF_TLS). */
  readonly tls?: true;
}

export interface Section {
  /** `.text.<function>` for each compiled function, `.data`, `.bss`, `.trampoline.text`, … */
  readonly name: string;
  readonly type: "progbits" | "nobits";
  readonly flags: SectionFlags;
  readonly align: number;
  readonly size: number;
  readonly bytes: Uint8Array;
  /** Writes `bytes` to `offset` of the target; absent: they are an array already. */
  copyTo?(target: Uint8Array, offset: number): void;
  /** The VMA that the code assumes already (asc bakes data addresses in); absent: anywhere. */
  readonly address?: number;
  readonly relocations: readonly Relocation[];
  /** As `relocations`, one after the other in a record that is reused; absent: only the list. */
  each?(visit: (relocation: Relocation) => void): void;
  /** There are relocations; absent: the list says it. */
  readonly hasRelocations?: boolean;
  /** All of them are about addresses and distances alone; absent: the list says it. */
  readonly isPlain?: boolean;
  readonly lines: readonly LineEntry[];
  readonly frame?: FrameInfo;
  /** Its entries may be shared with equal ones of other sections (ELF's SHF_MERGE). */
  readonly merge?: MergeInfo | undefined;
  /** It has notes for loaders (ELF's SHT_NOTE). */
  readonly note?: true | undefined;
  /** Never dropped, even if nothing refers to it (ELF's SHF_GNU_RETAIN). */
  readonly retain?: boolean;
}

/** Entries of `entrySize` bytes each or, for strings, characters of that size up to a zero one. */
export interface MergeInfo {
  readonly entrySize: number;
  readonly strings: boolean;
}

/**
 * Sections that are kept or dropped together. Of COMDAT groups with one signature the first is
 * taken.
 */
export interface SectionGroup {
  readonly signature: string;
  readonly comdat: boolean;
  /** Indices into the object's `sections`. */
  readonly sections: readonly number[];
}

export type SymbolBinding = "local" | "global" | "weak";
/** "section": it stands for the start of its section, and offsets count from there. */
export type SymbolType = "function" | "object" | "section" | "thread" | "none";

export interface ObjectSymbol {
  readonly name: string;
  readonly binding: SymbolBinding;
  readonly type: SymbolType;
  /** Index into the object's `sections`; absent: undefined here, defined elsewhere. */
  readonly section?: number;
  /** Defined as a plain number, which is `offset` (ELF's SHN_ABS); it has no section. */
  readonly absolute?: true;
  /** A tentative definition of `size` zeros with this alignment (ELF's SHN_COMMON). */
  readonly common?: number;
  /**
   * From the section's start, modulo 2^32 in 32-bit objects, signed in others:
   * `_start = entry - 0xc0000000` lies outside.
   */
  readonly offset: number;
  /** Units of 2^32 to add, where the number is more than a double holds. */
  readonly high?: number;
  readonly size: number;
}

export interface ObjectFile {
  /** What diagnostics call it: `kernel/machine/i686/trampoline.asm.ts`, `build/kernel.wasm`. */
  readonly name: string;
  /** Absent: it is only data, which suits every machine, or of our own making, for i386. */
  readonly machine?: Machine;
  readonly sections: readonly Section[];
  readonly symbols: readonly ObjectSymbol[];
  readonly groups?: readonly SectionGroup[];
  /** What is known of its source beyond lines. */
  readonly debug?: DebugInfo;
  /** The source line of an offset in a section, where the object knows it otherwise (DWARF). */
  readonly locate?: (section: number, offset: number) => Place | undefined;
  /** Its maker has ensured the invariants, so the linker need not. */
  readonly isChecked?: true;
}
