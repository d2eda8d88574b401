// The disassembly of an image's code, with symbols and the lines of the sources.

import { listing } from "../../x86/listing";
import type { LinkedImage } from "../passes/image";
import { AddressIndex } from "./address-index";

/** The text of the listing, one chapter for each section of code; lines end with `\n`. */
export function listingFile(image: LinkedImage): string {
  const index = new AddressIndex(image);
  const chapters = image.sections
    .filter((section) => section.plan.permissions.includes("x") && section.contentSize > 0)
    .map((section) => {
      const code = listing({
        bytes: section.bytes.subarray(0, section.contentSize),
        address: section.address,
        symbolAt: (address) => index.symbolAt(address),
        lineAt: (address) => index.lineAt(address),
      });
      return `; section ${section.name}\n\n${code}`;
    });
  return chapters.join("\n");
}
