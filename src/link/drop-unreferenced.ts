// Pass: marks the sections that the image needs; the others are left out.
//
// A section is needed if it holds the entry point or a symbol that the layout keeps, if its rule
// says `keep`, if it belongs to a closed group, if its address is fixed (the code names it by
// number, not by a relocation), or if a needed section refers to it.

import { hint } from "./collect-symbols";
import { matchesAny } from "./glob";
import type { InputSection, SymbolScope } from "./model";
import type { Reporter } from "./reporter";
import type { ResolvedLayout } from "./resolve-layout";

/** Sets `live`, and takes what is not out of the outputs. Returns what was dropped. */
export function dropUnreferenced(
  inputs: readonly InputSection[],
  symbols: SymbolScope,
  layout: ResolvedLayout,
  report: Reporter,
): InputSection[] {
  const closed = new Set(layout.closed.flatMap((group) => group.sections));
  const placed = inputs.filter((input) => input.output);
  const work = placed.filter(
    ({ rule, output, section }) =>
      rule?.keep || section.address !== undefined || closed.has(output?.name ?? ""),
  );
  work.push(...namedRoots(symbols, layout, report));
  while (work.length > 0) {
    const input = work.pop();
    if (!input?.output || input.live) continue;
    input.live = true;
    for (const relocation of input.section.relocations) {
      const target = symbols.target(input, relocation).input;
      if (target && !target.live) work.push(target);
    }
  }
  const dropped = placed.filter((input) => !input.live);
  for (const output of new Set(dropped.map((input) => input.output))) {
    if (output) output.inputs = output.inputs.filter((input) => input.live);
  }
  return dropped;
}

/** The sections of the symbols that the layout names. */
function namedRoots(
  symbols: SymbolScope,
  layout: ResolvedLayout,
  report: Reporter,
): InputSection[] {
  const exact = (name: string, role: string) => {
    const symbol = symbols.globals.get(name);
    if (!symbol) {
      const text = `the layout names "${name}" as ${role}, but no object defines it`;
      report.error("LINK006", text, hint(name, symbols), { file: layout.name });
    }
    return symbol?.input;
  };
  const roots = [
    exact(layout.entry, "the entry point"),
    ...layout.beforePaging.roots.map((name) => exact(name, "code that runs before paging")),
    ...[...symbols.globals.values()]
      .filter((symbol) => matchesAny(symbol.name, layout.keep))
      .map((symbol) => symbol.input),
  ];
  return roots.filter((input) => input !== undefined);
}
