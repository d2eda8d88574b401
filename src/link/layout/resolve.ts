// Fills in a layout's defaults, and refuses what contradicts itself (contradictions.ts).

import { hex } from "../../base/align";
import { Diagnostic } from "../../base/diagnostic";
import { nearestName } from "../../base/nearest-name";
import { Reporter } from "../../base/reporter";
import type { Machine } from "../../object/object";
import { ADDRESS_SPACES, type AddressSpace, halfOf, isIn } from "./address-space";
import {
  checkAlignment,
  checkClosed,
  checkNames,
  checkSpaces,
  checkSymbols,
  checkTwice,
  type PlainLayout,
} from "./contradictions";
import type {
  BootProtocol,
  EdgeSymbol,
  InputRule,
  InputSymbol,
  Layout,
  OutputSection,
  Permissions,
  Region,
} from "./layout";
import {
  type LayoutSymbol,
  type ResolvedInputSymbol,
  type ResolvedLayout,
  type ResolvedRegion,
  type ResolvedRule,
  type ResolvedSection,
  symbolStem,
} from "./resolved";

const PAGE = 4096;

const UNWANTED = [
  ".note*",
  ".comment*",
  ".stab*",
  ".eh_frame",
  ".eh_frame_hdr",
  ".gcc_except_table",
  ".gcc_except_table.*",
  ".llvm*",
  ".gnu.attributes",
];

/** Arrays of functions to call before and after `main`, and gcc's older form of them. */
const CONSTRUCTORS = ["preinit_array", "init_array", "fini_array", "ctors", "dtors"].map(
  (name): InputRule => ({
    sections: [`.${name}`, `.${name}.*`],
    sort: "priority",
    keep: true,
  }),
);

/** What an output section of this name takes besides `NAME` and `NAME.*`. */
const BEFORE: Readonly<Record<string, readonly (string | InputRule)[]>> = {
  ".text": [{ sections: ".multiboot*", keep: true }],
};
const AFTER: Readonly<Record<string, readonly (string | InputRule)[]>> = {
  ".text": [".gnu.linkonce.t.*"],
  ".rodata": [".gnu.linkonce.r.*"],
  ".data": [".gnu.linkonce.d.*", ...CONSTRUCTORS, ".got", ".got.plt"],
  ".bss": [".gnu.linkonce.b.*", "COMMON"],
};

/** Variables of the medium and large code models, which may be far from the code. */
const LARGE: Readonly<Record<string, readonly string[]>> = {
  ".text": [".ltext", ".ltext.*"],
  ".rodata": [".lrodata", ".lrodata.*"],
  ".data": [".ldata", ".ldata.*"],
  ".bss": [".lbss", ".lbss.*", "LARGE_COMMON"],
};

const DEFAULT_REGIONS: Readonly<Record<string, Region>> = { kernel: { start: 0x100000 } };
const DEFAULT_SECTIONS = [".text", ".rodata", ".data", ".bss"];

/** With abbreviations written out, and addresses as the linker counts them. */
function writtenOut(layout: Layout, { canonical }: AddressSpace): PlainLayout {
  const sections = (layout.sections ?? DEFAULT_SECTIONS).map((section) =>
    typeof section === "string" ? { name: section } : canonically(section, canonical),
  );
  const regions = Object.entries(layout.regions ?? DEFAULT_REGIONS).map(
    ([name, region]) => [name, canonically(region, canonical)] as const,
  );
  return { ...layout, regions: Object.fromEntries(regions), sections };
}

/** Fields of regions and sections that are addresses or distances between them. */
const ADDRESS_FIELDS = ["start", "end", "offset", "address"] as const;

function canonically<Value extends Region | OutputSection>(
  value: Value,
  canonical: (address: number) => number,
): Value {
  const entries = Object.entries(value).map(([name, field]: [string, unknown]) => {
    const isAddress = ADDRESS_FIELDS.some((each) => each === name) && typeof field === "number";
    return [name, isAddress ? canonical(field) : field];
  });
  return Object.fromEntries(entries) as Value;
}

