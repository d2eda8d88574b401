// What boot page tables show, as far as a layout alone says it.
//
// The sizes of sections are known only once the kernel is linked, so a region is shown whole, up to
// its end or 4 MiB, with all the rights that its sections have; kernel-ranges.ts is exact. Regions
// whose frames depend on sizes are refused.

import { Diagnostic } from "../../base/diagnostic";
import { matchesAny } from "../layout/glob";
import type { ResolvedLayout, ResolvedRegion, ResolvedSection } from "../layout/resolved";
import type { MappedRange, Paging } from "./page-tables";
import { TABLES_SECTION } from "./write-tables";

/** What is shown of a region that has no end. */
const USUAL_SIZE = 4 << 20;

/** @throws Diagnostic TABLES001 for regions whose place is known only after linking */
export function layoutRanges(layout: ResolvedLayout, paging: Paging): MappedRange[] {
  const plans = layout.sections.filter((plan) => {
    return plan.allocate && plan.module === undefined && isInKernelSpace(plan, layout);
  });
  const regions = [...new Set(plans.map(({ region }) => region))];
  return regions.flatMap((region) => {
    const inside = plans.filter((plan) => plan.region === region);
    const moved = inside.find((plan) => distanceOf(plan) === undefined);
    if (region.anchor === "end" || moved) throw notKnown(region);
    const rights = rightsOf(inside);
    const { raised } = region;
    const from = raised?.from ?? region;
    const load = address(from.start, paging);
    const size = BigInt(from.limited ? from.end - from.start : USUAL_SIZE);
    const seen = address(from.start + (raised?.offset ?? 0), paging);
    const shown = { name: `region ${region.name}`, start: seen, load, size, ...rights };
    // Start-up code runs where it is loaded until it jumps.
    const identity = { ...shown, name: `${shown.name} where it is loaded`, start: load };
    return raised ? [shown, identity] : [shown];
  });
}

/**
 * Whether the kernel's own space shows a section: the space called "kernel", or else the first. Of
 * a layout without spaces it shows all.
 */
export function isInKernelSpace({ region }: ResolvedSection, { spaces }: ResolvedLayout): boolean {
  const space = spaces.kernel ?? Object.values(spaces)[0];
  return space === undefined || space.regions.includes(region.name);
}

function rightsOf(plans: readonly ResolvedSection[]): Pick<MappedRange, "write" | "execute"> {
  return {
    write: plans.some(({ permissions }) => permissions.includes("w")),
    execute: plans.some(({ permissions }) => permissions.includes("x")),
  };
}

/** VMA minus LMA of a section, if the layout fixes it. */
function distanceOf({ region, load }: ResolvedSection): number | undefined {
  if (region.raised) return region.raised.offset;
  return load === region ? 0 : undefined;
}

function notKnown({ name }: ResolvedRegion): Diagnostic {
  return new Diagnostic(
    "TABLES001",
    `where region "${name}" is loaded depends on the sizes of sections`,
    "Link the kernel first, and give it: `--kernel FILE.elf`.",
  );
}

/**
 * VMA minus LMA of the section that the tables themselves go to.
 *
 * @throws Diagnostic TABLES005 if the layout does not fix it
 */
export function distanceOfTables(layout: ResolvedLayout, paging: Paging): bigint {
  const home = layout.sections.find(({ rules }) =>
    rules.some(({ sections }) => matchesAny(TABLES_SECTION, sections)),
  );
  const distance = home && distanceOf(home);
  if (distance !== undefined) return address(distance, paging);
  const what = home ? `${home.name}, which is loaded elsewhere` : "no section of the layout";
  throw new Diagnostic(
    "TABLES005",
    `the tables, which are in ${TABLES_SECTION}, go to ${what}`,
    `Name ${TABLES_SECTION} in the inputs of a section that lies where it is loaded.`,
  );
}

/** An address without a sign. */
export function address(value: number, paging: Paging): bigint {
  return BigInt.asUintN(paging === "4-level" ? 64 : 32, BigInt(value));
}
