// What a link makes: an image in memory, complete and immutable. Files are made from it by
// write-elf.ts, map-file.ts, symbol-file.ts, listing-file.ts and draw-layout.ts.

import type { Diagnostic } from "../../base/diagnostic";
import type { ResolvedLayout } from "../layout/resolved";
import type { LinkedFunction } from "./functions";
import type { Segment } from "./make-segments";
import type { InputSection, LinkSymbol, PlacedSection, SymbolScope } from "./model";
import type { RegionUse } from "./place";
import type { ThreadBlock } from "./thread-block";

export interface LinkedImage {
  readonly layout: ResolvedLayout;
  /** The address where execution begins. */
  readonly entry: number;
  /** The output sections, in the layout's order; those that are not allocated have address 0. */
  readonly sections: readonly PlacedSection[];
  readonly segments: readonly Segment[];
  /** What each region that is not reserved holds. */
  readonly regions: readonly RegionUse[];
  /** The thread-local variables, if there are any. */
  readonly threads: ThreadBlock | undefined;
  /** Every symbol of what is in the image, and those of the layout, by address, then by name. */
  readonly symbols: readonly LinkSymbol[];
  /** The functions of all code, by output section and address. */
  readonly functions: readonly LinkedFunction[];
  /** Inputs that nothing referred to. */
  readonly dropped: readonly InputSection[];
  readonly warnings: readonly Diagnostic[];
}

/** The output section that holds `address` (a VMA), if any. */
export function sectionAt(image: LinkedImage, address: number): PlacedSection | undefined {
  return image.sections.find(
    (section) => section.plan.allocate && address >= section.address && address < section.end,
  );
}

/** The value of a symbol, by name; undefined if the image has no such symbol. */
export function addressOf(image: LinkedImage, name: string): number | undefined {
  return image.symbols.find((symbol) => symbol.name === name)?.address;
}

/**
 * The symbols of what is in the image, and those of the layout, by address and name.
 *
 * @param keepsLabels whether labels of compilers are among them
 */
export function symbolsOf({ defined, ofLayout }: SymbolScope, keepsLabels = false): LinkSymbol[] {
  const own = keepsLabels ? isTableEntry : isInImage;
  const symbols = [...defined.filter(own), ...ofLayout];
  return symbols.sort((a, b) => a.address - b.address || compareNames(a.name, b.name));
}

function isInImage(symbol: LinkSymbol): boolean {
  return !symbol.isGone && !symbol.superseded && !isTemporary(symbol);
}

/** GNU ld leaves labels of compilers out only where strings are merged. */
function isTableEntry(symbol: LinkSymbol): boolean {
  const { name, type, input } = symbol;
  if (symbol.isGone || symbol.superseded || name === "" || type === "section") return false;
  return !name.startsWith(".L") || input?.section.merge === undefined;
}

function compareNames(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/**
 * A label of the compiler's own (`.L12`), or the symbol of a section: of no interest by address.
 */
function isTemporary({ name, binding, type }: LinkSymbol): boolean {
  return type === "section" || (binding === "local" && (name === "" || name.startsWith(".L")));
}
