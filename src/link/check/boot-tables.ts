// The page tables that start-up code loads, where they are part of the image: two levels, as the
// processor reads them without PAE.
//
//      mov $directory, %eax       the directory's physical address, in one instruction
//      mov %eax, %cr3
//
// Tables that code builds or completes are not judged: those that lie in .bss, whose entries are
// written by address, or whose address is used more than once.

import { PAGE } from "./address";
import { type EarlyCode, earlyCodeOf } from "./early-code";
import type { Subject } from "./subject";

const PRESENT = 1;
const WRITABLE = 2;
const LARGE = 0x80;
const LARGE_SIZE = 4n << 20n;

/** What tables show at an address: its frame; nothing; or what only code knows. */
export type Translation = bigint | "nothing" | "unknown";

export interface BootTables {
  /** The linked address of the directory. */
  readonly directory: bigint;
  /** The instruction that has its address. */
  readonly from: bigint;
  translate(address: bigint): Translation;
}

/** The tables that `subject` turns paging on with, if they are known. */
export function bootTables(subject: Subject): BootTables | undefined {
  const early = earlyCodeOf(subject);
  if (subject.file.bits !== 32 || !early.loadsTables) return undefined;
  const found = [...early.numbers].flatMap(([physical, from]) => {
    const directory = directoryAt(physical, early, subject);
    return directory ? [{ ...directory, from }] : [];
  });
  const [only, ...others] = found;
  if (!only || others.length > 0) return undefined;
  const { view, directory, from } = only;
  return { directory, from, translate: (address) => translate(address, view, subject) };
}

/** The directory that lies at a physical address, if its content is all in the file. */
function directoryAt(physical: bigint, early: EarlyCode, subject: Subject) {
  if (physical % PAGE !== 0n || early.repeated.has(physical)) return undefined;
  const directory = subject.linkedAddressOf(physical);
  const segment = directory === undefined ? undefined : subject.segmentAt(directory);
  if (directory === undefined || !segment) return undefined;
  const isPhysical = segment.loadAddress + (directory - segment.address) === physical;
  const isWritten = [...early.accesses].some((at) => at >= physical && at < physical + PAGE);
  const view = isPhysical && !isWritten ? pageAt(directory, subject) : undefined;
  return view && isDirectory(view) ? { view, directory } : undefined;
}

function pageAt(address: bigint, subject: Subject): DataView | undefined {
  const bytes = subject.bytesAt(address, Number(PAGE));
  return bytes && new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Entries are absent or writable: code and PAE's pointers hold other numbers. */
function isDirectory(view: DataView): boolean {
  let count = 0;
  for (let at = 0; at < view.byteLength; at += 4) {
    const entry = view.getUint32(at, true);
    if (entry === 0) continue;
    if ((entry & PRESENT) === 0 || (entry & WRITABLE) === 0) return false;
    count++;
  }
  return count > 0;
}

function translate(address: bigint, directory: DataView, subject: Subject): Translation {
  const entry = directory.getUint32(Number(address / LARGE_SIZE) * 4, true);
  if ((entry & PRESENT) === 0) return "nothing";
  if ((entry & LARGE) !== 0) {
    return (BigInt(entry) / LARGE_SIZE) * LARGE_SIZE + (address % LARGE_SIZE);
  }
  const table = subject.linkedAddressOf((BigInt(entry) / PAGE) * PAGE);
  const view = table === undefined ? undefined : pageAt(table, subject);
  if (!view) return "unknown";
  const page = view.getUint32(Number((address % LARGE_SIZE) / PAGE) * 4, true);
  if ((page & PRESENT) === 0) return "nothing";
  return (BigInt(page) / PAGE) * PAGE + (address % PAGE);
}
