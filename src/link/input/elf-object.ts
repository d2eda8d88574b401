// ELF's relocatable objects as ObjectFiles: what gcc, clang, nasm and rustc make.
//
// Sections that are not content (symbol tables, strings, relocations, groups) are left out, and
// compressed ones unpacked; the others are views of the file, which must not change afterwards.
// Relocations of i386 get their addends from the bytes that they patch. What a static image cannot
// have (thread-local variables of shared libraries, functions that are chosen at run time) is
// refused, with a remedy.
//
// Invariants
//   - The ObjectFile keeps what object.ts promises, whatever the file holds.
// See the System V gABI, chapter 4, and the i386 and x86-64 psABIs, 4.4 (relocation).

import {
  EHDR_MACHINE,
  EM_X86_64,
  ET_REL,
  GRP_COMDAT,
  REL_INFO,
  REL_OFFSET,
  REL_SIZE,
  RELA_OFFSET,
  RELA_SIZE,
  RELA_SYMBOL,
  RELA_TYPE,
  SHF_ALLOC,
  SHF_COMPRESSED,
  SHF_EXECINSTR,
  SHF_GNU_RETAIN,
  SHF_MERGE,
  SHF_STRINGS,
  SHF_TLS,
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
  STT_TLS,
} from "../../abi/elf";
import { Diagnostic } from "../../base/diagnostic";
import type {
  Machine,
  MergeInfo,
  ObjectFile,
  ObjectSymbol,
  RelocationWidth,
  Section,
  SectionFlags,
  SectionGroup,
} from "../../object/object";
import { isPlainKind, RELOCATIONS, type RelocationType } from "../elf/relocations";
import type { ElfSections } from "../elf/sections";
import { LINK_FILES } from "../elf/shape";
import type { ElfSymbols } from "../elf/symbols";
import { ElfView } from "../elf/view";
import { unpackSection } from "./compressed-section";
import { FileSection, type SectionFile } from "./file-section";
import { refuseBitcode, SLIM_SYMBOL, slimObject } from "./intermediate-code";
import { sourceLocator } from "./source-lines";

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

/** A common symbol of the medium code model. */
const SHN_X86_64_LCOMMON = 0xff02;

/** Reads a relocatable object. Throws Diagnostics ELF001 to ELF004, ELF006, ELF007. */
export function readElfObject(bytes: Uint8Array, name: string): ObjectFile {
  refuseBitcode(bytes, name);
  const file = new ElfView(bytes, name, LINK_FILES);
  if (file.type !== ET_REL) {
    const text = `${name} is an ELF file of type ${file.type}, not a relocatable object`;
    throw new Diagnostic("ELF001", text, "Compile with -c.", { file: name });
  }
  const is64 = file.half(EHDR_MACHINE) === EM_X86_64;
  if (is64 !== (file.shape.bits === 64)) {
    const text = is64
      ? `${name} is an object of x32, which has 32-bit pointers in 64-bit code`
      : `${name} is a 64-bit ELF file for i386`;
    throw new Diagnostic("ELF001", text, LINK_FILES.remedy, { file: name });
  }
  return new ObjectReader(file).read();
}

/** What `flags` can be, by the bits of SHF_WRITE, SHF_ALLOC and SHF_EXECINSTR. */
const FLAGS: readonly SectionFlags[] = Array.from({ length: 8 }, (_, bits) => ({
  alloc: (bits & SHF_ALLOC) !== 0,
  write: (bits & SHF_WRITE) !== 0,
  execute: (bits & SHF_EXECINSTR) !== 0,
}));
const TLS_FLAGS: readonly SectionFlags[] = FLAGS.map((flags) => ({ ...flags, tls: true }));
const NO_FLAGS: SectionFlags = { alloc: false, write: false, execute: false };

