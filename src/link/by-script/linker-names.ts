// The names that a script defines: before addresses are known, that they exist; afterwards, their
// values.

import type { Machine } from "../../object/object";
import { shapeFor } from "../elf/shape";
import type { Script, Statement } from "../gnu-script/syntax";
import type { LayoutSymbol } from "../layout/resolved";
import type { LinkerNames } from "../passes/collect-symbols";
import { defineSymbols, OFFSET_TABLE, providedSymbol } from "../passes/define-symbols";
import type { PlacedSection, SymbolScope } from "../passes/model";
import { addressOf } from "./evaluate";
import { toAddress } from "./model";
import type { ScriptSymbols } from "./script-symbols";

/** The sections that a C identifier is the name of have edges, whatever the script says. */
const SECTION_EDGE = /^__(start|stop)_/;

/** The names that the script defines whether or not anything refers to them. */
export function assignedOutright({ statements }: Script): ReadonlySet<string> {
  const assignments = statements.flatMap(assignmentsOf);
  return new Set(assignments.filter(({ provided }) => !provided).map(({ name }) => name));
}

/** What collect-symbols.ts must know of the script. */
export function linkerNames(script: Script): LinkerNames {
  const assignments = script.statements.flatMap(assignmentsOf);
  const provided = new Set(assignments.filter((each) => each.provided).map(({ name }) => name));
  return {
    symbols: [...assignedOutright(script)].map(assignedSymbol),
    provide: (name) => {
      if (provided.has(name)) return assignedSymbol(name);
      const isKnown = name === OFFSET_TABLE || SECTION_EDGE.test(name);
      return isKnown ? providedSymbol(name) : undefined;
    },
  };
}

function assignmentsOf(statement: Statement) {
  const all = statement.kind === "output" ? statement.content : [statement];
  return all.filter((each) => each.kind === "assignment").filter(({ name }) => name !== ".");
}

function assignedSymbol(name: string): LayoutSymbol {
  return { name, of: "", kind: "assigned", edge: "start" };
}

/** Gives the linker's symbols their values. */
export function defineNames(
  symbols: SymbolScope,
  values: ScriptSymbols,
  placed: readonly PlacedSection[],
  machine: Machine,
): void {
  defineSymbols(symbols, placed, [], { machine });
  const { bits } = shapeFor(machine);
  for (const symbol of symbols.ofLayout) {
    if (symbol.about?.kind !== "assigned") continue;
    const value = values.values.get(symbol.name);
    if (value) symbol.value = toAddress(addressOf(value), bits);
  }
}
