// Pass: the numbers behind the names that the layout promises (ARCHITECTURE.md, "Names that layout,
// assembly and kernel share").

import { ADDRESS_SPACE_END } from "../base/align";
import type { PlacedSection, SymbolScope } from "./model";
import type { RegionUse } from "./place";
import { symbolStem } from "./resolve-layout";

/** Sets the value of every layout symbol. An end at 4 GiB is the number 0. */
export function defineSymbols(
  symbols: SymbolScope,
  sections: readonly PlacedSection[],
  regions: readonly RegionUse[],
): void {
  const define = (name: string, value: number) => {
    const symbol = symbols.globals.get(name);
    if (symbol?.kind === "layout") symbol.value = value % ADDRESS_SPACE_END;
  };
  for (const { name, address, loadAddress, end, size } of sections) {
    const stem = symbolStem(name);
    define(`${stem}_start`, address);
    define(`${stem}_end`, end);
    define(`${stem}_size`, size);
    define(`${stem}_load`, loadAddress);
  }
  for (const { region, start, end } of regions) {
    const stem = symbolStem(region.name);
    define(`${stem}_start`, start);
    define(`${stem}_end`, end);
    define(`${stem}_size`, end - start);
  }
}
