// Checks that a Multiboot 2 loader (GRUB) will find and load the kernel.
//
//   header, 8-byte aligned, in the first 32 KiB of the file; all of it must be there
//      0 magic  4 architecture (0: i386)  8 length  12 checksum: the four sum to 0
//     16 tags: type (16 bits), flags (16 bits), size; padded to 8 bytes; the last is type 0, size 8
//        type 10, relocatable: 8 lowest address, 12 highest, 16 alignment, 20 preference (0, 1, 2)
//
// With a relocatable tag the loader may put the image elsewhere than where it is linked, and code
// that runs before paging finds nothing at the addresses that the linker gave it.
//
// See the Multiboot2 specification, 3.1, and GRUB's multiboot_elfxx.c.

import {
  MULTIBOOT2_END_TAG,
  MULTIBOOT2_HEADER_MAGIC,
  MULTIBOOT2_HEADER_SIZE,
  MULTIBOOT2_I386,
  MULTIBOOT2_RELOCATABLE_SIZE,
  MULTIBOOT2_RELOCATABLE_TAG,
  MULTIBOOT2_TAG_HEADER_SIZE,
  MULTIBOOT2_WINDOW,
} from "../../abi/multiboot";
import { hex } from "../../base/align";
import { Reporter } from "../../base/reporter";
import type { ResolvedLayout } from "../layout/resolve";
import type { LinkedImage } from "../passes/image";
import type { LinkSymbol, PlacedSection, SymbolScope } from "../passes/model";
import { checkEntry } from "./multiboot";

const PAGE = 4096;

/** Throws Diagnostics if `file` has no Multiboot 2 header that a loader would take. */
export function proveMultiboot2(file: Uint8Array, image: LinkedImage): void {
  const report = new Reporter();
  const { name } = image.layout;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const offset = findHeader(view, 8);
  if (offset === undefined) {
    const text = `no Multiboot 2 header is in the first ${MULTIBOOT2_WINDOW} bytes of the file`;
    const remedy = "Put it first into the layout's first section, and let that section be kept.";
    report.error("LINK020", text, remedy, { file: name });
  } else {
    checkHeader(view, offset, name, report);
  }
  checkEntry(image, report);
  report.barrier();
}

function checkHeader(view: DataView, offset: number, name: string, report: Reporter): void {
  const wrong = (what: string, remedy: string) =>
    report.error("LINK025", `the Multiboot 2 header ${what}`, remedy, { file: name });
  const architecture = view.getUint32(offset + 4, true);
  const length = view.getUint32(offset + 8, true);
  if (architecture !== MULTIBOOT2_I386) {
    wrong(`is for architecture ${architecture}, not i386`, "Write 0 for the architecture.");
  }
  if (offset + length > Math.min(MULTIBOOT2_WINDOW, view.byteLength)) {
    wrong(`says that it has ${length} bytes`, "Let its length be that of header and tags.");
    return;
  }
  if (!tagsOf(view, offset).some(({ type }) => type === MULTIBOOT2_END_TAG)) {
    const remedy = "End it with `.word 0, 0; .long 8`, aligned to 8 bytes, within its length.";
    wrong("has no end tag", remedy);
  }
}

interface Tag {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
}

/** The tags up to the end tag or to the first that cannot be one. */
function tagsOf(view: DataView, header: number): Tag[] {
  const end = Math.min(header + view.getUint32(header + 8, true), view.byteLength);
  const tags: Tag[] = [];
  let offset = header + MULTIBOOT2_HEADER_SIZE;
  while (offset + MULTIBOOT2_TAG_HEADER_SIZE <= end) {
    const type = view.getUint16(offset, true);
    const size = view.getUint32(offset + 4, true);
    if (size < MULTIBOOT2_TAG_HEADER_SIZE || offset + size > end) break;
    tags.push({ type, offset, size });
    if (type === MULTIBOOT2_END_TAG) break;
    offset += Math.ceil(size / 8) * 8;
  }
  return tags;
}

