// What the passes work on: input sections, output sections and symbols on their way to addresses.
//
//   InputSection --match--> PlacedSection --arrange--> offset in it --place--> VMA and LMA
//   LinkSymbol = (InputSection, offset) or a number that the layout defines
//
// Invariants
//   - Fields fill in the order of the passes in link.ts and never change afterwards.
//   - Addresses are in [0, 2^32]; only an end may be 2^32.

import type { Place } from "../base/diagnostic";
import type {
  LineEntry,
  ObjectFile,
  Relocation,
  Section,
  SymbolBinding,
  SymbolType,
} from "../i686/object";
import type { LayoutSymbol, ResolvedRule, ResolvedSection } from "./resolve-layout";

/** One section of one object. */
export class InputSection {
  /** Something refers to it, or it is kept: drop-unreferenced.ts. */
  live = false;
  /** Where it goes and by which rule: match-sections.ts. Absent: left out of the image. */
  output: PlacedSection | undefined;
  rule: ResolvedRule | undefined;
  /** From the start of its output section: arrange.ts. */
  offset = 0;

  constructor(
    readonly object: ObjectFile,
    readonly section: Section,
  ) {}

  get address(): number {
    return (this.output?.address ?? 0) + this.offset;
  }

  get loadAddress(): number {
    return (this.output?.loadAddress ?? 0) + this.offset;
  }

  /** `.text+0x1c of kernel.wasm`: a place in words. */
  describe(offset: number): string {
    return `${this.section.name}+0x${offset.toString(16)} of ${this.object.name}`;
  }

  /** The source line that `offset` comes from, or the object if it carries no lines. */
  placeOf(offset: number): Place {
    const line = lineAt(this.section.lines, offset);
    return line
      ? { file: line.file, line: line.line, column: line.column }
      : { file: this.object.name };
  }
}

/** The entry of `lines` that covers `offset`. */
export function lineAt(lines: readonly LineEntry[], offset: number): LineEntry | undefined {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle]?.offset ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return lines[low - 1];
}

/** An output section: what the layout says of it, its inputs, and where it ends up. */
export class PlacedSection {
  /** In the order of their offsets, from arrange.ts on. */
  inputs: InputSection[] = [];
  /** That of the plan, or of an input that wants more: arrange.ts. */
  align = 1;
  /** Bytes of content, and with the padding behind it: arrange.ts. */
  contentSize = 0;
  size = 0;
  /** The VMA that its fixed inputs demand: arrange.ts. */
  fixedAddress: number | undefined;
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

  /** No input has bytes of its own: nothing of it is in the file. */
  get isZero(): boolean {
    return this.inputs.every((input) => input.section.type === "nobits");
  }
}

/** A symbol: a place in an input section, or a number. */
export class LinkSymbol {
  /** The number of an absolute symbol or of one that the layout defines (define-symbols.ts). */
  value = 0;

  constructor(
    readonly name: string,
    readonly kind: "section" | "number" | "layout" | "undefined",
    readonly binding: SymbolBinding,
    readonly type: SymbolType,
    readonly size: number,
    readonly input?: InputSection,
    readonly offset = 0,
    /** Of a layout symbol: what it tells. */
    readonly about?: LayoutSymbol,
  ) {}

  get address(): number {
    return this.input ? this.input.address + this.offset : this.value;
  }
}

/** The symbol table of a link: what each object's indices stand for, and the names they share. */
export interface SymbolScope {
  readonly globals: ReadonlyMap<string, LinkSymbol>;
  /** All symbols that objects define, in the order of objects. */
  readonly defined: readonly LinkSymbol[];
  /** The symbol that a relocation of `input` refers to. */
  target(input: InputSection, relocation: Relocation): LinkSymbol;
  /** Binds an object of the linker's own making, which only refers to what is defined. */
  adopt(object: ObjectFile): void;
}
