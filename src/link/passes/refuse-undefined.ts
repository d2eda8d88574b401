// Pass: every name that a live section refers to must be defined, and in the image. Weak ones may
// stay 0, and what describes code (debug sections, unwind tables) may describe code that is gone.

import type { Reporter } from "../../base/reporter";
import type { ObjectFile, Relocation } from "../../object/object";
import { displayName } from "../names/demangle";
import type { InputSection, LinkSymbol, SymbolScope } from "./model";
import { remedyForUndefined } from "./undefined-name";

/** Reports each name that a live section refers to and that has no definition in the image. */
export function refuseUndefined(
  inputs: ReadonlyMap<ObjectFile, readonly InputSection[]>,
  symbols: SymbolScope,
  report: Reporter,
): void {
  const reported = new Set<string>();
  const check = (input: InputSection, relocation: Relocation) => {
    const symbol = symbols.target(input, relocation);
    const { kind, binding, name } = symbol;
    if (kind === "undefined" && binding !== "weak" && !reported.has(name)) {
      reported.add(name);
      reportUndefined(input, relocation, symbol, symbols, report);
    } else if (kind === "section" && !symbol.input?.output && !input.isDescriptive) {
      reportLeftOut(input, relocation, symbol, report);
    }
  };
  for (const sections of inputs.values()) {
    // Mostly every name of an object has a place, and none of its relocations needs a look.
    const bindings = sections.find(({ live }) => live)?.bindings ?? [];
    const isSuspicious = bindings.some(lacksPlace);
    for (const input of sections) {
      if (!input.live || (!isSuspicious && input.bindings === bindings)) continue;
      input.eachRelocation((relocation) => check(input, relocation));
    }
  }
}

function lacksPlace({ kind, binding, input }: LinkSymbol): boolean {
  if (kind === "section") return input?.output === undefined;
  return kind === "undefined" && binding !== "weak";
}

function reportUndefined(
  input: InputSection,
  { offset }: Relocation,
  { name }: LinkSymbol,
  symbols: SymbolScope,
  report: Reporter,
): void {
  const text = `undefined symbol ${displayName(name)}, used at ${input.describe(offset)}`;
  report.error("LINK004", text, remedyForUndefined(name, symbols), input.placeOf(offset));
}

function reportLeftOut(
  input: InputSection,
  { offset }: Relocation,
  { name, input: target }: LinkSymbol,
  report: Reporter,
): void {
  if (!target || target.orphan) return;
  const what = `${target.section.name} of ${target.object.name}`;
  const [why, remedy] = whyLeftOut(target);
  const text = `${input.describe(offset)} refers to ${displayName(name)} in ${what}, ${why}`;
  report.error("LINK024", text, remedy, input.placeOf(offset));
}

/** Why a section is not in the image, and what to do. */
function whyLeftOut({ discarded, section }: InputSection): readonly [string, string] {
  if (discarded) {
    const why = "which was left out for an equal section of another object";
    return [why, "Compile both objects with the same options and headers."];
  }
  if (!section.flags.alloc) {
    const remedy = `Write .section ${section.name}, "a", or "aw" if it is written to.`;
    return ['which has no "a" flag and is not loaded', remedy];
  }
  const remedy = `Give "${section.name}" a place in an output section's \`inputs\`.`;
  return ["which the layout leaves out", remedy];
}
