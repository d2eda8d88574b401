// An ObjectFile as an ELF relocatable object, so that ld, objdump and gdb can read ours.
//
//   ELF header | bytes of sections | .symtab .strtab | .rel<section> … | .shstrtab | headers
//
// The empty section .note.GNU-stack tells GNU ld that the stack need not be executable.
//
// Addends go where REL keeps them: into the bytes that are patched. Lines, frames and what is known
// of the source become debug sections (dwarf/object-sections.ts). A fixed address is lost, as
// ET_REL cannot express it.

import {
  EHDR_SIZE,
  ET_REL,
  REL_SIZE,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_TLS,
  SHF_WRITE,
  SHN_ABS,
  SHN_COMMON,
  SHN_UNDEF,
  SHT_NOBITS,
  SHT_PROGBITS,
  SHT_REL,
  SHT_SYMTAB,
} from "../../abi/elf";
import { ByteWriter } from "../../base/byte-writer";
import { Diagnostic } from "../../base/diagnostic";
import type { ObjectFile, ObjectSymbol, Relocation, Section } from "../../object/object";
import { withDebugSections } from "../dwarf/object-sections";
import { I386_RELOCATIONS } from "../elf/relocations";
import { elfHeader, SectionTable } from "../elf/tables";

const STACK_NOTE = ".note.GNU-stack";

/** The bytes of an ET_REL file. Throws Diagnostic ELF005 if an addend does not fit its field. */
export function writeElfObject(plain: ObjectFile): Uint8Array {
  const object = withDebugSections(plain);
  const out = new ByteWriter();
  out.fill(EHDR_SIZE);
  const table = new SectionTable(out);
  for (const section of object.sections) addSection(section, object, table, out);

  const { symbols } = object;
  const sorted = table.addSymbols(symbols, {
    value: ({ common, offset }) => common ?? offset,
    header: headerOf,
  });
  const numbers = new Map(sorted.map((symbol, index) => [symbol, index + 1]));
  const symbolTable = table.headers.findIndex((header) => header.type === SHT_SYMTAB);
  for (const [index, section] of object.sections.entries()) {
    if (section.relocations.length === 0) continue;
    const entries = new ByteWriter();
    for (const { offset, kind, width, symbol } of section.relocations) {
      const target = symbols[symbol];
      entries.u32(offset);
      const type = I386_RELOCATIONS.typeFor(kind, width).number;
      entries.u32(((target && numbers.get(target)) ?? 0) * 256 + type);
    }
    table.addBytes(entries.finish(), {
      name: `.rel${section.name}`,
      type: SHT_REL,
      link: symbolTable,
      info: index + 1,
      align: 4,
      entrySize: REL_SIZE,
    });
  }
  if (!object.sections.some(({ name }) => name === STACK_NOTE)) {
    table.addBytes(new Uint8Array(), { name: STACK_NOTE, type: SHT_PROGBITS, flags: 0, align: 1 });
  }
  const sectionTable = table.finish();
  const bytes = out.finish();
  const sections = table.headers.length;
  bytes.set(elfHeader({ type: ET_REL, entry: 0, segments: 0, sectionTable, sections }), 0);
  return bytes;
}

function addSection(
  section: Section,
  object: ObjectFile,
  table: SectionTable,
  out: ByteWriter,
): void {
  const { name, align, size } = section;
  const flags =
    (section.flags.alloc ? SHF_ALLOC : 0) |
    (section.flags.write ? SHF_WRITE : 0) |
    (section.flags.execute ? SHF_EXECINSTR : 0) |
    (section.flags.tls ? SHF_TLS : 0);
  if (section.type === "nobits") {
    table.add({ name, type: SHT_NOBITS, flags, offset: out.length, size, align });
    return;
  }
  const bytes = section.bytes.slice();
  for (const relocation of section.relocations) storeAddend(bytes, relocation, section, object);
  table.addBytes(bytes, { name, type: SHT_PROGBITS, flags, align });
}

function headerOf({ section, absolute, common }: ObjectSymbol): number {
  if (common !== undefined) return SHN_COMMON;
  if (absolute) return SHN_ABS;
  return section === undefined ? SHN_UNDEF : section + 1;
}

function storeAddend(
  bytes: Uint8Array,
  { offset, kind, width, addend }: Relocation,
  section: Section,
  object: ObjectFile,
): void {
  const view = new DataView(bytes.buffer);
  const limit = 2 ** (8 * width - 1);
  if (addend < -limit || addend >= 2 * limit) {
    const where = `${section.name}+0x${offset.toString(16)} of ${object.name}`;
    const { name } = I386_RELOCATIONS.typeFor(kind, width);
    const text = `the addend ${addend} of the ${name} at ${where} does not fit its ${width} bytes`;
    const remedy = "Link with isthmus, whose objects keep addends apart.";
    throw new Diagnostic("ELF005", text, remedy, { file: object.name });
  }
  if (width === 4) view.setUint32(offset, addend, true);
  else if (width === 2) view.setUint16(offset, addend, true);
  else view.setUint8(offset, addend);
}
