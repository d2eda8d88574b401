// ELF's relocatable objects as ObjectFiles: what gcc, clang and nasm make.
//
// Sections that are no content (symbol tables, strings, relocations) are left out; relocations get
// their addends from the bytes that they patch. What static code for a kernel cannot have (global
// offset tables, thread-local storage) is refused with the compiler option that avoids it.
//
// Invariants
//   - The ObjectFile keeps what object.ts promises, whatever the file holds.
// See the i386 psABI, 4.4 (relocation).

import {
  ET_REL,
  R_386_8,
  R_386_16,
  R_386_32,
  R_386_PC8,
  R_386_PC16,
  R_386_PC32,
  R_386_PLT32,
  REL_INFO,
  REL_OFFSET,
  REL_SIZE,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_WRITE,
  SHN_ABS,
  SHN_COMMON,
  SHN_LORESERVE,
  SHN_UNDEF,
  SHT_NOBITS,
  SHT_REL,
  SHT_RELA,
  STB_LOCAL,
  STB_WEAK,
  STT_FILE,
  STT_FUNC,
  STT_OBJECT,
  STT_SECTION,
} from "../abi/elf";
import { Diagnostic } from "../base/diagnostic";
import type { ObjectFile, ObjectSymbol, Relocation, RelocationType, Section } from "../i686/object";
import { relocationWidth } from "./collect-sections";
import { type ElfFile, type ElfSection, type ElfSymbol, readElf } from "./elf-read";

const TYPES = new Map<number, RelocationType>([
  [R_386_32, "R_386_32"],
  [R_386_PC32, "R_386_PC32"],
  // A call of what might be in a shared library; here it is in the image.
  [R_386_PLT32, "R_386_PC32"],
  [R_386_16, "R_386_16"],
  [R_386_PC16, "R_386_PC16"],
  [R_386_8, "R_386_8"],
  [R_386_PC8, "R_386_PC8"],
]);

/** Section types that are content: PROGBITS, NOTE, NOBITS, and the three kinds of INIT_ARRAY. */
const CONTENT = new Set([1, 7, 8, 14, 15, 16]);

/** Reads a relocatable object. Throws Diagnostics ELF001 to ELF004. */
export function readElfObject(bytes: Uint8Array, name: string): ObjectFile {
  const file = readElf(bytes, name);
  if (file.type !== ET_REL) {
    const text = `${name} is an ELF file of type ${file.type}, not a relocatable object`;
    throw new Diagnostic("ELF001", text, "Compile with -c.", { file: name });
  }
  return new ObjectReader(file).read();
}

class ObjectReader {
  private readonly sections: Section[] = [];
  private readonly symbols: ObjectSymbol[] = [];
  /** From indices of the file to ours. */
  private readonly sectionNumbers = new Map<number, number>();
  private readonly symbolNumbers = new Map<number, number>();

  constructor(private readonly file: ElfFile) {}

  read(): ObjectFile {
    const { file, sections, symbols } = this;
    for (const [index, section] of file.sections.entries()) {
      if (!CONTENT.has(section.type)) continue;
      this.sectionNumbers.set(index, sections.length);
      sections.push(this.section(section));
    }
    for (const [index, symbol] of file.symbols.entries()) {
      if (index === 0 || symbol.type === STT_FILE) continue;
      this.symbolNumbers.set(index, symbols.length);
      symbols.push(this.symbol(symbol));
    }
    for (const section of file.sections) this.relocate(section);
    return { name: file.name, sections, symbols };
  }

  private section(section: ElfSection): Section {
    const nobits = section.type === SHT_NOBITS;
    const align = Math.max(1, section.align);
    if (!Number.isInteger(Math.log2(align))) {
      throw this.malformed(`section ${section.name} has an alignment of ${align}`);
    }
    return {
      name: section.name,
      type: nobits ? "nobits" : "progbits",
      flags: {
        alloc: (section.flags & SHF_ALLOC) !== 0,
        write: (section.flags & SHF_WRITE) !== 0,
        execute: (section.flags & SHF_EXECINSTR) !== 0,
      },
      align,
      size: section.size,
      // A copy: addends are cut out of it.
      bytes: section.bytes.slice(),
      relocations: [],
      lines: [],
    };
  }

  private symbol(symbol: ElfSymbol): ObjectSymbol {
    const base = {
      name: symbol.type === STT_SECTION ? this.sectionName(symbol) : symbol.name,
      binding:
        symbol.binding === STB_LOCAL ? "local" : symbol.binding === STB_WEAK ? "weak" : "global",
      type: symbol.type === STT_FUNC ? "function" : symbol.type === STT_OBJECT ? "object" : "none",
      offset: symbol.value,
      size: symbol.size,
    } as const;
    switch (symbol.section) {
      case SHN_UNDEF:
        return { ...base, offset: 0 };
      case SHN_ABS:
        return { ...base, absolute: true };
      case SHN_COMMON:
        return this.common(symbol);
    }
    const section = this.sectionNumbers.get(symbol.section);
    if (section === undefined) {
      // Symbols of debug or group sections: harmless unless something refers to them.
      if (symbol.section < Math.min(SHN_LORESERVE, this.file.sections.length)) {
        return { ...base, binding: "local", absolute: true, offset: 0 };
      }
      throw this.malformed(`symbol "${symbol.name}" is in section ${symbol.section}`);
    }
    if (symbol.value > (this.sections[section]?.size ?? 0)) {
      throw this.malformed(`symbol "${symbol.name}" lies beyond the end of its section`);
    }
    return { ...base, section };
  }

