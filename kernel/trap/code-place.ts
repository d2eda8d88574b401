// Names addresses: function, file and line, and how to find the caller, from a compact symbol table
// (src/abi/symbol-table.ts draws it).
//
// The kernel's own table is linked into it; a user program brings its table in its ELF file, so the
// bytes may be anything, and as many as one likes: every read is checked against the table's end,
// no question is followed further than MOST_SYMBOLS, and what is printed of it is printable.
//
//   const place = changetype<CodePlace>(memory.data(offsetof<CodePlace>()));
//   if (place.find(table, size, eip)) place.writeName(buffer, 64), place.writeFile(…), place.line
//
// Invariants
//   - `cursor` <= `limit`; a read beyond the limit gives 0 and leaves the cursor there.
//   - `held` has the bits of the byte before the cursor that are not read yet, and a 1 above them.

import {
  CODE_DELTA,
  CODE_LENGTHS,
  CODE_LINE,
  CODE_NAME,
  CODE_NUMBER,
  CODE_PATH,
  CODE_SIZE,
  CODE_STEP,
  CODE_STEP_ADDED,
  CODE_STEP_MOVED,
  CODE_SYMBOLS,
  ENTRY_BYTES,
  ENTRY_FUNCTION,
  ENTRY_RECORD,
  LINE_BASE,
  LINE_END,
  LINE_FILE,
  LINE_LINE,
  LINE_RANGE,
  LINE_SPECIAL,
  LINE_SWAP,
  LINES_ELSEWHERE,
  LINES_UNKNOWN,
  RECORDS_PER_ENTRY,
  SECTION_ADDRESS,
  SECTION_ENTRIES,
  SECTION_FIRST,
  SECTION_RECORD,
  SECTION_SIZE,
  TABLE_CODES,
  TABLE_HEADER_SIZE,
  TABLE_INDEX,
  TABLE_MAGIC,
  TABLE_MAGIC_VALUE,
  TABLE_PATH_COUNT,
  TABLE_PATHS,
  TABLE_SECTIONS,
  TABLE_SIZE,
} from "../../src/abi/symbol-table";

const SLASH: u8 = 0x2f;
const DOT: u8 = 0x2e;
const QUESTION: u8 = 0x3f;

let table: usize = 0;
let cursor: usize = 0;
let limit: usize = 0;
let held: u32 = 1;

/**
 * Bytes that are read for one answer at most. No program of ours has a table with a tenth of that,
 * and meanwhile nobody else runs.
 */
const MOST_SYMBOLS: u32 = 1 << 18;
/** How many of them are left. */
let left: u32 = 0;

/** What a table says of one address. */
@unmanaged
export class CodePlace {
  private table: usize = 0;
  private end: usize = 0;
  /** The function's first address. */
  start: u32 = 0;
  size: u32 = 0;
  /** Bytes from ESP, in the function's body, to the end of its return address; 0: unknown. */
  cfaOffset: u32 = 0;
  /** The source line; 0: unknown. */
  line: u32 = 0;
  private path: u32 = 0;
  /** Where the name's rest begins: `cursor` and `held`. */
  private rest: usize = 0;
  private restHeld: u32 = 0;
  private file: u32 = 0;

  /**
   * Looks `address` up in the table of `size` bytes at `table`. False if the bytes are not a table
   * or no function of it holds the address.
   */
  find(table: usize, size: u32, address: u32): bool {
    if (size < TABLE_HEADER_SIZE || load<u32>(table, TABLE_MAGIC) !== TABLE_MAGIC_VALUE)
      return false;
    this.table = table;
    this.end = table + min(size, load<u32>(table, TABLE_SIZE));
    const sections = load<u32>(table, TABLE_SECTIONS);
    for (let number: u32 = 0; number < sections; number++) {
      const section = table + TABLE_HEADER_SIZE + number * SECTION_RECORD;
      if (section + SECTION_RECORD > this.end) return false;
      const base = load<u32>(section, SECTION_ADDRESS);
      if (address - base < load<u32>(section, SECTION_SIZE)) {
        return this.findInSection(section, address - base, base);
      }
    }
    return false;
  }

