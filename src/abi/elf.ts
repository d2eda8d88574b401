// ELF for i386: the file format of objects, the kernel and user programs.
//
//   offset 0   +------------------+
//              | ELF header       | EHDR_SIZE bytes
//   e_phoff    | program headers  | e_phnum of PHDR_SIZE: what a loader maps (PT_LOAD)
//              | contents         |
//   e_shoff    | section headers  | e_shnum of SHDR_SIZE: what linkers and debuggers read
//              +------------------+
//
// The constants are offsets of fields in bytes and the values that i386 files have. All fields are
// little-endian words of 32 bits, but for those marked 16 or 8. See the System V gABI, chapters 4
// and 5, and its i386 supplement.

/** The first four bytes as a word: 0x7f, "ELF". */
export const ELF_MAGIC: u32 = 0x464c457f;
export const ELF_CLASS_32: u32 = 1;
export const ELF_CLASS_64: u32 = 2;
export const ELF_DATA_LITTLE: u32 = 1;
export const ELF_VERSION: u32 = 1;

// The ELF header.
export const EHDR_MAGIC: u32 = 0;
export const ELF_CLASS: u32 = 4; // 8 bits
export const ELF_DATA: u32 = 5; // 8 bits
export const ELF_IDENT_VERSION: u32 = 6; // 8 bits
export const EHDR_TYPE: u32 = 16; // 16 bits
export const EHDR_MACHINE: u32 = 18; // 16 bits
export const EHDR_VERSION: u32 = 20;
export const EHDR_ENTRY: u32 = 24;
export const EHDR_PHOFF: u32 = 28;
export const EHDR_SHOFF: u32 = 32;
export const EHDR_FLAGS: u32 = 36;
export const EHDR_EHSIZE: u32 = 40; // 16 bits
export const EHDR_PHENTSIZE: u32 = 42; // 16 bits
export const EHDR_PHNUM: u32 = 44; // 16 bits
export const EHDR_SHENTSIZE: u32 = 46; // 16 bits
export const EHDR_SHNUM: u32 = 48; // 16 bits
export const EHDR_SHSTRNDX: u32 = 50; // 16 bits
export const EHDR_SIZE: u32 = 52;

export const ET_REL: u32 = 1;
export const ET_EXEC: u32 = 2;
export const ET_DYN: u32 = 3;
export const EM_386: u32 = 3;
export const EM_X86_64: u32 = 62;

// A program header.
export const PHDR_TYPE: u32 = 0;
export const PHDR_OFFSET: u32 = 4;
export const PHDR_VADDR: u32 = 8;
export const PHDR_PADDR: u32 = 12;
export const PHDR_FILESZ: u32 = 16;
export const PHDR_MEMSZ: u32 = 20;
export const PHDR_FLAGS: u32 = 24;
export const PHDR_ALIGN: u32 = 28;
export const PHDR_SIZE: u32 = 32;

export const PT_NULL: u32 = 0;
export const PT_LOAD: u32 = 1;
export const PT_DYNAMIC: u32 = 2;
export const PT_INTERP: u32 = 3;
export const PT_NOTE: u32 = 4;
export const PT_TLS: u32 = 7;
export const PT_GNU_STACK: u32 = 0x6474e551;
export const PF_X: u32 = 1;
export const PF_W: u32 = 2;
export const PF_R: u32 = 4;

// A section header.
export const SHDR_NAME: u32 = 0;
export const SHDR_TYPE: u32 = 4;
export const SHDR_FLAGS: u32 = 8;
export const SHDR_ADDR: u32 = 12;
export const SHDR_OFFSET: u32 = 16;
export const SHDR_BYTES: u32 = 20;
export const SHDR_LINK: u32 = 24;
export const SHDR_INFO: u32 = 28;
export const SHDR_ADDRALIGN: u32 = 32;
export const SHDR_ENTSIZE: u32 = 36;
export const SHDR_SIZE: u32 = 40;

