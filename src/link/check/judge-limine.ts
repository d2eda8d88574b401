// What Limine will do with a kernel: the rules of its source (8.2, common/lib/elf.c and
// common/protos/limine.c). They were read, not tried: no test here boots Limine.
//
//   - p_vaddr counts, p_paddr does not. Each segment lies at HIGHER_HALF or above, unless the
//     kernel is ET_DYN with PT_DYNAMIC: then Limine relocates it, and moves it up if all is low.
//   - One piece of memory holds everything from the lowest to the highest p_vaddr + p_memsz, which
//     is computed in 64 bits: an end at 2^64 counts as 0.
//   - Segments must not overlap, nor share a page if their permissions differ.
//   - Each request may occur once.

import { ET_DYN, ET_EXEC, PT_DYNAMIC } from "../../abi/elf";
import { compare, hex, pageDown, pageUp } from "../../base/address";
import { limineRequests } from "./boot-protocol";
import type { FileSegment } from "./linked-file";
import { describeSegment, endOf, permissionText, type Subject } from "./subject";

export const HIGHER_HALF = 0xffff_ffff_8000_0000n;

/** Whether Limine relocates the kernel. */
export function isRelocatedByLimine({ file }: Subject): boolean {
  return file.type === ET_DYN && file.segments.some(({ type }) => type === PT_DYNAMIC);
}

/** Bytes of memory that Limine asks for, in one piece. */
export function limineSpan({ loads, spaceEnd }: Pick<Subject, "loads" | "spaceEnd">): bigint {
  const starts = loads.map(({ address }) => address).sort(compare);
  const ends = loads.map((segment) => endOf(segment) % spaceEnd).sort(compare);
  const [start = 0n] = starts;
  const end = ends.at(-1) ?? 0n;
  return end > start ? end - start : 0n;
}

/** The segment that ends at 2^64: Limine takes that for 0 and does not count it. */
export function uncountedByLimine({ loads, spaceEnd }: Subject): FileSegment | undefined {
  return loads.find((segment) => endOf(segment) === spaceEnd);
}

/** Why Limine stops, mostly in its own words; undefined: it does not. */
export function limineRefusal(subject: Subject, memory: bigint): string | undefined {
  const { file, loads } = subject;
  if (file.bits === 32) return "the Limine protocol is for 64-bit kernels";
  if (file.type !== ET_EXEC && file.type !== ET_DYN) {
    return '"elf: ELF file not of type ET_EXEC nor ET_DYN"';
  }
  const relocated = isRelocatedByLimine(subject);
  if (file.type === ET_DYN && !relocated) {
    return '"elf: ELF file type is ET_DYN, but PT_DYNAMIC segment missing"';
  }
  const low = loads.filter(({ address }) => address < HIGHER_HALF);
  const [first] = low;
  if (first && !relocated) {
    const where = `${describeSegment(first, subject)} at ${hex(first.address)}`;
    return `"elf: Lower half PHDRs are not allowed": ${where}`;
  }
  if (first && low.length < loads.length) {
    return '"elf: Mix of lower and higher half PHDRs in relocatable kernel"';
  }
  if (loads.length === 0) return '"elf: No usable PHDRs exist"';
  const torn = loads.find((segment) => BigInt(segment.fileSize) > segment.memorySize);
  if (torn) return `"elf: p_filesz > p_memsz": ${describeSegment(torn, subject)}`;
  const clash = clashOf(subject);
  if (clash !== undefined) return clash;
  const span = limineSpan(subject);
  if (span > memory)
    return `"High memory allocator: Out of memory": it wants ${span} bytes at once`;
  const requests = limineRequests(file);
  const twice = requests.find((request, index) => requests.indexOf(request) !== index);
  if (twice !== undefined) return `"limine: Conflict detected for request ID ${twice}"`;
  if (!subject.segmentAt(file.entry)) return `the entry ${hex(file.entry)} is in no segment`;
  return undefined;
}

function clashOf(subject: Subject): string | undefined {
  const sorted = [...subject.loads].sort((a, b) => compare(a.address, b.address));
  for (const [index, upper] of sorted.entries()) {
    const lower = sorted[index - 1];
    if (!lower) continue;
    const names = [lower, upper].map((segment) => describeSegment(segment, subject)).join(" and ");
    if (endOf(lower) > upper.address) return `"overlapping PHDRs": ${names}`;
    const isOnePage = pageUp(endOf(lower)) > pageDown(upper.address);
    if (isOnePage && permissionText(lower) !== permissionText(upper)) {
      return `"PHDRs with different permissions sharing the same memory page": ${names}`;
    }
  }
  return undefined;
}