/** `layout` with every default filled in. Throws Diagnostics that name each contradiction. */
export function resolveLayout(declared: Layout): ResolvedLayout {
  const report = new Reporter();
  const machine = declared.machine ?? "i386";
  const space = ADDRESS_SPACES[machine];
  const layout = writtenOut(declared, space);
  const regions = resolveRegions(layout.regions, space, report);
  report.barrier();
  const sections = layout.sections.map((section) =>
    resolveSection(section, regions, machine, report),
  );
  report.barrier();
  checkMachine(layout, report);
  checkNames(layout, report);
  checkSymbols(layout, report);
  checkSpaces(layout, regions, report);
  checkClosed(layout, report);
  checkAlignment("fileAlign", layout.fileAlign ?? PAGE, report);
  checkTwice(layoutSymbols(layout, sections, regions), report);
  report.barrier();
  return {
    machine,
    name: layout.name ?? "kernel",
    entry: layout.entry ?? "_start",
    regions,
    spaces: layout.spaces ?? {},
    sections,
    discard: layout.discard ?? [],
    unwanted: UNWANTED,
    orphans: layout.orphans ?? "error",
    gcSections: layout.gcSections ?? false,
    debug: layout.debug ?? true,
    wholeArchives: layout.wholeArchives ?? [],
    keep: layout.keep ?? [],
    symbols: layoutSymbols(layout, sections, regions),
    closed: (layout.closed ?? []).map((group) => ({ exits: [], ...group })),
    beforePaging: { roots: [], barriers: [], movable: false, ...layout.beforePaging },
    boot: protocols(layout.boot),
    fileAlign: layout.fileAlign ?? PAGE,
    stackHeader: layout.stackHeader ?? false,
  };
}

function protocols(boot: Layout["boot"] = "none"): readonly BootProtocol[] {
  if (typeof boot !== "string") return boot;
  return boot === "none" ? [] : [boot];
}

function layoutSymbols(
  layout: PlainLayout,
  sections: readonly ResolvedSection[],
  regions: readonly ResolvedRegion[],
): LayoutSymbol[] {
  const within = sections.flatMap(({ name: of, inputSymbols }) =>
    inputSymbols.map(({ name }): LayoutSymbol => ({ name, of, kind: "within", edge: "start" })),
  );
  return [...edgeSymbols(sections, regions), ...namedSymbols(layout), ...within];
}

/** `<section>_start` and its relatives, for everything that is in memory. */
function edgeSymbols(
  sections: readonly ResolvedSection[],
  regions: readonly ResolvedRegion[],
): LayoutSymbol[] {
  const named = (kind: "section" | "region", of: string, edges: readonly EdgeSymbol["edge"][]) =>
    edges.map((edge) => ({ name: `${symbolStem(of)}_${edge}`, of, kind, edge }));
  return [
    ...sections
      .filter((section) => section.allocate)
      .flatMap(({ name, module }) => {
        // Where a module is loaded is not known before boot.
        const load = module === undefined ? (["load"] as const) : [];
        return named("section", name, ["start", "end", "size", ...load]);
      }),
    ...regions
      .filter((region) => !region.reserved)
      .flatMap(({ name }) => named("region", name, ["start", "end", "size"])),
  ];
}

function namedSymbols(layout: PlainLayout): LayoutSymbol[] {
  const isSection = (of: string) => layout.sections.some(({ name }) => name === of);
  return Object.entries(layout.symbols ?? {}).map(([name, { of, edge }]) => {
    return { name, of, kind: isSection(of) ? "section" : "region", edge };
  });
}

/** The regions in their order; those with an offset need the others. */
function resolveRegions(
  declared: Readonly<Record<string, Region>>,
  space: AddressSpace,
  report: Reporter,
): ResolvedRegion[] {
  const isRaised = ({ load, offset }: Region) => load !== undefined || offset !== undefined;
  const plain = new Map<string, ResolvedRegion>();
  for (const [name, region] of Object.entries(declared)) {
    if (!isRaised(region)) plain.set(name, resolveRegion(name, region, space, report));
  }
  return Object.entries(declared).flatMap(([name, region]) => {
    return plain.get(name) ?? raiseRegion(name, region, plain, space, report) ?? [];
  });
}

