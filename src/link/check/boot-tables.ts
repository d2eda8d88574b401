// The page tables that start-up code loads, where they are part of the image, as the processor
// reads them: two levels, PAE, or four levels.
//
//      mov $directory, %eax       the table's physical address, in one instruction
//      mov %eax, %cr3
//
// Tables that code builds or completes are not judged: those that lie in .bss, whose entries are
// written by address, or whose address is used more than once. An entry of the first table tells
// PAE (no R/W bit) from two levels (one at least for what the kernel writes to); long mode is asked
// for by the file's class or by EFER.LME.
//
// See Intel SDM vol. 3A, 4.3 to 4.5.

import { PAGE } from "../../base/address";
import { type EarlyCode, earlyCodeOf } from "./early-code";
import type { Subject } from "./subject";

const PRESENT = 1n;
const WRITABLE = 2n;
const LARGE = 0x80n;
const NX = 1n << 63n;
/** The bits of an entry that name a frame; in tables of 4-byte entries the low 32 of them. */
const FRAME = 0x000f_ffff_ffff_f000n;
const EFER = 0xc000_0080n;
/** What code puts into EFER to turn long mode on, NX and SYSCALL too or not; or the bit of LME. */
const LONG_MODE_BITS = [0x100n, 0x101n, 0x900n, 0x901n, 8n];

interface Level {
  /** The lowest bit of the address that chooses an entry, and how many do. */
  readonly shift: bigint;
  readonly bits: bigint;
  /** Whether an entry may name a large page. */
  readonly large: boolean;
  /** Whether an entry has the R/W bit. */
  readonly rights: boolean;
}

interface Format {
  readonly name: "two-level" | "PAE" | "4-level";
  readonly entrySize: 4 | 8;
  readonly levels: readonly [Level, ...Level[]];
}

const TWO_LEVEL: Format = {
  name: "two-level",
  entrySize: 4,
  levels: [
    { shift: 22n, bits: 10n, large: true, rights: true },
    { shift: 12n, bits: 10n, large: false, rights: true },
  ],
};
const DIRECTORIES: readonly Level[] = [
  { shift: 21n, bits: 9n, large: true, rights: true },
  { shift: 12n, bits: 9n, large: false, rights: true },
];
const PAE: Format = {
  name: "PAE",
  entrySize: 8,
  levels: [{ shift: 30n, bits: 2n, large: false, rights: false }, ...DIRECTORIES],
};
const FOUR_LEVEL: Format = {
  name: "4-level",
  entrySize: 8,
  levels: [
    { shift: 39n, bits: 9n, large: false, rights: true },
    { shift: 30n, bits: 9n, large: true, rights: true },
    ...DIRECTORIES,
  ],
};

export interface ShownPage {
  readonly frame: bigint;
  readonly write: boolean;
  readonly noExecute: boolean;
}

/** What tables show at an address: a page; nothing; or what only code knows. */
export type Translation = ShownPage | "nothing" | "unknown";

export interface BootTables {
  /** The linked address of the first table. */
  readonly directory: bigint;
  /** The instruction that has its address. */
  readonly from: bigint;
  translate(address: bigint): Translation;
}

/** The tables that `subject` turns paging on with, if they are known. */
export function bootTables(subject: Subject): BootTables | undefined {
  const early = earlyCodeOf(subject);
  if (early.loadsTables === undefined) return undefined;
  const register = sourceOf(early.loadsTables, subject);
  const found = [...early.numbers].flatMap(([physical, from]) => {
    if (register === undefined || !setsRegister(from, register, subject)) return [];
    const root = rootAt(physical, early, subject);
    return root ? [{ ...root, from }] : [];
  });
  const [only, ...others] = found;
  if (!only || others.length > 0) return undefined;
  const { format, directory, from } = only;
  const reader = new TableReader(format, early, subject);
  return { directory, from, translate: (address) => reader.translate(address, directory) };
}

/** The register that `mov …, %cr3` takes: 0F 22 /3. */
function sourceOf(at: bigint, subject: Subject): number | undefined {
  const bytes = subject.bytesAt(at, 3);
  return bytes?.[0] === 0x0f && bytes[1] === 0x22 ? (bytes[2] ?? 0) & 7 : undefined;
}

