// The compact symbol table: what a kernel without a debugger needs to name an address.
//
// It maps an address to function, file and line, and says how far the return address is from ESP.
// The linker makes it (src/link/passes/symbol-table.ts); the kernel reads its own (output section
// `.symbols`) and that of a user program (section `.isthmus.symbols` of its file, which is in no
// segment).
//
//      0  +-------------------------------+
//         | header                        |  words: see TABLE_... below
//         +-------------------------------+
//         | sections, TABLE_SECTIONS times|  words: address, size, first index entry, entries
//         +-------------------------------+
//  index  | index entries                 |  words: offset of a function in its section,
//         |                               |         offset in the table of its record
//         +-------------------------------+
//  codes  | places of the codes           |  words: offset in the table of each code, by CODE_...
//         | codes                         |  CODE_LENGTHS half-words: how many symbols have 1 bit,
//         |                               |  2 bits, ...; then the symbols, a byte each
//         +-------------------------------+
//  paths  | paths, sorted, front-coded    |  coded: shared NUMBER, the rest's bytes NAME, 0 NAME
//         +-------------------------------+
//         | function records              |  coded; one index entry for RECORDS_PER_ENTRY of them,
//  size   +-------------------------------+      or less at a section's end
//
// What is coded are bytes in canonical Huffman codes, each byte in the code of the field that it
// belongs to: the codes of one length are consecutive numbers, in the order of the symbols, and
// their first bit is the most significant. Bits are taken from bytes from the lowest on. Paths
// begin at a whole byte, and so does a record that an index entry names.
//
// A function record, all numbers ULEB128 unless marked, with the codes of their bytes:
//
//   gap      NUMBER  bytes since the end of the previous function; 0: the first of an index entry
//   size     SIZE    bytes of code
//   cfa      NUMBER  (bytes from ESP in its body to the end of its return address) / 4; 0: unknown
//   path     PATH    1 + number of the path whose stem begins the name, then comes "/"; 0: none
//   rest     NAME    the bytes of the name's rest (UTF-8), and 0
//   lines    NUMBER  0: no lines are known; 1: they begin in the path of the name; 2: in another,
//                    whose number (PATH) follows
//   line     LINE    if lines are known: the line of the function's first byte
//   steps            then the steps of the line program, the last of which is LINE_END
//
// A stem is a path without what follows its last ".". The steps are bytes:
//
//   LINE_END      nothing follows
//   LINE_FILE     the place so far becomes the other place; path number (PATH), line (LINE) follow
//   LINE_SWAP     the other place becomes the current one, and this the other
//   LINE_LINE     SLEB128 (DELTA): added to the line
//   LINE_ADVANCE  ULEB128 (SIZE): added to the address
//   LINE_SPECIAL  or more: with k = byte - LINE_SPECIAL, the line grows by
//                 k % LINE_RANGE + LINE_BASE and the address by k / LINE_RANGE + 1;
//                 from there on the place holds
//
// A step's code is STEP at first and after LINE_SPECIAL, STEP_MOVED after LINE_FILE and LINE_SWAP,
// STEP_ADDED after LINE_LINE and LINE_ADVANCE.
//
// Lines at which code can neither fault nor call belong to the line before (stop-lines.ts of the
// linker). LINE_RANGE and LINE_BASE are those that make our kernel's table smallest; which fields
// share a code, too, as far as a code of its own would save little.
//
// Line 0 means that nothing is known. The other place is where an inlined function was inlined:
// most programs go back there.

/** "SYMT" */
export const TABLE_MAGIC_VALUE: u32 = 0x544d5953;

export const TABLE_MAGIC: u32 = 0;
/** Bytes of the whole table. */
export const TABLE_SIZE: u32 = 4;
export const TABLE_SECTIONS: u32 = 8;
/** Offsets from the table's start. */
export const TABLE_INDEX: u32 = 12;
export const TABLE_PATHS: u32 = 16;
export const TABLE_PATH_COUNT: u32 = 20;
export const TABLE_CODES: u32 = 24;
export const TABLE_HEADER_SIZE: u32 = 28;

export const SECTION_ADDRESS: u32 = 0;
export const SECTION_SIZE: u32 = 4;
export const SECTION_FIRST: u32 = 8;
export const SECTION_ENTRIES: u32 = 12;
export const SECTION_RECORD: u32 = 16;

export const ENTRY_FUNCTION: u32 = 0;
export const ENTRY_RECORD: u32 = 4;
export const ENTRY_BYTES: u32 = 8;
export const RECORDS_PER_ENTRY: u32 = 16;

/** The codes, by their places in the table. */
export const CODE_NUMBER: u32 = 0;
export const CODE_SIZE: u32 = 1;
export const CODE_PATH: u32 = 2;
export const CODE_NAME: u32 = 3;
export const CODE_LINE: u32 = 4;
export const CODE_DELTA: u32 = 5;
export const CODE_STEP: u32 = 6;
export const CODE_STEP_MOVED: u32 = 7;
export const CODE_STEP_ADDED: u32 = 8;
export const CODE_COUNT: u32 = 9;
/** The most bits that a symbol has. */
export const CODE_LENGTHS: u32 = 15;
/** Bytes of a code before its symbols. */
export const CODE_SYMBOLS: u32 = 30;

export const LINES_UNKNOWN: u32 = 0;
export const LINES_OF_NAME: u32 = 1;
export const LINES_ELSEWHERE: u32 = 2;

export const LINE_END: u32 = 0;
export const LINE_FILE: u32 = 1;
export const LINE_SWAP: u32 = 2;
export const LINE_LINE: u32 = 3;
export const LINE_ADVANCE: u32 = 4;
export const LINE_SPECIAL: u32 = 5;
export const LINE_RANGE: u32 = 5;
export const LINE_BASE: i32 = -1;
