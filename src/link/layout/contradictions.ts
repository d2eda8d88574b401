// What a layout can say that contradicts itself. Only what shows without objects is checked here;
// place.ts checks what depends on sizes.

import { hex } from "../../base/align";
import { nearestName } from "../../base/nearest-name";
import type { Reporter } from "../../base/reporter";
import type { Layout, OutputSection, Region } from "./layout";
import { type LayoutSymbol, type ResolvedRegion, symbolStem } from "./resolved";

/** A layout with its abbreviations written out. */
export interface PlainLayout extends Layout {
  readonly regions: Readonly<Record<string, Region>>;
  readonly sections: readonly OutputSection[];
}

export function checkAlignment(what: string, value: number, report: Reporter): void {
  if (Number.isInteger(value) && value > 0 && Number.isInteger(Math.log2(value))) return;
  report.error("LAYOUT006", `${what} is ${value}, not a power of two`, "Use 1, 2, 4, … or 4096.");
}

/** Sections and regions share a namespace: the linker makes symbols from their names. */
export function checkNames(layout: PlainLayout, report: Reporter): void {
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

/** Symbols between inputs have names of their own. */
export function checkTwice(symbols: readonly LayoutSymbol[], report: Reporter): void {
  for (const { name, of } of symbols.filter(({ kind }) => kind === "within")) {
    if (symbols.filter((symbol) => symbol.name === name).length === 1) continue;
    const text = `section "${of}" defines the symbol "${name}", which the layout defines elsewhere`;
    report.error("LAYOUT007", text, "Rename one of them.");
  }
}

export function checkSymbols(layout: PlainLayout, report: Reporter): void {
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

export function checkSpaces(
  layout: Layout,
  regions: readonly ResolvedRegion[],
  report: Reporter,
): void {
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

export function checkClosed(layout: PlainLayout, report: Reporter): void {
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
