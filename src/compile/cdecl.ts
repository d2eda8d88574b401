// Between our calling convention and C's (the System V ABI for i386), for objects that GCC and
// Clang link with. docs/object-abi.md is the contract.
//
//   C  --call-->  sum (global, cdecl)  --regparm-->  main/sum (local)       an export
//   main/sum  --regparm-->  cdecl:puts (local)  --cdecl-->  puts            an import
//
// The compiled functions keep one convention among themselves, so calls through the table need no
// second kind. cdecl passes every argument on the stack, the first at the lowest address:
//
//   [ESP + 4 + 4 n]   word n of the arguments; an i64 is two words, the low one first
//   EAX, EDX:EAX      the result
//
// EBX, ESI, EDI and EBP are preserved and EAX, ECX and EDX are not, in both conventions. C may
// expect ESP + 4 to be a multiple of 16 at a function's entry; ours are not, so calls of C align
// it.

import type { Assembler } from "../i686/assembler";
import type { ObjectFile } from "../i686/object";
import { mem, mem32 } from "../i686/operand";
import { eax, ebp, esp, registers32 } from "../i686/registers";
import { type ArgumentPlace, argumentPlaces } from "./calling-convention";
import type { Signature } from "./ir";

const WORD = 4;
const C_STACK_ALIGN = 16;

/** What our code calls the import `name`: the local symbol of its adapter. */
export function importAdapter(name: string): string {
  return `cdecl:${name}`;
}

/** Appends the global cdecl function `name`, which calls `target`, one of ours. */
export function emitExport(a: Assembler, name: string, target: string, signature: Signature): void {
  const places = argumentPlaces(signature);
  const stacked = places.filter(isStacked).length;
  a.section(`.text.${name}`, { execute: true });
  a.align(WORD);
  a.function(name, () => {
    if (stacked > 0) a.sub(esp, WORD * stacked);
    a.frame(WORD * (1 + stacked));
    for (const [word, place] of places.entries()) {
      if (!isStacked(place)) continue;
      a.mov(eax, argument(word, stacked));
      a.mov(mem32({ base: esp, disp: WORD * place.stack }), eax);
    }
    for (const [word, place] of places.entries()) {
      if (!isStacked(place)) a.mov(registers32[place.register]!, argument(word, stacked));
    }
    if (stacked === 0) {
      a.jmp(target);
      return;
    }
    a.call(target);
    a.add(esp, WORD * stacked);
    a.frame(WORD);
    a.ret();
  });
}

/** Appends our function `importAdapter(name)`, which calls the cdecl function `name`. */
export function emitImport(a: Assembler, name: string, signature: Signature): void {
  const places = argumentPlaces(signature);
  const adapter = importAdapter(name);
  a.section(`.text.${adapter}`, { execute: true });
  a.align(WORD);
  a.function(
    adapter,
    () => {
      a.push(ebp);
      a.frame(2 * WORD, { ebp: 2 * WORD });
      a.mov(ebp, esp);
      a.sub(esp, WORD * places.length);
      a.and(esp, -C_STACK_ALIGN);
      const to = (word: number) => mem32({ base: esp, disp: WORD * word });
      for (const [word, place] of places.entries()) {
        if (!isStacked(place)) a.mov(to(word), registers32[place.register]!);
      }
      for (const [word, place] of places.entries()) {
        if (!isStacked(place)) continue;
        a.mov(eax, mem32({ base: ebp, disp: 2 * WORD + WORD * place.stack }));
        a.mov(to(word), eax);
      }
      a.call(name);
      a.mov(esp, ebp);
      a.pop(ebp);
      a.frame(WORD);
      a.ret();
    },
    "local",
  );
}

function isStacked(place: ArgumentPlace): place is { readonly stack: number } {
  return "stack" in place;
}

function argument(word: number, stacked: number) {
  return mem({ base: esp, disp: WORD * (1 + stacked + word) });
}

/** The object with only `visible` symbols global, as C hides what is `static`. */
export function hideSymbols(object: ObjectFile, visible: ReadonlySet<string>): ObjectFile {
  const symbols = object.symbols.map((symbol) => {
    const isDefined = symbol.section !== undefined || symbol.absolute === true;
    const hides = isDefined && !visible.has(symbol.name);
    return hides ? { ...symbol, binding: "local" as const } : symbol;
  });
  return { ...object, symbols };
}
