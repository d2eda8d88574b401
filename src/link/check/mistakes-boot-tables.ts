// The mistake that the first page tables show less than the kernel.

import { compare, hex, PAGE, pageDown } from "./address";
import { type BootTables, bootTables } from "./boot-tables";
import type { FileSegment } from "./linked-file";
import type { Finding, Mistake } from "./mistake";
import { stackPointers } from "./stack-pointer";
import { endOf, type Subject } from "./subject";

export const smallTables: Mistake = {
  code: "LAY033",
  severity: "error",
  milder: "no code sets the stack pointer to what is missing: it may be mapped before it is used",
  title: "the page tables that start-up code loads are smaller than the kernel",
  why:
    "One page of 4 MiB, or one page table, is enough for a small kernel. When .bss grows past " +
    "it, what comes last is not mapped: often the stack, so the first push faults, the handler " +
    "is not there either, and the machine resets without a word.",
  wrong: "boot_directory: .long 0x83           // 4 MiB for a kernel of 6 MiB",
  right: "boot_directory: .long 0x83, 0x400083   // and two entries at the linked address",
  limits:
    "Static tables of two levels, loaded by 32-bit code; tables that code builds are not judged.",
  find(subject) {
    const tables = bootTables(subject);
    return tables ? byDistance(subject).flatMap((group) => notShown(group, tables, subject)) : [];
  },
};

/** Segments that are linked where they are not loaded, by how far. */
function byDistance({ loads }: Subject): FileSegment[][] {
  const groups = new Map<bigint, FileSegment[]>();
  for (const segment of [...loads].sort((a, b) => compare(a.address, b.address))) {
    const distance = segment.address - segment.loadAddress;
    if (distance === 0n) continue;
    groups.set(distance, [...(groups.get(distance) ?? []), segment]);
  }
  return [...groups.values()];
}

/** The first address of `group` that is not shown; none if nothing of it is, or all. */
function notShown(group: readonly FileSegment[], tables: BootTables, subject: Subject): Finding[] {
  const [first] = group;
  const last = group.at(-1);
  if (!first || !last || !isShown(first.address, first, tables)) return [];
  for (const segment of group) {
    for (let at = pageDown(segment.address); at < endOf(segment); at += PAGE) {
      const translation = tables.translate(at);
      if (translation === "unknown") return [];
      if (isShown(at, segment, tables)) continue;
      return [finding(lowestShown(first, tables), at, endOf(last), tables, subject)];
    }
  }
  return [];
}

/** Where the pages begin that show `segment` and what is loaded before it. */
function lowestShown(segment: FileSegment, tables: BootTables): bigint {
  let start = pageDown(segment.address);
  while (start >= PAGE && isShown(start - PAGE, segment, tables)) start -= PAGE;
  return start;
}

function isShown(address: bigint, segment: FileSegment, tables: BootTables): boolean {
  return tables.translate(address) === segment.loadAddress + (address - segment.address);
}

function finding(
  start: bigint,
  end: bigint,
  needed: bigint,
  { directory, from }: BootTables,
  subject: Subject,
): Finding {
  const name = subject.nameOf(directory) ?? hex(directory);
  const section = subject.sectionAt(end)?.name ?? "the rest";
  const isStack = stackPointers(subject).some(({ value }) => {
    return BigInt(value) > end && BigInt(value) <= needed;
  });
  return {
    ...(!isStack && { severity: "warning" }),
    what:
      `the page tables that start-up code loads (${name}) show ${hex(start)} to ${hex(end)}, ` +
      `but the kernel reaches to ${hex(needed)}: ${section} is not all there`,
    change: `Add entries to ${name} for ${hex(end)} to ${hex(needed)}.`,
    subject: name,
    place: subject.placeOf(from),
  };
}
