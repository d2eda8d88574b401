// Checks on the finished file that GRUB, QEMU and v86 will find and load the kernel.
//
//   - the Multiboot header lies within the first 8 KiB of the file, 4-byte aligned, its three words
//     sum to 0, and it is part of a segment;
//   - the program headers lie within the first 8 KiB too (GRUB's loader reads no further);
//   - the entry point lies in a segment, and is where it will be loaded.
//
// See the Multiboot specification 0.6.96, 3.1, and GRUB's multiboot_elfxx.c.

import { EHDR_PHNUM, EHDR_PHOFF, PHDR_SIZE } from "../../abi/elf";
import { MULTIBOOT_HEADER_MAGIC } from "../../abi/multiboot";
import { hex } from "../../base/align";
import { Reporter } from "../../base/reporter";
import type { LinkedImage } from "../passes/image";

const WINDOW = 8192;

/** Throws Diagnostics if a Multiboot loader would refuse `file`, which was written from `image`. */
export function proveMultiboot(file: Uint8Array, image: LinkedImage): void {
  const report = new Reporter();
  const place = { file: image.layout.name };
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const header = findHeader(view);
  if (header === undefined) {
    const text = `there is no Multiboot header in the first ${WINDOW} bytes of the file`;
    const remedy = "Put it first into the layout's first section, and let that section be kept.";
    report.error("LINK020", text, remedy, place);
  }
  const headersEnd =
    view.getUint32(EHDR_PHOFF, true) + view.getUint16(EHDR_PHNUM, true) * PHDR_SIZE;
  if (headersEnd > WINDOW) {
    const text = `the program headers end at ${headersEnd}; GRUB reads only ${WINDOW} bytes`;
    report.error("LINK021", text, "Declare fewer sections.", place);
  }
  checkEntry(image, report);
  report.barrier();
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

/** Reports an entry point that is not code where the loader puts it. */
export function checkEntry(image: LinkedImage, report: Reporter): void {
  const { entry, segments, layout } = image;
  const inside = segments.find(
    ({ address, memorySize }) => entry >= address && entry < address + memorySize,
  );
  if (inside?.address === inside?.loadAddress && inside?.permissions.includes("x")) return;
  const what = `the entry point "${layout.entry}" (${hex(entry)})`;
  const text = inside
    ? `${what} is not code that is loaded where it is linked`
    : `${what} lies in no segment`;
  const remedy = "Put it into an executable section whose VMA is its LMA.";
  report.error("LINK022", text, remedy, { file: layout.name });
}
