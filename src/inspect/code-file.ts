// The code of an ELF file: its instructions, and where each comes from.

import { SHF_EXECINSTR } from "../abi/elf";
import type { Place } from "../base/diagnostic";
import { entryAt } from "../base/entry-at";
import { type LineRange, lineRangeAt, readLineRanges } from "../link/check/line-ranges";
import { type ElfSection, readElf } from "../link/elf/read";
import { I386_FILES } from "../link/elf/shape";
import { decode, type Instruction } from "../x86/decode";
import { print, type SymbolOffset } from "../x86/print";
import { type ElfImage, readElfImage } from "./elf-image";

const NO_BYTES = new Uint8Array(0);

export class CodeFile {
  readonly image: ElfImage;
  readonly #sections: readonly ElfSection[];
  readonly #code: readonly ElfSection[];
  readonly #symbols: readonly SymbolOffset[];
  #lines: readonly LineRange[] | undefined;

  /**
   * @param name what diagnostics call the file
   * @throws Diagnostic ELF001, ELF002 if it is not an ELF file for i386
   */
  constructor(bytes: Uint8Array, name: string) {
    this.image = readElfImage(bytes, name);
    this.#symbols = this.image.symbols.map(({ name: symbol, va }) => ({
      name: symbol,
      offset: va,
    }));
    this.#sections = readElf(bytes, name, I386_FILES).sections;
    this.#code = this.#sections.filter(({ flags }) => (flags & SHF_EXECINSTR) !== 0);
  }

  /** The instruction at an address; undefined if the file has none there that we know. */
  instructionAt(address: number): Instruction | undefined {
    const section = this.#code.find(
      (each) => address >= each.address && address < each.address + each.bytes.length,
    );
    return section && decode(section.bytes, address - section.address);
  }

  /** The same as text. */
  textAt(address: number): string | undefined {
    const instruction = this.instructionAt(address);
    const symbolAt = (target: number) => this.symbolAt(target);
    return instruction && print(instruction, { address, symbolAt });
  }

  /** The last symbol of a code section at or before an address. */
  symbolAt(address: number): SymbolOffset | undefined {
    const section = this.#code.find((each) => {
      return address >= each.address && address < each.address + each.size;
    });
    if (!section) return undefined;
    const symbol = entryAt(this.#symbols, address);
    if (!symbol || symbol.offset < section.address) return undefined;
    return { name: symbol.name, offset: address - symbol.offset };
  }

  /** The source line of an address, if the file has debug information. */
  placeAt(address: number): Place | undefined {
    this.#lines ??= readLineRanges({
      line: this.#debugBytes(".debug_line"),
      lineStrings: this.#debugBytes(".debug_line_str"),
      strings: this.#debugBytes(".debug_str"),
    });
    const range = lineRangeAt(this.#lines, BigInt(address));
    return range && { file: range.file, line: range.line };
  }

  #debugBytes(name: string): Uint8Array {
    return this.#sections.find((section) => section.name === name)?.bytes ?? NO_BYTES;
  }
}
