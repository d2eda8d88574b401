// Proof: a Multiboot 2 loader (GRUB) will find and load the kernel. All of the header must lie in
// the first 32 KiB of the file, 8-byte aligned.
//
// See the Multiboot2 specification, 3.1, and GRUB's multiboot_elfxx.c.

import { MULTIBOOT2_END_TAG, MULTIBOOT2_I386, MULTIBOOT2_WINDOW } from "../../abi/multiboot";
import type { Reporter } from "../../base/reporter";
import type { LinkedImage } from "../passes/image";
import type { SymbolScope } from "../passes/model";
import { checkEntry, checkLoadable } from "./entry-point";
import { fileStart } from "./file-start";
import { findHeader, tagsOf } from "./multiboot2-header";

/** Reports what a Multiboot 2 loader would refuse. */
export function proveMultiboot2(image: LinkedImage, _symbols: SymbolScope, report: Reporter): void {
  const { name, boot } = image.layout;
  if (!boot.includes("multiboot2")) return;
  const view = fileStart(image, MULTIBOOT2_WINDOW);
  const offset = findHeader(view, 8);
  if (offset === undefined) {
    const text = `no Multiboot 2 header is in the first ${MULTIBOOT2_WINDOW} bytes of the file`;
    const remedy = "Put it first in the layout's first section, and have that section kept.";
    report.error("LINK020", text, remedy, { file: name });
  } else {
    checkHeader(view, offset, name, report);
  }
  checkEntry(image, false, report);
  checkLoadable(image, report);
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