/** The offset of a header, at a multiple of `step`. */
function findHeader(view: DataView, step: number): number | undefined {
  const end = Math.min(view.byteLength, MULTIBOOT2_WINDOW) - MULTIBOOT2_HEADER_SIZE;
  for (let offset = 0; offset <= end; offset += step) {
    if (view.getUint32(offset, true) !== MULTIBOOT2_HEADER_MAGIC) continue;
    const words = [0, 4, 8, 12].map((field) => view.getUint32(offset + field, true));
    if (words.reduce((sum, word) => sum + word, 0) % 2 ** 32 === 0) return offset;
  }
  return undefined;
}

/**
 * Pass: what a relocatable tag allows must suit the image: its range holds the image, its alignment
 * keeps pages whole. Warns of addresses that only hold where the image is linked.
 *
 * Requires: the bytes of sections.
 */
export function proveRelocatable(
  sections: readonly PlacedSection[],
  symbols: SymbolScope,
  layout: ResolvedLayout,
  report: Reporter,
): void {
  if (layout.boot !== "multiboot2") return;
  const loaded = sections.filter(
    ({ plan, size }) => plan.allocate && plan.module === undefined && size > 0,
  );
  for (const { bytes } of loaded) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const header = findHeader(view, 4);
    if (header === undefined) continue;
    const tag = tagsOf(view, header).find(({ type }) => type === MULTIBOOT2_RELOCATABLE_TAG);
    if (tag && tag.size >= MULTIBOOT2_RELOCATABLE_SIZE) {
      checkRange(view, tag.offset, loaded, symbols, layout, report);
    }
    return;
  }
}

function checkRange(
  view: DataView,
  tag: number,
  loaded: readonly PlacedSection[],
  symbols: SymbolScope,
  layout: ResolvedLayout,
  report: Reporter,
): void {
  const [least, most, align] = [8, 12, 16].map((field) => view.getUint32(tag + field, true));
  if (least === undefined || most === undefined || align === undefined) return;
  const wrong = (what: string, remedy: string) => {
    const text = `the relocatable tag of the Multiboot 2 header ${what}`;
    report.error("LINK026", text, remedy, { file: layout.name });
  };
  const start = Math.min(...loaded.map(({ loadAddress }) => loadAddress));
  const end = Math.max(...loaded.map(({ loadAddress, size }) => loadAddress + size));
  if (align === 0 || !Number.isInteger(Math.log2(align)) || align % PAGE !== 0) {
    wrong(`has an alignment of ${align}`, "Write 4096, so that pages stay whole.");
  }
  if (most - least < end - start - 1) {
    const range = `${hex(least)} to ${hex(most)}`;
    wrong(`allows ${range}, too little for the image's ${end - start} bytes`, "Widen the range.");
  }
  const onlyThere = least === start && most - least < end - start - 1 + align;
  if (!onlyThere) warnOfAddresses(loaded, symbols, layout, report);
}

/** Absolute addresses in what runs where it was loaded. */
function warnOfAddresses(
  loaded: readonly PlacedSection[],
  symbols: SymbolScope,
  layout: ResolvedLayout,
  report: Reporter,
): void {
  const low = loaded.filter(
    (section) => section.isIdentity && section.plan.permissions.includes("x"),
  );
  const found = low.flatMap(({ inputs }) =>
    inputs.flatMap((input) =>
      input.relocations
        .filter(
          (each) =>
            each.kind === "absolute" && each.width === 4 && isPlace(symbols.target(input, each)),
        )
        .map((each) => ({ input, each })),
    ),
  );
  const [first] = found;
  if (!first) return;
  const { input, each } = first;
  const where = input.describe(each.offset);
  const text =
    `the Multiboot 2 header lets the loader put ${layout.name} elsewhere, but ${found.length} ` +
    `addresses in its code hold only where it is linked, the first at ${where}`;
  const remedy = "Add the load base that the loader reports, or leave the relocatable tag out.";
  report.warning("LINK027", text, remedy, input.placeOf(each.offset));
}

function isPlace({ kind, input, about }: LinkSymbol): boolean {
  if (kind === "section") return input?.output?.isIdentity === true;
  return kind === "layout" && about?.edge !== "size";
}