export const SHT_NULL: u32 = 0;
export const SHT_PROGBITS: u32 = 1;
export const SHT_SYMTAB: u32 = 2;
export const SHT_STRTAB: u32 = 3;
export const SHT_RELA: u32 = 4;
export const SHT_NOTE: u32 = 7;
export const SHT_NOBITS: u32 = 8;
export const SHT_REL: u32 = 9;
export const SHT_INIT_ARRAY: u32 = 14;
export const SHT_FINI_ARRAY: u32 = 15;
export const SHT_PREINIT_ARRAY: u32 = 16;
export const SHT_GROUP: u32 = 17;
/** For each symbol the index of its section, where that needs more than 16 bits. */
export const SHT_SYMTAB_SHNDX: u32 = 18;
export const SHF_WRITE: u32 = 1;
export const SHF_ALLOC: u32 = 2;
export const SHF_EXECINSTR: u32 = 4;
export const SHF_MERGE: u32 = 0x10;
export const SHF_STRINGS: u32 = 0x20;
export const SHF_TLS: u32 = 0x400;
export const SHF_COMPRESSED: u32 = 0x800;
export const SHF_GNU_RETAIN: u32 = 0x200000;
/** The first word of an SHT_GROUP section: of equal groups one is taken. */
export const GRP_COMDAT: u32 = 1;

/** Section indices that stand for no section. */
export const SHN_UNDEF: u32 = 0;
export const SHN_LORESERVE: u32 = 0xff00;
export const SHN_ABS: u32 = 0xfff1;
export const SHN_COMMON: u32 = 0xfff2;
/** The index is elsewhere: in SHT_SYMTAB_SHNDX, or in section header 0. */
export const SHN_XINDEX: u32 = 0xffff;

// The header of an SHF_COMPRESSED section's content.
export const CHDR_TYPE: u32 = 0;
export const CHDR_BYTES: u32 = 4;
export const CHDR_ADDRALIGN: u32 = 8;
export const CHDR_SIZE: u32 = 12;
export const ELFCOMPRESS_ZLIB: u32 = 1;
export const ELFCOMPRESS_ZSTD: u32 = 2;

// A symbol.
export const SYM_NAME: u32 = 0;
export const SYM_VALUE: u32 = 4;
export const SYM_SYMBOL_SIZE: u32 = 8;
export const SYM_INFO: u32 = 12; // 8 bits: binding << 4 | type
export const SYM_OTHER: u32 = 13; // 8 bits
export const SYM_SHNDX: u32 = 14; // 16 bits
export const SYM_SIZE: u32 = 16;

export const STB_LOCAL: u32 = 0;
export const STB_GLOBAL: u32 = 1;
export const STB_WEAK: u32 = 2;
export const STT_NOTYPE: u32 = 0;
export const STT_OBJECT: u32 = 1;
export const STT_FUNC: u32 = 2;
export const STT_SECTION: u32 = 3;
export const STT_FILE: u32 = 4;
export const STT_COMMON: u32 = 5;
export const STT_TLS: u32 = 6;
export const STT_GNU_IFUNC: u32 = 10;

// A relocation without an addend (it lies at the place that is patched).
export const REL_OFFSET: u32 = 0;
export const REL_INFO: u32 = 4; // symbol << 8 | type
export const REL_SIZE: u32 = 8;

// A relocation with an addend, as 64-bit files have them.
export const RELA_OFFSET: u32 = 0; // 64 bits
export const RELA_TYPE: u32 = 8;
export const RELA_SYMBOL: u32 = 12;
export const RELA_ADDEND: u32 = 16; // 64 bits
export const RELA_SIZE: u32 = 24;

export const R_386_32: u32 = 1;
export const R_386_PC32: u32 = 2;
export const R_386_GOT32: u32 = 3;
export const R_386_PLT32: u32 = 4;
export const R_386_GOTOFF: u32 = 9;
export const R_386_GOTPC: u32 = 10;
export const R_386_TLS_LE: u32 = 17;
export const R_386_16: u32 = 20;
export const R_386_PC16: u32 = 21;
export const R_386_8: u32 = 22;
export const R_386_PC8: u32 = 23;
export const R_386_TLS_LDO_32: u32 = 32;
export const R_386_GOT32X: u32 = 43;
