// The steps that a row of the benchmark is made of, and the instructions of each.
//
// A step writes only to the memory that it is meant to change: after a fork every other page
// written would cost a copy, which has a row of its own. So state is kept in registers.
//
//   EAX   the last call's result      EBP  the time at which the measured steps began
//   EBX, ECX, EDX  arguments          EDI  the child, in its parent
//                                     ESI  where the next sample goes

import { SystemCall } from "../../src/abi/linux/i386";
import type { Assembler } from "../../src/x86/assembler";
import { type Label, mem8, mem32, symbol } from "../../src/x86/operand";
import { al, eax, ebx, ecx, edi, edx, type Register32 } from "../../src/x86/registers";

export interface Step {
  /** Instructions of the program itself that it executes, other than `int 0x80`. */
  readonly own: number;
  emit(a: Assembler): void;
}

/** A page to read into. */
export const SCRATCH = Symbol("scratch");
/** The process that the last `fork` made. */
export const CHILD = Symbol("child");

/** An address in the heap, which begins where the break is when the program starts. */
export class HeapAddress {
  constructor(readonly offset: number) {}
}

/**
 * An argument: a number, the address of a string, of words in read-only memory, or one of the
 * above. A string among the words is its address.
 */
export type Argument =
  | number
  | string
  | readonly (number | string)[]
  | typeof SCRATCH
  | typeof CHILD
  | HeapAddress;

const PAGE = 4096;
const ARGUMENTS = [ebx, ecx, edx] as const;
/** Symbols of program.ts. */
export const HEAP_WORD = "heap";
export const SCRATCH_PAGE = "scratch";

export function heap(offset = 0): HeapAddress {
  return new HeapAddress(offset);
}

/** A system call. */
export function call(number: number, ...parameters: readonly Argument[]): Step {
  const own = parameters.reduce<number>((sum, each) => sum + loadCost(each), 1);
  return {
    own,
    emit(a) {
      for (const [index, parameter] of parameters.entries()) {
        loadArgument(a, ARGUMENTS[index]!, parameter);
      }
      a.mov(eax, number);
      a.int(0x80);
    },
  };
}

/** Writes to each of the first pages of the heap, or of what begins at an address. */
export function touch(pages: number, start?: number): Step {
  return {
    own: 2 + 4 * pages,
    emit(a) {
      const next = a.newLabel("next");
      if (start === undefined) a.mov(ecx, mem32({ symbol: HEAP_WORD }));
      else a.mov(ecx, start);
      a.mov(edx, pages);
      a.label(next);
      a.mov(mem8({ base: ecx }), al);
      a.add(ecx, PAGE);
      a.dec(edx);
      a.jnz(next);
    },
  };
}

/** A process that takes these steps and must not come to their end. */
export function fork(...child: readonly Step[]): Step {
  return {
    own: 6 + ownInstructions(child),
    emit(a) {
      a.mov(eax, SystemCall.fork);
      branchOff(a, child);
      a.mov(edi, eax);
    },
  };
}

/** A thread that takes these steps, which need no stack, and must not come to their end. */
export function thread(flags: number, ...steps: readonly Step[]): Step {
  return {
    own: 7 + ownInstructions(steps),
    emit(a) {
      a.mov(ebx, flags);
      a.xor(ecx, ecx);
      a.mov(eax, SystemCall.clone);
      branchOff(a, steps);
    },
  };
}

/** Makes the call that EAX names, which returns twice: the new one takes the steps. */
function branchOff(a: Assembler, steps: readonly Step[]): void {
  const parent = a.newLabel("parent");
  a.int(0x80);
  a.test(eax, eax);
  a.jnz(parent);
  for (const step of steps) step.emit(a);
  a.label(parent);
}

/** Takes steps again and again. */
export function forever(...steps: readonly Step[]): Step {
  return {
    own: 0,
    emit(a) {
      const again = a.newLabel("again");
      a.label(again);
      for (const step of steps) step.emit(a);
      a.jmp(again);
    },
  };
}

/** From now on a signal is handled, by a function that returns at once. */
export function handle(signal: number): Step {
  return {
    own: 5,
    emit(a) {
      const [handler, action, past] = ["handler", "action", "past"].map((each) => a.newLabel(each));
      a.jmp(past!);
      a.label(handler!);
      a.ret();
      a.label(past!);
      a.section(".rodata");
      a.align(4);
      a.label(action!);
      a.long(handler!, 0, 0, 0);
      a.section(".text");
      a.mov(ebx, signal);
      a.mov(ecx, symbol(action!));
      a.xor(edx, edx);
      a.mov(eax, SystemCall.sigaction);
      a.int(0x80);
    },
  };
}

/** Writes words to the beginning of the page to read into. */
export function fill(words: readonly number[]): Step {
  return {
    own: words.length,
    emit(a) {
      for (const [index, word] of words.entries()) {
        a.mov(mem32({ symbol: SCRATCH_PAGE, disp: 4 * index }), word);
      }
    },
  };
}

export function ownInstructions(steps: readonly Step[]): number {
  return steps.reduce((sum, { own }) => sum + own, 0);
}

function loadCost(parameter: Argument): number {
  return parameter instanceof HeapAddress && parameter.offset !== 0 ? 2 : 1;
}

function loadArgument(a: Assembler, register: Register32, parameter: Argument): void {
  if (parameter instanceof HeapAddress) {
    a.mov(register, mem32({ symbol: HEAP_WORD }));
    if (parameter.offset !== 0) a.add(register, parameter.offset);
  } else if (parameter === CHILD) a.mov(register, edi);
  else if (parameter === SCRATCH) a.mov(register, symbol(SCRATCH_PAGE));
  else if (typeof parameter === "number") a.mov(register, parameter);
  else a.mov(register, symbol(constant(a, parameter)));
}

/** Read-only data; the code goes on in .text. */
function constant(a: Assembler, value: string | readonly (number | string)[]): Label {
  const words =
    typeof value === "string"
      ? undefined
      : value.map((word) => (typeof word === "string" ? constant(a, word) : word));
  const label = a.newLabel("constant");
  a.section(".rodata");
  a.align(4);
  a.label(label);
  if (words) a.long(...words);
  else a.asciz(value as string);
  a.section(".text");
  return label;
}
