// ELF's relocatable objects as ObjectFiles: what gcc, clang, nasm and rustc make.
//
// Sections that are no content (symbol tables, strings, relocations, groups) are left out;
// relocations get their addends from the bytes that they patch. What a static image cannot have
// (thread-local storage, functions that choose themselves at run time) is refused with its remedy.
//
// Invariants
//   - The ObjectFile keeps what object.ts promises, whatever the file holds.
// See the System V gABI, chapter 4, and the i386 psABI, 4.4 (relocation).

import {
  ET_REL,
  GRP_COMDAT,
  R_386_8,
  R_386_16,
  R_386_32,
  R_386_GOT32,
  R_386_GOT32X,
  R_386_GOTOFF,
  R_386_GOTPC,
  R_386_PC8,
  R_386_PC16,
  R_386_PC32,
  R_386_PLT32,
  REL_INFO,
  REL_OFFSET,
  REL_SIZE,
  SHF_ALLOC,
  SHF_COMPRESSED,
  SHF_EXECINSTR,
  SHF_GNU_RETAIN,
  SHF_MERGE,
  SHF_STRINGS,
  SHF_WRITE,
  SHN_ABS,
  SHN_COMMON,
  SHN_UNDEF,
  SHT_FINI_ARRAY,
  SHT_GROUP,
  SHT_INIT_ARRAY,
  SHT_NOBITS,
  SHT_NOTE,
  SHT_PREINIT_ARRAY,
  SHT_PROGBITS,
  SHT_REL,
  SHT_RELA,
  STB_LOCAL,
  STB_WEAK,
  STT_FILE,
  STT_FUNC,
  STT_GNU_IFUNC,
  STT_OBJECT,
  STT_SECTION,
} from "../abi/elf";
import { Diagnostic, type Place } from "../base/diagnostic";
import type {
  LineEntry,
  ObjectFile,
  ObjectSymbol,
  Relocation,
  RelocationType,
  Section,
  SectionGroup,
} from "../i686/object";
import { relocationWidth } from "./collect-sections";
import { type ElfFile, type ElfSection, type ElfSymbol, readElf } from "./elf-read";
import { readLineTables } from "./input/dwarf-line-read";
import { lineAt } from "./model";

const TYPES = new Map<number, RelocationType>([
  [R_386_32, "R_386_32"],
  [R_386_PC32, "R_386_PC32"],
  // A call of what might be in a shared library; here it is in the image.
  [R_386_PLT32, "R_386_PC32"],
  [R_386_16, "R_386_16"],
  [R_386_PC16, "R_386_PC16"],
  [R_386_8, "R_386_8"],
  [R_386_PC8, "R_386_PC8"],
  [R_386_GOT32, "R_386_GOT32"],
  [R_386_GOT32X, "R_386_GOT32X"],
  [R_386_GOTOFF, "R_386_GOTOFF"],
  [R_386_GOTPC, "R_386_GOTPC"],
]);

/** Section types that are content. */
const CONTENT = new Set([
  SHT_PROGBITS,
  SHT_NOTE,
  SHT_NOBITS,
  SHT_INIT_ARRAY,
  SHT_FINI_ARRAY,
  SHT_PREINIT_ARRAY,
  0x70000001, // SHT_X86_64_UNWIND, which some assemblers give to .eh_frame
]);

/** Reads a relocatable object. Throws Diagnostics ELF001 to ELF004. */
export function readElfObject(bytes: Uint8Array, name: string): ObjectFile {
  const file = readElf(bytes, name);
  if (file.type !== ET_REL) {
    const text = `${name} is an ELF file of type ${file.type}, not a relocatable object`;
    throw new Diagnostic("ELF001", text, "Compile with -c.", { file: name });
  }
  return new ObjectReader(file, bytes).read();
}

const NO_BYTES = new Uint8Array(0);
/** Shared, because objects have sections by the thousand. */
const NO_LINES: readonly LineEntry[] = [];
const NO_RELOCATIONS: readonly Relocation[] = [];

