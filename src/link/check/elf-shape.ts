// The two classes of ELF files for a PC, of 32 and 64 bits.
//
//   class 32   e_entry 24  e_phoff 28  e_shoff 32   headers of 32 and 40 bytes, symbols of 16
//   class 64   e_entry 24  e_phoff 32  e_shoff 40   headers of 56 and 64 bytes, symbols of 24
//
// Both have the same fields at other offsets, so the offsets are data. See the System V gABI,
// chapters 4 and 5.

import {
  EHDR_MACHINE,
  ELF_CLASS,
  ELF_CLASS_32,
  ELF_CLASS_64,
  ELF_DATA,
  ELF_DATA_LITTLE,
  ELF_MAGIC,
  EM_386,
} from "../../abi/elf";
import { Diagnostic } from "../../base/diagnostic";

const EM_X86_64 = 62;

/**
 * Offsets of fields; those of one width in both classes are numbers, addresses follow the
 * class.
 */
export interface ElfShape {
  readonly bits: 32 | 64;
  readonly header: number;
  readonly phoff: number;
  readonly shoff: number;
  /** e_phentsize; e_phnum, e_shentsize, e_shnum, e_shstrndx follow it. */
  readonly counts: number;
  readonly segment: Readonly<
    Record<"size" | "flags" | "offset" | "va" | "pa" | "file" | "memory" | "align", number>
  >;
  readonly section: Readonly<
    Record<"size" | "flags" | "address" | "offset" | "bytes" | "link" | "info" | "entry", number>
  >;
  readonly symbol: Readonly<Record<"size" | "info" | "section" | "value" | "bytes", number>>;
}

const SHAPE_32: ElfShape = {
  bits: 32,
  header: 52,
  phoff: 28,
  shoff: 32,
  counts: 42,
  segment: { size: 32, offset: 4, va: 8, pa: 12, file: 16, memory: 20, flags: 24, align: 28 },
  section: {
    size: 40,
    flags: 8,
    address: 12,
    offset: 16,
    bytes: 20,
    link: 24,
    info: 28,
    entry: 36,
  },
  symbol: { size: 16, value: 4, bytes: 8, info: 12, section: 14 },
};

const SHAPE_64: ElfShape = {
  bits: 64,
  header: 64,
  phoff: 32,
  shoff: 40,
  counts: 54,
  segment: { size: 56, flags: 4, offset: 8, va: 16, pa: 24, file: 32, memory: 40, align: 48 },
  section: {
    size: 64,
    flags: 8,
    address: 16,
    offset: 24,
    bytes: 32,
    link: 40,
    info: 44,
    entry: 56,
  },
  symbol: { size: 24, info: 4, section: 6, value: 8, bytes: 16 },
};

/** The shape of the file `bytes`. Throws Diagnostic ELF001 if it is no ELF file for a PC. */
export function identifyElf(bytes: Uint8Array, name: string): ElfShape {
  const wrong = (what: string) =>
    new Diagnostic(
      "ELF001",
      `${name} ${what}`,
      "Give a kernel that was linked for i386 or x86-64: an ELF file.",
      { file: name },
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < SHAPE_32.header || view.getUint32(0, true) !== ELF_MAGIC) {
    throw wrong("is no ELF file");
  }
  if (bytes[ELF_DATA] !== ELF_DATA_LITTLE) throw wrong("is a big-endian ELF file");
  const machine = view.getUint16(EHDR_MACHINE, true);
  if (machine !== EM_386 && machine !== EM_X86_64) {
    throw wrong(`is for ELF machine ${machine}, neither i386 nor x86-64`);
  }
  if (bytes[ELF_CLASS] === ELF_CLASS_32) return SHAPE_32;
  if (bytes[ELF_CLASS] !== ELF_CLASS_64) throw wrong(`has ELF class ${bytes[ELF_CLASS]}`);
  if (bytes.length < SHAPE_64.header) throw wrong("is cut off in its header");
  return SHAPE_64;
}
