// Fills in a layout's defaults and refuses what contradicts itself.
//
// Only what can be seen without objects is checked here; place.ts checks what depends on sizes.
//
// Invariants
//   - In a resolved layout every region that a section names exists, is not reserved, and has the
//     bound that its anchor needs; every name is unique; every alignment is a power of two.

import { ADDRESS_SPACE_END, hex } from "../../base/align";
import { Diagnostic } from "../../base/diagnostic";
import { nearestName } from "../../base/nearest-name";
import { Reporter } from "../../base/reporter";
import type {
  BeforePaging,
  ClosedGroup,
  EdgeSymbol,
  InputRule,
  Layout,
  OutputSection,
  Permissions,
  Region,
  Space,
} from "./layout";

const PAGE = 4096;

export interface ResolvedRegion {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly anchor: "start" | "end";
  /** false: the bound opposite to the anchor is only that of the address space. */
  readonly limited: boolean;
  readonly reserved: boolean;
  readonly title: string;
}

export interface ResolvedRule {
  readonly sections: readonly string[];
  readonly objects: readonly string[];
  readonly fixed: boolean | undefined;
  readonly keep: boolean;
  readonly sort: "name" | "priority" | undefined;
}

export interface ResolvedSection {
  readonly name: string;
  readonly region: ResolvedRegion;
  readonly load: ResolvedRegion;
  readonly permissions: Permissions;
  readonly rules: readonly ResolvedRule[];
  readonly address: number | undefined;
  readonly end: number | undefined;
  readonly maxSize: number | undefined;
  readonly align: number;
  readonly pad: number;
  readonly fill: number;
  readonly pack: boolean;
  readonly allocate: boolean;
  /** The ELF file of its own that it goes to; absent: the image. */
  readonly module: string | undefined;
  readonly content: "symbols" | "inputs";
}

/**
 * A symbol that the linker defines: an edge of an output section, of a region, or of the input
 * sections of a name wherever they went (`__init_array_start`).
 */
export interface LayoutSymbol {
  readonly name: string;
  readonly of: string;
  readonly kind: "section" | "region" | "inputs";
  readonly edge: EdgeSymbol["edge"];
}

export interface ResolvedLayout {
  readonly name: string;
  readonly entry: string;
  readonly regions: readonly ResolvedRegion[];
  readonly spaces: Readonly<Record<string, Space>>;
  readonly sections: readonly ResolvedSection[];
  /** Left out before any rule is tried. */
  readonly discard: readonly string[];
  /** Left out where no rule takes them. */
  readonly unwanted: readonly string[];
  readonly orphans: "error" | "place";
  readonly gcSections: boolean;
  readonly debug: boolean;
  readonly wholeArchives: readonly string[];
  readonly keep: readonly string[];
  readonly symbols: readonly LayoutSymbol[];
  readonly closed: readonly Required<ClosedGroup>[];
  readonly beforePaging: Required<BeforePaging>;
  readonly boot: "multiboot" | "multiboot2" | "none";
  readonly fileAlign: number;
  readonly stackHeader: boolean;
}

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
const BEHIND: Readonly<Record<string, readonly (string | InputRule)[]>> = {
  ".text": [".gnu.linkonce.t.*"],
  ".rodata": [".gnu.linkonce.r.*"],
  ".data": [".gnu.linkonce.d.*", ...CONSTRUCTORS, ".got", ".got.plt"],
  ".bss": [".gnu.linkonce.b.*", "COMMON"],
};

const DEFAULT_REGIONS: Readonly<Record<string, Region>> = { kernel: { start: 0x100000 } };
const DEFAULT_SECTIONS = [".text", ".rodata", ".data", ".bss"];

/** A layout with its abbreviations written out. */
interface PlainLayout extends Layout {
  readonly regions: Readonly<Record<string, Region>>;
  readonly sections: readonly OutputSection[];
}

