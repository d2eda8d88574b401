// The two classes of ELF files, of 32 and 64 bits, as data, and which files a reader accepts.
//
//   class 32   e_entry 24  e_phoff 28  e_shoff 32   headers of 32 and 40 bytes, symbols of 16
//   class 64   e_entry 24  e_phoff 32  e_shoff 40   headers of 56 and 64 bytes, symbols of 24
//
// Both have the same fields at other offsets; addresses, offsets and sizes are as wide as the
// class.
// See the System V gABI, chapters 4 and 5.

import {
  EHDR_MACHINE,
  ELF_CLASS,
  ELF_CLASS_32,
  ELF_CLASS_64,
  ELF_DATA,
  ELF_DATA_LITTLE,
  ELF_MAGIC,
  EM_386,
  EM_X86_64,
} from "../../abi/elf";
import { Diagnostic } from "../../base/diagnostic";
import type { Machine } from "../../object/object";

type Fields<Name extends string> = Readonly<Record<Name, number>>;

/** The offset of each field in its header; `size` is that of the whole header. */
export interface ElfShape {
  readonly bits: 32 | 64;
  readonly header: Fields<"size" | "entry" | "phoff" | "shoff" | "phentsize" | "phnum"> &
    Fields<"shentsize" | "shnum" | "shstrndx">;
  readonly segment: Fields<"size" | "type" | "flags" | "offset" | "address" | "loadAddress"> &
    Fields<"fileSize" | "memorySize" | "align">;
  readonly section: Fields<"size" | "name" | "type" | "flags" | "address" | "offset" | "bytes"> &
    Fields<"link" | "info" | "align" | "entrySize">;
  readonly symbol: Fields<"size" | "name" | "value" | "bytes" | "info" | "section">;
}

const SHAPE_32: ElfShape = {
  bits: 32,
  header: {
    ...{ size: 52, entry: 24, phoff: 28, shoff: 32, phentsize: 42, phnum: 44 },
    ...{ shentsize: 46, shnum: 48, shstrndx: 50 },
  },
  segment: {
    ...{ size: 32, type: 0, offset: 4, address: 8, loadAddress: 12 },
    ...{ fileSize: 16, memorySize: 20, flags: 24, align: 28 },
  },
  section: {
    ...{ size: 40, name: 0, type: 4, flags: 8, address: 12, offset: 16, bytes: 20 },
    ...{ link: 24, info: 28, align: 32, entrySize: 36 },
  },
  symbol: { size: 16, name: 0, value: 4, bytes: 8, info: 12, section: 14 },
};

const SHAPE_64: ElfShape = {
  bits: 64,
  header: {
    ...{ size: 64, entry: 24, phoff: 32, shoff: 40, phentsize: 54, phnum: 56 },
    ...{ shentsize: 58, shnum: 60, shstrndx: 62 },
  },
  segment: {
    ...{ size: 56, type: 0, flags: 4, offset: 8, address: 16, loadAddress: 24 },
    ...{ fileSize: 32, memorySize: 40, align: 48 },
  },
  section: {
    ...{ size: 64, name: 0, type: 4, flags: 8, address: 16, offset: 24, bytes: 32 },
    ...{ link: 40, info: 44, align: 48, entrySize: 56 },
  },
  symbol: { size: 24, name: 0, info: 4, section: 6, value: 8, bytes: 16 },
};

/** The shape of what is made for a machine. */
export function shapeFor(machine: Machine): ElfShape {
  return machine === "x86-64" ? SHAPE_64 : SHAPE_32;
}

/** The files that a reader takes, and what to do about others. */
export interface AcceptedFiles {
  readonly shapes: ReadonlyMap<number, ElfShape>;
  readonly machines: ReadonlyMap<number, string>;
  readonly remedy: string;
}

/** Files of our own kernel and its programs. */
export const I386_FILES: AcceptedFiles = {
  shapes: new Map([[ELF_CLASS_32, SHAPE_32]]),
  machines: new Map([[EM_386, "i386"]]),
  remedy: "Give a 32-bit i386 ELF file: gcc -m32, clang --target=i686-elf, nasm -f elf32.",
};

const BOTH: Omit<AcceptedFiles, "remedy"> = {
  shapes: new Map([
    [ELF_CLASS_32, SHAPE_32],
    [ELF_CLASS_64, SHAPE_64],
  ]),
  machines: new Map([
    [EM_386, "i386"],
    [EM_X86_64, "x86-64"],
  ]),
};

/** What the linker takes and makes. */
export const LINK_FILES: AcceptedFiles = {
  ...BOTH,
  remedy: "Compile for i386 (gcc -m32, nasm -f elf32) or x86-64 (gcc -m64, nasm -f elf64).",
};

/** Kernels for a PC, made by any linker. */
export const PC_FILES: AcceptedFiles = {
  ...BOTH,
  remedy: "Give an ELF kernel that was linked for i386 or x86-64.",
};

/** The shape of the file `bytes`. Throws Diagnostic ELF001 if it is not one of those `accepted`. */
export function identifyElf(bytes: Uint8Array, name: string, accepted: AcceptedFiles): ElfShape {
  const wrong = (what: string) =>
    new Diagnostic("ELF001", `${name} ${what}`, accepted.remedy, { file: name });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < SHAPE_32.header.size || view.getUint32(0, true) !== ELF_MAGIC) {
    throw wrong("is not an ELF file");
  }
  const shape = accepted.shapes.get(bytes[ELF_CLASS] ?? 0);
  if (!shape) {
    const is64 = bytes[ELF_CLASS] === ELF_CLASS_64;
    throw wrong(is64 ? "is a 64-bit ELF file" : `has the unknown ELF class ${bytes[ELF_CLASS]}`);
  }
  if (bytes[ELF_DATA] !== ELF_DATA_LITTLE) throw wrong("is a big-endian ELF file");
  const machine = view.getUint16(EHDR_MACHINE, true);
  if (!accepted.machines.has(machine)) {
    const known = [...accepted.machines.values()].join(" or ");
    throw wrong(`is for ELF machine ${machine}, not for ${known}`);
  }
  if (bytes.length < shape.header.size) throw wrong("is cut off in its header");
  return shape;
}
