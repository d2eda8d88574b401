// ELF files that no kernel may run: what the case `broken-programs` executes, as /lib/abuse/NAME.
//
// Each is a small valid program with one thing wrong. The valid one is
//
//   0    ELF header
//   52   two program headers: text, read and execute, at TEXT; data, read and write, at DATA
//   116  code: exit(99), which the case counts as a failure
//
// See the ELF specification, figures 1-3 and 2-1, and elf(5).

import { SystemCall } from "../../src/abi/linux/i386";
import { PAGE_SIZE, USER_DATA, USER_END } from "../../src/abi/memory-map";

const TEXT = 0x00001000;
const DATA = USER_DATA;
const HEADER = 52;
const PROGRAM_HEADER = 32;
const CODE = HEADER + 2 * PROGRAM_HEADER;
const STATUS = 99;

// Offsets in the ELF header.
const CLASS = 4;
const BYTE_ORDER = 5;
const TYPE = 16;
const MACHINE = 18;
const VERSION = 20;
const ENTRY = 24;
const HEADERS = 28;
const HEADERS_SIZE = 42;
const HEADERS_COUNT = 44;

// Offsets in the program headers, of the text and of the data.
const TEXT_HEADER = HEADER;
const DATA_HEADER = HEADER + PROGRAM_HEADER;
const P_TYPE = 0;
const P_OFFSET = 4;
const P_ADDRESS = 8;
const P_FILE_SIZE = 16;
const P_MEMORY_SIZE = 20;
const P_FLAGS = 24;

const LOAD = 1;
const INTERPRETER = 3;
const EXECUTE = 1;
const WRITE = 2;
const READ = 4;

export interface BrokenProgram {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The program with nothing wrong: its exit status is 99. */
export function validProgram(): Uint8Array {
  const code = [0xb8, SystemCall.exit, 0, 0, 0, 0xbb, STATUS, 0, 0, 0, 0xcd, 0x80];
  const bytes = new Uint8Array(CODE + code.length);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  bytes.set(code, CODE);
  const view = new DataView(bytes.buffer);
  view.setUint16(TYPE, 2, true);
  view.setUint16(MACHINE, 3, true);
  view.setUint32(VERSION, 1, true);
  view.setUint32(ENTRY, TEXT + CODE, true);
  view.setUint32(HEADERS, HEADER, true);
  view.setUint16(40, HEADER, true);
  view.setUint16(HEADERS_SIZE, PROGRAM_HEADER, true);
  view.setUint16(HEADERS_COUNT, 2, true);
  segment(view, TEXT_HEADER, TEXT, bytes.length, READ | EXECUTE);
  segment(view, DATA_HEADER, DATA, 0, READ | WRITE);
  return bytes;
}

function segment(
  view: DataView,
  at: number,
  address: number,
  fileSize: number,
  flags: number,
): void {
  const words = [LOAD, 0, address, address, fileSize, PAGE_SIZE, flags, PAGE_SIZE];
  for (const [i, word] of words.entries()) view.setUint32(at + 4 * i, word, true);
}

/** The valid program with these bytes, words or halfwords written over it. */
function changed(change: (view: DataView) => void): Uint8Array {
  const bytes = validProgram();
  change(new DataView(bytes.buffer));
  return bytes;
}

function word(at: number, value: number): Uint8Array {
  return changed((view) => view.setUint32(at, value, true));
}

function half(at: number, value: number): Uint8Array {
  return changed((view) => view.setUint16(at, value, true));
}

function byte(at: number, value: number): Uint8Array {
  return changed((view) => view.setUint8(at, value));
}

function cut(length: number): Uint8Array {
  return validProgram().subarray(0, length);
}

/** All of them, sorted by name. */
export function brokenPrograms(): BrokenProgram[] {
  const faults: Record<string, Uint8Array> = {
    empty: cut(0),
    "one-byte": cut(1),
    "magic-only": cut(4),
    text: new TextEncoder().encode("echo no\n"),
    "script-without-a-program": new TextEncoder().encode("#! \necho no\n"),
    "script-of-nothing": new TextEncoder().encode("#!/none\necho no\n"),
    "header-cut": cut(HEADER - 1),
    "program-headers-cut": cut(HEADER + PROGRAM_HEADER + 8),
    "code-cut": cut(CODE + 4),
    "64-bit": byte(CLASS, 2),
    "class-0": byte(CLASS, 0),
    "big-endian": byte(BYTE_ORDER, 2),
    "x86-64": half(MACHINE, 62),
    relocatable: half(TYPE, 1),
    "core-dump": half(TYPE, 4),
    "no-headers": half(HEADERS_COUNT, 0),
    "65535-headers": half(HEADERS_COUNT, 0xffff),
    "headers-of-other-size": half(HEADERS_SIZE, 56),
    "headers-behind-the-file": word(HEADERS, 0x7ffffff0),
    "headers-at-4-gib": word(HEADERS, 0xfffffff0),
    "nothing-to-load": changed((view) => {
      view.setUint32(TEXT_HEADER + P_TYPE, 0, true);
      view.setUint32(DATA_HEADER + P_TYPE, 0, true);
    }),
    interpreter: word(DATA_HEADER + P_TYPE, INTERPRETER),
    misaligned: word(TEXT_HEADER + P_OFFSET, 1),
    overlapping: word(DATA_HEADER + P_ADDRESS, TEXT),
    "at-0": word(TEXT_HEADER + P_ADDRESS, 0),
    "in-the-guard": word(DATA_HEADER + P_ADDRESS, USER_END),
    "in-the-trampoline": word(DATA_HEADER + P_ADDRESS, USER_END + PAGE_SIZE),
    "into-the-guard": changed((view) => {
      view.setUint32(DATA_HEADER + P_ADDRESS, USER_END - PAGE_SIZE, true);
      view.setUint32(DATA_HEADER + P_MEMORY_SIZE, 2 * PAGE_SIZE, true);
    }),
    "wrapping-past-4-gib": changed((view) => {
      view.setUint32(DATA_HEADER + P_ADDRESS, 0xfffff000, true);
      view.setUint32(DATA_HEADER + P_MEMORY_SIZE, 0x200000, true);
    }),
    huge: word(DATA_HEADER + P_MEMORY_SIZE, 0xffff_ffff),
    "file-larger-than-memory": word(TEXT_HEADER + P_MEMORY_SIZE, 16),
    "file-size-behind-the-file": word(TEXT_HEADER + P_FILE_SIZE, 0x10000),
    "offset-behind-the-file": word(TEXT_HEADER + P_OFFSET, 0x7ffff000),
    "writable-and-executable": word(TEXT_HEADER + P_FLAGS, READ | WRITE | EXECUTE),
    "entry-at-0": word(ENTRY, 0),
    "entry-in-data": word(ENTRY, DATA),
    "entry-in-the-trampoline": word(ENTRY, USER_END + PAGE_SIZE),
    "entry-nowhere": word(ENTRY, 0x80000000),
  };
  return Object.entries(faults)
    .map(([name, bytes]) => ({ name, bytes }))
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}
