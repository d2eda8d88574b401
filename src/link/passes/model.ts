// What the passes work on: input sections, output sections and symbols on their way to addresses.
//
//   InputSection --match--> PlacedSection --arrange--> offset in it --place--> VMA and LMA
//   LinkSymbol = (InputSection, offset) or a number that the layout defines
//
// Invariants
//   - Fields fill in the order of the passes in link.ts and never change afterwards.
//   - Addresses are those of layout/address-space.ts: on i386 in [0, 2^32], where only an end may
//     be 2^32; on x86-64 signed.

import type { Place } from "../../base/diagnostic";
import { entryAt } from "../../base/entry-at";
import type {
  ObjectFile,
  Relocation,
  Section,
  SymbolBinding,
  SymbolType,
} from "../../object/object";
import { isPlainKind } from "../elf/relocations";
import { ADDRESS_SPACES } from "../layout/address-space";
import type { LayoutSymbol, ResolvedRule, ResolvedSection } from "../layout/resolved";

/** One section of one object. */
export class InputSection {
  /** Something refers to it, or it is kept: drop-unreferenced.ts. */
  live = false;
  /** An equal section of another object was taken instead: collect-sections.ts. */
  discarded = false;
  /** No rule takes it, and that was reported: match-sections.ts. */
  orphan = false;
  /** Where it goes and by which rule: match-sections.ts. Absent: left out of the image. */
  output: PlacedSection | undefined;
  rule: ResolvedRule | undefined;
  /** What the object's symbol indices stand for: collect-symbols.ts. */
  bindings: readonly LinkSymbol[] = [];
  /** Its content, where a pass replaced that of the object: merge-sections.ts, offset-table.ts. */
  content: ReplacedContent | undefined;
  /** From the start of its output section: arrange.ts. */
  offset = 0;

  constructor(
    readonly object: ObjectFile,
    readonly section: Section,
    /** Its index in the object. */
    readonly index = -1,
  ) {}

  get size(): number {
    return this.content?.bytes.length ?? this.section.size;
  }

  get bytes(): Uint8Array {
    return this.content?.bytes ?? this.section.bytes;
  }

  get relocations(): readonly Relocation[] {
    return this.content?.relocations ?? this.section.relocations;
  }

  /** Writes its bytes to where they are in the content of its output section. */
  copyTo(target: Uint8Array): void {
    if (!this.content && this.section.copyTo) this.section.copyTo(target, this.offset);
    else target.set(this.bytes, this.offset);
  }

  /** Calls `visit` with each relocation, which holds until the next one. */
  eachRelocation(visit: (relocation: Relocation) => void): void {
    const { content, section } = this;
    if (!content && section.each) section.each(visit);
    else for (const relocation of this.relocations) visit(relocation);
  }

  /** All relocations are about addresses and distances alone. */
  get isPlain(): boolean {
    if (!this.content && this.section.isPlain !== undefined) return this.section.isPlain;
    return this.relocations.every(({ kind }) => isPlainKind(kind));
  }

  get address(): number {
    return (this.output?.address ?? 0) + this.offset;
  }

  get loadAddress(): number {
    return (this.output?.loadAddress ?? 0) + this.offset;
  }

  /** It only describes others: debug information, unwind tables. */
  get isDescriptive(): boolean {
    const { flags, name } = this.section;
    const isLoaded = flags.alloc || this.output?.plan.allocate === true;
    return !isLoaded || /^\.(eh_frame|gcc_except_table)(\.|$)/.test(name);
  }

  /** Where what the object has at `offset` lies now. */
  addressAt(offset: number): number {
    const moved = this.content?.locate?.(offset);
    return moved ? moved.input.address + moved.offset : this.address + offset;
  }

  /** `.text+0x1c of kernel.wasm`: a place in words. */
  describe(offset: number): string {
    return `${this.section.name}+0x${offset.toString(16)} of ${this.object.name}`;
  }

  /** The source line that `offset` comes from, or the object if it carries no lines. */
  placeOf(offset: number): Place {
    const line = entryAt(this.section.lines, offset);
    if (line) return { file: line.file, line: line.line, column: line.column };
    return this.object.locate?.(this.index, offset) ?? { file: this.object.name };
  }
}

/** The content of an input section after a pass changed it. */
export interface ReplacedContent {
  readonly bytes: Uint8Array;
  readonly relocations: readonly Relocation[];
  /** Where the bytes at an offset are now, if they moved. */
  locate?(offset: number): { readonly input: InputSection; readonly offset: number } | undefined;
}

