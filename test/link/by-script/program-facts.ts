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

/** The byte of the ELF header that says whether it is a file of 64 bits. */
const CLASS = 4;
/** Fields of the ELF header that count what is not loaded: e_shoff, and e_shnum with e_shstrndx. */
const UNLOADED_FIELDS = {
  1: {
    fields: [
      [32, 4],
      [48, 4],
    ],
    end: 52,
  },
  2: {
    fields: [
      [40, 8],
      [60, 4],
    ],
    end: 64,
  },
} as const;

export interface ProgramFacts {
  readonly entry: string;
  readonly segments: readonly string[];
  readonly sections: readonly string[];
  readonly symbols: readonly string[];
}

/** @param name what errors call the file */
export function programFacts(bytes: Uint8Array, name: string): ProgramFacts {
  const file = readElf(bytes, name);
  const header = UNLOADED_FIELDS[bytes[CLASS] === 2 ? 2 : 1];
  const hex = (value: number | bigint) => value.toString(16);
  const segments = [...file.segments].map((segment) => {
    const { type, offset, address, loadAddress, fileSize, memorySize, flags } = segment;
    const loaded = bytes.slice(offset, offset + fileSize);
    if (offset === 0 && loaded.length >= header.end) {
      for (const [at, size] of header.fields) loaded.fill(0, at, at + size);
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
