// An ELF file for i386 or x86-64 as it lies in memory: headers, sections and symbols by number,
// read from the file when asked for. Objects have sections and symbols by the hundred thousand, and
// one JavaScript object for each would take longer than linking them.
//
// The file may come from anywhere, so every offset, size, count and index is checked before it is
// followed, and what is returned holds no reference outside the file. Two kinds of readers want two
// answers to a broken file:
//
//   - the linker and its library throw a Diagnostic that names the field;
//   - `check` collects the damage and goes on: loaders do not read section and symbol tables, so a
//     broken one costs only itself. A broken program header is an error here too, as for a loader.
//
// See the System V gABI, chapters 4 and 5.

import { EHDR_TYPE, SHN_XINDEX, SHT_SYMTAB } from "../../abi/elf";
import { ElfBytes, type Table } from "./bytes";
import { ElfSections } from "./sections";
import { ElfSegments } from "./segments";
import { ElfSymbols } from "./symbols";

const NO_TABLE: Table = { start: 0, count: 0, step: 0 };

/** The file's header, and the way to its tables. */
export class ElfView extends ElfBytes {
  /** ET_REL, ET_EXEC, … */
  get type(): number {
    return this.half(EHDR_TYPE);
  }

  get entry(): bigint {
    return this.address(this.shape.header.entry);
  }

  /** The segments. Throws Diagnostic ELF002 if one of them is not all in the file. */
  segments(): ElfSegments {
    const { header, segment } = this.shape;
    const count = this.half(header.phnum);
    const table = this.#table(
      "program headers",
      header.phoff,
      count,
      header.phentsize,
      segment.size,
    );
    if (typeof table === "string") throw this.malformed(table);
    return new ElfSegments(this, table);
  }

  /** The sections; the content of each lies within the file. */
  sections(): ElfSections {
    const { header, section } = this.shape;
    const { count, names } = this.#sectionCounts();
    const table = this.#table(
      "section headers",
      header.shoff,
      count,
      header.shentsize,
      section.size,
    );
    if (typeof table !== "string") return new ElfSections(this, table, names);
    this.report(table);
    return new ElfSections(this, NO_TABLE, 0);
  }

  /** The symbol table: the first of the file's `sections`, or an empty one. */
  symbols(sections: ElfSections): ElfSymbols {
    return new ElfSymbols(this, sections, sections.find(SHT_SYMTAB));
  }

  /** Counts that need more than 16 bits are in the first section header. */
  #sectionCounts(): { count: number; names: number } {
    const { header, section } = this.shape;
    const count = this.half(header.shnum);
    const names = this.half(header.shstrndx);
    const first = this.extent(header.shoff);
    if (first === 0 || first + section.size > this.bytes.length) return { count, names };
    return {
      count: count === 0 ? this.extent(first + section.bytes) : count,
      names: names === SHN_XINDEX ? this.word(first + section.link) : names,
    };
  }

  /** Where a table lies, or why it cannot be used. */
  #table(
    what: string,
    offsetField: number,
    count: number,
    stepField: number,
    size: number,
  ): Table | string {
    const start = this.extent(offsetField);
    const step = this.half(stepField);
    if (count === 0) return { start, count, step };
    if (step < size) return `its ${what} have ${step} bytes, not ${size}`;
    if (start + count * step > this.bytes.length) {
      return `its ${count} ${what} at offset ${start} reach beyond its end`;
    }
    return { start, count, step };
  }
}
