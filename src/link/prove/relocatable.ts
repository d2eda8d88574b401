// Proof: what a relocatable tag of a Multiboot 2 header allows suits the image. Its range holds the
// image, and its alignment keeps pages whole.
//
// With such a tag the loader may put the image elsewhere than where it is linked, and code that
// runs before paging finds nothing at the addresses that the linker gave it: the proof warns of
// such code, unless the layout says that it sees to it (`beforePaging.movable`).

import { MULTIBOOT2_RELOCATABLE_SIZE, MULTIBOOT2_RELOCATABLE_TAG } from "../../abi/multiboot";
import { hex } from "../../base/align";
import type { Reporter } from "../../base/reporter";
import type { ResolvedLayout } from "../layout/resolved";
import type { LinkedImage } from "../passes/image";
import type { LinkSymbol, PlacedSection, SymbolScope } from "../passes/model";
import { findHeader, tagsOf } from "./multiboot2-header";

const PAGE = 4096;

/** Reports a tag that does not suit the image, and warns of addresses that hold in one place. */
export function proveRelocatable(
  { sections, layout }: LinkedImage,
  symbols: SymbolScope,
  report: Reporter,
): void {
  if (!layout.boot.includes("multiboot2")) return;
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
  if (!onlyThere && !layout.beforePaging.movable) warnOfAddresses(loaded, symbols, layout, report);
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
