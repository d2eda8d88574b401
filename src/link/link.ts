// The linker: objects and a layout to an image. The passes, in order; each is a file.

import { Reporter } from "../base/reporter";
import type { Machine, ObjectFile } from "../object/object";
import { machineOf, refuseOtherMachines } from "./input/machine";
import type { LinkInput } from "./input/read-input";
import type { Layout } from "./layout/layout";
import { resolveLayout } from "./layout/resolve";
import type { ResolvedLayout } from "./layout/resolved";
import { arrange } from "./passes/arrange";
import { collectSections } from "./passes/collect-sections";
import { collectSymbols, namesOf } from "./passes/collect-symbols";
import { defineSymbols } from "./passes/define-symbols";
import { dropUnreferenced } from "./passes/drop-unreferenced";
import { functionsOf, type LinkedFunction } from "./passes/functions";
import { type LinkedImage, symbolsOf } from "./passes/image";
import { makeSegments, type Segment } from "./passes/make-segments";
import { matchSections, outputsOf } from "./passes/match-sections";
import { mergeSections } from "./passes/merge-sections";
import { InputSection, type PlacedSection, type SymbolScope } from "./passes/model";
import { makeOffsetTable } from "./passes/offset-table";
import { place, type RegionUse } from "./passes/place";
import { placeInFiles } from "./passes/place-in-files";
import { UnwindTables } from "./passes/prune-unwind-tables";
import { memberNeeds, pullMembers } from "./passes/pull-members";
import { refuseUndefined } from "./passes/refuse-undefined";
import { relaxThreadAccess } from "./passes/relax-thread-access";
import { relocate } from "./passes/relocate";
import { symbolTableObject } from "./passes/symbol-table";
import { type ThreadBlock, threadBlock } from "./passes/thread-block";
import { prove } from "./prove/prove";

export interface LinkOptions {
  /** The base name of the files, instead of the layout's: programs share one layout. */
  readonly name?: string;
}

/**
 * Links objects and archives as `layout` says. Pure: no file is read or written. Throws Diagnostics
 * (LAYOUT…, LINK…, ELF… of archive members) that name symbol, object, section and source line;
 * `warnings` has the rest.
 */
export function link(
  files: readonly LinkInput[],
  layout: Layout,
  { name }: LinkOptions = {},
): LinkedImage {
  const report = new Reporter();

  // Fill in what the layout leaves out; refuse what contradicts itself.
  const machine = layout.machine ?? machineOf(files);
  const plan = resolveLayout({ ...layout, machine, ...(name === undefined ? {} : { name }) });

  // Take from archives what is needed.
  const objects = pullMembers(files, memberNeeds(plan));
  refuseOtherMachines(objects, machine, report);

  const content = chooseContent(objects, plan, report);
  const functions = arrangeSections(content, machine, report);
  const regions = assignAddresses(content, plan, report);
  const threads = threadBlock(content.sections, report);
  const segments = makeBytes(content, threads, plan, report);
  const image = imageOf(content, plan, { regions, segments, threads, functions, report });

  // Prove what the layout asks for.
  prove(image, content.symbols, report);
  report.barrier();
  return image;
}

/** What the image is made of, once its inputs are known. */
interface ImageContent {
  readonly sections: readonly PlacedSection[];
  readonly symbols: SymbolScope;
  readonly unwind: UnwindTables;
  /** Inputs that nothing referred to. */
  readonly dropped: readonly InputSection[];
}

