// Which sections of a kernel are those that kernel and user programs share: the trampoline.
//
// A layout says it: its closed groups, or else what lies in a region of two spaces. Without one it
// is inferred: what is linked into the last 16 MiB of the address space, while the kernel starts
// elsewhere. The report says which of the two it was.

import { compare, pageUp, spaceEndOf } from "../../base/address";
import { matchesAny } from "../layout/glob";
import type { ResolvedLayout } from "../layout/resolved";
import type { FileSection, LinkedFile } from "./linked-file";

/** How far from the end of the address space something counts as shared. */
export const TOP = 16n << 20n;

export interface SharedPart {
  readonly how: "layout" | "inferred";
  readonly sections: readonly FileSection[];
  readonly start: bigint;
  readonly end: bigint;
  /** Whole pages between its end and the end of the address space, in bytes. */
  readonly slack: bigint;
  /** Whether the layout lets code here refer to the symbol. */
  isExit(name: string): boolean;
  contains(address: bigint): boolean;
}

/** The shared part of `file`, whose `sections` ascend by address; undefined if it has none. */
export function findShared(
  file: LinkedFile,
  sections: readonly FileSection[],
  layout: ResolvedLayout | undefined,
): SharedPart | undefined {
  const spaceEnd = spaceEndOf(file);
  const declared = layout && declaredSections(layout);
  if (layout && declared && declared.length > 0) {
    const found = sections.filter(({ name }) => {
      // Our linker splits a section with zeros at its end: .shared_data, .shared_data.zero.
      return declared.some((each) => name === each || name.startsWith(`${each}.`));
    });
    const exits = layout.closed.flatMap((group) => group.exits);
    return shared("layout", found, spaceEnd, (name) => matchesAny(name, exits));
  }
  const isHigh = (address: bigint) => address >= spaceEnd - TOP;
  if (isHigh(file.entry)) return undefined;
  const high = sections.filter(({ address }) => isHigh(address));
  return shared("inferred", high, spaceEnd, () => false);
}

/** Closed groups, and sections that two spaces show. */
function declaredSections(layout: ResolvedLayout): string[] {
  const closed = layout.closed.flatMap((group) => group.sections);
  const spaces = Object.values(layout.spaces);
  const seen = layout.sections.filter(({ region }) => {
    return spaces.filter(({ regions }) => regions.includes(region.name)).length > 1;
  });
  return [...new Set([...closed, ...seen.map(({ name }) => name)])];
}

function shared(
  how: SharedPart["how"],
  sections: readonly FileSection[],
  spaceEnd: bigint,
  isExit: SharedPart["isExit"],
): SharedPart | undefined {
  const [first] = sections;
  if (!first) return undefined;
  const end =
    sections
      .map(({ address, size }) => address + size)
      .sort(compare)
      .at(-1) ?? 0n;
  const contains = (at: bigint) =>
    sections.some(({ address, size }) => at >= address && at < address + size);
  const slack = spaceEnd - pageUp(end);
  return { how, sections, start: first.address, end, slack, isExit, contains };
}
