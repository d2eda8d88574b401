// `.debug_info` and `.debug_abbrev`: entries with attributes, in trees.
//
//   entries.open(DW_TAG.member);          an entry begins
//   entries.text(DW_AT.name, "pid");      its attributes, each with its form
//   entries.close();                      it has no children; or `closeParent`, children, `end`
//
// An entry names its shape (tag, attributes and their forms, whether it has children) by number;
// each shape that occurs is described once. An attribute is written at once, and leads from one
// shape to the next: the number is known when the entry is closed, and fits the byte before it,
// because the code here can make only so many shapes.
//
// References to entries go by their offset in the section, which is known when all of them have
// been written: until then an `EntryLabel` stands for it.
//
// See the DWARF 4 standard, 7.5.

import type { InputSection } from "../passes/model";
import { DW_AT, DW_FORM, DW_OP, type DW_TAG } from "./constants";
import { DebugSection } from "./debug-section";

type Tag = (typeof DW_TAG)[keyof typeof DW_TAG];
type AttributeName = (typeof DW_AT)[keyof typeof DW_AT];
type Form = (typeof DW_FORM)[keyof typeof DW_FORM];

/** An entry that others refer to, written or yet to be. */
export class EntryLabel {
  offset: number | undefined;
}

/** A tag and attributes; 0: this has not occurred as an entry. */
interface Shape {
  readonly tag: Tag;
  /** Names and forms in turn. */
  readonly attributes: readonly number[];
  /** By name and form of another attribute. */
  readonly longer: Map<number, Shape>;
  alone: number;
  parent: number;
}

/** Numbers of shapes take one byte. */
const SHAPE_LIMIT = 128;
const FORMS = 32;

export class Entries {
  readonly info = new DebugSection(".debug_info");
  readonly abbreviations = new DebugSection(".debug_abbrev");
  readonly #tags = new Map<Tag, Shape>();
  #shapes = 0;
  readonly #pending: { readonly at: number; readonly target: EntryLabel }[] = [];
  #unitStart = 0;
  #shape: Shape | undefined;
  #start = 0;

  /** Begins a compilation unit; the `end` of its one entry is `endUnit`. */
  beginUnit(): void {
    const { info } = this;
    this.#unitStart = info.length;
    info.u32(0); // the length, patched at its end
    info.u16(4); // DWARF's version
    info.reference(this.abbreviations, 0);
    info.u8(4); // bytes of an address
  }

  endUnit(): void {
    this.end();
    this.info.patchU32(this.#unitStart, this.info.length - this.#unitStart - 4);
  }

  /** Begins an entry, to which `target` will refer. */
  open(tag: Tag, target?: EntryLabel): void {
    this.#start = this.info.length;
    if (target) target.offset = this.#start;
    this.info.u8(0); // the shape, patched when all attributes are known
    let shape = this.#tags.get(tag);
    if (!shape) {
      shape = { tag, attributes: [], longer: new Map(), alone: 0, parent: 0 };
      this.#tags.set(tag, shape);
    }
    this.#shape = shape;
  }

  /** Ends the attributes of an entry without children. */
  close(): void {
    const shape = this.#opened();
    if (shape.alone === 0) shape.alone = this.#describe(shape, false);
    this.info.patchU8(this.#start, shape.alone);
  }

  /** Ends the attributes of an entry whose children follow, up to `end`. */
  closeParent(): void {
    const shape = this.#opened();
    if (shape.parent === 0) shape.parent = this.#describe(shape, true);
    this.info.patchU8(this.#start, shape.parent);
  }

  /** Ends the children of an entry. */
  end(): void {
    this.info.u8(0);
  }

  /** Fills in the references to entries. */
  finish(): void {
    this.abbreviations.u8(0);
    for (const { at, target } of this.#pending) {
      if (target.offset === undefined) throw new Error("an entry is referred to, but not written");
      this.info.references.push({ offset: at, target: this.info, addend: target.offset });
    }
  }

  // --- attributes ---

  text(name: AttributeName, value: string): void {
    this.#attribute(name, DW_FORM.string);
    this.info.cstring(value);
  }

  number(name: AttributeName, value: number): void {
    this.#attribute(name, DW_FORM.udata);
    this.info.uleb(value);
  }

  signed(name: AttributeName, value: number): void {
    this.#attribute(name, DW_FORM.sdata);
    this.info.sleb(value);
  }

  /** A number of one or two words, the low one first. */
  words(name: AttributeName, low: number, high?: number): void {
    this.#attribute(name, high === undefined ? DW_FORM.data4 : DW_FORM.data8);
    this.info.u32(low);
    if (high !== undefined) this.info.u32(high);
  }

  flag(name: AttributeName): void {
    this.#attribute(name, DW_FORM.flag_present);
  }

  /** The address of a place in code or data; without one, 0. */
  address(name: AttributeName, input: InputSection | undefined, offset: number): void {
    this.#attribute(name, DW_FORM.addr);
    if (input) this.info.reference(input, offset);
    else this.info.u32(0);
  }

  /** A place in another debug section. */
  place(name: AttributeName, section: DebugSection, offset: number): void {
    this.#attribute(name, DW_FORM.sec_offset);
    this.info.reference(section, offset);
  }

  /** Another entry. */
  entry(name: AttributeName, target: EntryLabel): void {
    this.#attribute(name, DW_FORM.ref_addr);
    this.#pending.push({ at: this.info.length, target });
    this.info.u32(0);
  }

  expression(name: AttributeName, bytes: readonly number[]): void {
    this.#attribute(name, DW_FORM.exprloc);
    this.info.uleb(bytes.length);
    this.info.bytes(bytes);
  }

  /** The location of what has an address. */
  location(input: InputSection, offset: number): void {
    this.#attribute(DW_AT.location, DW_FORM.exprloc);
    this.info.uleb(5);
    this.info.u8(DW_OP.addr);
    this.info.reference(input, offset);
  }

  // --- shapes ---

  #opened(): Shape {
    if (!this.#shape) throw new Error("no entry is open");
    return this.#shape;
  }

  #attribute(name: AttributeName, form: Form): void {
    const shape = this.#opened();
    const key = name * FORMS + form;
    let longer = shape.longer.get(key);
    if (!longer) {
      const attributes = [...shape.attributes, name, form];
      longer = { tag: shape.tag, attributes, longer: new Map(), alone: 0, parent: 0 };
      shape.longer.set(key, longer);
    }
    this.#shape = longer;
  }

  /** Gives a shape a number, and describes it. */
  #describe({ tag, attributes }: Shape, hasChildren: boolean): number {
    const number = ++this.#shapes;
    if (number >= SHAPE_LIMIT) throw new Error("there are too many shapes of entries");
    const out = this.abbreviations;
    out.uleb(number);
    out.uleb(tag);
    out.u8(hasChildren ? 1 : 0);
    for (const each of attributes) out.uleb(each);
    out.u16(0);
    return number;
  }
}
