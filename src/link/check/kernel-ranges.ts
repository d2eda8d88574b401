// What boot page tables show of a linked kernel: each section of its own space at its VMA, in the
// frames that it is loaded to, with the rights that the layout gives it; and start-up code where it
// is loaded.

import { hex } from "../../base/address";
import type { ResolvedLayout } from "../layout/resolved";
import type { MappedRange } from "../script/page-tables";
import { isInKernelSpace } from "../script/table-ranges";
import type { FileSection } from "./linked-file";
import type { Subject } from "./subject";

export function kernelRanges(subject: Subject, layout: ResolvedLayout): MappedRange[] {
  const ranges = subject.sections.flatMap((section) => rangeOf(section, subject, layout));
  const entry = subject.linkedAddressOf(subject.file.entry);
  const start = ranges.find((range) => {
    return entry !== undefined && entry >= range.start && entry < range.start + range.size;
  });
  if (!start || start.start === start.load) return ranges;
  return [...ranges, { ...start, name: `${start.name} where it is loaded`, start: start.load }];
}

function rangeOf(section: FileSection, subject: Subject, layout: ResolvedLayout): MappedRange[] {
  const load = subject.loadAddressOf(section);
  if (load === undefined) return [];
  const { name, address: start, size } = section;
  // Our linker splits a section with zeros at its end: .data, .data.zero.
  const plan = layout.sections.find(
    (each) => name === each.name || name.startsWith(`${each.name}.`),
  );
  if (plan && !isInKernelSpace(plan, layout)) return [];
  const write = plan ? plan.permissions.includes("w") : section.write;
  const execute = plan ? plan.permissions.includes("x") : section.execute;
  return [{ name, start, load, size, write, execute }];
}

/** `.text: 0xc0100000 to 0xc0102000, at 0x00100000, r-x`. */
export function describeRange({ name, start, load, size, write, execute }: MappedRange): string {
  const rights = `r${write ? "w" : "-"}${execute ? "x" : "-"}`;
  return `${name}: ${hex(start)} to ${hex(start + size)}, at ${hex(load)}, ${rights}`;
}
