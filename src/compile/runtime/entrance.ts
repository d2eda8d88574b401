// Functions by which others call those of a module whose tail calls need more room on the stack
// than their callers know of (translate/tail-room.ts): they leave the room, and pass on what is on
// the stack.
//
//   room for arguments and results  <- [ESP] at the call
//   return address
//   arguments as they came, and room for results

import type { Assembler } from "../../x86/assembler";
import { mem32 } from "../../x86/operand";
import { esp } from "../../x86/registers";
import { exchangedWords, resultPlaces, stackWords } from "../code/calling-convention";
import { wordsOf } from "../code/code";
import type { Target } from "../code/target";
import { type Signature, valuesOf } from "../ir/ir";

const WORD = 4;

/** Appends the global function `name`, which calls `callee`, of a module with this machine. */
export function emitEntrance(
  a: Assembler,
  name: string,
  callee: string,
  signature: Signature,
  machine: Target,
): void {
  const outside = { ...machine, convention: { ...machine.convention, tailWords: 0 } };
  const size = WORD * exchangedWords(signature, machine);
  const args = stackWords(signature, machine);
  const types = valuesOf(signature.results);
  const copy = (from: number, to: number): void => {
    a.push(mem32({ base: esp, disp: from }));
    a.frame(2 * WORD + size);
    // The address of what is popped counts from after the pop.
    a.pop(mem32({ base: esp, disp: to }));
    a.frame(WORD + size);
  };
  a.section(`.text.${name}`, { execute: true });
  a.align(WORD);
  a.function(name, () => {
    a.frame(WORD);
    a.sub(esp, size);
    a.frame(WORD + size);
    for (let word = 0; word < args; word++) copy(size + WORD * (1 + word), WORD * word);
    a.call(callee);
    const wanted = resultPlaces(signature, outside);
    for (const [i, place] of resultPlaces(signature, machine).entries()) {
      const to = wanted[i]!;
      if (!("stack" in place) || !("stack" in to)) continue;
      for (let word = 0; word < wordsOf(types[i]!); word++) {
        copy(WORD * (place.stack + word), size + WORD * (1 + to.stack + word));
      }
    }
    a.add(esp, size);
    a.frame(WORD);
    a.ret();
  });
}
