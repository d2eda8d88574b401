// Floating-point numbers that code reads from memory, each once in an object.
//
//   f64:3ff0000000000000     1.0, 8 bytes             f32:3f800000     1.0, 4 bytes
//   abs:f64                  a mask of all bits but the sign, 16 bytes, for `andps`
//   sign:f64                 the sign alone, for `xorps` and `andps`
//
// They are local symbols named by what they are, so that selection can refer to one without
// registering it, and two functions to the same one. An object has those that its code refers to.

import type { Assembler } from "../../x86/assembler";
import type { FloatType } from "./ir";

const NAME = /^(?:f32:[0-9a-f]{8}|f64:[0-9a-f]{16}|(?:abs|sign):f(?:32|64))$/;

/** The symbol of a number by its bits. */
export function floatSymbol(type: FloatType, low: number, high: number): string {
  const hex = (word: number) => (word >>> 0).toString(16).padStart(8, "0");
  return type === "f32" ? `f32:${hex(low)}` : `f64:${hex(high)}${hex(low)}`;
}

/** The symbol of a mask of 128 bits, the same in each number. */
export function maskSymbol(mask: "abs" | "sign", type: FloatType): string {
  return `${mask}:${type}`;
}

/** Whether `name` is the symbol of a constant of this file. */
export function isFloatSymbol(name: string): boolean {
  return NAME.test(name);
}

/** Whether the constant is +0, which a register can have without a load. */
export function isFloatZero(name: string): boolean {
  return /^f(?:32|64):0+$/.test(name);
}

/** The words of a constant in memory, the lowest first. */
function wordsOf(name: string): number[] {
  const [kind = "", rest = ""] = name.split(":");
  if (kind === "f32") return [Number.parseInt(rest, 16)];
  if (kind === "f64") {
    return [Number.parseInt(rest.slice(8), 16), Number.parseInt(rest.slice(0, 8), 16)];
  }
  const sign = 0x8000_0000;
  const words = rest === "f32" ? [sign, sign, sign, sign] : [0, sign, 0, sign];
  return kind === "sign" ? words : words.map((word) => ~word >>> 0);
}

/** Appends the constants named; the widest first, so that each is aligned to its size. */
export function emitFloatConstants(a: Assembler, names: Iterable<string>): void {
  const all = [...names].map((name) => ({ name, words: wordsOf(name) }));
  if (all.length === 0) return;
  all.sort((p, q) => q.words.length - p.words.length || (p.name < q.name ? -1 : 1));
  a.section(".rodata.floats", {});
  a.align(4 * all[0]!.words.length);
  for (const { name, words } of all) {
    a.local(name, "object");
    a.long(...words.map((word) => word | 0));
  }
}
