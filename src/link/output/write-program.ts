// An image that a script laid out as an ELF executable, or as the flat file of its loaded bytes.
//
//   ELF header | program headers | loaded sections | others | .symtab .strtab .shstrtab | headers
//
// Section headers are those of the script's output sections, in its order: tools that come after
// the linker (`objcopy -j .text`, a boot sector's signer) go by their names.

import {
  ET_EXEC,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_TLS,
  SHF_WRITE,
  SHN_ABS,
  SHT_FINI_ARRAY,
  SHT_INIT_ARRAY,
  SHT_NOBITS,
  SHT_NOTE,
  SHT_PREINIT_ARRAY,
  SHT_PROGBITS,
} from "../../abi/elf";
import { ByteWriter } from "../../base/byte-writer";
import { type ScriptOutput, toAddress } from "../by-script/model";
import { refuseHugeFlatFile } from "../by-script/refuse-huge-file";
import type { ScriptedImage } from "../by-script/scripted-image";
import type { ProgramHeader } from "../by-script/segments";
import { type ElfShape, shapeFor } from "../elf/shape";
import { elfHeader, ProgramHeaders, SectionTable } from "../elf/tables";
import type { LinkSymbol } from "../passes/model";

const DEBUG = /^\.(z?debug|line|stab|gdb_index)/;
const TYPES: readonly (readonly [RegExp, number])[] = [
  [/^\.note(\.|$)/, SHT_NOTE],
  [/^\.init_array(\.|$)/, SHT_INIT_ARRAY],
  [/^\.fini_array(\.|$)/, SHT_FINI_ARRAY],
  [/^\.preinit_array(\.|$)/, SHT_PREINIT_ARRAY],
];

/** How much of what only tools read is left out: -s, -S, -x. */
export interface Stripping {
  readonly symbols: "all" | "no-locals" | "none";
  readonly debug: boolean;
}

export const KEEP_ALL: Stripping = { symbols: "all", debug: true };

/** The bytes of the ELF file. */
export function writeProgram(image: ScriptedImage, keep: Stripping = KEEP_ALL): Uint8Array {
  const { file, entry } = image;
  const shown = image.outputs.filter((each) => each.isInFile && (keep.debug || !isDebug(each)));
  const out = new ByteWriter();
  const { machine } = image.layout;
  const shape = shapeFor(machine);
  const table = new SectionTable(out, machine);
  out.fill(headersEnd(image));
  const offsets = writeSections(shown, image, out);
  const numbers = new Map<ScriptOutput, number>();
  for (const output of shown) {
    numbers.set(output, addHeader(output, offsets.get(output) ?? 0, table, shape));
  }
  if (keep.symbols !== "none") {
    const symbols = image.symbols.filter(
      ({ binding }) => keep.symbols === "all" || binding !== "local",
    );
    const threadStart = image.threads?.start ?? 0;
    table.addSymbols(symbols, {
      value: ({ address, type }) => (type === "thread" ? address - threadStart : address),
      high: ({ high }) => high,
      header: headerFinder(image, numbers),
    });
  }
  const sectionTable = table.finish();
  const sections = table.headers.length;
  const segments = file.headers.length;
  const front = new ByteWriter();
  front.bytes(elfHeader({ machine, type: ET_EXEC, entry, segments, sectionTable, sections }));
  const headers = new ProgramHeaders(front, machine);
  for (const header of file.headers) writeProgramHeader(headers, header, shape);
  const bytes = out.release();
  bytes.set(front.finish(), 0);
  return bytes;
}

function headersEnd({ file, layout }: ScriptedImage): number {
  const { header, segment } = shapeFor(layout.machine);
  return header.size + file.headers.length * segment.size;
}

function isDebug({ name, flags }: ScriptOutput): boolean {
  return !flags.alloc && DEBUG.test(name);
}

/** Writes the bytes of all sections; returns where they are. */
function writeSections(
  shown: readonly ScriptOutput[],
  { file }: ScriptedImage,
  out: ByteWriter,
): Map<ScriptOutput, number> {
  const offsets = new Map(file.offsets);
  const placed = shown.filter((output) => offsets.has(output) && !output.isNoBits);
  placed.sort((a, b) => (offsets.get(a) ?? 0) - (offsets.get(b) ?? 0));
  for (const output of placed) {
    out.fill((offsets.get(output) ?? 0) - out.length);
    writeBytes(output, out);
  }
  for (const output of shown) {
    if (offsets.has(output)) continue;
    out.alignTo(Number(output.align));
    offsets.set(output, out.length);
    if (!output.isNoBits) writeBytes(output, out);
  }
  return offsets;
}

/** A section without bytes of its own is zeros. */
function writeBytes({ placed, size }: ScriptOutput, out: ByteWriter): void {
  out.bytes(placed.bytes);
  out.fill(Number(size) - placed.bytes.length);
}

function addHeader(
  output: ScriptOutput,
  offset: number,
  table: SectionTable,
  { bits: width }: ElfShape,
): number {
  const { name, flags, size, align } = output;
  const bits =
    (flags.alloc ? SHF_ALLOC : 0) |
    (flags.readonly || !flags.alloc ? 0 : SHF_WRITE) |
    (flags.code ? SHF_EXECINSTR : 0) |
    (flags.tls ? SHF_TLS : 0);
  const type = TYPES.find(([pattern]) => pattern.test(name))?.[1] ?? SHT_PROGBITS;
  return table.add({
    name,
    type: output.isNoBits ? SHT_NOBITS : type,
    flags: bits,
    address: toAddress(output.address, width),
    offset,
    size: Number(size),
    align: Number(align),
  });
}

/** The header of a symbol's section: of what it is in, or of what the script counted it from. */
function headerFinder(
  { outputs, scriptValues }: ScriptedImage,
  numbers: ReadonlyMap<ScriptOutput, number>,
): (symbol: LinkSymbol) => number {
  const byPlaced = new Map(outputs.map((output) => [output.placed, output]));
  const numberOf = (output: ScriptOutput | undefined) => (output && numbers.get(output)) ?? SHN_ABS;
  return ({ input, name, about }) => {
    if (input?.output) return numberOf(byPlaced.get(input.output));
    const value = about?.kind === "assigned" ? scriptValues.get(name) : undefined;
    return typeof value?.of === "object" ? numberOf(value.of) : SHN_ABS;
  };
}

function writeProgramHeader(
  headers: ProgramHeaders,
  { type, flags, ...header }: ProgramHeader,
  { bits }: ElfShape,
): void {
  const address = toAddress(header.address, bits);
  const loadAddress = toAddress(header.loadAddress, bits);
  headers.add(type, flags, { ...header, address, loadAddress });
}

/** The bytes from the lowest load address to the highest, as `--oformat binary` has them. */
export function writeFlat({ outputs }: ScriptedImage): Uint8Array {
  const stored = outputs.filter(
    (output) => output.isInFile && output.flags.load && !output.isNoBits && output.size > 0n,
  );
  const starts = stored.map(({ loadAddress }) => loadAddress);
  const start = starts.reduce((least, each) => (each < least ? each : least), starts[0] ?? 0n);
  const end = stored.reduce(
    (most, { loadAddress, size }) => (loadAddress + size > most ? loadAddress + size : most),
    start,
  );
  const last = stored.find(({ loadAddress, size }) => loadAddress + size === end);
  refuseHugeFlatFile(stored, last, end - start);
  const bytes = new Uint8Array(Number(end - start));
  for (const { loadAddress, placed } of stored) {
    bytes.set(placed.bytes, Number(loadAddress - start));
  }
  return bytes;
}
