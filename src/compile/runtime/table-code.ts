// The code of a module's tables, in assembly: what `table.grow` calls, and what puts segments into
// tables before the module's first function runs.

import type { Assembler } from "../../x86/assembler";
import { mem32, symbol } from "../../x86/operand";
import { eax, ebx, ecx, edi, edx, esi } from "../../x86/registers";
import { trapKind } from "../ir/trap";

const WORD = 4;

/** A table as its code knows it. */
export interface TableStorage {
  readonly symbol: string;
  /** The number of entries, or the symbol of the word that holds it. */
  readonly size: number | string;
  /** Entries that it has room for. */
  readonly room: number;
}

/** `NAME.grow`: EAX the new entries, EDX how many; EAX := the size before, or -1 for no room. */
export function emitGrow(a: Assembler, { symbol: name, size, room }: TableStorage): void {
  const routine = `${name}.grow`;
  const fails = a.newLabel();
  a.section(`.text.${routine}`, { execute: true });
  a.align(WORD);
  a.function(
    routine,
    () => {
      const grown = mem32({ symbol: String(size) });
      a.push(edi);
      a.frame(8, { edi: 8 });
      a.push(ebx);
      a.frame(12, { edi: 8, ebx: 12 });
      a.mov(ebx, grown);
      a.mov(ecx, room);
      a.sub(ecx, ebx);
      a.cmp(edx, ecx);
      a.ja(fails);
      a.lea(edi, mem32({ symbol: name, index: ebx, scale: WORD }));
      a.add(grown, edx);
      a.mov(ecx, edx);
      a.repStosd();
      a.label("end");
      a.mov(eax, ebx);
      a.pop(ebx);
      a.frame(8, { edi: 8 });
      a.pop(edi);
      a.frame(4);
      a.ret();
      a.label(fails);
      a.frame(12, { edi: 8, ebx: 12 });
      a.mov(ebx, -1);
      a.jmp("end");
    },
    "local",
  );
}

/**
 * Copies `count` entries from the symbol `image` to a table, at the index in EAX; a trap if they do
 * not fit. Changes EAX, ECX, EDX, and saves the rest.
 */
export function emitPlacing(
  a: Assembler,
  { symbol: table, size }: TableStorage,
  image: string,
  count: number,
): void {
  const isInside = a.newLabel();
  const fails = a.newLabel();
  if (typeof size === "string") a.mov(ecx, mem32({ symbol: size }));
  else a.mov(ecx, size);
  a.sub(ecx, count);
  a.jb(fails);
  a.cmp(eax, ecx);
  a.jbe(isInside);
  a.label(fails);
  a.ud1(eax, mem32({ disp: trapKind("out of bounds table access") }));
  a.label(isInside);
  a.push(esi);
  a.push(edi);
  a.lea(edi, mem32({ symbol: table, index: eax, scale: WORD }));
  a.mov(esi, symbol(image));
  a.mov(ecx, count);
  a.repMovsd();
  a.pop(edi);
  a.pop(esi);
}
