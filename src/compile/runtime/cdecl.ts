// Between our calling convention and C's (the System V ABI for i386), for objects that GCC and
// Clang link with. docs/object-abi.md is the contract.
//
//   C  --call-->  sum (global, cdecl)  --regparm-->  main/sum (local)       an export
//   main/sum  --regparm-->  cdecl:puts (local)  --cdecl-->  puts            an import
//
// The compiled functions keep one convention among themselves, so calls through the table need no
// second kind. cdecl passes every argument on the stack, the first at the lowest address:
//
//   [ESP + 4 + 4 n]   word n of the arguments; an i64 is two words, the low one first, as is an f64
//   EAX, EDX:EAX      the result, or for a floating-point number:
//   ST(0)             the top of the x87 stack, which is empty otherwise
//
// Several results are a structure in C: the caller passes its address before all arguments, and the
// function removes that and returns it in EAX.
//
// EBX, ESI, EDI and EBP are preserved and EAX, ECX, EDX and the XMM registers are not, in both
// conventions. C may expect ESP + 4 to be a multiple of 16 at a function's entry; ours does not
// keep that, so calls of C align the stack.

import type { ObjectFile } from "../../object/object";
import type { Assembler } from "../../x86/assembler";
import { type MemoryParts, mem32, mem64 } from "../../x86/operand";
import { eax, ebp, ecx, esp, registers32, registersXmm, xmm0 } from "../../x86/registers";
import {
  type ArgumentPlace,
  argumentPlaces,
  exchangedWords,
  resultPlaces,
} from "../code/calling-convention";
import { FIRST_FLOAT, numberOf, wordsOf } from "../code/code";
import type { Target } from "../code/target";
import { isFloatType, type NumberType, type Signature, type ValueType, valuesOf } from "../ir/ir";

const WORD = 4;
const C_STACK_ALIGN = 16;

/** What our code calls the import `name`: the local symbol of its adapter. */
export function importAdapter(name: string): string {
  return `cdecl:${name}`;
}

/** One value of the arguments or results: where C puts it and where our convention does. */
interface Passed {
  readonly type: ValueType;
  /** Its first word among C's arguments, or in C's structure of results. */
  readonly word: number;
  readonly place: ArgumentPlace;
}

function argumentsOf(signature: Signature, target: Target): Passed[] {
  return passed(signature.parameters, argumentPlaces(signature, target));
}

function resultsOf(signature: Signature, target: Target): Passed[] {
  return passed(signature.results, resultPlaces(signature, target));
}

/** The values that `types` make, which C lays out one after the other. */
function passed(types: readonly NumberType[], places: readonly ArgumentPlace[]): Passed[] {
  let next = 0;
  return valuesOf(types).map((type, i) => {
    const word = next;
    next += wordsOf(type);
    return { type, word, place: places[i]! };
  });
}

/** How many words all of them take in C. */
function wordsIn(values: readonly Passed[]): number {
  return values.reduce((sum, { type }) => sum + wordsOf(type), 0);
}

/** Appends the global cdecl function `name`, which calls `callee`, one of our functions. */
export function emitExport(
  a: Assembler,
  name: string,
  callee: string,
  signature: Signature,
  target: Target,
): void {
  const all = argumentsOf(signature, target);
  const exchanged = WORD * exchangedWords(signature, target);
  const [result] = signature.results;
  const isStructure = signature.results.length > 1;
  const isFloat = !isStructure && isFloatType(result);
  // Place for what is on our stack, and later for a result on its way to ST(0).
  const size = isFloat ? Math.max(exchanged, WORD * wordsOf(result)) : exchanged;
  const structure = { base: esp, disp: size + WORD };
  const first = isStructure ? 2 : 1;
  const from = (word: number) => ({ base: esp, disp: size + WORD * (first + word) });
  a.section(`.text.${name}`, { execute: true });
  a.align(WORD);
  a.function(name, () => {
    if (size > 0) a.sub(esp, size);
    a.frame(WORD + size);
    for (const { type, word, place } of all) {
      if (isStacked(place)) copyWords(a, wordsOf(type), from(word), at(place.stack));
    }
    for (const { type, word, place } of all) {
      if (!isStacked(place)) load(a, type, place.register, from(word));
    }
    if (size === 0) {
      a.jmp(callee);
      return;
    }
    a.call(callee);
    if (isFloat) {
      store(a, result, numberOf(xmm0), at(0));
      a.fld(result === "f32" ? mem32(at(0)) : mem64(at(0)));
    }
    if (isStructure) fillStructure(a, resultsOf(signature, target), structure);
    a.add(esp, size);
    a.frame(WORD);
    if (isStructure) a.ret(WORD);
    else a.ret();
  });
}

