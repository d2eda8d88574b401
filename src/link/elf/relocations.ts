// ELF's numbers of the i386 relocations, those that the linker obeys and those that it refuses by
// name. See the i386 psABI, 4.4.

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
} from "../../abi/elf";
import type { RelocationType } from "../../object/object";

interface RelocationFacts {
  readonly number: number;
  /** Bytes that it patches. */
  readonly width: 1 | 2 | 4;
}

const FACTS: Readonly<Record<RelocationType, RelocationFacts>> = {
  R_386_32: { number: R_386_32, width: 4 },
  R_386_PC32: { number: R_386_PC32, width: 4 },
  R_386_16: { number: R_386_16, width: 2 },
  R_386_PC16: { number: R_386_PC16, width: 2 },
  R_386_8: { number: R_386_8, width: 1 },
  R_386_PC8: { number: R_386_PC8, width: 1 },
  R_386_GOT32: { number: R_386_GOT32, width: 4 },
  R_386_GOT32X: { number: R_386_GOT32X, width: 4 },
  R_386_GOTOFF: { number: R_386_GOTOFF, width: 4 },
  R_386_GOTPC: { number: R_386_GOTPC, width: 4 },
};

const TYPES: (RelocationType | undefined)[] = [];
for (const type of Object.keys(FACTS) as RelocationType[]) TYPES[FACTS[type].number] = type;
// A call of what might be in a shared library; here it is in the image.
TYPES[R_386_PLT32] = "R_386_PC32";

const REFUSED = new Map([
  [5, "R_386_COPY"],
  [6, "R_386_GLOB_DAT"],
  [7, "R_386_JUMP_SLOT"],
  [8, "R_386_RELATIVE"],
  [14, "R_386_TLS_TPOFF"],
  [15, "R_386_TLS_IE"],
  [16, "R_386_TLS_GOTIE"],
  [17, "R_386_TLS_LE"],
  [18, "R_386_TLS_GD"],
  [19, "R_386_TLS_LDM"],
  [32, "R_386_TLS_LDO_32"],
  [33, "R_386_TLS_IE_32"],
  [34, "R_386_TLS_LE_32"],
  [39, "R_386_TLS_GOTDESC"],
  [42, "R_386_IRELATIVE"],
]);

/** What the linker makes of a number; undefined: it refuses the type. */
export function relocationType(code: number): RelocationType | undefined {
  return TYPES[code];
}

/** The psABI's number of a type. */
export function relocationNumber(type: RelocationType): number {
  return FACTS[type].number;
}

/** What the psABI calls a type that the linker refuses. */
export function refusedName(code: number): string | undefined {
  return REFUSED.get(code);
}

/** Bytes that a relocation of this type patches. */
export function relocationWidth(type: RelocationType): 1 | 2 | 4 {
  return FACTS[type].width;
}