class ObjectReader {
  private readonly sections: Section[] = [];
  private readonly symbols: ObjectSymbol[] = [];
  private readonly groups: SectionGroup[] = [];
  /** From indices of the file to ours; -1 for what is no content. */
  private readonly sectionNumbers: Int32Array;
  private readonly symbolNumbers: Int32Array;

  /** A copy of the file: addends are cut out of it. Sections are parts of it. */
  private readonly content: Uint8Array;
  private readonly view: DataView;

  constructor(
    private readonly file: ElfFile,
    bytes: Uint8Array,
  ) {
    this.content = new Uint8Array(bytes);
    this.view = viewOf(this.content);
    this.sectionNumbers = new Int32Array(file.sections.length).fill(-1);
    this.symbolNumbers = new Int32Array(file.symbols.length).fill(-1);
  }

  read(): ObjectFile {
    const { file, sections, symbols, groups } = this;
    for (const [index, section] of file.sections.entries()) {
      if (!CONTENT.has(section.type) || isUnreadable(section)) continue;
      this.sectionNumbers[index] = sections.length;
      sections.push(this.section(section));
    }
    for (const [index, symbol] of file.symbols.entries()) {
      if (index === 0 || symbol.type === STT_FILE) continue;
      this.symbolNumbers[index] = symbols.length;
      symbols.push(this.symbol(symbol));
    }
    for (const section of file.sections) {
      if (section.type === SHT_GROUP) this.group(section);
      else this.relocate(section);
    }
    return { name: file.name, sections, symbols, groups, locate: this.locator() };
  }

  private section(section: ElfSection): Section {
    const nobits = section.type === SHT_NOBITS;
    const align = Math.max(1, section.align);
    if (!isPowerOfTwo(align)) {
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
      bytes: nobits
        ? NO_BYTES
        : this.content.subarray(section.offset, section.offset + section.size),
      relocations: NO_RELOCATIONS,
      lines: NO_LINES,
      ...mergeOf(section),
      ...(section.flags & SHF_GNU_RETAIN ? { retain: true } : {}),
    };
  }

  private symbol(symbol: ElfSymbol): ObjectSymbol {
    const { value, size, special } = symbol;
    const type = symbolType(symbol.type);
    const name = type === "section" ? this.sectionName(symbol) : symbol.name;
    const binding =
      symbol.binding === STB_LOCAL ? "local" : symbol.binding === STB_WEAK ? "weak" : "global";
    if (symbol.type === STT_GNU_IFUNC) {
      const text = `${this.file.name} defines "${name}" as an indirect function`;
      const remedy = "Compile it without ifunc and target_clones: nothing resolves it in a kernel.";
      throw new Diagnostic("ELF004", text, remedy, { file: this.file.name });
    }
    switch (special) {
      case 0:
        break;
      case SHN_ABS:
        return { name, binding, type, absolute: true, offset: value, size };
      case SHN_COMMON:
        return this.common(symbol);
      default:
        throw this.malformed(`symbol "${name}" is in section ${special}`);
    }
    if (symbol.section === SHN_UNDEF) return { name, binding, type, offset: 0, size };
    const section = this.sectionNumbers[symbol.section];
    if (section === undefined) {
      throw this.malformed(`symbol "${name}" is in section ${symbol.section}`);
    }
    // Signatures of groups and the like: nothing refers to them.
    if (section < 0) return { name: "", binding: "weak", type, offset: 0, size };
    if (value > (this.sections[section]?.size ?? 0)) {
      throw this.malformed(`symbol "${name}" lies beyond the end of its section`);
    }
    return { name, binding, type, section, offset: value, size };
  }

  /** C's tentative definition: zeros of its own that a real definition replaces. */
  private common({ name, value, size }: ElfSymbol): ObjectSymbol {
    const align = Math.max(1, value);
    if (!isPowerOfTwo(align)) {
      throw this.malformed(`common symbol "${name}" has an alignment of ${align}`);
    }
    return { name, binding: "global", type: "object", common: align, offset: 0, size };
  }

