// Pass: lists the sections of all objects and checks that each is what object.ts promises.

import type { ObjectFile, Section } from "../i686/object";
import { InputSection } from "./model";
import type { Reporter } from "./reporter";

const WIDTH = {
  R_386_32: 4,
  R_386_PC32: 4,
  R_386_16: 2,
  R_386_PC16: 2,
  R_386_8: 1,
  R_386_PC8: 1,
} as const;

/** Bytes that a relocation of this type patches. */
export function relocationWidth(type: keyof typeof WIDTH): number {
  return WIDTH[type];
}

/** The sections of each object, by object and index. */
export function collectSections(
  objects: readonly ObjectFile[],
  report: Reporter,
): Map<ObjectFile, InputSection[]> {
  const inputs = new Map<ObjectFile, InputSection[]>();
  for (const object of objects) {
    for (const section of object.sections) checkSection(object, section, report);
    inputs.set(
      object,
      object.sections.map((section) => new InputSection(object, section)),
    );
  }
  return inputs;
}

function checkSection(object: ObjectFile, section: Section, report: Reporter): void {
  const bad = (what: string) =>
    report.error(
      "LINK001",
      `section ${section.name} of ${object.name} ${what}`,
      "Rebuild the object; if it was made by this toolchain, this is a bug worth reporting.",
      { file: object.name },
    );
  const stored = section.type === "nobits" ? 0 : section.size;
  if (section.bytes.length !== stored) bad(`has ${section.bytes.length} bytes, not ${stored}`);
  if (!Number.isInteger(Math.log2(section.align))) bad(`has an alignment of ${section.align}`);
  if (section.address !== undefined && section.address % section.align !== 0) {
    bad(`is fixed at ${section.address}, which its alignment of ${section.align} forbids`);
  }
  for (const relocation of section.relocations) {
    const end = relocation.offset + relocationWidth(relocation.type);
    if (relocation.offset < 0 || end > stored) bad(`has a relocation at ${relocation.offset}`);
    if (!object.symbols[relocation.symbol]) bad(`refers to symbol number ${relocation.symbol}`);
  }
}
