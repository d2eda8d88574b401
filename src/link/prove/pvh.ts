// Proof: QEMU, Xen and Firecracker will start the kernel by its PVH note.
//
//      name size 4, "Xen" | descriptor size 4 or 8 | type 18 | "Xen\0" | entry, physical
//
// The note is found by a program header of type PT_NOTE, which a section of notes alone has
// (`.section .note.Xen, "a", @note`). Its entry is where the machine begins: 32-bit code, paging
// off, so it is an address where code is loaded, not one where it is linked.
//
// See Xen's public/elfnote.h, XEN_ELFNOTE_PHYS32_ENTRY.

import { alignUp, hex } from "../../base/align";
import type { Reporter } from "../../base/reporter";
import type { LinkedImage } from "../passes/image";
import type { PlacedSection, SymbolScope } from "../passes/model";
import { checkLoadable } from "./entry-point";

const XEN = "Xen\0";
const PHYS32_ENTRY = 18;
const HEADER = 12;

/** Reports what a loader that follows the note would refuse. */
export function provePvh(image: LinkedImage, _symbols: SymbolScope, report: Reporter): void {
  const { boot, name } = image.layout;
  if (!boot.includes("pvh")) return;
  const wrong = (what: string, remedy: string) =>
    report.error("LINK033", what, remedy, { file: name });
  const notes = image.sections.filter(({ plan, isNote }) => plan.allocate && isNote);
  const entry = notes.map(entryOf).find((found) => found !== undefined);
  if (entry === undefined) {
    const remedy =
      'Write one into .section .note.Xen, "a", @note, and give that an output section of its own.';
    wrong("there is no note of PVH with the entry point (XEN_ELFNOTE_PHYS32_ENTRY)", remedy);
    return;
  }
  const code = image.segments.find(
    ({ loadAddress, memorySize, permissions, module }) =>
      module === undefined &&
      permissions.includes("x") &&
      entry >= loadAddress &&
      entry < loadAddress + memorySize,
  );
  if (!code) {
    const remedy = "Name where the code is loaded: its symbol minus the offset of its region.";
    wrong(`the entry point in the note of PVH, ${hex(entry)}, is not where code is loaded`, remedy);
  }
  checkLoadable(image, report);
}

/** The entry in a section of notes. */
function entryOf({ bytes }: PlacedSection): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + HEADER <= bytes.length; ) {
    const [nameSize, size, type] = [0, 4, 8].map((field) => view.getUint32(at + field, true));
    const start = at + HEADER + alignUp(nameSize ?? 0, 4);
    const end = start + alignUp(size ?? 0, 4);
    if (end > bytes.length) return undefined;
    const owner = String.fromCharCode(...bytes.subarray(at + HEADER, at + HEADER + XEN.length));
    if (owner === XEN && type === PHYS32_ENTRY && (size === 4 || size === 8)) {
      return view.getUint32(start, true);
    }
    at = end;
  }
  return undefined;
}
