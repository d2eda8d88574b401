// What GNU ld knows and we refuse, by name: each with what to do instead.

import { Diagnostic, type Place } from "../../base/diagnostic";

const REMEDIES: Readonly<Record<string, string>> = {
  OVERLAY:
    "Give each section its own VMA and LMA: AT (ADDRESS) on sections whose addresses are equal.",
  INSERT: "Write the sections into the one SECTIONS command, where they belong.",
  VERSION: "Remove it: symbol versions are for shared libraries.",
  TYPE: 'Let the inputs decide: .section NAME, "a", @note in the source.',
  INPUT_SECTION_FLAGS: "Select the sections by name instead.",
  REVERSE: "Number the sections in the order that they should have, and use SORT.",
  ASCIZ: "Write the text with BYTE, or in a source file.",
  LINKER_VERSION: "Remove it.",
  NOCROSSREFS: "Check the finished kernel instead: isthmus check proves which parts are closed.",
  NOCROSSREFS_TO: "Check the finished kernel instead: isthmus check proves which parts are closed.",
  INHIBIT_COMMON_ALLOCATION: "Remove it: a final link gives common symbols a place.",
  LD_FEATURE: "Remove it: expressions have their usual sections.",
};

export const UNSUPPORTED_IN_SECTIONS: ReadonlySet<string> = new Set([
  ...["OVERLAY", "INSERT", "ASCIZ", "LINKER_VERSION", "INPUT_SECTION_FLAGS"],
]);

export function refuse(word: string, place: Place): Diagnostic {
  const remedy = REMEDIES[word] ?? "Remove it.";
  return new Diagnostic("SCRIPT002", `${word} is not supported`, remedy, place);
}
