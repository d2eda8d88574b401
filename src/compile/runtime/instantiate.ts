// The code that completes a module before its first function runs, in assembly; instantiate.ts of
// translate/ says what it must do.

import type { Assembler } from "../../x86/assembler";
import { mem32, symbol } from "../../x86/operand";
import { eax, ecx, edx, esp } from "../../x86/registers";
import { trapKind } from "../ir/trap";
import { emitPlacing, type TableStorage } from "./table-code";

const WORD = 4;

/** The symbol of the code; local to an object. */
export const INSTANTIATE = "isthmus:instantiate";

/** What computes a constant when the program runs, in postfix order. */
export type ConstantCode =
  | { readonly kind: "number"; readonly low: number; readonly high: number }
  /** The symbol of the memory that holds it. */
  | { readonly kind: "global"; readonly symbol: string }
  | { readonly kind: "add" | "sub" | "mul" };

export type InstantiateStep =
  | {
      readonly kind: "global";
      readonly to: string;
      readonly from: readonly ConstantCode[];
      readonly words: 1 | 2;
    }
  | {
      readonly kind: "elements";
      readonly table: TableStorage;
      readonly at: readonly ConstantCode[];
      readonly image: string;
      readonly count: number;
    }
  | {
      readonly kind: "data";
      readonly at: readonly ConstantCode[];
      /** Where the memory begins. */
      readonly base: number;
      readonly symbol: string | undefined;
      /** The size of the memory, if the data could lie beyond it. */
      readonly size: number | string | undefined;
      readonly image: string;
      readonly bytes: number;
    };

/** Appends the function `INSTANTIATE`, which ends by going on to the start function. */
export function emitInstantiate(
  a: Assembler,
  steps: readonly InstantiateStep[],
  start: string | undefined,
): void {
  a.section(`.text.${INSTANTIATE}`, { execute: true });
  a.align(WORD);
  a.function(
    INSTANTIATE,
    () => {
      for (const step of steps) emitStep(a, step);
      if (start === undefined) a.ret();
      else a.jmp(start);
    },
    "local",
  );
}

function emitStep(a: Assembler, step: InstantiateStep): void {
  switch (step.kind) {
    case "global":
      emitConstant(a, step.from, step.words);
      for (let word = 0; word < step.words; word++) {
        a.pop(eax);
        a.frame(WORD * (step.words - word));
        a.mov(mem32({ symbol: step.to, disp: WORD * word }), eax);
      }
      return;
    case "elements":
      load(a, step.at);
      emitPlacing(a, step.table, step.image, step.count);
      return;
    case "data":
      load(a, step.at);
      if (step.size !== undefined) checkPlace(a, step.size, step.bytes);
      if (step.bytes === 0) return;
      if (step.symbol !== undefined) a.add(eax, symbol(step.symbol, step.base));
      else if (step.base !== 0) a.add(eax, step.base);
      a.mov(edx, symbol(step.image));
      a.mov(ecx, step.bytes);
      a.call("__isthmus_copy");
  }
}

/** Traps unless `bytes` bytes from EAX on are in a memory of this size. */
function checkPlace(a: Assembler, size: number | string, bytes: number): void {
  const isInside = a.newLabel();
  const fails = a.newLabel();
  if (typeof size === "string") a.mov(ecx, mem32({ symbol: size }));
  else a.mov(ecx, size);
  a.sub(ecx, bytes);
  a.jb(fails);
  a.cmp(eax, ecx);
  a.jbe(isInside);
  a.label(fails);
  a.ud1(eax, mem32({ disp: trapKind("out of bounds memory access") }));
  a.label(isInside);
}

/** EAX := a constant of one word. */
function load(a: Assembler, code: readonly ConstantCode[]): void {
  const [first, ...others] = code;
  if (first?.kind === "number" && others.length === 0) {
    a.mov(eax, first.low);
    return;
  }
  emitConstant(a, code, 1);
  a.pop(eax);
  a.frame(WORD);
}

/** Leaves a constant of one word or two on the stack. */
function emitConstant(a: Assembler, code: readonly ConstantCode[], words: 1 | 2): void {
  let depth = 0;
  const note = (by: number): void => {
    depth += by;
    a.frame(WORD * (1 + depth));
  };
  for (const each of code) {
    if (each.kind === "number") {
      for (const word of [each.low, each.high].slice(0, words).reverse()) {
        a.push(word);
        note(1);
      }
    } else if (each.kind === "global") {
      for (let word = words - 1; word >= 0; word--) {
        a.push(mem32({ symbol: each.symbol, disp: WORD * word }));
        note(1);
      }
    } else if (words === 1) {
      a.pop(eax);
      note(-1);
      computeWord(a, each.kind);
    } else {
      computePair(a, each.kind);
      a.add(esp, 2 * WORD);
      note(-2);
    }
  }
}

const TOP = { base: esp };

/** The word on the stack := it and EAX. */
function computeWord(a: Assembler, kind: "add" | "sub" | "mul"): void {
  if (kind === "add") a.add(mem32(TOP), eax);
  else if (kind === "sub") a.sub(mem32(TOP), eax);
  else {
    a.imul(eax, mem32(TOP));
    a.mov(mem32(TOP), eax);
  }
}

/** The second pair of words on the stack := it and the first pair. */
function computePair(a: Assembler, kind: "add" | "sub" | "mul"): void {
  const word = (index: number) => mem32({ base: esp, disp: WORD * index });
  a.mov(eax, word(0));
  a.mov(edx, word(1));
  if (kind === "add") {
    a.add(word(2), eax);
    a.adc(word(3), edx);
  } else if (kind === "sub") {
    a.sub(word(2), eax);
    a.sbb(word(3), edx);
  } else {
    a.imul(edx, word(2));
    a.mov(ecx, eax);
    a.imul(ecx, word(3));
    a.add(ecx, edx);
    a.mul(word(2));
    a.add(edx, ecx);
    a.mov(word(2), eax);
    a.mov(word(3), edx);
  }
}
