// What a machine's relocation types mean: numbers and names of the psABI on one side, the object
// model's kinds and widths on the other. Types that the linker refuses have names here as well, so
// that messages can say what was found.
//
// See the i386 psABI, 4.4, and the x86-64 psABI, 4.4.

import {
  R_386_8,
  R_386_16,
  R_386_32,
  R_386_GOT32,
  R_386_GOT32X,
  R_386_GOTOFF,
  R_386_GOTPC,
  R_386_PC8,
  R_386_PC16,
  R_386_PC32,
  R_386_PLT32,
  R_386_TLS_LDO_32,
  R_386_TLS_LE,
} from "../../abi/elf";
import type { Machine, RelocationKind, RelocationWidth } from "../../object/object";

/** A type that the linker obeys. */
export interface RelocationType {
  readonly number: number;
  readonly name: string;
  readonly kind: RelocationKind;
  readonly width: RelocationWidth;
}

/** Whether the result is an address or a distance: no table, and no thread, is involved. */
export function isPlainKind(kind: RelocationKind): boolean {
  return kind === "absolute" || kind === "relative" || kind === "signed";
}

/** Which results fit a field: the least and the most; absent: all, as they wrap. */
export type Range = readonly [least: number, most: number];

type Row = readonly [
  number: number,
  name: string,
  kind: RelocationKind,
  width: RelocationWidth,
  range?: Range,
];

/** The relocation types of one machine. */
export class MachineRelocations {
  readonly #types: (RelocationType | undefined)[] = [];
  readonly #ranges = new Map<RelocationKind, (Range | undefined)[]>();
  readonly #refused: ReadonlyMap<number, string>;

  /** @param rows of several types with one kind and width, the first is the one to write */
  constructor(rows: readonly Row[], refused: readonly (readonly [number, string])[]) {
    for (const [number, name, kind, width, range] of rows) {
      this.#types[number] = { number, name, kind, width };
      const ranges = this.#ranges.get(kind) ?? [];
      this.#ranges.set(kind, ranges);
      ranges[width] ??= range;
    }
    this.#refused = new Map(refused);
  }

  /** Which results fit; undefined: all, as they wrap. */
  range(kind: RelocationKind, width: RelocationWidth): Range | undefined {
    return this.#ranges.get(kind)?.[width];
  }

  /** What a number means; undefined: the linker refuses the type. */
  type(number: number): RelocationType | undefined {
    return this.#types[number];
  }

  /** The type for a kind and a width. Asserts that the machine has one. */
  typeFor(kind: RelocationKind, width: RelocationWidth): RelocationType {
    const type = this.#types.find((each) => each?.kind === kind && each.width === width);
    if (!type) throw new Error(`no relocation type is ${kind} with ${width} bytes`);
    return type;
  }

  /** What the psABI calls a type that the linker refuses. */
  refusedName(number: number): string | undefined {
    return this.#refused.get(number);
  }
}

const ANY_16: Range = [-0x8000, 0xffff];
const ANY_8: Range = [-0x80, 0xff];
const SIGNED_8: Range = [-0x80, 0x7f];
const SIGNED_32: Range = [-0x8000_0000, 0x7fff_ffff];
const UNSIGNED_32: Range = [0, 0xffff_ffff];

/** Words wrap, as address arithmetic does. */
export const I386_RELOCATIONS = new MachineRelocations(
  [
    [R_386_32, "R_386_32", "absolute", 4],
    [R_386_PC32, "R_386_PC32", "relative", 4],
    [R_386_16, "R_386_16", "absolute", 2, ANY_16],
    [R_386_PC16, "R_386_PC16", "relative", 2, ANY_16],
    [R_386_8, "R_386_8", "absolute", 1, ANY_8],
    [R_386_PC8, "R_386_PC8", "relative", 1, SIGNED_8],
    [R_386_GOT32, "R_386_GOT32", "got", 4],
    [R_386_GOT32X, "R_386_GOT32X", "got-relaxable", 4],
    [R_386_GOTOFF, "R_386_GOTOFF", "got-offset", 4],
    [R_386_GOTPC, "R_386_GOTPC", "got-address", 4],
    // A call of a function that might be in a shared library; here it is in the image.
    [R_386_PLT32, "R_386_PLT32", "relative", 4],
    [R_386_TLS_LE, "R_386_TLS_LE", "thread", 4],
    [R_386_TLS_LDO_32, "R_386_TLS_LDO_32", "thread-block", 4],
  ],
  [
    [5, "R_386_COPY"],
    [6, "R_386_GLOB_DAT"],
    [7, "R_386_JUMP_SLOT"],
    [8, "R_386_RELATIVE"],
    [14, "R_386_TLS_TPOFF"],
    [15, "R_386_TLS_IE"],
    [16, "R_386_TLS_GOTIE"],
    [18, "R_386_TLS_GD"],
    [19, "R_386_TLS_LDM"],
    [33, "R_386_TLS_IE_32"],
    [34, "R_386_TLS_LE_32"],
    [39, "R_386_TLS_GOTDESC"],
    [42, "R_386_IRELATIVE"],
  ],
);