/** A region whose VMAs are the LMAs of another one plus an offset. */
function raiseRegion(
  name: string,
  region: Region,
  others: ReadonlyMap<string, ResolvedRegion>,
  space: AddressSpace,
  report: Reporter,
): ResolvedRegion | undefined {
  const { load = "", offset = 0, start, end, anchor, reserved, title } = region;
  const from = others.get(load);
  const base = (from?.start ?? 0) + offset;
  const half = halfOf(space, base, "start");
  const wrong = (what: string, remedy: string) => {
    report.error("LAYOUT015", `region "${name}" ${what}`, remedy);
  };
  if (region.load === undefined || region.offset === undefined) {
    wrong("has only one of `load` and `offset`", "Give both, or neither.");
  } else if (start !== undefined || anchor !== undefined || reserved) {
    wrong("has an `offset` and a place of its own", "Remove `start`, `anchor` and `reserved`.");
  } else if (!from || from.reserved || from.anchor === "end") {
    const near = nearestName(load, [...others.keys()]);
    const remedy =
      near && !from ? `Did you mean "${near}"?` : "Name one with a `start` of its own.";
    wrong(`loads into region "${load}", where nothing can load`, remedy);
  } else if (offset % PAGE !== 0 || !isIn(half, base) || base === half.end) {
    const remedy = `Give a multiple of 4096 that stays below ${space.endName}.`;
    wrong(`has an offset of ${hex(offset)}`, remedy);
  } else {
    return {
      name,
      start: base,
      end: end ?? Math.min(from.end + offset, half.end),
      anchor: "start",
      limited: end !== undefined || from.limited,
      reserved: false,
      raised: { from, offset },
      title: title ?? name,
    };
  }
  return undefined;
}

function resolveRegion(
  name: string,
  region: Region,
  space: AddressSpace,
  report: Reporter,
): ResolvedRegion {
  const anchor = region.anchor ?? (region.start === undefined ? "end" : "start");
  const half = halfOf(space, region[anchor], anchor);
  const resolved = {
    name,
    start: region.start ?? half.start,
    end: region.end ?? half.end,
    anchor,
    limited: region.start !== undefined && region.end !== undefined,
    reserved: region.reserved ?? false,
    raised: undefined,
    title: region.title ?? name,
  };
  if (region[anchor] === undefined) {
    const text = `region "${name}" is anchored at its ${anchor} but has no \`${anchor}\``;
    report.error("LAYOUT001", text, `Give the region its \`${anchor}\` address.`);
  }
  for (const bound of [resolved.start, resolved.end]) {
    if (space.halves.some((each) => isIn(each, bound))) continue;
    const text = `region "${name}" has a bound of ${bound}, which is not ${space.addressName}`;
    report.error("LAYOUT002", text, space.remedy);
  }
  if (resolved.start >= resolved.end) {
    const text = `region "${name}" ends at ${hex(resolved.end)}, not above ${hex(resolved.start)}`;
    report.error("LAYOUT003", text, "Make its `end` larger than its `start`.");
  }
  return resolved;
}

function resolveSection(
  section: OutputSection,
  regions: readonly ResolvedRegion[],
  machine: Machine,
  report: Reporter,
): ResolvedSection {
  const region = findRegion(section, section.region, regions);
  const usual = region.raised?.from ?? region;
  const load = section.load === undefined ? usual : findRegion(section, section.load, regions);
  if (load !== usual && region.raised) {
    const where = `loads into "${load.name}", its region into "${usual.name}"`;
    const text = `section "${section.name}" ${where}`;
    report.error("LAYOUT015", text, "Remove the section's `load`, or the region's `offset`.");
  }
  const permissions = section.permissions ?? permissionsByName(section.name);
  const inputs = section.inputs ?? defaultInputs(section.name, machine);
  const inputSymbols = resolveInputSymbols(inputs, section, report);
  const aligns = inputSymbols.map((symbol) => symbol.align);
  const align = Math.max(section.align ?? (section.allocate === false ? 1 : PAGE), ...aligns);
  checkAlignment(`the alignment of section "${section.name}"`, align, report);
  if (section.module !== undefined && load !== region) {
    const text = `section "${section.name}" is in module "${section.module}" and has a \`load\``;
    report.error("LAYOUT012", text, "Remove `load`: a module is loaded where there is room.");
  }
  if (load.anchor === "end" && load !== region) {
    const text = `section "${section.name}" loads into region "${load.name}", anchored at its end`;
    report.error("LAYOUT004", text, "Load it into a region that is anchored at its start.");
  }
  return {
    name: section.name,
    region,
    load,
    permissions,
    rules: inputs.filter(isRule).map((rule) => resolveRule(rule, section.keep ?? false)),
    inputSymbols,
    address: section.address,
    end: section.end,
    maxSize: section.maxSize,
    align,
    sharesPage: section.sharesPage ?? false,
    pad: section.pad ?? (region.anchor === "end" || section.module !== undefined ? align : 1),
    fill: section.fill ?? (permissions.includes("x") ? 0xcc : 0),
    pack: section.pack ?? false,
    allocate: section.allocate ?? true,
    module: section.module,
    content: section.content ?? "inputs",
  };
}

