// Proof: a closed group of sections (the trampoline) refers to nothing outside itself but its
// declared exits.
//
// While the trampoline runs on a user's page directory, every other kernel address holds the user's
// bytes or nothing. Objects carry a relocation for each address that code or data names, so what
// has no relocation to the outside cannot name the outside.
//
// The linker's own symbols about the group are numbers that hold wherever the code runs.

import { hex } from "../../base/align";
import type { Reporter } from "../../base/reporter";
import { matchesAny } from "../layout/glob";
import type { LayoutSymbol, ResolvedLayout } from "../layout/resolved";
import { displayName } from "../names/demangle";
import { isAbout } from "../passes/define-symbols";
import type { LinkedImage } from "../passes/image";
import type { LinkSymbol, PlacedSection, SymbolScope } from "../passes/model";

type Group = ResolvedLayout["closed"][number];

/** Reports each relocation that leaves a closed group. */
export function proveClosed(
  { sections, layout }: LinkedImage,
  symbols: SymbolScope,
  report: Reporter,
): void {
  for (const group of layout.closed) {
    const members = sections.filter((section) => group.sections.includes(section.name));
    for (const member of members) proveMember(member, group, members, symbols, report);
    reportUnknownExits(group, symbols, report);
  }
}

function proveMember(
  member: PlacedSection,
  group: Group,
  members: readonly PlacedSection[],
  symbols: SymbolScope,
  report: Reporter,
): void {
  for (const input of member.inputs) {
    for (const relocation of input.relocations) {
      const symbol = symbols.target(input, relocation);
      if (isInside(symbol, members) || matchesAny(symbol.name, group.exits)) continue;
      const from = input.describe(relocation.offset);
      const text =
        `${group.name} refers to ${displayName(symbol.name)}${whereIs(symbol)}, which is not ` +
        `part of it, at ${from}`;
      const remedy =
        `Move it into ${group.sections.join(", ")}, or, if it is only used with the kernel's ` +
        "page directory loaded, name it in the group's `exits`.";
      report.error("LINK017", text, remedy, input.placeOf(relocation.offset));
    }
  }
}

function isInside(symbol: LinkSymbol, members: readonly PlacedSection[]): boolean {
  switch (symbol.kind) {
    case "number":
    case "common":
    case "undefined":
      return true; // An undefined symbol that got this far is weak: the number 0.
    case "section":
      return members.some((member) => member === symbol.input?.output);
    case "layout":
      return symbol.about !== undefined && isAboutMembers(symbol.about, members);
  }
}

function isAboutMembers(about: LayoutSymbol, members: readonly PlacedSection[]): boolean {
  switch (about.kind) {
    case "region":
      return members.some(({ plan }) => plan.region.name === about.of);
    case "section":
    case "within":
      return members.some(({ name }) => name === about.of);
    case "inputs":
      return members.some(({ inputs }) => inputs.some((input) => isAbout(about, input)));
    case "assigned":
      return false; // Scripts have no closed groups.
  }
}

function whereIs(symbol: LinkSymbol): string {
  const output = symbol.input?.output;
  return output ? ` in ${output.name} at ${hex(symbol.address)}` : "";
}

/** An exit that nothing defines is most likely mistyped. */
function reportUnknownExits(group: Group, symbols: SymbolScope, report: Reporter): void {
  for (const exit of group.exits) {
    if (/[*?]/.test(exit) || symbols.globals.has(exit)) continue;
    const text = `${group.name} declares the exit "${exit}", which no object defines`;
    report.warning("LINK018", text, "Remove it from `exits`, or correct its name.");
  }
}
