// Files that are not ELF kernels, named for what they are: what people most often give instead.
//
//   bzImage     "HdrS" at 0x202: Linux, compressed, with its own boot protocol
//   PE          "MZ", and "PE\0\0" where the word at 0x3c says: a UEFI application
//   gzip, xz    a compressed kernel
//   ISO         "CD001" at 0x8001: a whole CD
//   bitcode     "BC\xc0\xde": what clang -flto writes in place of an object
//   LTO         an ELF object with sections .gnu.lto_*: gcc -flto

export interface FileFormat {
  /** `a Linux bzImage`. */
  readonly what: string;
  readonly remedy: string;
}

interface Signature extends FileFormat {
  readonly matches: (view: DataView) => boolean;
}

const HDRS = 0x53726448;
const MZ = 0x5a4d;
const PE = 0x4550;
const CD00 = 0x30304443;
const BITCODE = 0xdec04342;
const BITCODE_WRAPPER = 0x0b17c0de;
const LTO_REMEDY = "Compile without -flto, or let the compiler link, and give the result.";

const SIGNATURES: readonly Signature[] = [
  {
    what: "a Linux bzImage: a compressed kernel with a boot protocol of its own",
    remedy: "Give the vmlinux that it was made from; loaders take this file by `linux`.",
    matches: (view) => wordAt(view, 0x202) === HDRS,
  },
  {
    what: "a PE file: a UEFI application or a Windows program",
    remedy:
      "Give the ELF file that it was made from; UEFI or GRUB's `chainloader` starts this one.",
    matches: (view) => (wordAt(view, 0) & 0xffff) === MZ && wordAt(view, wordAt(view, 0x3c)) === PE,
  },
  {
    what: "a gzip file",
    remedy: "Unpack it first: `gunzip`.",
    matches: (view) => (wordAt(view, 0) & 0xffff) === 0x8b1f,
  },
  {
    what: "an xz file",
    remedy: "Unpack it first: `unxz`.",
    matches: (view) => wordAt(view, 0) === 0x587a37fd,
  },
  {
    what: "an image of a CD",
    remedy: "Give the kernel that was put into it.",
    matches: (view) => wordAt(view, 0x8001) === CD00,
  },
  {
    what: "LLVM bitcode, made with -flto: it holds no machine code yet",
    remedy: LTO_REMEDY,
    matches: (view) => [BITCODE, BITCODE_WRAPPER].includes(wordAt(view, 0)),
  },
];

/** The format of a file that is not ELF, if it is a known one. */
export function formatOf(bytes: Uint8Array): FileFormat | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return SIGNATURES.find(({ matches }) => matches(view));
}

/** Linux's compressed kernel, which a boot loader may take though `check` cannot. */
export function isBzImage(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return wordAt(view, 0x202) === HDRS;
}

/** The format of an ELF object with these sections, if it is for GCC's link-time optimiser. */
export function ltoFormat(sections: readonly { readonly name: string }[]): FileFormat | undefined {
  if (!sections.some(({ name }) => name.startsWith(".gnu.lto_"))) return undefined;
  return { what: "an object of gcc -flto, for its link-time optimiser", remedy: LTO_REMEDY };
}

/** The word at `offset`; 0 beyond the end. */
function wordAt(view: DataView, offset: number): number {
  return offset + 4 <= view.byteLength ? view.getUint32(offset, true) : 0;
}