/** Whether `mov $number, register` (B8+r, C7 /0) or `lea number, register` (8D) stands there. */
function setsRegister(at: bigint, register: number, subject: Subject): boolean {
  const [opcode = 0, second = 0] = subject.bytesAt(at, 2) ?? [];
  if (opcode === 0xb8 + register) return true;
  if (opcode === 0xc7) return second === 0xc0 + register;
  return opcode === 0x8d && second === (register << 3) + 5;
}

function isLongMode({ numbers }: EarlyCode, { file }: Subject): boolean {
  if (file.bits === 64) return true;
  return numbers.has(EFER) && LONG_MODE_BITS.some((bits) => numbers.has(bits));
}

/** The first table, if one lies at a physical address and its content is all in the file. */
function rootAt(physical: bigint, early: EarlyCode, subject: Subject) {
  if (physical % PAGE !== 0n || early.repeated.has(physical)) return undefined;
  const directory = subject.linkedAddressOf(physical);
  const segment = directory === undefined ? undefined : subject.segmentAt(directory);
  if (directory === undefined || !segment) return undefined;
  const isPhysical = segment.loadAddress + (directory - segment.address) === physical;
  if (!isPhysical || isWritten(physical, early)) return undefined;
  const formats = isLongMode(early, subject) ? [FOUR_LEVEL] : [PAE, TWO_LEVEL];
  const format = formats.find((each) => isRoot(directory, each, subject));
  return format && { format, directory };
}

function isWritten(physical: bigint, { accesses }: EarlyCode): boolean {
  return [...accesses].some((at) => at >= physical && at < physical + PAGE);
}

/** Whether the words at `directory` are entries of such a table: code and data are others. */
function isRoot(directory: bigint, { levels, entrySize }: Format, subject: Subject): boolean {
  const [level] = levels;
  const count = 1 << Number(level.bits);
  const view = viewAt(directory, count * entrySize, subject);
  if (!view) return false;
  let present = 0;
  for (let index = 0; index < count; index++) {
    const entry = entryAt(view, index, entrySize);
    if (entry === 0n) continue;
    const bits = entry & (PRESENT | WRITABLE);
    if (bits !== (level.rights ? PRESENT | WRITABLE : PRESENT)) return false;
    const isTable = entrySize === 8 && subject.linkedAddressOf(entry & FRAME) !== undefined;
    if (entrySize === 8 && !isTable) return false;
    present++;
  }
  return present > 0;
}

function viewAt(address: bigint, size: number, subject: Subject): DataView | undefined {
  const bytes = subject.bytesAt(address, size);
  return bytes && new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function entryAt(view: DataView, index: number, size: 4 | 8): bigint {
  const at = index * size;
  return size === 8 ? view.getBigUint64(at, true) : BigInt(view.getUint32(at, true));
}

class TableReader {
  constructor(
    readonly format: Format,
    readonly early: EarlyCode,
    readonly subject: Subject,
  ) {}

  /** @param directory the linked address of the first table */
  translate(address: bigint, directory: bigint): Translation {
    const { levels, entrySize } = this.format;
    let table = directory;
    let write = true;
    let noExecute = false;
    for (const level of levels) {
      const count = 1n << level.bits;
      const view = viewAt(table, Number(count) * entrySize, this.subject);
      if (!view) return "unknown";
      const entry = entryAt(view, Number((address >> level.shift) % count), entrySize);
      if ((entry & PRESENT) === 0n) return "nothing";
      if (level.rights) write &&= (entry & WRITABLE) !== 0n;
      noExecute ||= entrySize === 8 && (entry & NX) !== 0n;
      const isPage = level.shift === 12n || (level.large && (entry & LARGE) !== 0n);
      if (isPage) {
        const span = 1n << level.shift;
        const offset = address % span;
        const frame = ((entry & FRAME) / span) * span + offset - (address % PAGE);
        return { frame, write, noExecute };
      }
      const next = this.#tableAt(entry & FRAME);
      if (next === undefined) return "unknown";
      table = next;
    }
    return "unknown";
  }

  /** The linked address of a lower table, unless code fills it in. */
  #tableAt(physical: bigint): bigint | undefined {
    const table = this.subject.linkedAddressOf(physical);
    const isNamed = table !== undefined && this.early.numbers.has(table);
    const isFilled = isNamed || this.early.numbers.has(physical) || isWritten(physical, this.early);
    return isFilled ? undefined : table;
  }
}
