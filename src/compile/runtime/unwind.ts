// Exceptions at run time: a routine that finds who catches, and the table that it reads. Code that
// throws nothing never comes here, and a call inside `try` is a call like any other.
//
//   isthmus:unwind   how many functions there are, and whether they are sorted; then for each
//     start, end     of its code
//     frame          bytes of its frame below the saved registers * 16 + a bit for each of these
//     landings       0, or pairs of words up to a 0: where a call returns to, and where control
//                    goes on if it throws
//
// `__isthmus_throw` goes from one return address to the next, as a debugger does, and keeps what
// the callee-saved registers held. Where the address has a landing, it goes there, with the frame
// and these registers as they were at the call. Nothing is written on the way, so that the stack is
// as it was if nobody catches: then the trap is where the exception was thrown.
//
// The functions of an object are sorted when it throws for the first time: only the linker knows
// their order. What the object did not compile has no entry, and ends the search.
//
//   isthmus:exception   what is thrown: the address of its tag, and the words that it carries

import type { Assembler } from "../../x86/assembler";
import { type Label, mem, mem32, symbol } from "../../x86/operand";
import { cl, eax, ebp, ebx, ecx, edi, edx, esi, esp } from "../../x86/registers";
import { numberOf } from "../code/code";
import { trapKind } from "../ir/trap";

const WORD = 4;
/** Bytes of a function's entry, and of what stands before the first. */
const ENTRY = 16;
const HEAD = 8;
/** In the word about the frame: how far its size is shifted. */
const SIZE_SHIFT = 4;

const TABLE = "isthmus:unwind";
/** What is thrown. */
export const EXCEPTION = "isthmus:exception";
/** Looks for who catches what is thrown; never returns. */
export const THROW = "__isthmus_throw";

/** The symbol whose address is a tag of this module. */
export function tagSymbol(index: number): string {
  return `isthmus:tag${index}`;
}

/** Where a call returns to, and where control goes on if it throws. */
export interface Landing {
  readonly after: Label;
  readonly pad: Label;
}

/** What unwinding needs to know of a function. */
export interface UnwoundFunction {
  readonly name: string;
  readonly end: Label;
  /** Bytes below the saved registers. */
  readonly size: number;
  /** The callee-saved registers by number, in the order in which they are pushed. */
  readonly saved: readonly number[];
  readonly landings: readonly Landing[];
}

/** Appends the place for what is thrown, and the module's own tags: an address each. */
export function emitExceptions(a: Assembler, payloadWords: number, tags: readonly string[]): void {
  a.section(`.bss.${EXCEPTION}`, { write: true, nobits: true });
  a.align(WORD);
  a.local(EXCEPTION, "object");
  a.space(WORD * (1 + payloadWords));
  if (tags.length === 0) return;
  a.section(".rodata.isthmus:tags", {});
  a.align(WORD);
  for (const tag of tags) {
    a.local(tag, "object");
    a.long(0);
  }
}

/** Appends the table of all functions. */
export function emitUnwindTable(a: Assembler, functions: readonly UnwoundFunction[]): void {
  const landings = functions.map((each) =>
    each.landings.length > 0 ? a.newLabel(`landings of ${each.name}`) : undefined,
  );
  a.section(`.data.${TABLE}`, { write: true });
  a.align(WORD);
  a.local(TABLE, "object");
  a.long(functions.length, 0);
  for (const [i, { name, end, size, saved }] of functions.entries()) {
    const mask = saved.reduce((bits, register) => bits | (1 << bitOf(register)), 0);
    a.long(symbol(name), end, (size << SIZE_SHIFT) | mask, landings[i] ?? 0);
  }
  a.section(`.rodata.${TABLE}`, {});
  a.align(WORD);
  for (const [i, each] of functions.entries()) {
    const label = landings[i];
    if (!label) continue;
    a.label(label);
    for (const { after, pad } of each.landings) a.long(after, pad);
    a.long(0);
  }
}

/** The callee-saved registers in the order in which functions push them. */
const SAVED = [ebx, esi, edi, ebp] as const;

function bitOf(register: number): number {
  return SAVED.findIndex((each) => numberOf(each) === register);
}

/** Where `writeThrow` keeps what a callee-saved register held in the frame that it looks at. */
const held = (index: number) => mem32({ base: esp, disp: WORD * index });

