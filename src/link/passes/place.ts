// Pass: VMA and LMA of every output section.
//
// A region that is anchored at its end is stacked from its last section down, so that the last one
// ends at the region's end whatever the sizes are. All other addresses are handed out upwards in
// the layout's order; a region's LMAs and VMAs come from one cursor, so the load image of a section
// that lives elsewhere takes room between its neighbours. A region with an offset has no cursor of
// its own: its sections take their turn in the region that they load into, and their VMAs follow.
//
// Requires: sizes.  Provides: address, loadAddress.

import { alignDown, alignUp, hex } from "../../base/align";
import type { Reporter } from "../../base/reporter";
import { ADDRESS_SPACES } from "../layout/address-space";
import type { ResolvedLayout, ResolvedRegion } from "../layout/resolved";
import type { PlacedSection } from "./model";

/** The part of a region that its sections took. */
export interface RegionUse {
  readonly region: ResolvedRegion;
  start: number;
  end: number;
}

const PAGE = 4096;
/** More bytes than this in one section are a mistake, or an attack through an object's headers. */
const LARGEST_CONTENT = 2 ** 28;

/** Gives every output section its addresses, and returns what each region holds. */
export function place(
  sections: readonly PlacedSection[],
  layout: ResolvedLayout,
  report: Reporter,
): RegionUse[] {
  const allocated = sections.filter((section) => section.plan.allocate);
  const uses = new Map(
    layout.regions.map((region) => [
      region,
      { region, start: region[region.anchor], end: region[region.anchor] },
    ]),
  );
  const useOf = (region: ResolvedRegion): RegionUse => {
    const use = uses.get(region);
    if (!use) throw new Error(`region ${region.name} is not in the layout`);
    return use;
  };
  for (const section of [...allocated].reverse()) {
    if (section.plan.region.anchor === "end") park(section, useOf(section.plan.region));
  }
  for (const section of allocated) {
    const { region, load } = section.plan;
    if (region.raised) {
      raise(section, useOf(region), useOf(load), region.raised.offset, report);
      continue;
    }
    if (region.anchor === "start") advance(section, useOf(region), report);
    section.loadAddress = load === region ? section.address : takeLoad(section, useOf(load));
  }
  for (const section of sections) checkContent(section, report);
  report.barrier();
  for (const section of allocated) if (section.size > 0) checkSection(section, layout, report);
  checkPermissions(allocated, layout, report);
  checkSpaces(layout, useOf, report);
  return [...uses.values()].filter((use) => !use.region.reserved);
}

/** End-anchored: directly below what was parked before. */
function park(section: PlacedSection, use: RegionUse): void {
  section.address = section.plan.address ?? alignDown(use.start - section.size, section.align);
  use.start = section.address;
}

/** With an offset: the next LMA, and the VMA above it. */
function raise(
  section: PlacedSection,
  use: RegionUse,
  load: RegionUse,
  offset: number,
  report: Reporter,
): void {
  advance(section, load, report, offset);
  section.loadAddress = section.address - offset;
  if (section.size > 0) use.end = section.end;
}

/** @param offset from the addresses of `use` to those of the section */
function advance(section: PlacedSection, use: RegionUse, report: Reporter, offset = 0): void {
  const wanted = section.fixedAddress ?? section.plan.address;
  section.address = wanted ?? alignUp(use.end, section.align) + offset;
  if (section.address < use.end + offset) {
    const text =
      `section ${section.name} must begin at ${hex(section.address)}, but what is before it ` +
      `reaches to ${hex(use.end + offset)}`;
    report.error(
      "LINK009",
      text,
      "Raise the section's `address`, or make what is before it smaller.",
    );
  }
  // An empty section has an address, but not even its alignment takes room.
  if (section.size > 0) use.end = Math.max(use.end, section.end - offset);
}

function takeLoad(section: PlacedSection, use: RegionUse): number {
  const address = alignUp(use.end, section.align);
  if (section.size > 0) use.end = address + section.size;
  return address;
}

/** Zeros among content are content too: they need room here and, unless they fill pages, there. */
function checkContent({ name, size, isZero }: PlacedSection, report: Reporter): void {
  if (isZero || size <= LARGEST_CONTENT) return;
  const text = `section ${name} would have ${size} bytes of content`;
  report.error("LINK023", text, "Look for an input with a wrong size or a far fixed address.");
}