/** From objects to the inputs of each output section. */
function chooseContent(
  objects: readonly ObjectFile[],
  plan: ResolvedLayout,
  report: Reporter,
): ImageContent {
  // List the sections of all objects.
  const byObject = collectSections(objects, report);
  report.barrier();

  // Give each name one meaning; common symbols get sections.
  const symbols = collectSymbols(byObject, namesOf(plan), report);
  const inputs = [...byObject.values()].flat();

  // Beyond this point no object and no name is added.
  report.barrier();

  // Give each input section its output section.
  const sections = outputsOf(plan);
  matchSections(inputs, sections, plan, report);

  // Leave out what nothing needs.
  const dropped = dropUnreferenced(inputs, symbols, plan, report);

  // Let code that asks where its thread-local variables are know it.
  if (plan.machine === "x86-64") relaxThreadAccess(inputs, report);

  // Unwind tables describe only functions that are left.
  const unwind = new UnwindTables(sections, symbols);

  // Whatever is left must be defined.
  refuseUndefined(byObject, symbols, report);

  // Beyond this point it is fixed which inputs the image has.
  report.barrier();

  // Give position-independent code its table, and equal constants one place.
  matchSections(makeOffsetTable(inputs, symbols, plan), sections, plan, report);
  mergeSections(inputs);

  // Beyond this point the content of the image is fixed.
  report.barrier();
  return { sections, symbols, unwind, dropped };
}

/** A section's functions, in the order of their offsets. */
type FunctionGroups = { readonly section: PlacedSection; readonly functions: LinkedFunction[] }[];

/** Lays out the inside of each output section; returns the functions, listed when asked for. */
function arrangeSections(
  { sections, symbols, unwind }: ImageContent,
  machine: Machine,
  report: Reporter,
): () => FunctionGroups {
  for (const section of sections) arrange(section, report);

  // Make the tables that are about functions: their content counts from the starts of sections, so
  // their size is known before any address is.
  const functions = once(() =>
    sections
      .map((section) => ({ section, functions: functionsOf(section, symbols) }))
      .filter((group) => group.functions.length > 0),
  );
  for (const section of sections) {
    if (section.plan.content !== "symbols") continue;
    addGenerated(section, symbolTableObject(section, functions(), machine), symbols);
    arrange(section, report);
  }

  // Beyond this point offsets and sizes within output sections are fixed.
  report.barrier();
  unwind.connect();
  return functions;
}

/** Gives sections and symbols their addresses; returns what each region holds. */
function assignAddresses(
  { sections, symbols }: ImageContent,
  plan: ResolvedLayout,
  report: Reporter,
): RegionUse[] {
  // Give each output section its addresses.
  const regions = place(sections, plan, report);

  // Give the layout's own symbols their values, and those of objects their addresses.
  defineSymbols(symbols, sections, regions, plan);
  for (const symbol of symbols.defined) symbol.settle();

  // Beyond this point every address has its final value.
  report.barrier();
  return regions;
}

/** Makes the bytes of the image; returns what a loader does with them. */
function makeBytes(
  { sections, symbols }: ImageContent,
  threads: ThreadBlock | undefined,
  plan: ResolvedLayout,
  report: Reporter,
): Segment[] {
  // Patch the addresses into the code.
  const context = { symbols, threads, machine: plan.machine, report };
  for (const section of sections) relocate(section, context);

  // Beyond this point the bytes of the image are fixed.
  for (const section of sections) Object.freeze(section);

  // Decide what a loader copies and what it zeroes, and where that is in the file.
  return placeInFiles(makeSegments(sections, plan.fileAlign), plan);
}

function imageOf(
  { sections, symbols, dropped }: ImageContent,
  layout: ResolvedLayout,
  made: {
    readonly regions: readonly RegionUse[];
    readonly segments: readonly Segment[];
    readonly threads: ThreadBlock | undefined;
    readonly functions: () => FunctionGroups;
    readonly report: Reporter;
  },
): LinkedImage {
  const functions = once(() => made.functions().flatMap((group) => group.functions));
  return Object.freeze({
    layout,
    entry: symbols.globals.get(layout.entry)?.address ?? 0,
    sections,
    segments: made.segments,
    regions: made.regions,
    threads: made.threads,
    symbols: symbolsOf(symbols),
    get functions() {
      return functions();
    },
    dropped,
    warnings: made.report.warnings,
  });
}

/** A value that is made when first asked for. */
function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Makes the sections of `object` the content of `section`. */
function addGenerated(section: PlacedSection, object: ObjectFile, symbols: SymbolScope): void {
  for (const content of object.sections) {
    const input = new InputSection(object, content);
    input.bindings = symbols.bindingsOf(object);
    input.live = true;
    input.output = section;
    section.inputs.push(input);
  }
}
