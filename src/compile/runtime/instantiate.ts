// The code that completes a module before its first function runs, in assembly; instantiate.ts of
// translate/ says what it must do.

import type { Assembler } from "../../x86/assembler";
import { mem32, symbol } from "../../x86/operand";
import { eax, ecx, edx } from "../../x86/registers";
import { emitPlacing, type TableStorage } from "./table-code";

const WORD = 4;

/** The symbol of the code; local to an object. */
export const INSTANTIATE = "isthmus:instantiate";

/** A number that is known, or the symbol of the word that holds it. */
export type Start = number | string;

export type InstantiateStep =
  | { readonly kind: "global"; readonly to: string; readonly from: string; readonly words: 1 | 2 }
  | {
      readonly kind: "elements";
      readonly table: TableStorage;
      readonly at: Start;
      readonly image: string;
      readonly count: number;
    }
  | {
      readonly kind: "data";
      readonly at: Start;
      /** Added to the address. */
      readonly base: number;
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
      for (let disp = 0; disp < WORD * step.words; disp += WORD) {
        a.mov(eax, mem32({ symbol: step.from, disp }));
        a.mov(mem32({ symbol: step.to, disp }), eax);
      }
      return;
    case "elements":
      load(a, step.at);
      emitPlacing(a, step.table, step.image, step.count);
      return;
    case "data":
      load(a, step.at);
      if (step.base !== 0) a.add(eax, step.base);
      a.mov(edx, symbol(step.image));
      a.mov(ecx, step.bytes);
      a.call("__isthmus_copy");
  }
}

function load(a: Assembler, start: Start): void {
  if (typeof start === "string") a.mov(eax, mem32({ symbol: start }));
  else a.mov(eax, start);
}
