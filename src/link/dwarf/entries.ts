// `.debug_info` and `.debug_abbrev`: entries with attributes, in trees.
//
// An entry names its shape (tag, whether it has children, attributes and their forms) by number;
// each shape that occurs is described once. References to entries go by their offset in the
// section, which is known when all of them have been written: until then a `Target` stands for it.
//
// See the DWARF 4 standard, 7.5.

import type { InputSection } from "../model";
import { DW_AT, DW_FORM, DW_OP, type DW_TAG } from "./constants";
import { DebugSection } from "./debug-section";

type Tag = (typeof DW_TAG)[keyof typeof DW_TAG];
type AttributeName = (typeof DW_AT)[keyof typeof DW_AT];

/** An entry that others refer to, written or yet to be. */
export class Target {
  offset: number | undefined;
}

export interface Attribute {
  readonly name: AttributeName;
  readonly form: number;
  write(entries: Entries): void;
}

export class Entries {
  readonly info = new DebugSection(".debug_info");
  readonly abbreviations = new DebugSection(".debug_abbrev");
  private readonly shapes = new Map<string, number>();
  private readonly pending: { readonly at: number; readonly target: Target }[] = [];
  private unitStart = 0;

  /** Begins a compilation unit; `end` of its one entry is to be called by `endUnit`. */
  beginUnit(): void {
    const { info } = this;
    this.unitStart = info.length;
    info.u32(0); // the length, patched at its end
    info.u16(4); // DWARF's version
    info.reference(this.abbreviations, 0);
    info.u8(4); // bytes of an address
  }

  endUnit(): void {
    this.end();
    this.info.patchU32(this.unitStart, this.info.length - this.unitStart - 4);
  }

  /** An entry without children. */
  entry(tag: Tag, attributes: readonly Attribute[], target?: Target): void {
    this.write(tag, attributes, false, target);
  }

  /** An entry whose children follow, up to `end`. */
  begin(tag: Tag, attributes: readonly Attribute[], target?: Target): void {
    this.write(tag, attributes, true, target);
  }

  /** An entry with the children that `children` writes, as many as `count`: perhaps none. */
  parent(
    tag: Tag,
    attributes: readonly Attribute[],
    count: number,
    children: () => void,
    target?: Target,
  ): void {
    this.write(tag, attributes, count > 0, target);
    if (count === 0) return;
    children();
    this.end();
  }

  /** Ends the children of an entry. */
  end(): void {
    this.info.u8(0);
  }

  /** Refers to another entry from here. */
  refer(target: Target): void {
    this.pending.push({ at: this.info.length, target });
    this.info.u32(0);
  }

  /** Fills in the references to entries. */
  finish(): void {
    this.abbreviations.u8(0);
    for (const { at, target } of this.pending) {
      if (target.offset === undefined) throw new Error("an entry is referred to, but not written");
      this.info.references.push({ offset: at, target: this.info, addend: target.offset });
    }
  }

  private write(
    tag: Tag,
    attributes: readonly Attribute[],
    hasChildren: boolean,
    target: Target | undefined,
  ): void {
    if (target) target.offset = this.info.length;
    this.info.uleb(this.shape(tag, attributes, hasChildren));
    for (const attribute of attributes) attribute.write(this);
  }

  private shape(tag: Tag, attributes: readonly Attribute[], hasChildren: boolean): number {
    const key = `${tag} ${hasChildren} ${attributes.map(({ name, form }) => `${name}:${form}`)}`;
    const known = this.shapes.get(key);
    if (known !== undefined) return known;
    const number = this.shapes.size + 1;
    this.shapes.set(key, number);
    const out = this.abbreviations;
    out.uleb(number);
    out.uleb(tag);
    out.u8(hasChildren ? 1 : 0);
    for (const { name, form } of attributes) {
      out.uleb(name);
      out.uleb(form);
    }
    out.u16(0);
    return number;
  }
}

// --- attributes ---

export function text(name: AttributeName, value: string): Attribute {
  return { name, form: DW_FORM.string, write: ({ info }) => info.cstring(value) };
}

export function number(name: AttributeName, value: number): Attribute {
  return { name, form: DW_FORM.udata, write: ({ info }) => info.uleb(value) };
}

export function signed(name: AttributeName, value: number): Attribute {
  return { name, form: DW_FORM.sdata, write: ({ info }) => info.sleb(value) };
}

/** A number of one or two words, the low one first. */
export function words(name: AttributeName, values: readonly number[]): Attribute {
  const form = values.length > 1 ? DW_FORM.data8 : DW_FORM.data4;
  return {
    name,
    form,
    write: ({ info }) => {
      for (const value of values) info.u32(value);
    },
  };
}

export function flag(name: AttributeName): Attribute {
  return { name, form: DW_FORM.flag_present, write: () => {} };
}

/** The address of a place in code or data. */
export function address(name: AttributeName, input: InputSection, offset: number): Attribute {
  return { name, form: DW_FORM.addr, write: ({ info }) => info.reference(input, offset) };
}

/** A place in another debug section. */
export function place(name: AttributeName, section: DebugSection, offset: number): Attribute {
  return { name, form: DW_FORM.sec_offset, write: ({ info }) => info.reference(section, offset) };
}

export function entry(name: AttributeName, target: Target): Attribute {
  return { name, form: DW_FORM.ref_addr, write: (entries) => entries.refer(target) };
}

export function expression(name: AttributeName, bytes: readonly number[]): Attribute {
  return {
    name,
    form: DW_FORM.exprloc,
    write: ({ info }) => {
      info.uleb(bytes.length);
      info.bytes(bytes);
    },
  };
}

/** The expression that is an address. */
export function addressExpression(input: InputSection, offset: number): Attribute {
  return {
    name: DW_AT.location,
    form: DW_FORM.exprloc,
    write: ({ info }) => {
      info.uleb(5);
      info.u8(DW_OP.addr);
      info.reference(input, offset);
    },
  };
}
