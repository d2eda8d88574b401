// Links as a GNU ld script says: the same objects, script and options give GNU ld's image, byte for
// byte in what is loaded. The passes, in order; those that know only input sections and symbols are
// shared with link.ts.
//
// A script moves a location counter over statements, and anything in it may depend on that: so it
// is not translated into a layout, but obeyed by passes of its own (by-script/).

import { Reporter } from "../base/reporter";
import type { Machine, ObjectFile } from "../object/object";
import { type AssignedInputs, assignInputs } from "./by-script/assign-inputs";
import { guessHeadersSize, segmentOptions } from "./by-script/choose-segments";
import { DataSegment, hasRelroSection } from "./by-script/data-segment";
import { type Entry, entryAddress, entryOf } from "./by-script/entry";
import type { Names } from "./by-script/evaluate";
import { addFilling } from "./by-script/filling";
import { givenSegments } from "./by-script/given-segments";
import { type Between, LayOut } from "./by-script/lay-out";
import { assignedOutright, defineNames, linkerNames } from "./by-script/linker-names";
import { type ScriptOutput, settlePlan } from "./by-script/model";
import type { PlacedStatement } from "./by-script/place-orphans";
import { refuseHugeFile } from "./by-script/refuse-huge-file";
import { refuseOverlaps } from "./by-script/refuse-overlaps";
import { Regions } from "./by-script/regions";
import { ScriptSymbols } from "./by-script/script-symbols";
import type { LinkByScript, ScriptedImage, ScriptOptions } from "./by-script/scripted-image";
import { defaultSegments, placeInFile, type SegmentMap } from "./by-script/segments";
import { addUnwindIndex, fillUnwindIndex, sizeUnwindIndex } from "./by-script/unwind-index";
import { shapeFor } from "./elf/shape";
import { machineOf, refuseOtherMachines } from "./input/machine";
import { resolveLayout } from "./layout/resolve";
import { collectSections } from "./passes/collect-sections";
import { collectSymbols } from "./passes/collect-symbols";
import { dropFrom } from "./passes/drop-unreferenced";
import { symbolsOf } from "./passes/image";
import { mergeSections } from "./passes/merge-sections";
import type { InputSection, SymbolScope } from "./passes/model";
import { makeOffsetTable } from "./passes/offset-table";
import { UnwindTables } from "./passes/prune-unwind-tables";
import { pullMembers } from "./passes/pull-members";
import { refuseUndefined } from "./passes/refuse-undefined";
import { relaxThreadAccess } from "./passes/relax-thread-access";
import { relocate } from "./passes/relocate";
import { threadBlock } from "./passes/thread-block";
import { isUnwindTable } from "./passes/unwind-table";

const NOTHING_BETWEEN: Between = { gaps: [], data: [] };
const MOST_HEADER_CHANGES = 10;

/**
 * Links `link.inputs` as `link.script` says. Pure, like `link`.
 *
 * @throws Diagnostics SCRIPT004 to SCRIPT008 with the script's line, LINK…, ELF…
 */
export function linkByScript(link: LinkByScript): ScriptedImage {
  const report = new Reporter();
  const { script, options } = link;
  const entry = entryOf(options.entry, script.entry);

  // Take from archives what is needed.
  const objects = pullMembers(link.inputs, {
    defined: [],
    wanted: [
      ...(entry.isGiven ? [entry.name] : []),
      ...options.undefinedNames,
      ...script.undefinedNames,
    ],
    takesAll: (archive) => options.wholeArchives.has(archive),
  });
  const machine = machineOf(objects);
  const bits = shapeFor(machine).bits;
  refuseOtherMachines(objects, machine, report);

  if (options.hasUnwindIndex) addUnwindIndex(objects);

  const content = chooseContent(objects, link, { entry, machine, report });
  const laidOut = handOutAddresses(content, link, bits, report);
  const { outputs, symbols } = content;
  const placed = outputs.filter((output) => output.isInFile).map((output) => output.placed);
  defineNames(symbols, laidOut.values, placed, machine);
  for (const symbol of symbols.defined) symbol.settle();

  // Make the bytes of the image.
  content.unwind.connect();
  for (const output of outputs)
    addFilling(output, laidOut.between.get(output) ?? NOTHING_BETWEEN, bits);
  const threads = threadBlock(placed, report);
  for (const section of placed) relocate(section, { symbols, threads, machine, report });
  fillUnwindIndex(outputs);
  report.barrier();

  return {
    layout: resolveLayout({ machine, name: link.name, entry: entry.name }),
    entry: entryAddress(entry, symbols, outputs, bits, report),
    sections: placed,
    segments: [],
    regions: [],
    threads,
    symbols: symbolsOf(symbols, true),
    functions: [],
    dropped: content.dropped,
    warnings: report.warnings,
    outputs,
    file: laidOut.file,
    memory: content.regions.all,
    scriptValues: laidOut.values.values,
  };
}

/** What the image is made of. */
interface ScriptedContent {
  readonly statements: readonly PlacedStatement[];
  readonly outputs: readonly ScriptOutput[];
  /** Those of the objects, whatever became of them. */
  readonly inputs: readonly InputSection[];
  readonly symbols: SymbolScope;
  readonly unwind: UnwindTables;
  readonly regions: Regions;
  readonly dropped: readonly InputSection[];
}

