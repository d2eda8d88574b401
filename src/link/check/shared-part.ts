// Which sections of a kernel are those that kernel and user programs share: the trampoline.
//
// A layout says it: its closed groups, or else what lies in a region of two spaces. Without one it
// is inferred: what is linked into the last 16 MiB of the address space, while the kernel starts
// elsewhere. The report says which of the two it was.

import { matchesAny } from "../glob";
import type { ResolvedLayout } from "../resolve-layout";
import type { FileSection } from "./elf-file";
import { compare, type Subject } from "./subject";

const TOP = 16n << 20n;

export interface SharedPart {
  readonly how: "layout" | "inferred";
  readonly sections: readonly FileSection[];
  readonly start: bigint;
  readonly end: bigint;
  /** Whether the layout lets code here refer to the symbol. */
  isExit(name: string): boolean;
  contains(address: bigint): boolean;
}

/** The shared part of `subject`; undefined if it has none. Uses `file`, `sections` and `layout`. */
export function findShared(
  subject: Pick<Subject, "file" | "sections" | "layout" | "spaceEnd">,
): SharedPart | undefined {
  const { layout, sections, file, spaceEnd } = subject;
  const declared = layout && declaredSections(layout);
  if (layout && declared && declared.length > 0) {
    const found = sections.filter(({ name }) => declared.includes(name));
    const exits = layout.closed.flatMap((group) => group.exits);
    return shared("layout", found, (name) => matchesAny(name, exits));
  }
  const isHigh = (address: bigint) => address >= spaceEnd - TOP;
  if (isHigh(file.entry)) return undefined;
  const high = sections.filter(({ address }) => isHigh(address));
  return shared("inferred", high, () => false);
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
  return { how, sections, start: first.address, end, isExit, contains };
}
