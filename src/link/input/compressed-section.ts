// Sections that a compiler packed (`gcc -gz`, SHF_COMPRESSED): a header that says how, how large
// the content is and how it is aligned, then the data. See the System V gABI, chapter 4,
// "Compressed sections".

import {
  CHDR_ADDRALIGN,
  CHDR_BYTES,
  CHDR_SIZE,
  CHDR_TYPE,
  ELFCOMPRESS_ZLIB,
  ELFCOMPRESS_ZSTD,
} from "../../abi/elf";
import { Diagnostic } from "../../base/diagnostic";
import { inflate } from "../../base/inflate";

/** More than any compiler's debug information of one object. */
const MAX_SIZE = 2 ** 28;

export interface SectionContent {
  readonly bytes: Uint8Array;
  readonly align: number;
}

/**
 * The content of a packed section.
 *
 * @param section what diagnostics call it; `file`: where it is
 * @throws Diagnostic ELF006 (packed in another way than zlib's), ELF002 (damaged)
 */
export function unpackSection(packed: Uint8Array, section: string, file: string): SectionContent {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const field = (at: number) => (at + 4 <= packed.length ? view.getUint32(at, true) : 0);
  const type = field(CHDR_TYPE);
  if (type !== ELFCOMPRESS_ZLIB) {
    const how = type === ELFCOMPRESS_ZSTD ? "with zstd" : `in an unknown way (${type})`;
    const text = `section ${section} of ${file} is compressed ${how}`;
    throw new Diagnostic("ELF006", text, "Compile with -gz=none or -gz=zlib.", { file });
  }
  const size = field(CHDR_BYTES);
  const bytes = size <= MAX_SIZE ? inflate(packed.subarray(CHDR_SIZE), size) : undefined;
  if (bytes) return { bytes, align: field(CHDR_ADDRALIGN) };
  const what = `section ${section} does not hold ${size} bytes packed by zlib`;
  const text = `${file} is malformed: ${what}`;
  throw new Diagnostic("ELF002", text, "Rebuild the file; it was cut off or damaged.", { file });
}
