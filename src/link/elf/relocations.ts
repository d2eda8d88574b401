// What a machine's relocation types mean: numbers and names of the psABI on one side, the object
// model's kinds and widths on the other. Types that the linker refuses have names here as well, so
// that messages can say what was found.
//
// See the i386 psABI, 4.4.

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
import type { RelocationKind, RelocationWidth } from "../../object/object";

/** A type that the linker obeys. */
export interface RelocationType {
  readonly number: number;
  readonly name: string;
  readonly kind: RelocationKind;
  readonly width: RelocationWidth;
}

type Row = readonly [number: number, name: string, kind: RelocationKind, width: RelocationWidth];

/** The relocation types of one machine. */
export class MachineRelocations {
  readonly #types: (RelocationType | undefined)[] = [];
  readonly #refused: ReadonlyMap<number, string>;

  /** @param rows of several types with one kind and width, the first is the one to write */
  constructor(rows: readonly Row[], refused: readonly (readonly [number, string])[]) {
    for (const [number, name, kind, width] of rows) {
      this.#types[number] = { number, name, kind, width };
    }
    this.#refused = new Map(refused);
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

export const I386_RELOCATIONS = new MachineRelocations(
  [
    [R_386_32, "R_386_32", "absolute", 4],
    [R_386_PC32, "R_386_PC32", "relative", 4],
    [R_386_16, "R_386_16", "absolute", 2],
    [R_386_PC16, "R_386_PC16", "relative", 2],
    [R_386_8, "R_386_8", "absolute", 1],
    [R_386_PC8, "R_386_PC8", "relative", 1],
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
