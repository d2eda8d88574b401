// Entries of types. A class is a structure and a typedef of its name, so that gdb takes
// `(Process *) 0xff801000`; what refers to an object is a pointer to the structure.

import type { DebugType, Encoding } from "../../i686/debug-info";
import { DW_AT, DW_ATE, DW_TAG } from "./constants";
import { type Entries, entry, number, signed, Target, text } from "./entries";

const ENCODINGS: Readonly<Record<Encoding, number>> = {
  boolean: DW_ATE.boolean,
  float: DW_ATE.float,
  signed: DW_ATE.signed,
  unsigned: DW_ATE.unsigned,
};
const POINTER_SIZE = 4;

/** The types of one object, each with the entry that stands for it. */
export class TypeEntries {
  private readonly targets: readonly Target[];

  constructor(private readonly types: readonly DebugType[]) {
    this.targets = types.map(() => new Target());
  }

  target(index: number): Target {
    const target = this.targets[index];
    if (!target) throw new Error(`there is no type ${index}`);
    return target;
  }

  /** How many bytes a value of the type takes. */
  sizeOf(index: number): number {
    const type = this.types[index];
    if (type?.kind === "enumeration") return this.sizeOf(type.base);
    return !type || type.kind === "pointer" ? POINTER_SIZE : type.size;
  }

  /** Writes the types that are declared in `file`; undefined: those that are nowhere. */
  write(entries: Entries, file: string | undefined): void {
    for (const [index, type] of this.types.entries()) {
      const place = "place" in type ? type.place.file : undefined;
      if (place === file) this.writeType(entries, type, this.target(index));
    }
  }

  private writeType(entries: Entries, type: DebugType, target: Target): void {
    if (type.kind === "base") this.writeBase(entries, type, target);
    else if (type.kind === "structure") this.writeStructure(entries, type, target);
    else if (type.kind === "enumeration") this.writeEnumeration(entries, type, target);
    else {
      const size = number(DW_AT.byte_size, POINTER_SIZE);
      entries.entry(DW_TAG.pointer_type, [size, entry(DW_AT.type, this.target(type.to))], target);
    }
  }

  private writeBase(
    entries: Entries,
    { name, size, encoding }: DebugType & { kind: "base" },
    target: Target,
  ): void {
    const attributes = [
      text(DW_AT.name, name),
      number(DW_AT.byte_size, size),
      number(DW_AT.encoding, ENCODINGS[encoding]),
    ];
    entries.entry(DW_TAG.base_type, attributes, target);
  }

  private writeStructure(
    entries: Entries,
    { name, size, place, members }: DebugType & { kind: "structure" },
    target: Target,
  ): void {
    const declared = [number(DW_AT.decl_file, 1), number(DW_AT.decl_line, place.line)];
    const named = [text(DW_AT.name, name), ...declared];
    const attributes = [...named, number(DW_AT.byte_size, size)];
    const writeMembers = () => {
      for (const member of members) {
        entries.entry(DW_TAG.member, [
          text(DW_AT.name, member.name),
          number(DW_AT.decl_file, 1),
          number(DW_AT.decl_line, member.line),
          entry(DW_AT.type, this.target(member.type)),
          number(DW_AT.data_member_location, member.offset),
        ]);
      }
    };
    entries.parent(DW_TAG.structure_type, attributes, members.length, writeMembers, target);
    entries.entry(DW_TAG.typedef, [...named, entry(DW_AT.type, target)]);
  }

  private writeEnumeration(
    entries: Entries,
    { name, base, place, values }: DebugType & { kind: "enumeration" },
    target: Target,
  ): void {
    const attributes = [
      text(DW_AT.name, name),
      number(DW_AT.decl_file, 1),
      number(DW_AT.decl_line, place.line),
      number(DW_AT.byte_size, this.sizeOf(base)),
      entry(DW_AT.type, this.target(base)),
    ];
    entries.begin(DW_TAG.enumeration_type, attributes, target);
    for (const value of values) {
      const written = [text(DW_AT.name, value.name), signed(DW_AT.const_value, value.value)];
      entries.entry(DW_TAG.enumerator, written);
    }
    entries.end();
  }
}
