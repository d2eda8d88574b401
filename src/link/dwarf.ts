// DWARF 4 for an image: what lets stock gdb, addr2line and objdump speak of TypeScript.
//
//   .debug_line    which address comes from which file, line and column   (dwarf-line.ts)
//   .debug_frame   how to find the caller without a frame pointer         (dwarf-frame.ts)
//   .debug_info    one compilation unit for the image, one subprogram for each function
//   .debug_abbrev  the shape of those entries
//   .debug_ranges  the unit's code: one range for each function
//
// Addresses are final, so nothing here needs relocations. Variables are not described:
// AssemblyScript tells nothing about them. There is no code for TypeScript among DWARF's languages;
// C's makes gdb's expressions work.
//
// See the DWARF 4 standard, chapters 2, 3 and 7.

import { ByteWriter } from "../base/byte-writer";
import { writeFrames } from "./dwarf-frame";
import { LineFiles, writeLines } from "./dwarf-line";
import type { ExtraSection } from "./elf-write";
import type { LinkedFunction } from "./functions";
import type { LinkedImage } from "./image";
import type { InputSection } from "./model";

const DW_TAG_COMPILE_UNIT = 0x11;
const DW_TAG_SUBPROGRAM = 0x2e;
const DW_AT_NAME = 0x03;
const DW_AT_STMT_LIST = 0x10;
const DW_AT_LOW_PC = 0x11;
const DW_AT_HIGH_PC = 0x12;
const DW_AT_LANGUAGE = 0x13;
const DW_AT_PRODUCER = 0x25;
const DW_AT_DECL_FILE = 0x3a;
const DW_AT_DECL_LINE = 0x3b;
const DW_AT_EXTERNAL = 0x3f;
const DW_AT_FRAME_BASE = 0x40;
const DW_AT_RANGES = 0x55;
const DW_FORM_ADDR = 0x01;
const DW_FORM_DATA2 = 0x05;
const DW_FORM_DATA4 = 0x06;
const DW_FORM_STRING = 0x08;
const DW_FORM_UDATA = 0x0f;
const DW_FORM_SEC_OFFSET = 0x17;
const DW_FORM_EXPRLOC = 0x18;
const DW_FORM_FLAG_PRESENT = 0x19;
const DW_LANG_C99 = 0x0c;
const DW_OP_CALL_FRAME_CFA = 0x9c;

const UNIT: Abbreviation = {
  tag: DW_TAG_COMPILE_UNIT,
  hasChildren: true,
  attributes: [
    [DW_AT_PRODUCER, DW_FORM_STRING],
    [DW_AT_LANGUAGE, DW_FORM_DATA2],
    [DW_AT_NAME, DW_FORM_STRING],
    [DW_AT_STMT_LIST, DW_FORM_SEC_OFFSET],
    [DW_AT_LOW_PC, DW_FORM_ADDR],
    [DW_AT_RANGES, DW_FORM_SEC_OFFSET],
  ],
};

const SUBPROGRAM: Abbreviation = {
  tag: DW_TAG_SUBPROGRAM,
  hasChildren: false,
  attributes: [
    [DW_AT_NAME, DW_FORM_STRING],
    [DW_AT_DECL_FILE, DW_FORM_UDATA],
    [DW_AT_DECL_LINE, DW_FORM_UDATA],
    [DW_AT_EXTERNAL, DW_FORM_FLAG_PRESENT],
    [DW_AT_LOW_PC, DW_FORM_ADDR],
    [DW_AT_HIGH_PC, DW_FORM_DATA4],
    [DW_AT_FRAME_BASE, DW_FORM_EXPRLOC],
  ],
};

const ABBREVIATIONS = [UNIT, SUBPROGRAM];

interface Abbreviation {
  readonly tag: number;
  readonly hasChildren: boolean;
  readonly attributes: readonly (readonly [number, number])[];
}

