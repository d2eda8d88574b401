// DWARF 4: what lets stock gdb, addr2line and objdump speak of TypeScript.
//
//   .debug_line    which address comes from which file, line and column   (lines.ts)
//   .debug_frame   how to find the caller without a frame pointer         (frames.ts)
//   .debug_info    units, functions, inlined calls, variables, types      (units.ts, types.ts)
//   .debug_abbrev  the shape of those entries                             (entries.ts)
//   .debug_ranges  the code of units and of inlined calls
//   .debug_loc     where locals have their values                         (variables.ts)
//
// See the DWARF 4 standard, chapters 2, 3 and 7.

import type { ObjectFile } from "../../object/object";
import type { ExtraSection } from "../elf/tables";
import type { LinkedFunction } from "../passes/functions";
import type { LinkedImage } from "../passes/image";
import type { InputSection } from "../passes/model";
import { DebugSection } from "./debug-section";
import type { DescribedObject, SymbolPlace } from "./described-object";
import { writeFrames } from "./frames";
import { UnitWriter } from "./units";

/** The debug sections of some objects' code, with references. */
export function describe(objects: readonly DescribedObject[]): DebugSection[] {
  const units = new UnitWriter();
  for (const each of objects) units.add(each);
  const inputs = new Set(objects.flatMap(({ functions }) => functions.map(({ input }) => input)));
  return [...units.finish(), writeFrames(inputs)];
}

/**
 * The debug sections of `image`, to be written into its ELF file: none for what other compilers
 * made, which bring their own. Where there are both, ours follow theirs, so offsets count from
 * there.
 */
export function makeDwarf(image: LinkedImage): ExtraSection[] {
  if (!image.sections.some(({ inputs }) => inputs.some(isDescribed))) return [];
  const objects = describedObjects(image);
  if (objects.length === 0) return [];
  const base = ({ name }: DebugSection) =>
    image.sections.find((section) => section.name === name && !section.plan.allocate)?.size ?? 0;
  const sections = describe(objects);
  const bases = new Map(sections.map((section) => [section, base(section)]));
  return sections.map((section) => {
    for (const { offset, target, addend } of section.references) {
      const start = target instanceof DebugSection ? bases.get(target) : target.address;
      section.patchU32(offset, (start ?? 0) + addend);
    }
    return { name: section.name, bytes: section.finish() };
  });
}

/** Whether an input has lines or frames that only we know of. */
export function isDescribed({ section }: InputSection): boolean {
  return section.lines.length > 0 || section.frame !== undefined;
}

function describedObjects(image: LinkedImage): DescribedObject[] {
  const byObject = new Map<ObjectFile, LinkedFunction[]>();
  const functions = image.functions.filter(({ input, size }) => isDescribed(input) && size > 0);
  for (const func of functions.sort((a, b) => a.address - b.address)) {
    const known = byObject.get(func.input.object);
    if (known) known.push(func);
    else byObject.set(func.input.object, [func]);
  }
  return [...byObject].map(([object, own]) => ({
    object,
    functions: own,
    locate: locator(object, own[0]?.input.bindings ?? []),
  }));
}

/** Finds the symbols that the object defines, in what of it is in the image. */
function locator(object: ObjectFile, bindings: InputSection["bindings"]) {
  const numbers = new Map<string, number>();
  for (const [index, { name, section }] of object.symbols.entries()) {
    if (section !== undefined && !numbers.has(name)) numbers.set(name, index);
  }
  return (name: string): SymbolPlace | undefined => {
    const symbol = bindings[numbers.get(name) ?? -1];
    if (!symbol?.input?.live || !symbol.input.output) return undefined;
    return { input: symbol.input, offset: symbol.offset };
  };
}