  /** Writes the function's name without a terminator; returns its length, at most `capacity`. */
  writeName(out: usize, capacity: u32): u32 {
    let length: u32 = 0;
    if (this.path !== 0) {
      length = this.stem(out, this.writePath(this.path - 1, out, capacity));
      if (length < capacity) store<u8>(out + length++, SLASH);
    }
    this.readFrom(this.rest, this.restHeld);
    return readText(out, length, capacity);
  }

  /** Writes the source file's path as `writeName` does; 0 bytes if `line` is 0. */
  writeFile(out: usize, capacity: u32): u32 {
    return this.line === 0 ? 0 : this.writePath(this.file, out, capacity);
  }

  /** `offset` is the address within the section whose record is at `section`. */
  private findInSection(section: usize, offset: u32, base: u32): bool {
    const indexAt = load<u32>(this.table, TABLE_INDEX);
    if (indexAt > <u32>(this.end - this.table)) return false;
    const index = this.table + indexAt;
    const first = load<u32>(section, SECTION_FIRST);
    const count = load<u32>(section, SECTION_ENTRIES);
    const room = <u32>(this.end - index) / ENTRY_BYTES;
    if (count === 0 || first > room || count > room - first) return false;
    let low = first;
    let high = first + count;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (load<u32>(index + middle * ENTRY_BYTES, ENTRY_FUNCTION) <= offset) low = middle;
      else high = middle;
    }
    const entry = index + low * ENTRY_BYTES;
    const record = load<u32>(entry, ENTRY_RECORD);
    if (record >= <u32>(this.end - this.table)) return false;
    this.readFrom(this.table + record, 1);
    return this.scanRecords(load<u32>(entry, ENTRY_FUNCTION), offset, base);
  }

  private scanRecords(first: u32, offset: u32, base: u32): bool {
    let start = first;
    for (let number: u32 = 0; number < RECORDS_PER_ENTRY && !atEnd(); number++) {
      start += readUleb(CODE_NUMBER);
      const size = readUleb(CODE_SIZE);
      const cfa = readUleb(CODE_NUMBER);
      this.path = readUleb(CODE_PATH);
      this.rest = cursor;
      this.restHeld = held;
      readText(0, 0, 0);
      if (offset < start) return false;
      const found = offset - start < size;
      this.readLines(found ? offset - start : <u32>-1);
      if (found) {
        this.start = base + start;
        this.size = size;
        // At its first instruction a function has pushed nothing yet.
        this.cfaOffset = offset === start && cfa !== 0 ? 4 : cfa << 2;
        return true;
      }
      start += size;
    }
    return false;
  }

  /** Reads a function's lines, up to that of its byte `offset`. */
  private readLines(offset: u32): void {
    this.line = 0;
    const known = readUleb(CODE_NUMBER);
    if (known === LINES_UNKNOWN) return;
    let file = known === LINES_ELSEWHERE ? readUleb(CODE_PATH) : this.path - 1;
    let line = readUleb(CODE_LINE);
    let otherFile: u32 = 0;
    let otherLine: u32 = 0;
    let address: u32 = 0;
    let code = CODE_STEP;
    this.file = file;
    this.line = line;
    while (!atEnd()) {
      const step = readSymbol(code);
      if (step === LINE_END) return;
      if (step >= LINE_SPECIAL) {
        const change = step - LINE_SPECIAL;
        line += (change % LINE_RANGE) + LINE_BASE;
        address += change / LINE_RANGE + 1;
        if (address > offset) return;
        this.file = file;
        this.line = line;
        code = CODE_STEP;
      } else if (step === LINE_FILE || step === LINE_SWAP) {
        const leftFile = file;
        const leftLine = line;
        file = step === LINE_SWAP ? otherFile : readUleb(CODE_PATH);
        line = step === LINE_SWAP ? otherLine : readUleb(CODE_LINE);
        otherFile = leftFile;
        otherLine = leftLine;
        code = CODE_STEP_MOVED;
      } else {
        if (step === LINE_LINE) line += readSleb();
        else address += readUleb(CODE_SIZE);
        code = CODE_STEP_ADDED;
      }
    }
  }

  /** Writes path `number`; the bytes that it shares with the path before are in `out` already. */
  private writePath(number: u32, out: usize, capacity: u32): u32 {
    if (number >= load<u32>(this.table, TABLE_PATH_COUNT)) return 0;
    const paths = load<u32>(this.table, TABLE_PATHS);
    if (paths > <u32>(this.end - this.table)) return 0;
    this.readFrom(this.table + paths, 1);
    let length: u32 = 0;
    for (let path: u32 = 0; path <= number && !atEnd(); path++) {
      length = readText(out, min(readUleb(CODE_NUMBER), length), capacity);
    }
    return length;
  }

  /** How many of the `length` bytes at `path` come before the extension. */
  private stem(path: usize, length: u32): u32 {
    for (let index = length; index > 0; index--) {
      const byte = load<u8>(path + index - 1);
      if (byte === DOT) return index - 1;
      if (byte === SLASH) return length;
    }
    return length;
  }

  private readFrom(place: usize, bits: u32): void {
    table = this.table;
    cursor = place;
    held = bits;
    limit = this.end;
    left = MOST_SYMBOLS;
  }
}

