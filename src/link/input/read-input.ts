// A file on a link's command line: a relocatable object or an archive of them.

import { ELF_MAGIC } from "../../abi/elf";
import { Diagnostic } from "../../base/diagnostic";
import type { ObjectFile } from "../../object/object";
import { type Archive, isArchive, readArchive } from "./archive";
import { readElfObject } from "./elf-object";
import { refuseBitcode } from "./intermediate-code";

/** What a link takes. */
export type LinkInput = ObjectFile | Archive;

export function isArchiveInput(input: LinkInput): input is Archive {
  return "kind" in input;
}

/** Whether a file is text that says which files to link. */
export function isLinkerScript(bytes: Uint8Array): boolean {
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, 256));
  return /^(\/\*|\s)*.*\b(INPUT|GROUP|SECTIONS|OUTPUT_FORMAT)\s*[({]/s.test(start);
}

/**
 * Reads an object or an archive, told apart by their first bytes.
 *
 * @param name what diagnostics and the layout's globs call it
 * @throws Diagnostics ELF001 to ELF004, ELF006, ELF007, ARCH001, ARCH002
 */
export function readInput(bytes: Uint8Array, name: string): LinkInput {
  if (isArchive(bytes)) return readArchive(bytes, name);
  if (isLinkerScript(bytes)) {
    throw new Diagnostic(
      "ELF001",
      `${name} is a linker script, not an object`,
      "Give it to `isthmus link -T`, or to isthmus-ld as a file.",
      { file: name },
    );
  }
  refuseBitcode(bytes, name);
  if (!isElf(bytes)) {
    throw new Diagnostic(
      "ELF001",
      `${name} is not an ELF file`,
      `Compile it first; to link its bytes as they are, as data, write \`binary:${name}\`.`,
      { file: name },
    );
  }
  return readElfObject(bytes, name);
}

function isElf(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return bytes.length >= 4 && view.getUint32(0, true) === ELF_MAGIC;
}
