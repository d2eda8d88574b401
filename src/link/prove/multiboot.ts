// Proof: GRUB, QEMU and v86 will find and load the kernel by Multiboot.
//
//   - the Multiboot header lies within the first 8 KiB of the file, 4-byte aligned, its three words
//     sum to 0, and it is part of a segment;
//   - the program headers lie within the first 8 KiB too (GRUB's loader reads no further);
//   - the entry point is code that they find (entry-point.ts).
//
// See the Multiboot specification 0.6.96, 3.1, and GRUB's multiboot_elfxx.c.

import { MULTIBOOT_HEADER_MAGIC } from "../../abi/multiboot";
import type { Reporter } from "../../base/reporter";
import type { LinkedImage } from "../passes/image";
import type { SymbolScope } from "../passes/model";
import { headersEnd } from "../passes/place-in-files";
import { checkEntry, checkLoadable } from "./entry-point";
import { fileStart } from "./file-start";

const WINDOW = 8192;

/** Reports what a Multiboot loader would refuse. */
export function proveMultiboot(image: LinkedImage, _symbols: SymbolScope, report: Reporter): void {
  const { layout, segments } = image;
  if (!layout.boot.includes("multiboot")) return;
  const place = { file: layout.name };
  if (findHeader(fileStart(image, WINDOW)) === undefined) {
    const text = `there is no Multiboot header in the first ${WINDOW} bytes of the file`;
    const remedy = "Put it first in the layout's first section, and have that section kept.";
    report.error("LINK020", text, remedy, place);
  }
  const end = headersEnd(segments, layout);
  if (end > WINDOW) {
    const text = `the program headers end at ${end}; GRUB reads only ${WINDOW} bytes`;
    report.error("LINK021", text, "Declare fewer sections.", place);
  }
  checkEntry(image, true, report);
  checkLoadable(image, report);
}

/** The file offset of a valid Multiboot header. */
function findHeader(view: DataView): number | undefined {
  const end = Math.min(view.byteLength, WINDOW) - 12;
  for (let offset = 0; offset <= end; offset += 4) {
    if (view.getUint32(offset, true) !== MULTIBOOT_HEADER_MAGIC) continue;
    const sum =
      MULTIBOOT_HEADER_MAGIC + view.getUint32(offset + 4, true) + view.getUint32(offset + 8, true);
    if (sum % 0x1_0000_0000 === 0) return offset;
  }
  return undefined;
}
