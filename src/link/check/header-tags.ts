// The tags of a Multiboot 2 header, read as GRUB reads them.
//
//      header   magic  architecture  length  checksum     16 bytes
//      tag      type   flags         size    fields …     padded to a multiple of 8 bytes
//      …
//      end tag  0      0             8
//
// GRUB goes from tag to tag by their sizes, rounded up to 8, until it meets an end tag. It does not
// look at the header's length: where the tags are not aligned, it takes whatever it meets for tags,
// past the header's end too.
//
// See the Multiboot2 Specification 2.0, 3.1.3 and on, and GRUB 2.06, loader/multiboot_mbi2.c.

/** A tag of a Multiboot 2 header. */
export interface HeaderTag {
  readonly type: number;
  /** Its offset in the file. */
  readonly offset: number;
  /** Its size as it says, without padding. */
  readonly size: number;
  /** A loader that does not know it goes on. */
  readonly optional: boolean;
  /** The 32-bit words after type, flags and size. */
  readonly fields: readonly number[];
}

/** How the walk over the tags ends. */
export type TagsEnd =
  /** At the end tag, which ends the header. */
  | "whole"
  /** At an end tag with more tags after it, which no loader sees. */
  | "early"
  /** Past the header: there is no end tag where one should be. */
  | "outside"
  /** Never: a tag has no size. */
  | "endless";

export interface HeaderTags {
  readonly tags: readonly HeaderTag[];
  readonly end: TagsEnd;
}

/** Types of tags. */
export const TAG = {
  end: 0,
  address: 2,
  entry: 3,
  moduleAlignment: 6,
  efiBootServices: 7,
  efiEntry32: 8,
  efiEntry64: 9,
  relocatable: 10,
} as const;

const TAG_ALIGN = 8;
/** Type, flags and size. */
const TAG_HEAD = 8;

/** The tag of type `type`. */
export function tagOf(
  header: { readonly tags: readonly HeaderTag[] } | undefined,
  type: number,
): HeaderTag | undefined {
  return header?.tags.find((tag) => tag.type === type);
}

/** @param headerEnd where the header's length says that it ends */
export function readTags(view: DataView, start: number, headerEnd: number): HeaderTags {
  const tags: HeaderTag[] = [];
  for (let at = start; at + TAG_HEAD <= view.byteLength; ) {
    const type = view.getUint16(at, true);
    const size = view.getUint32(at + 4, true);
    if (type === TAG.end) return { tags, end: endingAt(at + TAG_HEAD, headerEnd, view) };
    tags.push({
      type,
      offset: at,
      size,
      optional: (view.getUint16(at + 2, true) & 1) !== 0,
      fields: fieldsOf(view, at, size),
    });
    if (size === 0) return { tags, end: "endless" };
    at += Math.ceil(size / TAG_ALIGN) * TAG_ALIGN;
  }
  return { tags, end: "outside" };
}

function fieldsOf(view: DataView, tag: number, size: number): number[] {
  const fields: number[] = [];
  const end = Math.min(tag + size, view.byteLength);
  for (let at = tag + TAG_HEAD; at + 4 <= end; at += 4) fields.push(view.getUint32(at, true));
  return fields;
}

function endingAt(end: number, headerEnd: number, view: DataView): TagsEnd {
  if (end > headerEnd) return "outside";
  const limit = Math.min(headerEnd, view.byteLength);
  // Padding to the header's end is harmless.
  for (let at = end; at < limit; at++) if (view.getUint8(at) !== 0) return "early";
  return "whole";
}
