// The build ID: a note that names an image by a hash of it, so that a debugger finds its symbols.
//
//      "GNU" note of type 3, in .note.gnu.build-id: 20 bytes (sha1), 16 (md5, uuid), or as given
//
// The note is an input like any other while the image is linked, and is filled in afterwards: the
// hash is that of the file with zeros in its place.

import { createHash, randomBytes } from "node:crypto";
import { Diagnostic } from "../base/diagnostic";
import type { ScriptedImage } from "../link/by-script/scripted-image";
import type { ObjectFile } from "../object/object";

const OBJECT = "(build ID)";
const SECTION = ".note.gnu.build-id";
const HEADER_SIZE = 16;
const SIZES: Readonly<Record<string, number>> = { sha1: 20, tree: 20, md5: 16, uuid: 16, fast: 16 };
const NT_GNU_BUILD_ID = 3;

/** The note with zeros for the ID. @throws Diagnostic CLI031 */
export function buildNote(style: string): ObjectFile {
  const size = given(style)?.length ?? SIZES[style];
  if (size === undefined) {
    const remedy = "Use sha1, md5, uuid, none, or the ID itself after 0x.";
    throw new Diagnostic("CLI031", `--build-id=${style} is not supported`, remedy);
  }
  const bytes = new Uint8Array(HEADER_SIZE + size);
  const view = new DataView(bytes.buffer);
  const name = new TextEncoder().encode("GNU\0");
  view.setUint32(0, name.length, true);
  view.setUint32(4, size, true);
  view.setUint32(8, NT_GNU_BUILD_ID, true);
  bytes.set(name, 12);
  const section = { name: SECTION, type: "progbits", align: 4, size: bytes.length, bytes } as const;
  const flags = { alloc: true, write: false, execute: false };
  return {
    name: OBJECT,
    sections: [{ ...section, flags, relocations: [], lines: [], retain: true }],
    symbols: [],
    isChecked: true,
  };
}

/** Writes the ID into the file's bytes, if the link has the note. */
export function signBuild(
  bytes: Uint8Array,
  image: ScriptedImage,
  style: string | undefined,
  isFlat: boolean,
): void {
  const at = style === undefined ? undefined : noteOffset(image, isFlat);
  if (style === undefined || at === undefined) return;
  bytes.set(given(style) ?? computed(style, bytes), at + HEADER_SIZE);
}

function given(style: string): Uint8Array | undefined {
  const digits = /^0x([0-9A-Fa-f:-]+)$/.exec(style)?.[1]?.replace(/[:-]/g, "");
  return digits === undefined ? undefined : Uint8Array.from(Buffer.from(digits, "hex"));
}

function computed(style: string, bytes: Uint8Array): Uint8Array {
  if (style === "uuid") return randomBytes(SIZES.uuid ?? 0);
  const isShort = SIZES[style] === SIZES.md5;
  return createHash(isShort ? "md5" : "sha1")
    .update(bytes)
    .digest();
}

function noteOffset({ outputs, file }: ScriptedImage, isFlat: boolean): number | undefined {
  const loads = outputs.filter(({ isInFile, flags }) => isInFile && flags.load);
  const start = loads.map(({ loadAddress }) => loadAddress).sort((a, b) => (a < b ? -1 : 1))[0];
  for (const output of outputs) {
    const note = output.placed.inputs.find(({ object }) => object.name === OBJECT);
    if (!note || !output.isInFile) continue;
    const base = isFlat ? Number(output.loadAddress - (start ?? 0n)) : file.offsets.get(output);
    return base === undefined ? undefined : base + note.offset;
  }
  return undefined;
}
