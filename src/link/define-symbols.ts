// Pass: the numbers behind the names that the layout promises (ARCHITECTURE.md, "Names that layout,
// assembly and kernel share").

import { ADDRESS_SPACE_END } from "../base/align";
import type { PlacedSection, SymbolScope } from "./model";
import type { RegionUse } from "./place";
import type { LayoutSymbol } from "./resolve-layout";

/** Where something begins and ends, and where the loader puts it. */
interface Edges {
  readonly start: number;
  readonly end: number;
  readonly load: number;
}

/** Sets the value of every layout symbol. An end at 4 GiB is the number 0. */
export function defineSymbols(
  symbols: SymbolScope,
  sections: readonly PlacedSection[],
  regions: readonly RegionUse[],
): void {
  const bySection = new Map<string, Edges>(
    sections.map(({ name, address, end, loadAddress }) => [
      name,
      { start: address, end, load: loadAddress },
    ]),
  );
  const byRegion = new Map<string, Edges>(
    regions.map(({ region, start, end }) => [region.name, { start, end, load: start }]),
  );
  for (const symbol of symbols.globals.values()) {
    const { about } = symbol;
    if (!about) continue;
    const edges = (about.kind === "section" ? bySection : byRegion).get(about.of);
    if (edges) symbol.value = edgeOf(edges, about.edge) % ADDRESS_SPACE_END;
  }
}

function edgeOf({ start, end, load }: Edges, edge: LayoutSymbol["edge"]): number {
  switch (edge) {
    case "start":
      return start;
    case "end":
      return end;
    case "size":
      return end - start;
    case "load":
      return load;
    case "loadEnd":
      return load + (end - start);
  }
}