  private sectionName(symbol: ElfSymbol): string {
    return this.file.sections[symbol.section]?.name ?? symbol.name;
  }

  private group(section: ElfSection): void {
    const { bytes, name } = section;
    if (bytes.length < 4 || bytes.length % 4 !== 0) {
      throw this.malformed(`group section ${name} has ${bytes.length} bytes`);
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const signature = this.file.symbols[section.info];
    if (!signature) throw this.malformed(`group section ${name} has no signature`);
    const members: number[] = [];
    for (let at = 4; at < bytes.length; at += 4) {
      const number = this.sectionNumbers[view.getUint32(at, true)];
      if (number === undefined) throw this.malformed(`group section ${name} names no section`);
      if (number >= 0) members.push(number);
    }
    this.groups.push({
      signature: signature.type === STT_SECTION ? this.sectionName(signature) : signature.name,
      comdat: (view.getUint32(0, true) & GRP_COMDAT) !== 0,
      sections: members,
    });
  }

  private relocate(table: ElfSection): void {
    if (table.type === SHT_RELA) {
      throw this.malformed(`section ${table.name} has RELA relocations, which i386 does not use`);
    }
    if (table.type !== SHT_REL) return;
    const number = this.sectionNumbers[table.info] ?? -1;
    const section = this.sections[number];
    if (!section) return;
    if (table.size % REL_SIZE !== 0) throw this.malformed(`section ${table.name} has a torn entry`);
    const { view } = this;
    const relocations: Relocation[] = [];
    // The table itself may be what a damaged file patches: what was read before stays valid.
    const start = this.file.sections[table.info]?.offset ?? 0;
    let sorted = true;
    let last = 0;
    for (let at = table.offset; at < table.offset + table.size; at += REL_SIZE) {
      const info = view.getUint32(at + REL_INFO, true);
      const offset = view.getUint32(at + REL_OFFSET, true);
      const relocation = this.relocation(section, start, offset, info & 0xff, info >>> 8);
      if (relocation) relocations.push(relocation);
      if (offset < last) sorted = false;
      last = offset;
    }
    if (section.relocations.length > 0) {
      relocations.push(...section.relocations);
      sorted = false;
    }
    if (!sorted) relocations.sort((a, b) => a.offset - b.offset);
    this.sections[number] = { ...section, relocations };
  }

  private relocation(
    section: Section,
    start: number,
    offset: number,
    code: number,
    symbolIndex: number,
  ): Relocation | undefined {
    if (code === 0) return undefined;
    const type = TYPES.get(code);
    if (!type) throw this.unsupported(code, `${section.name}+0x${offset.toString(16)}`);
    const symbol = this.symbolNumbers[symbolIndex] ?? -1;
    if (symbol < 0) {
      const where = `${section.name}+0x${offset.toString(16)}`;
      throw this.malformed(`the relocation at ${where} refers to symbol ${symbolIndex}`);
    }
    if (offset + relocationWidth(type) > section.bytes.length) {
      const where = `${section.name}+0x${offset.toString(16)}`;
      throw this.malformed(`the relocation at ${where} lies beyond the end of its section`);
    }
    return { offset, type, symbol, addend: cutAddend(this.view, start + offset, type) };
  }

  /** Finds source lines, from DWARF, once a diagnostic asks for one. */
  private locator(): (section: number, offset: number) => Place | undefined {
    let tables: Map<number, LineEntry[]> | undefined;
    return (section, offset) => {
      tables ??= this.lineTables();
      const line = lineAt(tables.get(section) ?? [], offset);
      if (!line) return undefined;
      const { file, line: number, column } = line;
      return column > 0 ? { file, line: number, column } : { file, line: number };
    };
  }

  private lineTables(): Map<number, LineEntry[]> {
    const { sections, symbols } = this.file;
    const index = sections.findIndex(({ name }) => name === ".debug_line");
    const bytesOf = (name: string) =>
      sections.find((section) => section.name === name)?.bytes ?? new Uint8Array(0);
    const targets = new Map<number, number>();
    for (const table of sections) {
      if (table.type !== SHT_REL || table.info !== index) continue;
      const view = viewOf(table.bytes);
      for (let at = 0; at + REL_SIZE <= table.bytes.length; at += REL_SIZE) {
        const symbol = symbols[view.getUint32(at + REL_INFO, true) >>> 8];
        const number = this.sectionNumbers[symbol?.section ?? 0] ?? -1;
        if (number >= 0) targets.set(view.getUint32(at + REL_OFFSET, true), number);
      }
    }
    return readLineTables({
      line: index < 0 ? new Uint8Array(0) : (sections[index]?.bytes ?? new Uint8Array(0)),
      lineStrings: bytesOf(".debug_line_str"),
      strings: bytesOf(".debug_str"),
      sectionAt: (offset) => targets.get(offset),
    });
  }

  private unsupported(code: number, where: string): Diagnostic {
    const name = RELOCATION_NAMES.get(code);
    const text = `${this.file.name} has a relocation of type ${name ?? code} at ${where}`;
    const remedy = name?.includes("TLS")
      ? "Compile without thread-local variables (`__thread`, `thread_local`): a kernel has none."
      : "Compile with -fno-pic -fno-pie; this type is for shared libraries.";
    return new Diagnostic("ELF003", text, remedy, { file: this.file.name });
  }

  private malformed(what: string): Diagnostic {
    const text = `${this.file.name} is malformed: ${what}`;
    return new Diagnostic("ELF002", text, "Rebuild the file; it was cut off or damaged.", {
      file: this.file.name,
    });
  }
}

/** Debug sections that a compiler compressed cannot be relocated; the image does without them. */
function isUnreadable({ flags }: ElfSection): boolean {
  return (flags & SHF_COMPRESSED) !== 0 && (flags & SHF_ALLOC) === 0;
}

function mergeOf({ flags, entrySize, size }: ElfSection): Pick<Section, "merge"> {
  if ((flags & SHF_MERGE) === 0 || entrySize === 0 || size % entrySize !== 0) return {};
  if ((flags & SHF_WRITE) !== 0) return {};
  return { merge: { entrySize, strings: (flags & SHF_STRINGS) !== 0 } };
}

function symbolType(type: number): ObjectSymbol["type"] {
  switch (type) {
    case STT_FUNC:
      return "function";
    case STT_OBJECT:
      return "object";
    case STT_SECTION:
      return "section";
    default:
      return "none";
  }
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const RELOCATION_NAMES = new Map([
  [5, "R_386_COPY"],
  [6, "R_386_GLOB_DAT"],
  [7, "R_386_JUMP_SLOT"],
  [8, "R_386_RELATIVE"],
  [14, "R_386_TLS_TPOFF"],
  [15, "R_386_TLS_IE"],
  [16, "R_386_TLS_GOTIE"],
  [17, "R_386_TLS_LE"],
  [18, "R_386_TLS_GD"],
  [19, "R_386_TLS_LDM"],
  [32, "R_386_TLS_LDO_32"],
  [33, "R_386_TLS_IE_32"],
  [34, "R_386_TLS_LE_32"],
  [39, "R_386_TLS_GOTDESC"],
  [42, "R_386_IRELATIVE"],
]);

/** Takes the addend out of the bytes that a relocation will patch, and leaves zeros there. */
function cutAddend(view: DataView, offset: number, type: RelocationType): number {
  switch (relocationWidth(type)) {
    case 4: {
      const addend = view.getInt32(offset, true);
      view.setUint32(offset, 0, true);
      return addend;
    }
    case 2: {
      const addend = view.getInt16(offset, true);
      view.setUint16(offset, 0, true);
      return addend;
    }
    default: {
      const addend = view.getInt8(offset);
      view.setUint8(offset, 0);
      return addend;
    }
  }
}