/** An output section: what the layout says of it, its inputs, and where it ends up. */
export class PlacedSection {
  /** In the order of their offsets, from arrange.ts on. */
  inputs: InputSection[] = [];
  /** The plan's, or that of an input that needs more: arrange.ts. */
  align = 1;
  /** Bytes of content, and the same with the padding after it: arrange.ts. */
  contentSize = 0;
  size = 0;
  /** The VMA that its fixed inputs demand: arrange.ts. */
  fixedAddress: number | undefined;
  /** Where the plan's symbols between inputs are, from the start: arrange.ts. */
  symbolOffsets: ReadonlyMap<string, number> = new Map();
  /** place.ts. */
  address = 0;
  loadAddress = 0;
  /** The bytes of the whole section, padding included; none if `isZero`: relocate.ts. */
  bytes: Uint8Array = new Uint8Array(0);

  constructor(readonly plan: ResolvedSection) {}

  get name(): string {
    return this.plan.name;
  }

  get end(): number {
    return this.address + this.size;
  }

  /** A loader puts it where it is linked, so its addresses hold without paging. */
  get isIdentity(): boolean {
    return this.address === this.loadAddress && this.plan.module === undefined;
  }

  /** All of it is notes, which have a program header of their own: XEN_ELFNOTE_PHYS32_ENTRY. */
  get isNote(): boolean {
    return this.inputs.length > 0 && this.inputs.every(({ section }) => section.note === true);
  }

  /** No input has bytes of its own: nothing of it is in the file. */
  get isZero(): boolean {
    return this.inputs.every((input) => input.section.type === "nobits");
  }
}

/** A symbol: a place in an input section, or a number. */
export class LinkSymbol {
  /**
   * The number of an absolute symbol or of one that the layout defines (define-symbols.ts); the
   * address of one in a section, once that is settled. (Beginning with `undefined` lets V8 store
   * small and large numbers without changing the shape of all symbols.)
   */
  value: number | undefined = undefined;
  /** Another definition of the name was preferred: collect-symbols.ts. */
  superseded = false;
  /** What it is a place in is not in the image: known once it is settled. */
  isGone = false;

  constructor(
    readonly name: string,
    readonly kind: "section" | "number" | "layout" | "undefined" | "common",
    readonly binding: SymbolBinding,
    readonly type: SymbolType,
    readonly size: number,
    readonly input?: InputSection,
    readonly offset = 0,
    /** Of a layout symbol: what it tells. */
    readonly about?: LayoutSymbol,
    /** Of a number that no double holds: units of 2^32 to add to its value. */
    readonly high = 0,
  ) {}

  get address(): number {
    return this.value ?? this.#place() ?? 0;
  }

  /**
   * It counts from a section that it does not lie in: `_start = entry - 0xc0000000`, the physical
   * address of `entry`. It moves with the section, but nothing of the section is there.
   */
  get isOutside(): boolean {
    const { input, offset } = this;
    return input !== undefined && (offset > input.section.size || offset < 0);
  }

  #place(): number | undefined {
    if (!this.isOutside) return this.input?.addressAt(this.offset);
    const { wrap } = ADDRESS_SPACES[this.input?.object.machine ?? "i386"];
    return wrap((this.input?.address ?? 0) + this.offset);
  }

  /**
   * Stores the address that its section, which has its final place, gives it: relocations ask for
   * it in any order.
   */
  settle(): void {
    if (!this.input) return;
    this.value = this.#place();
    this.isGone = !this.input.live;
  }

  /**
   * S + A of a relocation. A section's symbol with an addend is a place in the section, which may
   * have moved on its own.
   */
  plus(addend: number): number {
    if (this.type !== "section" || !this.input) return this.address + addend;
    return this.input.addressAt(this.offset + addend);
  }
}

/** The symbol table of a link: what each object's indices stand for, and the names they share. */
export interface SymbolScope {
  /** By name; what is only referred to is not there. */
  readonly globals: ReadonlyMap<string, LinkSymbol>;
  /** Those of `globals` that the linker itself defines. */
  readonly ofLayout: readonly LinkSymbol[];
  /** All symbols that objects define, in the order of objects. */
  readonly defined: readonly LinkSymbol[];
  /** The symbol that a relocation of `input` refers to. */
  target(input: InputSection, relocation: Relocation): LinkSymbol;
  /** Adds a symbol of the linker's own making. */
  define(symbol: LinkSymbol): void;
  /** For an object of the linker's own making, which only refers to globals: its bindings. */
  bindingsOf(object: ObjectFile): readonly LinkSymbol[];
}
