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

/** The header's fields; of 64-bit numbers the lower half, as no section needs the other. */
const HEADER_32 = { size: CHDR_SIZE, bytes: CHDR_BYTES, align: CHDR_ADDRALIGN };
const HEADER_64 = { size: 24, bytes: 8, align: 16 };

/** What a packed section is in. */
interface PackedFile {
  readonly name: string;
  readonly shape: { readonly bits: 32 | 64 };
}

export interface SectionContent {
  readonly bytes: Uint8Array;
  readonly align: number;
}

/**
 * The content of a packed section.
 *
 * @param section what diagnostics call it
 * @throws Diagnostic ELF006 (packed in another way than zlib's), ELF002 (damaged)
 */
export function unpackSection(
  packed: Uint8Array,
  section: string,
  { name: file, shape }: PackedFile,
): SectionContent {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const header = shape.bits === 64 ? HEADER_64 : HEADER_32;
  const field = (at: number) => (at + 4 <= packed.length ? view.getUint32(at, true) : 0);
  const type = field(CHDR_TYPE);
  if (type !== ELFCOMPRESS_ZLIB) {
    const how = type === ELFCOMPRESS_ZSTD ? "with zstd" : `in an unknown way (${type})`;
    const text = `section ${section} of ${file} is compressed ${how}`;
    throw new Diagnostic("ELF006", text, "Compile with -gz=none or -gz=zlib.", { file });
  }
  const size = field(header.bytes);
  const bytes = size <= MAX_SIZE ? inflate(packed.subarray(header.size), size) : undefined;
  if (bytes) return { bytes, align: field(header.align) };
  const what = `section ${section} does not hold ${size} bytes packed by zlib`;
  const text = `${file} is malformed: ${what}`;
  throw new Diagnostic("ELF002", text, "Rebuild the file; it was cut off or damaged.", { file });
}
