// Objects without machine code: what compilers leave in them for link-time optimisation.
//
//   GCC       -flto: ELF with sections .gnu.lto_*, and the common symbol __gnu_lto_slim if there is
//             no machine code beside them (-ffat-lto-objects)
//   clang     -flto, and rustc -C linker-plugin-lto: LLVM bitcode, which is not ELF at all
//
// To link them is to compile them, which only their own compiler can.

import { Diagnostic } from "../../base/diagnostic";

/** The symbol of an object of GCC's that has intermediate code alone. */
export const SLIM_SYMBOL = "__gnu_lto_slim";

/** "BC" and its version, and the same after a header that says where it begins. */
const BITCODE_MAGICS: readonly (readonly number[])[] = [
  [0x42, 0x43, 0xc0, 0xde],
  [0xde, 0xc0, 0x17, 0x0b],
];

/** @throws Diagnostic ELF007 if the file is LLVM's bitcode */
export function refuseBitcode(bytes: Uint8Array, name: string): void {
  const isBitcode = BITCODE_MAGICS.some((magic) => magic.every((byte, at) => bytes[at] === byte));
  if (!isBitcode) return;
  const text = `${name} is LLVM bitcode for link-time optimisation, without machine code`;
  const remedy = "Compile it without -flto; with rustc, without -C linker-plugin-lto.";
  throw new Diagnostic("ELF007", text, remedy, { file: name });
}

/** What is wrong with an object that defines SLIM_SYMBOL. */
export function slimObject(name: string): Diagnostic {
  const text = `${name} has GCC's code for link-time optimisation, without machine code`;
  const remedy = "Compile it with -fno-lto, or with -ffat-lto-objects beside -flto.";
  return new Diagnostic("ELF007", text, remedy, { file: name });
}
