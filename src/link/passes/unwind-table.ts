// The entries of an `.eh_frame` section: what unwinders read to walk the stack of code.
//
//   CIE   what several functions have in common; refers to their personality routine
//   FDE   one function: which CIE, where the function is, where its exception table is
//
//   length 4 | 0 4 or, in an FDE, the distance back to its CIE 4 | content … up to a whole word
//
// See the Linux Standard Base, "DWARF extensions", and DWARF 4, 6.4.1.

import type { Relocation } from "../../object/object";
import type { InputSection } from "./model";

const NAME = ".eh_frame";
const WORD = 4;
/** Offsets of the word after the length, and of the function's address in an FDE. */
export const CIE_POINTER = 4;
const FUNCTION = 8;

export interface UnwindEntry {
  readonly input: InputSection;
  /** From the start of the section; the size includes the word with the length. */
  readonly offset: number;
  readonly size: number;
  readonly relocations: readonly Relocation[];
  /** Of an FDE: its CIE. */
  readonly common: UnwindEntry | undefined;
  /** Of an FDE: what relocates the address of its function. */
  readonly about: Relocation | undefined;
  /** Four bytes of zeros, which end the whole table. */
  readonly isEnd: boolean;
}

export function isUnwindTable({ section }: InputSection): boolean {
  return section.name === NAME && section.type === "progbits";
}

/**
 * The entries of a table; undefined if it does not have the form above and is better left alone.
 */
export function unwindEntries(input: InputSection): UnwindEntry[] | undefined {
  const { bytes, relocations } = input;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: UnwindEntry[] = [];
  const commons = new Map<number, UnwindEntry>();
  let next = 0;
  for (let offset = 0; offset < bytes.length; ) {
    if (offset + WORD > bytes.length) return undefined;
    const length = view.getUint32(offset, true);
    const end = offset + WORD + length;
    const isEnd = length === 0;
    // A length of 0xffffffff would introduce 64-bit DWARF.
    if (end > bytes.length || end % WORD !== 0 || (!isEnd && length < 2 * WORD)) return undefined;
    const first = next;
    while ((relocations[next]?.offset ?? end) < end) next += 1;
    const own = relocations.slice(first, next);
    const base = { input, offset, size: end - offset, relocations: own, isEnd };
    const distance = isEnd ? 0 : view.getUint32(offset + CIE_POINTER, true);
    let entry: UnwindEntry = { ...base, common: undefined, about: undefined };
    if (distance > 0) {
      const common = commons.get(offset + CIE_POINTER - distance);
      const about = own.find((relocation) => relocation.offset === offset + FUNCTION);
      if (!common || !about) return undefined;
      entry = { ...base, common, about };
    } else if (!isEnd) commons.set(offset, entry);
    entries.push(entry);
    offset = end;
  }
  return entries;
}

/** What an unwinder needs of a function besides its FDE: exception table, personality routine. */
export function needsOf({ relocations, common, about }: UnwindEntry): readonly Relocation[] {
  const own = relocations.filter((relocation) => relocation !== about);
  return [...own, ...(common?.relocations ?? [])];
}