/** What the layout demands of one section. */
function checkSection(section: PlacedSection, { machine }: ResolvedLayout, report: Reporter): void {
  const { name, plan, address, end, size } = section;
  const { region, load } = plan;
  const { endName } = ADDRESS_SPACES[machine];
  const from = hex(address);
  const limits: [number | undefined, string][] = [
    [plan.end, "the `end` that the layout gives it"],
    [region.end, region.limited ? `the end of region "${region.name}"` : endName],
  ];
  for (const [limit, what] of limits) {
    if (limit === undefined || end <= limit) continue;
    const over = end - limit;
    const text =
      `section ${name} (${size} bytes from ${from}) reaches ${over} bytes beyond ${what}, ` +
      `${hex(limit)}`;
    report.error("LINK010", text, "Make it smaller, or move the limit.");
    break;
  }
  if (address < region.start) {
    const below = region.start - address;
    const text = `section ${name} begins at ${from}, ${below} bytes below region "${region.name}"`;
    report.error("LINK010", text, "Make its region larger, or the sections in it smaller.");
  }
  if (plan.maxSize !== undefined && size > plan.maxSize) {
    const text = `section ${name} has ${size} bytes; the layout allows ${plan.maxSize}`;
    report.error("LINK011", text, "Make it smaller, or raise `maxSize`.");
  }
  if (section.loadAddress + size > load.end) {
    const text = `the load image of section ${name} does not fit into region "${load.name}"`;
    report.error("LINK010", text, "Make the region larger.");
  }
  if (section.align >= PAGE && (address - section.loadAddress) % PAGE !== 0) {
    const lma = hex(section.loadAddress);
    const text = `section ${name} has VMA ${from} and LMA ${lma}, which no page can map`;
    report.error("LINK012", text, "Make both congruent modulo 4096.");
  }
}

/** Two sections with different permissions must not share a page unless the layout says so. */
function checkPermissions(
  sections: readonly PlacedSection[],
  { closed }: ResolvedLayout,
  report: Reporter,
): void {
  const groupOf = ({ name }: PlacedSection) =>
    closed.find((group) => group.sections.includes(name));
  const sorted = sections.filter(({ size }) => size > 0).sort((a, b) => a.address - b.address);
  for (const [index, upper] of sorted.entries()) {
    const lower = sorted[index - 1];
    if (!lower) continue;
    if (lower.end > upper.address) {
      const text = `sections ${lower.name} and ${upper.name} overlap at ${hex(upper.address)}`;
      report.error("LINK013", text, "Put them into regions that do not overlap.");
    } else if (
      lower.plan.permissions !== upper.plan.permissions &&
      alignUp(lower.end, PAGE) > upper.address
    ) {
      const text =
        `sections ${lower.name} (${lower.plan.permissions}) and ${upper.name} ` +
        `(${upper.plan.permissions}) share the page at ${hex(alignDown(upper.address, PAGE))}`;
      if (groupOf(lower) !== groupOf(upper)) {
        report.error("LINK014", text, `Align ${upper.name} to 4096: one is in a closed group.`);
      } else if (!upper.plan.sharesPage) {
        const remedy = `Align ${upper.name} to 4096, or say \`sharesPage: true\` of it.`;
        report.error("LINK014", text, remedy);
      }
    }
  }
}

/** Now that sizes are known: no region of a space grew into its neighbour. */
function checkSpaces(
  layout: ResolvedLayout,
  useOf: (region: ResolvedRegion) => RegionUse,
  report: Reporter,
): void {
  for (const [name, space] of Object.entries(layout.spaces)) {
    const ranges = layout.regions
      .filter((region) => space.regions.includes(region.name))
      .filter((region) => region.limited || !region.reserved)
      .map((region) => (region.reserved ? { ...region, region } : useOf(region)))
      .sort((a, b) => a.start - b.start);
    for (const [index, upper] of ranges.entries()) {
      const lower = ranges[index - 1];
      if (!lower || lower.end <= upper.start) continue;
      const text =
        `in space "${name}" region "${lower.region.name}" grew to ${hex(lower.end)}, into ` +
        `region "${upper.region.name}" from ${hex(upper.start)}`;
      report.error("LINK015", text, "Move the upper one, or make the lower one smaller.");
    }
  }
}
