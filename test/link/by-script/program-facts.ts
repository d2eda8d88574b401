// What two linkers must agree on, as text: entry, program headers with their bytes, sections and
// symbols.

import {
  PT_LOAD,
  SHF_ALLOC,
  SHF_MERGE,
  SHF_STRINGS,
  STT_FILE,
  STT_SECTION,
} from "../../../src/abi/elf";
import { type ElfFile, readElf } from "../../../src/link/elf/read";

/** Fields of the ELF header that count what is not loaded: e_shoff, and e_shnum with e_shstrndx. */
const UNLOADED_FIELDS = [
  [32, 4],
  [48, 4],
] as const;
const EHDR_END = 52;

export interface ProgramFacts {
  readonly entry: string;
  readonly segments: readonly string[];
  readonly sections: readonly string[];
  readonly symbols: readonly string[];
}

/** @param name what errors call the file */
export function programFacts(bytes: Uint8Array, name: string): ProgramFacts {
  const file = readElf(bytes, name);
  const hex = (value: number | bigint) => value.toString(16);
  const segments = [...file.segments].map((segment) => {
    const { type, offset, address, loadAddress, fileSize, memorySize, flags } = segment;
    const loaded = bytes.slice(offset, offset + fileSize);
    if (offset === 0 && loaded.length >= EHDR_END) {
      for (const [at, size] of UNLOADED_FIELDS) loaded.fill(0, at, at + size);
    }
    const facts = [type, offset, address, loadAddress, fileSize, memorySize, flags].map(hex);
    const content = type === PT_LOAD ? Buffer.from(loaded).toString("hex") : "";
    return `${facts.join(" ")} ${content}`;
  });
  const loaded = [...file.sections].filter(({ flags }) => (flags & SHF_ALLOC) !== 0);
  const sections = loaded.map(({ name, flags, address, offset, size }) => {
    const kept = flags & ~(SHF_MERGE | SHF_STRINGS);
    return [name, hex(kept), hex(address), hex(offset), hex(size)].join(" ");
  });
  return {
    entry: hex(file.entry),
    segments,
    sections: sections.sort(),
    symbols: symbolsOf(file).sort(),
  };
}

/** Binding is left out: GNU ld makes hidden names local. */
function symbolsOf({ symbols }: ElfFile): string[] {
  const named = symbols.filter(
    ({ name, type }) => name !== "" && type !== STT_SECTION && type !== STT_FILE,
  );
  return named.map(({ name, value }) => `${name} ${value.toString(16)}`);
}