function defaultInputs(name: string, machine: Machine): (string | InputRule)[] {
  const own = [...(BEFORE[name] ?? []), name, `${name}.*`, ...(AFTER[name] ?? [])];
  return machine === "x86-64" ? [...own, ...(LARGE[name] ?? [])] : own;
}

/** What only our own kernel has, which is for i386. */
function checkMachine({ machine = "i386", sections }: PlainLayout, report: Reporter): void {
  const table = sections.find(({ content }) => content === "symbols");
  if (machine === "i386" || !table) return;
  const text = `section "${table.name}" is a symbol table of the linker's, for ${machine}`;
  report.error("LAYOUT016", text, "Remove the section: its format has 32-bit addresses.");
}

function isRule(entry: string | InputRule | InputSymbol): entry is string | InputRule {
  return typeof entry === "string" || !("symbol" in entry);
}

function resolveInputSymbols(
  inputs: readonly (string | InputRule | InputSymbol)[],
  { name: section, pack }: OutputSection,
  report: Reporter,
): ResolvedInputSymbol[] {
  const symbols: ResolvedInputSymbol[] = [];
  let after = 0;
  for (const entry of inputs) {
    if (isRule(entry)) {
      after += 1;
      continue;
    }
    const { symbol: name, align = 1 } = entry;
    checkAlignment(`the alignment of symbol "${name}"`, align, report);
    symbols.push({ name, after, align });
  }
  const [first] = symbols;
  if (first && pack) {
    const text = `section "${section}" packs its functions, so "${first.name}" is nowhere in it`;
    report.error("LAYOUT014", text, "Remove `pack`, or the symbols from `inputs`.");
  }
  return symbols;
}

function resolveRule(rule: string | InputRule, keep: boolean): ResolvedRule {
  const long: InputRule = typeof rule === "string" ? { sections: rule } : rule;
  return {
    sections: list(long.sections),
    objects: list(long.objects ?? "*"),
    fixed: long.fixed,
    keep: long.keep ?? keep,
    sort: long.sort,
  };
}

function list(value: string | readonly string[]): readonly string[] {
  return typeof value === "string" ? [value] : value;
}

function permissionsByName(name: string): Permissions {
  if (/\.text\b/.test(name)) return "rx";
  return /\.rodata\b/.test(name) ? "r" : "rw";
}

function findRegion(
  section: OutputSection,
  name: string | undefined,
  regions: readonly ResolvedRegion[],
): ResolvedRegion {
  const free = regions.filter((region) => !region.reserved);
  const found = name === undefined ? free[0] : free.find((region) => region.name === name);
  if (found) return found;
  const known = free.map((region) => region.name);
  const near = nearestName(name ?? "", known);
  const text = regions.some((region) => region.name === name)
    ? `section "${section.name}" is put into region "${name}", which is reserved`
    : `section "${section.name}" names region "${name ?? ""}", which does not exist`;
  const remedy = near
    ? `Did you mean "${near}"?`
    : `Declare it under \`regions\`, or use one of: ${known.join(", ")}.`;
  throw new Diagnostic("LAYOUT005", text, remedy);
}