/** Stores our results into C's structure; EAX := its address, which is at `place`. */
function fillStructure(a: Assembler, results: readonly Passed[], place: MemoryParts): void {
  a.mov(ecx, mem32(place));
  for (const { type, word, place } of results) {
    if (!isStacked(place)) store(a, type, place.register, { base: ecx, disp: WORD * word });
  }
  for (const { type, word, place } of results) {
    const to = { base: ecx, disp: WORD * word };
    if (isStacked(place)) copyWords(a, wordsOf(type), at(place.stack), to);
  }
  a.mov(eax, ecx);
}

/** Our results from C's structure, which is at EAX. */
function takeStructure(a: Assembler, results: readonly Passed[]): void {
  a.mov(ecx, eax);
  for (const { type, word, place } of results) {
    const from = { base: ecx, disp: WORD * word };
    const to = isStacked(place) && { base: ebp, disp: WORD * (2 + place.stack) };
    if (to) copyWords(a, wordsOf(type), from, to);
  }
  for (const { type, word, place } of results) {
    if (!isStacked(place)) load(a, type, place.register, { base: ecx, disp: WORD * word });
  }
}

/** Appends our function `importAdapter(name)`, which calls the cdecl function `name`. */
export function emitImport(a: Assembler, name: string, signature: Signature, target: Target): void {
  const all = argumentsOf(signature, target);
  const results = resultsOf(signature, target);
  const words = wordsIn(all);
  const [result] = signature.results;
  const isStructure = signature.results.length > 1;
  const isFloat = !isStructure && isFloatType(result);
  // The address of the structure stands before the arguments, the structure itself after them.
  const first = isStructure ? 1 : 0;
  const structure = isStructure ? wordsIn(results) : 0;
  const adapter = importAdapter(name);
  a.section(`.text.${adapter}`, { execute: true });
  a.align(WORD);
  a.function(
    adapter,
    () => {
      a.push(ebp);
      a.frame(2 * WORD, { ebp: 2 * WORD });
      a.mov(ebp, esp);
      a.frame(2 * WORD, { ebp: 2 * WORD }, { base: "ebp" });
      a.sub(esp, WORD * Math.max(first + words + structure, isFloat ? wordsOf(result) : 0));
      a.and(esp, -C_STACK_ALIGN);
      for (const { type, word, place } of all) {
        if (!isStacked(place)) store(a, type, place.register, at(first + word));
      }
      for (const { type, word, place } of all) {
        const from = isStacked(place) && { base: ebp, disp: WORD * (2 + place.stack) };
        if (from) copyWords(a, wordsOf(type), from, at(first + word));
      }
      if (isStructure) {
        a.lea(eax, mem32(at(first + words)));
        a.mov(mem32(at(0)), eax);
      }
      a.call(name);
      if (isFloat) {
        a.fstp(result === "f32" ? mem32(at(0)) : mem64(at(0)));
        load(a, result, numberOf(xmm0), at(0));
      }
      if (isStructure) takeStructure(a, results);
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

/** Word `word` of what is on top of the stack. */
function at(word: number): MemoryParts {
  return { base: esp, disp: WORD * word };
}

/** Copies words of memory through EAX. */
function copyWords(a: Assembler, count: number, from: MemoryParts, to: MemoryParts): void {
  for (let byte = 0; byte < WORD * count; byte += WORD) {
    a.mov(eax, mem32({ ...from, disp: (from.disp ?? 0) + byte }));
    a.mov(mem32({ ...to, disp: (to.disp ?? 0) + byte }), eax);
  }
}

function load(a: Assembler, type: ValueType, register: number, from: MemoryParts): void {
  if (type === "f32") a.movss(registersXmm[register - FIRST_FLOAT]!, mem32(from));
  else if (type === "f64") a.movsd(registersXmm[register - FIRST_FLOAT]!, mem64(from));
  else a.mov(registers32[register]!, mem32(from));
}

function store(a: Assembler, type: ValueType, register: number, to: MemoryParts): void {
  if (type === "f32") a.movss(mem32(to), registersXmm[register - FIRST_FLOAT]!);
  else if (type === "f64") a.movsd(mem64(to), registersXmm[register - FIRST_FLOAT]!);
  else a.mov(mem32(to), registers32[register]!);
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
