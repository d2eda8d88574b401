// Routines that compiled code calls for what takes more than a few instructions, in assembly.
//
//   __isthmus_copy    EAX destination, EDX source, ECX bytes; they may overlap
//   __isthmus_fill    EAX destination, DL byte, ECX bytes
//   __isthmus_clear   EAX destination, ECX bytes, which become 0
//   __isthmus_fill_words
//                     EAX destination, EDX word, ECX words
//   __isthmus_div64_u, rem64_u, div64_s, rem64_s
//                     EDX:EAX dividend, EBX:ECX divisor; result EDX:EAX
//
// Those for floating-point numbers are in float-routines.ts, the one that throws is in unwind.ts,
// the one that carries out a table of stores in store-table.ts.
//
// All preserve EBX, ESI, EDI and EBP. Division by zero and the quotient 2^63 fault (#DE), as the
// processor's own division does. An object has its own copy of those that it calls.

import type { Assembler } from "../../x86/assembler";
import { mem, mem32 } from "../../x86/operand";
import type { Register32 } from "../../x86/registers";
import { cl, dl, eax, ebp, ebx, ecx, edi, edx, esi, esp } from "../../x86/registers";
import { numberOf } from "../code/code";
import { STORE_TABLE_ROUTINE } from "../code/store-table";
import { FLOAT_ROUTINES } from "./float-routines";
import { writeStoreTable } from "./store-table";
import { THROW, writeThrow } from "./unwind";

/** The routines by symbol; `needs` are those that one calls itself. */
interface Routine {
  readonly needs?: readonly string[];
  readonly write: (a: Assembler) => void;
}

/** What all routines' names begin with. */
const PREFIX = "__isthmus_";
const DIVIDE = "__isthmus_divide64";

/** Where a division of 64 bits takes its operands, low words first, and what it changes. */
export const DIVISION_REGISTERS = {
  operands: [eax, edx, ecx, ebx].map(numberOf),
  writes: [eax, edx, ecx].map(numberOf),
} as const;

const ROUTINES: Readonly<Record<string, Routine>> = {
  ...FLOAT_ROUTINES,
  __isthmus_copy: { write: writeCopy },
  __isthmus_fill: { write: writeFill },
  __isthmus_clear: { write: writeClear },
  __isthmus_fill_words: { write: writeFillWords },
  __isthmus_div64_u: { needs: [DIVIDE], write: writeUnsigned("quotient") },
  __isthmus_rem64_u: { needs: [DIVIDE], write: writeUnsigned("remainder") },
  __isthmus_div64_s: { needs: [DIVIDE], write: writeSigned("quotient") },
  __isthmus_rem64_s: { needs: [DIVIDE], write: writeSigned("remainder") },
  [DIVIDE]: { write: writeDivide },
  [THROW]: { write: writeThrow },
  [STORE_TABLE_ROUTINE]: { write: writeStoreTable },
};

/** Whether `name` is a routine of this file. */
export function isRoutine(name: string): boolean {
  return name.startsWith(PREFIX) && ROUTINES[name] !== undefined;
}

/** Appends the routines named, and those that they call, each in a section of its own. */
export function emitRoutines(a: Assembler, names: Iterable<string>): void {
  const wanted = new Set<string>();
  const want = (name: string): void => {
    const routine = ROUTINES[name];
    if (!routine || wanted.has(name)) return;
    wanted.add(name);
    routine.needs?.forEach(want);
  };
  for (const name of names) want(name);
  for (const name of wanted) {
    a.section(`.text.${name}`, { execute: true });
    a.align(4);
    a.function(name, () => ROUTINES[name]!.write(a), "local");
  }
}

/** Pushes `registers`, first thing in a routine. */
function save(a: Assembler, registers: readonly Register32[]): void {
  for (const [i, register] of registers.entries()) {
    a.push(register);
    a.frame(8 + 4 * i, savedPlaces(registers.slice(0, i + 1)));
  }
}

/** Pops what `save` has pushed, and returns. */
function restore(a: Assembler, registers: readonly Register32[]): void {
  for (const [i, register] of [...registers.entries()].reverse()) {
    a.pop(register);
    a.frame(4 + 4 * i, savedPlaces(registers.slice(0, i)));
  }
  a.ret();
}

/** Where unwinding finds the registers that `save` has pushed. */
function savedPlaces(registers: readonly Register32[]): Record<string, number> {
  return Object.fromEntries(registers.map(({ name }, i) => [name, 8 + 4 * i]));
}

const COPY_SAVES = [esi, edi] as const;
/** What the division of wide words saves: all that it must preserve. */
const DIVISION_SAVES = [ebx, esi, edi, ebp] as const;

/**
 * Copies words, then the bytes left over; backwards, from the end, if the destination starts
 * within the source.
 */
function writeCopy(a: Assembler): void {
  save(a, COPY_SAVES);
  a.mov(edi, eax);
  a.mov(esi, edx);
  a.sub(eax, edx);
  a.cmp(eax, ecx);
  a.mov(eax, ecx);
  a.jb("backward");
  a.shr(ecx, 2);
  a.repMovsd();
  a.mov(ecx, eax);
  a.and(ecx, 3);
  a.repMovsb();
  restore(a, COPY_SAVES);
  a.label("backward");
  a.frame(12, savedPlaces(COPY_SAVES));
  a.lea(esi, mem({ base: esi, index: ecx, disp: -1 }));
  a.lea(edi, mem({ base: edi, index: ecx, disp: -1 }));
  a.and(ecx, 3);
  a.std();
  a.repMovsb();
  a.mov(ecx, eax);
  a.shr(ecx, 2);
  a.sub(esi, 3);
  a.sub(edi, 3);
  a.repMovsd();
  a.cld();
  restore(a, COPY_SAVES);
}

