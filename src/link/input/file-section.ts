// A section of an ELF object whose content and relocations stay in the file until they are asked
// for. An object has them by the hundred thousand, and one JavaScript object for each relocation
// would take longer than patching it.
//
// Invariant: what `each` reads was checked when the object was read (elf-object.ts).

import {
  REL_INFO,
  REL_OFFSET,
  REL_SIZE,
  RELA_ADDEND,
  RELA_OFFSET,
  RELA_SIZE,
  RELA_SYMBOL,
  RELA_TYPE,
} from "../../abi/elf";
import type {
  LineEntry,
  MergeInfo,
  Relocation,
  RelocationKind,
  RelocationWidth,
  Section,
  SectionFlags,
} from "../../object/object";
import type { MachineRelocations, RelocationType } from "../elf/relocations";
import type { ElfView } from "../elf/view";

// Shared, because objects have sections by the thousand.
const NO_BYTES = new Uint8Array(0);
const NO_LINES: readonly LineEntry[] = [];
const NO_RELOCATIONS: readonly Relocation[] = [];

/** Up to this size copying byte by byte is faster than making a view of the file. */
const SMALL = 256;

/** What all sections of a file have in common. */
export interface SectionFile {
  readonly view: ElfView;
  readonly types: MachineRelocations;
  /** Addends are beside the relocation, not in the bytes that it patches. */
  readonly isRela: boolean;
  /** From the file's indices of symbols to the object's. */
  readonly symbolNumbers: Int32Array;
}

/** The relocation that is being read; the same record for one after the other. */
class CurrentRelocation implements Relocation {
  offset = 0;
  kind: RelocationKind = "absolute";
  width: RelocationWidth = 4;
  symbol = 0;
  addend = 0;
  high = 0;
}

export class FileSection implements Section {
  /** Only relocations that are about addresses and distances: no table, no thread. */
  isPlain = true;
  /** In the file; of a section that has several tables, or one that is not in order, `#list`. */
  #tableStart = 0;
  #tableEnd = 0;
  #list: readonly Relocation[] | undefined;

  constructor(
    readonly name: string,
    readonly type: Section["type"],
    readonly flags: SectionFlags,
    readonly align: number,
    readonly size: number,
    readonly file: SectionFile,
    /** What was packed in the file; absent: the section's bytes begin at `start` of the file. */
    readonly unpacked: Uint8Array | undefined,
    readonly start: number,
    readonly merge: MergeInfo | undefined,
    readonly retain: boolean,
    readonly note: true | undefined,
  ) {}

  get lines(): readonly LineEntry[] {
    return NO_LINES;
  }

  get bytes(): Uint8Array {
    if (this.type === "nobits") return NO_BYTES;
    return this.unpacked ?? this.file.view.bytes.subarray(this.start, this.start + this.size);
  }

  copyTo(target: Uint8Array, offset: number): void {
    if (this.size > SMALL || this.unpacked) {
      target.set(this.bytes, offset);
      return;
    }
    const { bytes } = this.file.view;
    const { start, size } = this;
    for (let at = 0; at < size; at++) target[offset + at] = bytes[start + at] ?? 0;
  }

  get relocations(): readonly Relocation[] {
    if (this.#tableEnd > 0) this.#list ??= this.#read(this.#tableStart, this.#tableEnd);
    return this.#list ?? NO_RELOCATIONS;
  }

  get hasRelocations(): boolean {
    return this.#tableEnd > 0 || this.#list !== undefined;
  }

  /** Adds the table from `start` to `end` of the file; `isSorted`: its offsets ascend. */
  addRelocations(start: number, end: number, isSorted: boolean): void {
    if (isSorted && !this.hasRelocations) {
      this.#tableStart = start;
      this.#tableEnd = end;
      return;
    }
    const all = [...this.relocations, ...this.#read(start, end)];
    this.#list = all.sort((a, b) => a.offset - b.offset);
    this.#tableEnd = 0;
  }

  /** Calls `visit` with each relocation; the record is reused for the next one. */
  each(visit: (relocation: Relocation) => void): void {
    if (this.#tableEnd > 0) this.#each(this.#tableStart, this.#tableEnd, visit);
    else for (const relocation of this.#list ?? NO_RELOCATIONS) visit(relocation);
  }

  #read(start: number, end: number): Relocation[] {
    const list: Relocation[] = [];
    this.#each(start, end, ({ offset, kind, width, symbol, addend, high }) => {
      const relocation = { offset, kind, width, symbol, addend };
      list.push(high === 0 ? relocation : { ...relocation, high: high ?? 0 });
    });
    return list;
  }

  #each(start: number, end: number, visit: (relocation: Relocation) => void): void {
    const current = new CurrentRelocation();
    const { isRela } = this.file;
    const content = isRela ? this.file.view.view : this.#content();
    for (let at = start; at < end; at += isRela ? RELA_SIZE : REL_SIZE) {
      const isOne = isRela ? this.#rela(at, current) : this.#rel(at, content, current);
      if (isOne) visit(current);
    }
  }

  #rel(at: number, content: DataView, current: CurrentRelocation): boolean {
    const { view, types, symbolNumbers } = this.file;
    const info = view.word(at + REL_INFO);
    const type = types.type(info & 0xff);
    if (!type) return false;
    const offset = view.word(at + REL_OFFSET);
    set(current, type, offset, symbolNumbers[info >>> 8]);
    current.addend = addendAt(content, (this.unpacked ? 0 : this.start) + offset, type.width);
    return true;
  }

  #rela(at: number, current: CurrentRelocation): boolean {
    const { view, types, symbolNumbers } = this.file;
    const type = types.type(view.word(at + RELA_TYPE));
    if (!type) return false;
    const symbol = symbolNumbers[view.word(at + RELA_SYMBOL)];
    set(current, type, view.extent(at + RELA_OFFSET), symbol);
    current.addend = view.value(at + RELA_ADDEND);
    current.high = view.highPart(at + RELA_ADDEND);
    return true;
  }

  #content(): DataView {
    const { unpacked } = this;
    if (!unpacked) return this.file.view.view;
    return new DataView(unpacked.buffer, unpacked.byteOffset, unpacked.byteLength);
  }
}

function set(
  current: CurrentRelocation,
  { kind, width }: RelocationType,
  offset: number,
  symbol = 0,
): void {
  current.offset = offset;
  current.kind = kind;
  current.width = width;
  current.symbol = symbol;
}

/** The addend, which REL keeps in the bytes that are patched. */
function addendAt(view: DataView, offset: number, width: RelocationWidth): number {
  if (width === 4) return view.getInt32(offset, true);
  return width === 2 ? view.getInt16(offset, true) : view.getInt8(offset);
}
