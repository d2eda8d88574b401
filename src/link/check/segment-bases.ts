// Kernels that see themselves at their linked addresses before paging, by segments with a base:
//
//      lgdt descriptor          descriptors with the base LMA - VMA, modulo 2^32
//      ljmp $8, $high           from here on EIP + base is where the code is loaded
//
// GNU Mach, Fiwix and others start this way. Which segment register is loaded when is not followed:
// from LGDT on, any base in the table counts.

import type { Step } from "./code-step";
import type { Subject } from "./subject";

const LINEAR_BITS = 32;
const ENTRY_SIZE = 8;
const MAX_ENTRIES = 64;
/** Bits of a descriptor's sixth byte: it is present, and for code or data. */
const IS_USABLE = 0x90;

/** SGDT, SIDT, LGDT, LIDT: their operand is only where a table is described. */
export function isSystemTable({ systemTable }: Step): boolean {
  return systemTable !== undefined;
}

/** What segments may add to addresses after `step`, given what they may add before it. */
export function segmentBases(
  step: Step,
  before: readonly bigint[],
  subject: Subject,
): readonly bigint[] {
  if (step.systemTable !== "lgdt") return before;
  const [operand] = step.references;
  if (operand?.use !== "memory") return before;
  const found = basesInTable(operand.to, before, subject);
  return [...new Set([...before, ...found])];
}

/** The bases in the table that the six bytes at `descriptor` describe; none if it is unknown. */
function basesInTable(descriptor: bigint, bases: readonly bigint[], subject: Subject): bigint[] {
  const described = anyBytes(descriptor, 6, bases, subject);
  if (!described) return [];
  const limit = described.getUint16(0, true);
  const table = BigInt(described.getUint32(2, true));
  const count = Math.min(Math.floor((limit + 1) / ENTRY_SIZE), MAX_ENTRIES);
  const found: bigint[] = [];
  for (let index = 1; index < count; index++) {
    // The table's address is linear: no segment adds to it.
    const entry = anyBytes(table + BigInt(index * ENTRY_SIZE), ENTRY_SIZE, [0n], subject);
    if (entry && (entry.getUint8(5) & IS_USABLE) === IS_USABLE) found.push(baseOf(entry));
  }
  return found;
}

function baseOf(entry: DataView): bigint {
  const low = entry.getUint32(2, true) & 0xff_ffff;
  return BigInt(low) | (BigInt(entry.getUint8(7)) << 24n);
}

/** Bytes of the image at a physical address, as code without paging sees it. */
function anyBytes(
  address: bigint,
  size: number,
  bases: readonly bigint[],
  subject: Subject,
): DataView | undefined {
  for (const base of bases) {
    const linked = subject.linkedAddressOf(BigInt.asUintN(LINEAR_BITS, address + base));
    const bytes = linked === undefined ? undefined : subject.bytesAt(linked, size);
    if (bytes) return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  return undefined;
}