class ObjectReader {
  readonly #sections: FileSection[] = [];
  readonly #symbols: ObjectSymbol[] = [];
  readonly #groups: SectionGroup[] = [];
  readonly #fileSections: ElfSections;
  readonly #fileSymbols: ElfSymbols;
  /** From the file's indices to ours; -1 for what is not content. */
  readonly #sectionNumbers: Int32Array;
  readonly #symbolNumbers: Int32Array;

  readonly #file: ElfView;
  readonly #machine: Machine;
  readonly #sectionFile: SectionFile;

  constructor(file: ElfView) {
    this.#file = file;
    this.#machine = file.shape.bits === 64 ? "x86-64" : "i386";
    this.#fileSections = file.sections();
    this.#fileSymbols = file.symbols(this.#fileSections);
    this.#sectionNumbers = new Int32Array(this.#fileSections.count).fill(-1);
    this.#symbolNumbers = new Int32Array(this.#fileSymbols.count).fill(-1);
    this.#sectionFile = {
      view: file,
      types: RELOCATIONS[this.#machine],
      isRela: this.#machine === "x86-64",
      symbolNumbers: this.#symbolNumbers,
    };
  }

  read(): ObjectFile {
    const fileSections = this.#fileSections;
    const fileSymbols = this.#fileSymbols;
    const sections = this.#sections;
    const symbols = this.#symbols;
    const groups = this.#groups;
    for (let index = 0; index < fileSections.count; index++) {
      if (!CONTENT.has(fileSections.type(index))) continue;
      this.#sectionNumbers[index] = sections.length;
      sections.push(this.#section(index));
    }
    for (let index = 1; index < fileSymbols.count; index++) {
      if (fileSymbols.type(index) === STT_FILE) continue;
      this.#symbolNumbers[index] = symbols.length;
      symbols.push(this.#symbol(index));
    }
    for (let index = 0; index < fileSections.count; index++) {
      const type = fileSections.type(index);
      if (type === SHT_REL || type === SHT_RELA) this.#relocate(index, type);
      else if (type === SHT_GROUP) this.#group(index);
    }
    const { name } = this.#file;
    const object = { name, machine: this.#machine, sections, symbols, groups };
    return { ...object, locate: sourceLocator(object), isChecked: true };
  }

  #section(index: number): FileSection {
    const fileSections = this.#fileSections;
    const file = this.#file;
    const name = fileSections.name(index);
    const bits = fileSections.flags(index);
    const unpacked =
      (bits & SHF_COMPRESSED) !== 0
        ? unpackSection(fileSections.bytes(index), name, file)
        : undefined;
    const size = unpacked?.bytes.length ?? fileSections.size(index);
    const align = Math.max(1, unpacked?.align ?? fileSections.align(index));
    if (!isPowerOfTwo(align)) throw this.#malformed(`section ${name} has an alignment of ${align}`);
    return new FileSection(
      name,
      fileSections.type(index) === SHT_NOBITS ? "nobits" : "progbits",
      flagsOf(bits),
      align,
      size,
      this.#sectionFile,
      unpacked?.bytes,
      fileSections.offset(index),
      mergeOf(bits, fileSections.entrySize(index), size),
      (bits & SHF_GNU_RETAIN) !== 0,
      fileSections.type(index) === SHT_NOTE || undefined,
    );
  }

  #symbol(index: number): ObjectSymbol {
    const fileSymbols = this.#fileSymbols;
    const type = symbolType(fileSymbols.type(index));
    const name = this.#symbolName(index);
    const binding = bindingOf(fileSymbols.binding(index));
    const value = fileSymbols.value(index);
    const size = fileSymbols.size(index);
    const special = fileSymbols.special(index);
    const high = fileSymbols.highPart(index);
    if (fileSymbols.type(index) === STT_GNU_IFUNC) {
      const text = `${this.#file.name} defines "${name}" as an indirect function`;
      const remedy = "Compile it without ifunc and target_clones: nothing resolves it in a kernel.";
      throw new Diagnostic("ELF004", text, remedy, { file: this.#file.name });
    }
    if (name === SLIM_SYMBOL) throw slimObject(this.#file.name);
    switch (special) {
      case 0:
        break;
      case SHN_ABS:
        if (high === 0) return { name, binding, type, absolute: true, offset: value, size };
        return { name, binding, type, absolute: true, offset: value, high, size };
      case SHN_X86_64_LCOMMON:
      case SHN_COMMON:
        return this.#common(name, value, size);
      default:
        throw this.#malformed(`symbol "${name}" is in section ${special}`);
    }
    const number = fileSymbols.section(index);
    if (number === SHN_UNDEF) return { name, binding, type, offset: 0, size };
    const section = this.#sectionNumbers[number];
    if (section === undefined) throw this.#malformed(`symbol "${name}" is in section ${number}`);
    // Signatures of groups and the like: nothing refers to them.
    if (section < 0) return { name: "", binding: "weak", type, offset: 0, size };
    // It may lie outside its section: `_start = entry - 0xc0000000`.
    return { name, binding, type, section, offset: value, size };
  }

  /** C's tentative definition: zeros that a real definition replaces. */
  #common(name: string, value: number, size: number): ObjectSymbol {
    const align = Math.max(1, value);
    if (!isPowerOfTwo(align)) {
      throw this.#malformed(`common symbol "${name}" has an alignment of ${align}`);
    }
    return { name, binding: "global", type: "object", common: align, offset: 0, size };
  }

  /** A section's symbol has the section's name. */
  #symbolName(index: number): string {
    const fileSymbols = this.#fileSymbols;
    const fileSections = this.#fileSections;
    const own = fileSymbols.name(index);
    if (fileSymbols.type(index) !== STT_SECTION) return own;
    const number = fileSymbols.section(index);
    return number < fileSections.count ? fileSections.name(number) : own;
  }

  #group(index: number): void {
    const bytes = this.#fileSections.bytes(index);
    const name = this.#fileSections.name(index);
    if (bytes.length < 4 || bytes.length % 4 !== 0) {
      throw this.#malformed(`group section ${name} has ${bytes.length} bytes`);
    }
    const { view } = this.#file;
    const start = this.#fileSections.offset(index);
    const signature = this.#fileSections.info(index);
    if (signature >= this.#fileSymbols.count) {
      throw this.#malformed(`group section ${name} has no signature`);
    }
    const members: number[] = [];
    for (let at = 4; at < bytes.length; at += 4) {
      const number = this.#sectionNumbers[view.getUint32(start + at, true)];
      if (number === undefined)
        throw this.#malformed(`group section ${name} names a section that does not exist`);
      if (number >= 0) members.push(number);
    }
    this.#groups.push({
      signature: this.#symbolName(signature),
      comdat: (view.getUint32(start, true) & GRP_COMDAT) !== 0,
      sections: members,
    });
  }

  #relocate(table: number, type: number): void {
    const fileSections = this.#fileSections;
    const section = this.#sections[this.#sectionNumbers[fileSections.info(table)] ?? -1];
    if (!section) return;
    const isRela = type === SHT_RELA;
    if (isRela !== (this.#machine === "x86-64")) {
      const what = `section ${fileSections.name(table)} has ${isRela ? "RELA" : "REL"} relocations`;
      throw this.#malformed(`${what}, which ${this.#machine} does not use`);
    }
    const step = isRela ? RELA_SIZE : REL_SIZE;
    const size = fileSections.size(table);
    if (size % step !== 0) {
      throw this.#malformed(`section ${fileSections.name(table)} has a torn entry`);
    }
    const start = fileSections.offset(table);
    const isSorted = this.#checkTable(section, start, start + size, isRela);
    section.addRelocations(start, start + size, isSorted);
  }

  /** Checks each relocation of a table; returns whether they are in order. */
  #checkTable(section: FileSection, start: number, end: number, isRela: boolean): boolean {
    const file = this.#file;
    let isSorted = true;
    let last = 0;
    for (let at = start; at < end; at += isRela ? RELA_SIZE : REL_SIZE) {
      const info = file.word(at + (isRela ? RELA_TYPE : REL_INFO));
      const code = isRela ? info : info & 0xff;
      if (code === 0) continue; // R_386_NONE, R_X86_64_NONE
      const offset = isRela ? file.extent(at + RELA_OFFSET) : file.word(at + REL_OFFSET);
      const { kind, width } = this.#relocationType(code, section, offset);
      this.#checkSymbol(isRela ? file.word(at + RELA_SYMBOL) : info >>> 8, section, offset);
      this.#checkField(section, offset, width);
      if (!isPlainKind(kind)) section.isPlain = false;
      if (offset < last) isSorted = false;
      last = offset;
    }
    return isSorted;
  }

  #checkField(section: FileSection, offset: number, width: RelocationWidth): void {
    if (section.type !== "nobits" && offset + width <= section.size) return;
    const where = place(section, offset);
    throw this.#malformed(`the relocation at ${where} lies beyond the end of its section`);
  }

  #relocationType(code: number, section: Section, offset: number): RelocationType {
    const known = RELOCATIONS[this.#machine];
    const type = known.type(code);
    // Code that counts from the block asks a dynamic linker where that is.
    const asks = type?.kind === "thread-block" && section.flags.alloc;
    if (type && !(asks && this.#machine === "i386")) return type;
    const name = type?.name ?? known.refusedName(code);
    const where = place(section, offset);
    const text = `${this.#file.name} has a relocation of type ${name ?? code} at ${where}`;
    const remedy = name?.includes("TLS")
      ? "Compile with -fno-pic -ftls-model=local-exec: only that kind of `__thread` works."
      : "Compile with -fno-pic -fno-pie; this type is for shared libraries.";
    throw new Diagnostic("ELF003", text, remedy, { file: this.#file.name });
  }

  #checkSymbol(index: number, section: Section, offset: number): void {
    if ((this.#symbolNumbers[index] ?? -1) >= 0) return;
    const where = place(section, offset);
    throw this.#malformed(`the relocation at ${where} refers to symbol ${index}`);
  }

  #malformed(what: string): Diagnostic {
    const text = `${this.#file.name} is malformed: ${what}`;
    return new Diagnostic("ELF002", text, "Rebuild the file; it was cut off or damaged.", {
      file: this.#file.name,
    });
  }
}

function place({ name }: Section, offset: number): string {
  return `${name}+0x${offset.toString(16)}`;
}

function flagsOf(bits: number): SectionFlags {
  const all = (bits & SHF_TLS) !== 0 ? TLS_FLAGS : FLAGS;
  return all[bits & (SHF_WRITE | SHF_ALLOC | SHF_EXECINSTR)] ?? NO_FLAGS;
}

function mergeOf(flags: number, entrySize: number, size: number): MergeInfo | undefined {
  if ((flags & SHF_MERGE) === 0 || entrySize === 0 || size % entrySize !== 0) return undefined;
  if ((flags & SHF_WRITE) !== 0) return undefined;
  return { entrySize, strings: (flags & SHF_STRINGS) !== 0 };
}

function bindingOf(binding: number): ObjectSymbol["binding"] {
  if (binding === STB_LOCAL) return "local";
  return binding === STB_WEAK ? "weak" : "global";
}

function symbolType(type: number): ObjectSymbol["type"] {
  switch (type) {
    case STT_FUNC:
      return "function";
    case STT_OBJECT:
      return "object";
    case STT_SECTION:
      return "section";
    case STT_TLS:
      return "thread";
    default:
      return "none";
  }
}

function isPowerOfTwo(value: number): boolean {
  return (
    value > 0 &&
    (value < 2 ** 31 ? (value & (value - 1)) === 0 : Number.isInteger(Math.log2(value)))
  );
}
