// What of the program headers depends on command line and objects; and their number, which
// SIZEOF_HEADERS asks for before the sections that decide it have addresses.

import { PF_R, PF_W, PF_X } from "../../abi/elf";
import type { Script } from "../gnu-script/syntax";
import type { InputSection } from "../passes/model";
import { STACK_NOTE } from "./assign-inputs";
import type { ScriptOutput } from "./model";
import type { ScriptOptions } from "./scripted-image";
import { HEADERS_32, HEADERS_64, type SegmentOptions } from "./segments";

export function segmentOptions(
  options: ScriptOptions,
  inputs: readonly InputSection[],
  bits: 32 | 64,
): SegmentOptions {
  return {
    isPaged: options.magic === "paged",
    isTextWritable: options.magic === "omagic",
    separatesCode: options.separatesCode,
    maxPageSize: options.maxPageSize,
    stackFlags: stackFlags(options, inputs),
    headerSizes: bits === 64 ? HEADERS_64 : HEADERS_32,
  };
}

/** As the objects say in .note.GNU-stack; if none has one, nothing is said. */
function stackFlags(
  { isStackExecutable }: ScriptOptions,
  inputs: readonly InputSection[],
): number | undefined {
  const flags = (executable: boolean) => PF_R | PF_W | (executable ? PF_X : 0);
  if (isStackExecutable !== undefined) return flags(isStackExecutable);
  const notes = inputs.filter(({ section }) => section.name === STACK_NOTE);
  if (notes.length === 0) return undefined;
  const others = inputs.filter(({ object }) => !object.name.startsWith("("));
  const withNote = new Set(notes.map(({ object }) => object));
  const isMissing = others.some(({ object }) => !withNote.has(object));
  return flags(isMissing || notes.some(({ section }) => section.flags.execute));
}

/** Bytes of all headers, as far as the sections tell before they have addresses. */
export function guessHeadersSize(
  { segments }: Script,
  outputs: readonly ScriptOutput[],
  { headerSizes, stackFlags: stack }: SegmentOptions,
): number {
  const { file, program } = headerSizes;
  if (segments) return file + segments.length * program;
  const loaded = outputs.filter(({ exists, flags }) => exists && flags.alloc);
  const kinds = new Set(loaded.map(({ flags }) => `${flags.code} ${flags.readonly}`));
  return file + (kinds.size + (stack === undefined ? 0 : 1)) * program;
}
