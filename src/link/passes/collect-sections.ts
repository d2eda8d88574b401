// Pass: lists the sections of all objects, checks that each is what object.ts promises, and leaves
// out the copies of what several objects bring: of COMDAT groups with one signature (inline
// functions and templates of C++) the first wins, and so does the first `.gnu.linkonce` section of
// a name.

import type { Reporter } from "../../base/reporter";
import type { ObjectFile, Section } from "../../object/object";
import { InputSection } from "./model";

const LINK_ONCE = ".gnu.linkonce.";

/** The sections of each object, by object and index. */
export function collectSections(
  objects: readonly ObjectFile[],
  report: Reporter,
): Map<ObjectFile, InputSection[]> {
  const inputs = new Map<ObjectFile, InputSection[]>();
  const taken = new Set<string>();
  for (const object of objects) {
    if (!object.isChecked) {
      for (const section of object.sections) checkSection(object, section, report);
    }
    const own = object.sections.map((section, index) => new InputSection(object, section, index));
    inputs.set(object, own);
    discardCopies(object, own, taken);
  }
  return inputs;
}

/** @param taken signatures of groups that an earlier object brought */
function discardCopies(object: ObjectFile, own: readonly InputSection[], taken: Set<string>): void {
  for (const { signature, comdat, sections } of object.groups ?? []) {
    if (!comdat || isFirst(signature, taken)) continue;
    for (const index of sections) {
      const member = own[index];
      if (member) member.discarded = true;
    }
  }
  for (const input of own) {
    const { name } = input.section;
    if (name.startsWith(LINK_ONCE) && !isFirst(name, taken)) input.discarded = true;
  }
}

function isFirst(signature: string, taken: Set<string>): boolean {
  if (taken.has(signature)) return false;
  taken.add(signature);
  return true;
}

function checkSection(object: ObjectFile, section: Section, report: Reporter): void {
  const { type, size, bytes, align, address, relocations } = section;
  const stored = type === "nobits" ? 0 : size;
  if (bytes.length !== stored) {
    refuse(object, section, `has ${bytes.length} bytes, not ${stored}`, report);
  }
  if (!Number.isInteger(Math.log2(align))) {
    refuse(object, section, `has an alignment of ${align}`, report);
  }
  if (address !== undefined && address % align !== 0) {
    const what = `is fixed at ${address}, which its alignment of ${align} forbids`;
    refuse(object, section, what, report);
  }
  for (const { offset, width, symbol } of relocations) {
    if (offset < 0 || offset + width > stored) {
      refuse(object, section, `has a relocation at ${offset}`, report);
    }
    if (!object.symbols[symbol]) {
      refuse(object, section, `refers to symbol number ${symbol}`, report);
    }
  }
}

function refuse(object: ObjectFile, section: Section, what: string, report: Reporter): void {
  report.error(
    "LINK001",
    `section ${section.name} of ${object.name} ${what}`,
    "Rebuild the object; if it was made by this toolchain, this is a bug worth reporting.",
    { file: object.name },
  );
}