  /** C's tentative definition: zeros of its own that a real definition replaces. */
  private common({ name, value, size }: ElfSymbol): ObjectSymbol {
    const align = Math.max(1, value);
    if (!Number.isInteger(Math.log2(align))) {
      throw this.malformed(`common symbol "${name}" has an alignment of ${align}`);
    }
    const section = this.sections.length;
    this.sections.push({
      name: "COMMON",
      type: "nobits",
      flags: { alloc: true, write: true, execute: false },
      align,
      size,
      bytes: new Uint8Array(0),
      relocations: [],
      lines: [],
    });
    return { name, binding: "weak", type: "object", section, offset: 0, size };
  }

  private sectionName(symbol: ElfSymbol): string {
    return this.file.sections[symbol.section]?.name ?? symbol.name;
  }

  private relocate(table: ElfSection): void {
    if (table.type === SHT_RELA) {
      throw this.malformed(`section ${table.name} has RELA relocations, which i386 does not use`);
    }
    if (table.type !== SHT_REL) return;
    const number = this.sectionNumbers.get(table.info);
    const section = number === undefined ? undefined : this.sections[number];
    if (number === undefined || !section) return;
    if (table.size % REL_SIZE !== 0) throw this.malformed(`section ${table.name} has a torn entry`);
    const view = new DataView(table.bytes.buffer, table.bytes.byteOffset, table.bytes.byteLength);
    const relocations: Relocation[] = [];
    for (let at = 0; at < table.size; at += REL_SIZE) {
      const info = view.getUint32(at + REL_INFO, true);
      const offset = view.getUint32(at + REL_OFFSET, true);
      const relocation = this.relocation(section, offset, info & 0xff, info >>> 8);
      if (relocation) relocations.push(relocation);
    }
    relocations.sort((a, b) => a.offset - b.offset);
    this.sections[number] = { ...section, relocations };
  }

  private relocation(
    section: Section,
    offset: number,
    code: number,
    symbolIndex: number,
  ): Relocation | undefined {
    if (code === 0) return undefined;
    const where = `${section.name}+0x${offset.toString(16)}`;
    const type = TYPES.get(code);
    if (!type) throw this.unsupported(code, where);
    const symbol = this.symbolNumbers.get(symbolIndex);
    if (symbol === undefined) {
      throw this.malformed(`the relocation at ${where} refers to symbol ${symbolIndex}`);
    }
    if (offset + relocationWidth(type) > section.bytes.length) {
      throw this.malformed(`the relocation at ${where} lies beyond the end of its section`);
    }
    return { offset, type, symbol, addend: cutAddend(section.bytes, offset, type) };
  }

  private unsupported(code: number, where: string): Diagnostic {
    const name = RELOCATION_NAMES.get(code);
    const text = `${this.file.name} has a relocation of type ${name ?? code} at ${where}`;
    const remedy = name?.includes("TLS")
      ? "Compile without thread-local storage: a kernel has none."
      : "Compile with -fno-pic -fno-pie: a static image has no global offset table.";
    return new Diagnostic("ELF003", text, remedy, { file: this.file.name });
  }

  private malformed(what: string): Diagnostic {
    const text = `${this.file.name} is malformed: ${what}`;
    return new Diagnostic("ELF002", text, "Rebuild the file; it was cut off or damaged.", {
      file: this.file.name,
    });
  }
}

const RELOCATION_NAMES = new Map([
  [3, "R_386_GOT32"],
  [5, "R_386_COPY"],
  [6, "R_386_GLOB_DAT"],
  [7, "R_386_JUMP_SLOT"],
  [8, "R_386_RELATIVE"],
  [9, "R_386_GOTOFF"],
  [10, "R_386_GOTPC"],
  [14, "R_386_TLS_TPOFF"],
  [15, "R_386_TLS_IE"],
  [16, "R_386_TLS_GOTIE"],
  [17, "R_386_TLS_LE"],
  [18, "R_386_TLS_GD"],
  [19, "R_386_TLS_LDM"],
  [43, "R_386_GOT32X"],
]);

/** Takes the addend out of the bytes that a relocation will patch, and leaves zeros there. */
function cutAddend(bytes: Uint8Array, offset: number, type: RelocationType): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = relocationWidth(type);
  const addend =
    width === 4
      ? view.getInt32(offset, true)
      : width === 2
        ? view.getInt16(offset, true)
        : view.getInt8(offset);
  bytes.fill(0, offset, offset + width);
  return addend;
}