function writeFill(a: Assembler): void {
  save(a, [edi]);
  a.mov(edi, eax);
  a.movzx(eax, dl);
  a.imul(eax, eax, 0x01010101);
  storeBytes(a);
}

function writeClear(a: Assembler): void {
  save(a, [edi]);
  a.mov(edi, eax);
  a.xor(eax, eax);
  storeBytes(a);
}

/** Stores EAX, whose bytes are equal, to ECX bytes at EDI; then the end of a fill. */
function storeBytes(a: Assembler): void {
  a.mov(edx, ecx);
  a.shr(ecx, 2);
  a.repStosd();
  a.mov(ecx, edx);
  a.and(ecx, 3);
  a.repStosb();
  restore(a, [edi]);
}

function writeFillWords(a: Assembler): void {
  save(a, [edi]);
  a.mov(edi, eax);
  a.mov(eax, edx);
  a.repStosd();
  restore(a, [edi]);
}

type Part = "quotient" | "remainder";

function writeUnsigned(part: Part): (a: Assembler) => void {
  return (a) => {
    save(a, DIVISION_SAVES);
    a.call(DIVIDE);
    takePart(a, part);
    restore(a, DIVISION_SAVES);
  };
}

/** `divide` leaves the quotient in EDX:EAX and the remainder in EBX:ECX. */
function takePart(a: Assembler, part: Part): void {
  if (part === "quotient") return;
  a.mov(eax, ecx);
  a.mov(edx, ebx);
}

/** high:low := -high:low */
function negate(a: Assembler, high: Register32, low: Register32): void {
  a.neg(low);
  a.adc(high, 0);
  a.neg(high);
}

/** high:low := |high:low| */
function takeMagnitude(a: Assembler, high: Register32, low: Register32): void {
  const end = a.newLabel();
  a.test(high, high);
  a.jns(end);
  negate(a, high, low);
  a.label(end);
}

/** Divides magnitudes; the quotient has the product's sign, the remainder the dividend's. */
function writeSigned(part: Part): (a: Assembler) => void {
  return (a) => {
    save(a, DIVISION_SAVES);
    // The sign of the result, kept on the stack: bit 31.
    a.mov(esi, edx);
    if (part === "quotient") a.xor(esi, ebx);
    a.push(esi);
    a.frame(24, savedPlaces(DIVISION_SAVES));
    takeMagnitude(a, edx, eax);
    takeMagnitude(a, ebx, ecx);
    a.call(DIVIDE);
    takePart(a, part);
    a.pop(esi);
    a.frame(20, savedPlaces(DIVISION_SAVES));
    a.test(esi, esi);
    a.jns("positive");
    negate(a, edx, eax);
    a.label("end");
    restore(a, DIVISION_SAVES);
    a.label("positive");
    a.frame(20, savedPlaces(DIVISION_SAVES));
    a.test(edx, edx);
    a.jns("end");
    // +2^63 is the one quotient that does not fit: the processor faults when it divides it by 1.
    a.mov(ecx, 1);
    a.div(ecx);
  };
}

/**
 * EDX:EAX by EBX:ECX, unsigned: quotient in EDX:EAX, remainder in EBX:ECX; changes ESI, EDI, EBP.
 *
 * A divisor of one word takes one or two divisions. Otherwise the quotient has one word: dividing
 * half the dividend by the divisor's 32 leading bits estimates it, at most one too large; taking
 * one off makes it at most one too small, which the remainder shows. (H. S. Warren, Hacker's
 * Delight, second edition, section 9-5.)
 */
function writeDivide(a: Assembler): void {
  a.test(ebx, ebx);
  a.jne("wide");
  a.cmp(edx, ecx);
  a.jae("twice");
  a.div(ecx);
  a.mov(ecx, edx);
  a.xor(edx, edx);
  a.ret();

  a.label("twice");
  a.mov(esi, eax);
  a.mov(eax, edx);
  a.xor(edx, edx);
  a.div(ecx);
  a.xchg(eax, esi);
  a.div(ecx);
  a.mov(ecx, edx);
  a.mov(edx, esi);
  a.ret();

  a.label("wide");
  a.mov(esi, eax);
  a.mov(edi, edx);
  a.mov(ebp, ecx);
  a.bsr(eax, ebx);
  a.mov(ecx, 31);
  a.sub(ecx, eax);
  a.mov(eax, ebx);
  a.shld(eax, ebp, cl);
  a.push(eax);
  a.frame(8);
  a.mov(eax, esi);
  a.mov(edx, edi);
  a.shrd(eax, edx, 1);
  a.shr(edx, 1);
  a.div(mem32({ base: esp }));
  a.pop(edx);
  a.frame(4);
  a.xor(ecx, 31);
  a.shr(eax, cl);
  a.test(eax, eax);
  a.je("estimated");
  a.dec(eax);
  a.label("estimated");
  a.mov(ecx, eax);
  a.mul(ebp);
  a.push(ebx);
  a.frame(8);
  a.imul(ebx, ecx);
  a.add(edx, ebx);
  a.pop(ebx);
  a.frame(4);
  a.sub(esi, eax);
  a.sbb(edi, edx);
  a.mov(eax, ecx);
  a.mov(ecx, esi);
  a.mov(edx, edi);
  a.cmp(esi, ebp);
  a.sbb(edi, ebx);
  a.jb("done");
  a.inc(eax);
  a.sub(ecx, ebp);
  a.sbb(edx, ebx);
  a.label("done");
  a.mov(ebx, edx);
  a.xor(edx, edx);
  a.ret();
}