/** `__isthmus_throw`. EBP points to a return address, from the innermost frame outwards. */
export function writeThrow(a: Assembler): void {
  for (const [i, register] of [...SAVED].reverse().entries()) {
    a.push(register);
    const places = [...SAVED].reverse().slice(0, i + 1);
    const entries = places.map(({ name }, place) => [name, WORD * (2 + place)]);
    a.frame(WORD * (2 + i), Object.fromEntries(entries));
  }
  a.lea(ebp, mem({ base: esp, disp: WORD * SAVED.length }));
  a.cmp(mem32({ symbol: TABLE, disp: WORD }), 0);
  a.jne("frame");
  writeSort(a);
  a.label("frame");
  a.mov(eax, mem32({ base: ebp }));
  writeSearch(a);
  a.mov(ecx, mem32({ base: esi, disp: 12 }));
  a.test(ecx, ecx);
  a.je("outwards");
  a.label("landing");
  a.mov(edx, mem32({ base: ecx }));
  a.test(edx, edx);
  a.je("outwards");
  a.cmp(edx, eax);
  a.je("land");
  a.add(ecx, 2 * WORD);
  a.jmp("landing");

  a.label("outwards");
  a.mov(ecx, mem32({ base: esi, disp: 8 }));
  a.mov(edx, ecx);
  a.shr(edx, SIZE_SHIFT);
  a.lea(ebp, mem({ base: ebp, index: edx, disp: WORD }));
  for (const index of SAVED.keys()) {
    const bit = SAVED.length - 1 - index;
    const next = a.newLabel();
    a.test(cl, 1 << bit);
    a.je(next);
    a.mov(edx, mem32({ base: ebp }));
    a.mov(held(bit), edx);
    a.add(ebp, WORD);
    a.label(next);
  }
  a.jmp("frame");

  a.label("land");
  a.mov(eax, mem32({ base: ecx, disp: WORD }));
  a.lea(ecx, mem({ base: ebp, disp: WORD }));
  for (const [i, register] of SAVED.entries()) a.mov(register, held(i));
  a.mov(esp, ecx);
  a.jmp(eax);

  a.label("uncaught");
  for (const [i, register] of SAVED.entries()) a.mov(register, held(i));
  a.ud1(eax, mem32({ disp: trapKind("uncaught exception") }));
}

/** ESI := the entry of the function around EAX; changes ECX, EDX, EDI. */
function writeSearch(a: Assembler): void {
  a.mov(esi, symbol(TABLE, HEAD));
  a.mov(ecx, mem32({ symbol: TABLE }));
  a.label("search");
  a.test(ecx, ecx);
  a.je("found");
  a.mov(edx, ecx);
  a.shr(edx, 1);
  a.mov(edi, edx);
  a.shl(edi, 4);
  a.cmp(mem32({ base: esi, index: edi }), eax);
  a.jbe("later");
  a.mov(ecx, edx);
  a.jmp("search");
  a.label("later");
  a.lea(esi, mem({ base: esi, index: edi, disp: ENTRY }));
  a.sub(ecx, edx);
  a.dec(ecx);
  a.jmp("search");
  a.label("found");
  a.sub(esi, ENTRY);
  a.cmp(esi, symbol(TABLE, HEAD));
  a.jb("uncaught");
  a.cmp(eax, mem32({ base: esi, disp: 4 }));
  a.ja("uncaught");
}

/**
 * Sorts the functions by where they start (D. L. Shell, 1959): with a gap of half of them, then of
 * a quarter, and so on. Changes all registers but EBP.
 */
function writeSort(a: Assembler): void {
  a.mov(mem32({ symbol: TABLE, disp: WORD }), 1);
  a.mov(ebx, mem32({ symbol: TABLE }));
  a.shl(ebx, 4);
  a.mov(ecx, ebx);
  a.label("gap");
  a.shr(ecx, 1);
  a.and(ecx, -ENTRY);
  a.je("frame");
  a.mov(esi, ecx);
  a.label("insert");
  a.cmp(esi, ebx);
  a.jae("gap");
  a.mov(edi, esi);
  a.label("compare");
  a.cmp(edi, ecx);
  a.jb("inserted");
  a.mov(edx, edi);
  a.sub(edx, ecx);
  a.mov(eax, mem32({ base: edx, symbol: TABLE, disp: HEAD }));
  a.cmp(eax, mem32({ base: edi, symbol: TABLE, disp: HEAD }));
  a.jbe("inserted");
  for (let disp = HEAD; disp < HEAD + ENTRY; disp += WORD) {
    a.mov(eax, mem32({ base: edx, symbol: TABLE, disp }));
    a.xchg(eax, mem32({ base: edi, symbol: TABLE, disp }));
    a.mov(mem32({ base: edx, symbol: TABLE, disp }), eax);
  }
  a.mov(edi, edx);
  a.jmp("compare");
  a.label("inserted");
  a.add(esi, ENTRY);
  a.jmp("insert");
}