/** From objects to the inputs of each output section. */
function chooseContent(
  objects: readonly ObjectFile[],
  { script, options }: LinkByScript,
  { entry, machine, report }: { entry: Entry; machine: Machine; report: Reporter },
): ScriptedContent {
  // List the sections of all objects.
  const byObject = collectSections(objects, report);
  report.barrier();

  // Give each name one meaning; what the script assigns replaces what objects say.
  const symbols = collectSymbols(byObject, linkerNames(script), report);
  const inputs = [...byObject.values()].flat();
  report.barrier();

  // Give each input section its output section.
  const regions = new Regions(script, (name) => constantOf(name, options));
  let assigned = assignInputs(inputs, script, regions, options);
  for (const output of assigned.outputs) settlePlan(output);

  // Leave out what nothing needs.
  const names = [entry.name, ...options.undefinedNames, ...script.undefinedNames];
  const dropped = markLive(inputs, assigned, symbols, names, options.gcSections);
  if (machine === "x86-64") relaxThreadAccess(inputs, report);
  const unwind = new UnwindTables(assigned.placed, symbols);
  refuseUndefined(byObject, symbols, report);
  report.barrier();

  // Give position-independent code its table, and equal constants one place.
  const table = makeOffsetTable(inputs, symbols, { machine });
  if (table.length > 0) {
    assigned = assignInputs(withTable(inputs, table), script, regions, options);
    for (const output of assigned.outputs) settlePlan(output);
  }
  mergeSections([...inputs, ...table]);
  sizeUnwindIndex(assigned.outputs);
  const { statements, outputs } = assigned;
  return { statements, outputs, inputs, symbols, unwind, regions, dropped };
}

/** Sets `live`; returns what was dropped. @param names what stays with all that it needs */
function markLive(
  inputs: readonly InputSection[],
  { kept }: AssignedInputs,
  symbols: SymbolScope,
  names: readonly string[],
  gcSections: boolean,
): InputSection[] {
  if (!gcSections) {
    for (const input of inputs) if (input.output) input.live = true;
    return [];
  }
  const roots = names.map((name) => symbols.globals.get(name)?.input);
  const dropped = dropFrom(inputs, symbols, {
    roots: roots.filter((input) => input !== undefined),
    isRoot: (input) => kept.has(input) || isAlwaysKept(input),
  });
  return [...dropped, ...dropUnwindTables(inputs, kept)];
}

/** Unwind tables are of no use to anyone unless the script says KEEP. */
function dropUnwindTables(
  inputs: readonly InputSection[],
  kept: ReadonlySet<InputSection>,
): InputSection[] {
  const dropped = inputs.filter((input) => input.live && isUnwindTable(input) && !kept.has(input));
  for (const input of dropped) {
    input.live = false;
    if (input.output) input.output.inputs = input.output.inputs.filter((each) => each !== input);
  }
  return dropped;
}

/** Notes are for tools, which no code refers to. All else needs KEEP, as GNU ld has it. */
function isAlwaysKept({ section }: InputSection): boolean {
  return section.retain === true || section.name.startsWith(".note");
}

/** The offset table counts as part of the first object. */
function withTable(
  inputs: readonly InputSection[],
  table: readonly InputSection[],
): InputSection[] {
  const live = inputs.filter(({ live }) => live);
  const [first] = inputs;
  const end = live.filter(({ object }) => object === first?.object).length;
  return [...live.slice(0, end), ...table, ...live.slice(end)];
}

/** Addresses, and what follows from them. */
function handOutAddresses(
  content: ScriptedContent,
  link: LinkByScript,
  bits: 32 | 64,
  report: Reporter,
) {
  const { statements, outputs, symbols, inputs, regions } = content;
  const { script, options } = link;
  const about = segmentOptions(options, inputs, bits);
  const values = new ScriptSymbols(symbols, outputs, assignedOutright(script));
  const { file, program } = about.headerSizes;
  let headersSize = guessHeadersSize(script, outputs, about);
  let segments: readonly SegmentMap[] = [];
  let between: ReadonlyMap<ScriptOutput, Between> = new Map();

  let trial = report;
  // The number of headers decides addresses, and these which segments there are.
  for (let count = 0; count < MOST_HEADER_CHANGES; count++) {
    const dataSegment = new DataSegment(options.isRelro && hasRelroSection(script, inputs));
    let wantsHeaders = false;
    const names = namesFor(values, content, options, () => {
      wantsHeaders = true;
      return BigInt(headersSize);
    });
    const { all, default: defaultRegion } = regions;
    const counters = { regions: all, defaultRegion, symbols: values, dataSegment, names };
    trial = new Reporter();
    const context = { file: script.file, bits, report: trial };
    between = new LayOut({ statements, ...counters, ...context }).run();
    segments = script.segments
      ? givenSegments(script.segments, outputs, names)
      : defaultSegments(outputs, about, { relro: dataSegment.relro, headersSize, wantsHeaders });
    const size = file + segments.length * program;
    if (size === headersSize || script.segments) break;
    headersSize = size;
  }
  trial.barrier();
  for (const output of outputs) settlePlan(output);
  refuseOverlaps(outputs, script.file, bits, report);
  report.barrier();
  const plan = placeInFile(segments, about);
  refuseHugeFile(outputs, plan.offsets);
  return { values, between, file: plan };
}

function namesFor(
  values: ScriptSymbols,
  { outputs, regions }: ScriptedContent,
  options: ScriptOptions,
  headersSize: () => bigint,
): Names {
  return {
    symbol: (name) => values.value(name),
    isDefined: (name) => values.isDefined(name),
    output: (name) =>
      outputs.find((output) => output.name === name && output.exists) ??
      outputs.find((output) => output.name === name),
    region: (name) => regions.get(name),
    constant: (name) => constantOf(name, options),
    segmentStart: (name) => options.segmentStarts.get(name),
    headersSize,
  };
}

function constantOf(name: string, options: ScriptOptions): bigint | undefined {
  if (name === "MAXPAGESIZE") return BigInt(options.maxPageSize);
  return name === "COMMONPAGESIZE" ? BigInt(options.commonPageSize) : undefined;
}