function writtenOut(layout: Layout): PlainLayout {
  const sections = (layout.sections ?? DEFAULT_SECTIONS).map((section) =>
    typeof section === "string" ? { name: section } : section,
  );
  return { ...layout, regions: layout.regions ?? DEFAULT_REGIONS, sections };
}

/** `.trampoline.text` as part of a symbol's name: `trampoline_text`. */
export function symbolStem(name: string): string {
  return name.replace(/^\./, "").replace(/\W/g, "_");
}

/** `layout` with every default filled in. Throws Diagnostics that name each contradiction. */
export function resolveLayout(declared: Layout): ResolvedLayout {
  const report = new Reporter();
  const layout = writtenOut(declared);
  const regions = Object.entries(layout.regions).map(([name, region]) =>
    resolveRegion(name, region, report),
  );
  report.barrier();
  const sections = layout.sections.map((section) => resolveSection(section, regions, report));
  report.barrier();
  checkNames(layout, report);
  checkSymbols(layout, report);
  checkSpaces(layout, regions, report);
  checkClosed(layout, report);
  checkAlignment("fileAlign", layout.fileAlign ?? PAGE, report);
  report.barrier();
  return {
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
    symbols: [...edgeSymbols(sections, regions), ...namedSymbols(layout)],
    closed: (layout.closed ?? []).map((group) => ({ exits: [], ...group })),
    beforePaging: { roots: [], barriers: [], ...layout.beforePaging },
    boot: layout.boot ?? "none",
    fileAlign: layout.fileAlign ?? PAGE,
    stackHeader: layout.stackHeader ?? false,
  };
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

function resolveRegion(name: string, region: Region, report: Reporter): ResolvedRegion {
  const anchor = region.anchor ?? (region.start === undefined ? "end" : "start");
  const resolved = {
    name,
    start: region.start ?? 0,
    end: region.end ?? ADDRESS_SPACE_END,
    anchor,
    limited: region.start !== undefined && region.end !== undefined,
    reserved: region.reserved ?? false,
    title: region.title ?? name,
  };
  if (region[anchor] === undefined) {
    const text = `region "${name}" is anchored at its ${anchor} but has no \`${anchor}\``;
    report.error("LAYOUT001", text, `Give the region its \`${anchor}\` address.`);
  }
  for (const bound of [resolved.start, resolved.end]) {
    if (bound >= 0 && bound <= ADDRESS_SPACE_END && Number.isInteger(bound)) continue;
    const text = `region "${name}" has a bound of ${bound}, which is not a 32-bit address`;
    report.error("LAYOUT002", text, "Give a number from 0 to 0x100000000.");
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
  report: Reporter,
): ResolvedSection {
  const region = findRegion(section, section.region, regions);
  const load = section.load === undefined ? region : findRegion(section, section.load, regions);
  const permissions = section.permissions ?? permissionsByName(section.name);
  const align = section.align ?? (section.allocate === false ? 1 : PAGE);
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
    rules: (section.inputs ?? defaultInputs(section.name)).map((rule) =>
      resolveRule(rule, section.keep ?? false),
    ),
    address: section.address,
    end: section.end,
    maxSize: section.maxSize,
    align,
    pad: section.pad ?? (region.anchor === "end" || section.module !== undefined ? align : 1),
    fill: section.fill ?? (permissions.includes("x") ? 0xcc : 0),
    pack: section.pack ?? false,
    allocate: section.allocate ?? true,
    module: section.module,
    content: section.content ?? "inputs",
  };
}

function defaultInputs(name: string): (string | InputRule)[] {
  return [...(BEFORE[name] ?? []), name, `${name}.*`, ...(BEHIND[name] ?? [])];
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

function checkAlignment(what: string, value: number, report: Reporter): void {
  if (Number.isInteger(value) && value > 0 && Number.isInteger(Math.log2(value))) return;
  report.error("LAYOUT006", `${what} is ${value}, not a power of two`, "Use 1, 2, 4, … or 4096.");
}

/** Sections and regions share a namespace: the linker makes symbols from their names. */
function checkNames(layout: PlainLayout, report: Reporter): void {
  const owners = new Map<string, string>();
  const claim = (stem: string, owner: string) => {
    const other = owners.get(stem);
    owners.set(stem, owner);
    if (other === undefined) return;
    const names = `${stem}_start and ${stem}_end`;
    const text = `${owner} and ${other} would both define the symbols ${names}`;
    report.error("LAYOUT007", text, "Rename one of them.");
  };
  for (const [name, region] of Object.entries(layout.regions)) {
    if (!region.reserved) claim(symbolStem(name), `region "${name}"`);
  }
  for (const { name } of layout.sections) claim(symbolStem(name), `section "${name}"`);
}

function checkSymbols(layout: PlainLayout, report: Reporter): void {
  const regions = Object.entries(layout.regions)
    .filter(([, region]) => !region.reserved)
    .map(([name]) => name);
  const all = layout.sections.map(({ name }) => name);
  const loaded = layout.sections.filter(({ module }) => module === undefined);
  for (const [name, { of, edge }] of Object.entries(layout.symbols ?? {})) {
    const physical = edge === "load" || edge === "loadEnd";
    const sections = physical ? loaded.map((section) => section.name) : all;
    if (sections.includes(of)) continue;
    if (regions.includes(of) && !physical) continue;
    const what = physical ? "section of the image" : "section or region";
    const near = nearestName(of, physical ? sections : [...sections, ...regions]);
    const where = `which is not a ${what} of this layout`;
    const text = `symbol "${name}" is the ${edge} of "${of}", ${where}`;
    report.error("LAYOUT011", text, near ? `Did you mean "${near}"?` : `Name a ${what}.`);
  }
}

function checkSpaces(layout: Layout, regions: readonly ResolvedRegion[], report: Reporter): void {
  for (const [name, space] of Object.entries(layout.spaces ?? {})) {
    const members = space.regions.map((member) => {
      const region = regions.find((candidate) => candidate.name === member);
      if (!region) {
        const text = `space "${name}" names region "${member}", which does not exist`;
        const near = nearestName(
          member,
          regions.map((candidate) => candidate.name),
        );
        const remedy = near ? `Did you mean "${near}"?` : "Declare it under `regions`.";
        report.error("LAYOUT008", text, remedy);
      }
      return region;
    });
    const known = members.filter((region) => region !== undefined);
    checkOverlaps(name, known, report);
  }
}

/**
 * A region without a limit may grow into a neighbour: place.ts finds that once its size is known.
 */
function checkOverlaps(space: string, regions: readonly ResolvedRegion[], report: Reporter): void {
  const claiming = regions.filter((region) => region.limited || !region.reserved);
  const bounded = claiming.map((region) => {
    if (region.limited) return region;
    return region.anchor === "start"
      ? { ...region, end: region.start + 1 }
      : { ...region, start: region.end - 1 };
  });
  bounded.sort((a, b) => a.start - b.start);
  for (const [index, upper] of bounded.entries()) {
    const lower = bounded[index - 1];
    if (!lower || lower.end <= upper.start) continue;
    const text =
      `in space "${space}" region "${lower.name}" (up to ${hex(lower.end)}) overlaps ` +
      `"${upper.name}" (from ${hex(upper.start)})`;
    report.error("LAYOUT009", text, "Move or shorten one of them.");
  }
}

function checkClosed(layout: PlainLayout, report: Reporter): void {
  const names = layout.sections.map((section) => section.name);
  for (const group of layout.closed ?? []) {
    for (const name of group.sections) {
      if (names.includes(name)) continue;
      const near = nearestName(name, names);
      const text = `closed group "${group.name}" names section "${name}", which does not exist`;
      report.error("LAYOUT010", text, near ? `Did you mean "${near}"?` : "Declare the section.");
    }
  }
}