export const X86_64_RELOCATIONS = new MachineRelocations(
  [
    [1, "R_X86_64_64", "absolute", 8],
    [2, "R_X86_64_PC32", "relative", 4, SIGNED_32],
    // A call of a function that might be in a shared library; here it is in the image.
    [4, "R_X86_64_PLT32", "relative", 4, SIGNED_32],
    [3, "R_X86_64_GOT32", "got", 4, SIGNED_32],
    [9, "R_X86_64_GOTPCREL", "got-relative", 4, SIGNED_32],
    [10, "R_X86_64_32", "absolute", 4, UNSIGNED_32],
    [11, "R_X86_64_32S", "signed", 4, SIGNED_32],
    // 16-bit code wraps at 64 KiB.
    [12, "R_X86_64_16", "absolute", 2, [-0x1_0000, 0xffff]],
    [13, "R_X86_64_PC16", "relative", 2, [-0x1_0000, 0xffff]],
    [14, "R_X86_64_8", "absolute", 1, [-0x100, 0xff]],
    [15, "R_X86_64_PC8", "relative", 1, SIGNED_8],
    [17, "R_X86_64_DTPOFF64", "thread-block", 8],
    [18, "R_X86_64_TPOFF64", "thread", 8],
    [19, "R_X86_64_TLSGD", "thread-general", 4],
    [20, "R_X86_64_TLSLD", "thread-module", 4],
    [21, "R_X86_64_DTPOFF32", "thread-block", 4, SIGNED_32],
    [22, "R_X86_64_GOTTPOFF", "thread-got-relative", 4],
    [23, "R_X86_64_TPOFF32", "thread", 4, SIGNED_32],
    [24, "R_X86_64_PC64", "relative", 8],
    [25, "R_X86_64_GOTOFF64", "got-offset", 8],
    [26, "R_X86_64_GOTPC32", "got-address", 4, SIGNED_32],
    [27, "R_X86_64_GOT64", "got", 8],
    [28, "R_X86_64_GOTPCREL64", "got-relative", 8],
    [29, "R_X86_64_GOTPC64", "got-address", 8],
    [30, "R_X86_64_GOTPLT64", "got", 8],
    [31, "R_X86_64_PLTOFF64", "got-offset", 8],
    [32, "R_X86_64_SIZE32", "size", 4, UNSIGNED_32],
    [33, "R_X86_64_SIZE64", "size", 8],
    [34, "R_X86_64_GOTPC32_TLSDESC", "thread-descriptor", 4],
    [35, "R_X86_64_TLSDESC_CALL", "thread-descriptor-call", 1],
    [41, "R_X86_64_GOTPCRELX", "got-relative-relaxable", 4, SIGNED_32],
    [42, "R_X86_64_REX_GOTPCRELX", "got-relative-rex", 4, SIGNED_32],
  ],
  [
    [5, "R_X86_64_COPY"],
    [6, "R_X86_64_GLOB_DAT"],
    [7, "R_X86_64_JUMP_SLOT"],
    [8, "R_X86_64_RELATIVE"],
    [16, "R_X86_64_DTPMOD64"],
    [36, "R_X86_64_TLSDESC"],
    [37, "R_X86_64_IRELATIVE"],
    [38, "R_X86_64_RELATIVE64"],
  ],
);

export const RELOCATIONS: Readonly<Record<Machine, MachineRelocations>> = {
  i386: I386_RELOCATIONS,
  "x86-64": X86_64_RELOCATIONS,
};
