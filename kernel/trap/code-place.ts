// Names addresses: function, file and line, and how to find the caller, from a compact symbol table
// (src/abi/symbol-table.ts draws it).
//
// The kernel's own table is linked into it; a user program brings its table in its ELF file, so the
// bytes may be anything: every read is checked against the table's end, every loop ends after at
// most the table's size, and what is printed of it is printable.
//
//   const place = changetype<CodePlace>(memory.data(offsetof<CodePlace>()));
//   if (place.find(table, size, eip)) place.writeName(buffer, 64), place.writeFile(…), place.line
//
// Invariants
//   - `cursor` <= `limit`; a read beyond the limit gives 0 and leaves the cursor there.

import {
  ENTRY_BYTES,
  ENTRY_FUNCTION,
  ENTRY_RECORD,
  LINE_ADVANCE,
  LINE_BASE,
  LINE_FILE,
  LINE_LINE,
  LINE_RANGE,
  LINE_SPECIAL,
  LINE_SWAP,
  RECORDS_PER_ENTRY,
  SECTION_ADDRESS,
  SECTION_ENTRIES,
  SECTION_FIRST,
  SECTION_RECORD,
  SECTION_SIZE,
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

let cursor: usize = 0;
let limit: usize = 0;

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
  private rest: usize = 0;
  private restLength: u32 = 0;
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
    const count = min(this.restLength, capacity - length);
    for (let index: u32 = 0; index < count; index++) {
      store<u8>(out + length + index, printable(load<u8>(this.rest + index)));
    }
    return length + count;
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
    cursor = this.table + record;
    limit = this.end;
    return this.scanRecords(load<u32>(entry, ENTRY_FUNCTION), offset, base);
  }

  private scanRecords(first: u32, offset: u32, base: u32): bool {
    let start = first;
    for (let number: u32 = 0; number < RECORDS_PER_ENTRY && cursor < limit; number++) {
      start += readUleb();
      const size = readUleb();
      const cfa = readUleb();
      const path = readUleb();
      const length = readUleb();
      const rest = cursor;
      skip(length);
      const program = readUleb();
      if (offset < start) return false;
      if (offset - start < size) {
        this.start = base + start;
        this.size = size;
        // At its first instruction a function has pushed nothing yet.
        this.cfaOffset = offset === start && cfa !== 0 ? 4 : cfa << 2;
        this.path = path;
        this.rest = rest;
        this.restLength = min(length, <u32>(limit - rest));
        limit = cursor + min(program, <u32>(limit - cursor));
        this.runLines(offset - start);
        return true;
      }
      skip(program);
      start += size;
    }
    return false;
  }

  /** Runs the line program between `cursor` and `limit` up to byte `offset` of the function. */
  private runLines(offset: u32): void {
    let file = readUleb();
    let line = readUleb();
    let otherFile: u32 = 0;
    let otherLine: u32 = 0;
    let address: u32 = 0;
    this.file = file;
    this.line = line;
    while (cursor < limit) {
      const code = readByte();
      if (code === LINE_FILE || code === LINE_SWAP) {
        const leftFile = file;
        const leftLine = line;
        file = code === LINE_SWAP ? otherFile : readUleb();
        line = code === LINE_SWAP ? otherLine : readUleb();
        otherFile = leftFile;
        otherLine = leftLine;
      } else if (code === LINE_LINE) {
        line += readSleb();
      } else if (code === LINE_ADVANCE) {
        address += readUleb();
      } else if (code >= LINE_SPECIAL) {
        const step = code - LINE_SPECIAL;
        line += (step % LINE_RANGE) + LINE_BASE;
        address += step / LINE_RANGE + 1;
        if (address > offset) return;
        this.file = file;
        this.line = line;
      }
    }
  }

  /** Writes path `number`; the bytes that it shares with the path before are in `out` already. */
  private writePath(number: u32, out: usize, capacity: u32): u32 {
    if (number >= load<u32>(this.table, TABLE_PATH_COUNT)) return 0;
    const paths = load<u32>(this.table, TABLE_PATHS);
    if (paths > <u32>(this.end - this.table)) return 0;
    cursor = this.table + paths;
    limit = this.end;
    let length: u32 = 0;
    for (let path: u32 = 0; path <= number && cursor < limit; path++) {
      const shared = readUleb();
      const rest = readUleb();
      length = min(shared, length);
      for (let index: u32 = 0; index < rest && cursor < limit; index++) {
        const byte = readByte();
        if (length < capacity) store<u8>(out + length++, printable(<u8>byte));
      }
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
}

function printable(byte: u8): u8 {
  return byte >= 0x20 && byte < 0x7f ? byte : QUESTION;
}

function skip(count: u32): void {
  cursor += min(count, <u32>(limit - cursor));
}

function readByte(): u32 {
  return cursor < limit ? <u32>load<u8>(cursor++) : 0;
}

function readUleb(): u32 {
  let value: u32 = 0;
  for (let shift: u32 = 0; shift < 35; shift += 7) {
    const byte = readByte();
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
    byte = readByte();
    if (shift < 32) value |= (byte & 0x7f) << shift;
    shift += 7;
  } while (byte >= 0x80 && shift < 35);
  if (shift < 32 && (byte & 0x40) !== 0) value |= (<u32>-1) << shift;
  return value;
}