/**
 * The debug sections of `image`, to be written into its ELF file: none for what other compilers
 * made, who bring their own. Where both are, ours continue theirs, so offsets count from there.
 */
export function makeDwarf(image: LinkedImage): ExtraSection[] {
  if (!image.sections.some(({ inputs }) => inputs.some(isDescribed))) return [];
  const functions = image.functions
    .filter(({ input }) => isDescribed(input))
    .sort((a, b) => a.address - b.address);
  if (functions.length === 0) return [];
  const files = new LineFiles(functions);
  const base = (name: string) =>
    image.sections.find((section) => section.name === name && !section.plan.allocate)?.size ?? 0;
  const bases = {
    line: base(".debug_line"),
    abbreviations: base(".debug_abbrev"),
    ranges: base(".debug_ranges"),
  };
  const { name } = image.layout;
  return [
    { name: ".debug_line", bytes: writeLines(functions, files) },
    { name: ".debug_info", bytes: writeInfo(name, functions, files, bases) },
    { name: ".debug_abbrev", bytes: writeAbbreviations() },
    { name: ".debug_ranges", bytes: writeRanges(functions) },
    { name: ".debug_frame", bytes: writeFrames(functions, base(".debug_frame")) },
  ];
}

/** Whether an input has lines or frames that only we know of. */
function isDescribed({ section }: InputSection): boolean {
  return section.lines.length > 0 || section.frame !== undefined;
}

/** How much of each section is taken already. */
interface Bases {
  readonly line: number;
  readonly abbreviations: number;
  readonly ranges: number;
}

function writeAbbreviations(): Uint8Array {
  const out = new ByteWriter();
  for (const [index, { tag, hasChildren, attributes }] of ABBREVIATIONS.entries()) {
    out.uleb(index + 1);
    out.uleb(tag);
    out.u8(hasChildren ? 1 : 0);
    for (const [attribute, form] of [...attributes, [0, 0] as const]) {
      out.uleb(attribute);
      out.uleb(form);
    }
  }
  out.u8(0);
  return out.finish();
}

function writeInfo(
  name: string,
  functions: readonly LinkedFunction[],
  files: LineFiles,
  bases: Bases,
): Uint8Array {
  const out = new ByteWriter();
  out.u32(0); // the length, patched below
  out.u16(4); // DWARF's version
  out.u32(bases.abbreviations);
  out.u8(4); // bytes of an address
  out.uleb(ABBREVIATIONS.indexOf(UNIT) + 1);
  out.cstring("isthmus");
  out.u16(DW_LANG_C99);
  out.cstring(name);
  out.u32(bases.line);
  out.u32(0); // ranges count from here
  out.u32(bases.ranges);
  for (const func of functions) writeSubprogram(func, files, out);
  out.u8(0); // no more children
  out.patchU32(0, out.length - 4);
  return out.finish();
}

function writeSubprogram(func: LinkedFunction, files: LineFiles, out: ByteWriter): void {
  const first = func.lines[0];
  out.uleb(ABBREVIATIONS.indexOf(SUBPROGRAM) + 1);
  out.cstring(shortName(func.name));
  out.uleb(first ? files.number(first.file) : 0);
  out.uleb(first?.line ?? 0);
  out.u32(func.address);
  out.u32(func.size);
  out.uleb(1);
  out.u8(DW_OP_CALL_FRAME_CFA);
}

/**
 * `allocateFrame` of `kernel/memory/frames/allocateFrame`: what a person types after `break`. The
 * whole name stays in the symbol table; as DW_AT_linkage_name it would hide the short one from gdb.
 */
function shortName(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1) || name;
}

function writeRanges(functions: readonly LinkedFunction[]): Uint8Array {
  const out = new ByteWriter();
  for (const { address, size } of functions) {
    if (size === 0) continue;
    out.u32(address);
    out.u32(address + size);
  }
  out.u32(0);
  out.u32(0);
  return out.finish();
}
