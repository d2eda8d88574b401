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
//  paths  | paths, sorted, front-coded    |  shared ULEB, rest ULEB, rest bytes
//         +-------------------------------+
//         | function records              |  one index entry for RECORDS_PER_ENTRY of them, or less
//  size   +-------------------------------+      at a section's end
//
// A function record, all numbers ULEB128 unless marked:
//
//   gap      bytes since the end of the previous function, 0 for the first of an index entry
//   size     bytes of code
//   cfa      (bytes from ESP in its body to the end of its return address) / 4; 0: unknown
//   path     1 + number of the path whose stem begins the name, followed in it by "/"; 0: none
//   length   bytes of the name's rest, which follow (UTF-8)
//   program  bytes of the line program, which follows
//
// A stem is a path without what follows its last ".". A line program is empty (no lines are known)
// or begins with path number and line of the function's first byte. Then bytes:
//
//   LINE_FILE     the place so far becomes the other place; path number and line follow
//   LINE_SWAP     the other place becomes the current one, and this the other
//   LINE_LINE     SLEB128: added to the line
//   LINE_ADVANCE  ULEB128: added to the address
//   LINE_SPECIAL  or more: with k = byte - LINE_SPECIAL, the line grows by
//                 k % LINE_RANGE + LINE_BASE and the address by k / LINE_RANGE + 1;
//                 from there on the place holds
//
// Lines at which code can neither fault nor call belong to the line before (stop-lines.ts of the
// linker). LINE_RANGE and LINE_BASE are those that make our kernel's table smallest.
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
export const TABLE_HEADER_SIZE: u32 = 24;

export const SECTION_ADDRESS: u32 = 0;
export const SECTION_SIZE: u32 = 4;
export const SECTION_FIRST: u32 = 8;
export const SECTION_ENTRIES: u32 = 12;
export const SECTION_RECORD: u32 = 16;

export const ENTRY_FUNCTION: u32 = 0;
export const ENTRY_RECORD: u32 = 4;
export const ENTRY_BYTES: u32 = 8;
export const RECORDS_PER_ENTRY: u32 = 16;

export const LINE_FILE: u32 = 1;
export const LINE_SWAP: u32 = 2;
export const LINE_LINE: u32 = 3;
export const LINE_ADVANCE: u32 = 4;
export const LINE_SPECIAL: u32 = 8;
export const LINE_RANGE: u32 = 7;
export const LINE_BASE: i32 = -3;
