// The descriptor tables that a kernel loads with LIDT and LGDT, found by these instructions,
// whatever the tables are called.
//
//      lidt descriptor          0F 01 /3, the operand an address of the image
//      descriptor: .word limit  and what lies there in the file is limit and base
//                  .long base
//
// A descriptor that is filled in at run time, or lies on a stack, says nothing here; if there is
// one, nothing is claimed, because it may be the one that matters.

import { hex } from "../../base/address";
import { shapeAt } from "./instruction-shape";
import type { FileSection } from "./linked-file";
import type { Subject } from "./subject";

export interface LoadedTable {
  readonly name: "IDT" | "GDT";
  readonly base: bigint;
  /** The address of the instruction. */
  readonly from: bigint;
}

const REG = { GDT: 2, IDT: 3 } as const;

/** The tables of one kind that are loaded; undefined if one of them cannot be known. */
export function loadedTables(name: "IDT" | "GDT", subject: Subject): LoadedTable[] | undefined {
  const found: LoadedTable[] = [];
  for (const section of subject.sections) {
    if (!section.execute) continue;
    for (const { from, operand } of loads(section, REG[name], subject)) {
      const base = operand === undefined ? undefined : baseAt(operand, subject);
      if (base === undefined) return undefined;
      // A limit of 0 is a way to reset the machine.
      if (base !== "none") found.push({ name, base, from });
    }
  }
  return found;
}

/** The instructions that load tables of one kind, whatever tables they are. */
export function placesOfLoad(
  name: "IDT" | "GDT",
  subject: Subject,
): { readonly from: bigint; readonly length: number }[] {
  return subject.sections
    .filter(({ execute }) => execute)
    .flatMap((section) => [...loads(section, REG[name], subject)]);
}

/** Where `0F 01 /reg` stands with a memory operand, and the operand's address if it has one. */
function* loads({ bytes, address }: FileSection, reg: number, { file }: Subject) {
  const { bits } = file;
  for (let at = bytes.indexOf(0x0f); at >= 0; at = bytes.indexOf(0x0f, at + 1)) {
    if (bytes[at + 1] !== 0x01) continue;
    const shape = shapeAt(bytes, at, bits);
    if (!shape?.memory || (shape.reg & 7) !== reg) continue;
    const { isIndexed, isRelative, displacement } = shape.memory;
    const from = address + BigInt(at);
    const next = isRelative ? from + BigInt(shape.length) : 0n;
    const operand =
      isIndexed && !isRelative ? undefined : BigInt.asUintN(bits, next + displacement);
    yield { from, operand, length: shape.length };
  }
}

function baseAt(descriptor: bigint, subject: Subject): bigint | "none" | undefined {
  const wide = subject.file.bits === 64;
  const bytes = subject.bytesAt(descriptor, wide ? 10 : 6);
  if (!bytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(0, true) === 0) return "none";
  const base = wide ? view.getBigUint64(2, true) : BigInt(view.getUint32(2, true));
  return subject.sectionAt(base) ? base : undefined;
}

/** `the IDT that LIDT loads at load_tables+0x12`. */
export function describeLoad({ name, from }: LoadedTable, subject: Subject): string {
  return `the ${name} that L${name} loads at ${subject.nameOf(from) ?? hex(from)}`;
}