function atEnd(): bool {
  return cursor >= limit && held === 1;
}

/**
 * Reads text to its 0, and writes it to `out` from byte `length` on. Returns the length then, which
 * is at most `capacity`: what has no room is not written.
 */
function readText(out: usize, length: u32, capacity: u32): u32 {
  while (!atEnd()) {
    const byte = readSymbol(CODE_NAME);
    if (byte === 0) break;
    if (length < capacity) {
      store<u8>(out + length++, byte >= 0x20 && byte < 0x7f ? <u8>byte : QUESTION);
    }
  }
  return length;
}

/**
 * The next byte, in code `number`. Where the bytes are no code, or enough have been read, the table
 * is taken to end.
 */
function readSymbol(number: u32): u32 {
  const size = <u32>(limit - table);
  const place = load<u32>(table, TABLE_CODES) + number * 4;
  const code = place <= size - 4 ? load<u32>(table + place) : size;
  if (code > size - CODE_SYMBOLS || left === 0) {
    cursor = limit;
    held = 1;
    return 0;
  }
  left--;
  let count = table + code;
  let symbols = count + CODE_SYMBOLS;
  let bits: u32 = 0;
  for (let length: u32 = 0; length < CODE_LENGTHS; length++) {
    bits = (bits << 1) | readBit();
    const symbol = symbols + bits;
    bits -= <u32>load<u16>(count);
    if (<i32>bits < 0) return symbol < limit ? <u32>load<u8>(symbol) : 0;
    symbols += load<u16>(count);
    count += 2;
  }
  return 0;
}

/** The next bit; 0 at the end. */
function readBit(): u32 {
  if (held === 1) {
    if (cursor >= limit) return 0;
    held = <u32>load<u8>(cursor++) | 0x100;
  }
  const bit = held & 1;
  held >>= 1;
  return bit;
}

function readUleb(code: u32): u32 {
  let value: u32 = 0;
  for (let shift: u32 = 0; shift < 35; shift += 7) {
    const byte = readSymbol(code);
    if (shift < 32) value |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return value;
}

function readSleb(): u32 {
  let value: u32 = 0;
  let shift: u32 = 0;
  let byte: u32 = 0;
  do {
    byte = readSymbol(CODE_DELTA);
    if (shift < 32) value |= (byte & 0x7f) << shift;
    shift += 7;
  } while (byte >= 0x80 && shift < 35);
  if (shift < 32 && (byte & 0x40) !== 0) value |= (<u32>-1) << shift;
  return value;
}
