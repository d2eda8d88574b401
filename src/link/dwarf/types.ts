// Entries of types. A class is a structure and a typedef of its name, so that gdb takes
// `(Process *) 0xff801000`; what refers to an object is a pointer to the structure. A string is an
// array of units of UTF-16, whose length stands before it, and what refers to one a reference, as
// gdb then prints the text.

import type { DebugType, Encoding } from "../../object/debug-info";
import { DW_AT, DW_ATE, DW_OP, DW_TAG } from "./constants";
import { type Entries, EntryLabel } from "./entries";

const ENCODINGS: Readonly<Record<Encoding, number>> = {
  boolean: DW_ATE.boolean,
  float: DW_ATE.float,
  signed: DW_ATE.signed,
  unsigned: DW_ATE.unsigned,
};
const POINTER_SIZE = 4;

/** The types of one object, each with the entry that stands for it. */
export class TypeEntries {
  readonly #targets: readonly EntryLabel[];

  readonly #types: readonly DebugType[];

  constructor(types: readonly DebugType[]) {
    this.#types = types;
    this.#targets = types.map(() => new EntryLabel());
  }

  target(index: number): EntryLabel {
    const target = this.#targets[index];
    if (!target) throw new Error(`there is no type ${index}`);
    return target;
  }

  /** How many bytes a value of the type takes. */
  sizeOf(index: number): number {
    const type = this.#types[index];
    if (type?.kind === "enumeration") return this.sizeOf(type.base);
    return type && "size" in type ? type.size : POINTER_SIZE;
  }

  /** Writes the types that are declared in `file`; undefined: those that are nowhere. */
  write(entries: Entries, file: string | undefined): void {
    for (const [index, type] of this.#types.entries()) {
      const place = "place" in type ? type.place.file : undefined;
      if (place === file) this.#writeType(entries, type, this.target(index));
    }
  }

  #writeType(entries: Entries, type: DebugType, target: EntryLabel): void {
    if (type.kind === "base") writeBase(entries, type, target);
    else if (type.kind === "structure") this.#writeStructure(entries, type, target);
    else if (type.kind === "enumeration") this.#writeEnumeration(entries, type, target);
    else if (type.kind === "string") writeString(entries, type, target);
    else {
      const isText = this.#types[type.to]?.kind === "string";
      entries.open(isText ? DW_TAG.reference_type : DW_TAG.pointer_type, target);
      entries.number(DW_AT.byte_size, POINTER_SIZE);
      entries.entry(DW_AT.type, this.target(type.to));
      entries.close();
    }
  }

  #writeStructure(
    entries: Entries,
    { name, size, place, members }: DebugType & { kind: "structure" },
    target: EntryLabel,
  ): void {
    entries.open(DW_TAG.structure_type, target);
    writeDeclaration(entries, name, place.line);
    entries.number(DW_AT.byte_size, size);
    if (members.length === 0) entries.close();
    else {
      entries.closeParent();
      for (const member of members) {
        entries.open(DW_TAG.member);
        writeDeclaration(entries, member.name, member.line);
        entries.entry(DW_AT.type, this.target(member.type));
        entries.number(DW_AT.data_member_location, member.offset);
        entries.close();
      }
      entries.end();
    }
    entries.open(DW_TAG.typedef);
    writeDeclaration(entries, name, place.line);
    entries.entry(DW_AT.type, target);
    entries.close();
  }

  #writeEnumeration(
    entries: Entries,
    { name, base, place, values }: DebugType & { kind: "enumeration" },
    target: EntryLabel,
  ): void {
    entries.open(DW_TAG.enumeration_type, target);
    writeDeclaration(entries, name, place.line);
    entries.number(DW_AT.byte_size, this.sizeOf(base));
    entries.entry(DW_AT.type, this.target(base));
    entries.closeParent();
    for (const value of values) {
      entries.open(DW_TAG.enumerator);
      entries.text(DW_AT.name, value.name);
      entries.signed(DW_AT.const_value, value.value);
      entries.close();
    }
    entries.end();
  }
}

/** Bytes before a string's text: the word there counts the bytes of the text. */
const { push_object_address, lit4, minus, deref, lit1, shr } = DW_OP;
const STRING_LENGTH = [push_object_address, lit4, minus, deref, lit1, shr];
const UNIT_SIZE = 2;

function writeString(
  entries: Entries,
  { name, place }: DebugType & { kind: "string" },
  target: EntryLabel,
): void {
  const unit = new EntryLabel();
  entries.open(DW_TAG.base_type, unit);
  entries.text(DW_AT.name, "char16_t");
  entries.number(DW_AT.byte_size, UNIT_SIZE);
  entries.number(DW_AT.encoding, DW_ATE.utf);
  entries.close();
  const text = new EntryLabel();
  entries.open(DW_TAG.array_type, text);
  entries.entry(DW_AT.type, unit);
  entries.closeParent();
  entries.open(DW_TAG.subrange_type);
  entries.expression(DW_AT.count, STRING_LENGTH);
  entries.close();
  entries.end();
  entries.open(DW_TAG.typedef, target);
  writeDeclaration(entries, name, place.line);
  entries.entry(DW_AT.type, text);
  entries.close();
}

function writeBase(
  entries: Entries,
  { name, size, encoding }: DebugType & { kind: "base" },
  target: EntryLabel,
): void {
  entries.open(DW_TAG.base_type, target);
  entries.text(DW_AT.name, name);
  entries.number(DW_AT.byte_size, size);
  entries.number(DW_AT.encoding, ENCODINGS[encoding]);
  entries.close();
}

/** The name of something, and where it is declared: everything in a unit is in its file 1. */
export function writeDeclaration(entries: Entries, name: string, line: number): void {
  entries.text(DW_AT.name, name);
  entries.number(DW_AT.decl_file, 1);
  entries.number(DW_AT.decl_line, line);
}
