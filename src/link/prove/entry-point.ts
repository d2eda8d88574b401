// The entry point of a kernel: code, by the address that it is linked at.
//
// Multiboot loaders look for the program header that holds the entry point by VMA and start at the
// LMA of it, so a kernel in the higher half names the linked address. An entry point that is a
// physical address already (`_start = entry - 0xc0000000`) lies in no program header: QEMU and v86
// jump to it as it is, GRUB refuses it.

import { hex } from "../../base/align";
import type { Reporter } from "../../base/reporter";
import type { LinkedImage } from "../passes/image";
import type { Segment } from "../passes/make-segments";

/**
 * Reports an entry point that is not code, or that loaders do not find.
 *
 * @param takesPhysical whether some loader of the protocol takes a physical address
 */
export function checkEntry(image: LinkedImage, takesPhysical: boolean, report: Reporter): void {
  const { entry, layout } = image;
  const segments = image.segments.filter(({ module }) => module === undefined);
  const place = { file: layout.name };
  const what = `the entry point "${layout.entry}" (${hex(entry)})`;
  const linked = segments.find((segment) => isIn(segment, segment.address, entry));
  if (linked) {
    if (linked.permissions.includes("x")) return;
    const remedy = "Name code with `entry`, and put it into an executable section.";
    report.error("LINK022", `${what} is not code`, remedy, place);
    return;
  }
  const loaded = segments.find((segment) => isIn(segment, segment.loadAddress, entry));
  const remedy = "Name the linked address with `entry`: loaders turn VMA into LMA.";
  if (!loaded?.permissions.includes("x")) {
    report.error("LINK022", `${what} lies in no segment`, remedy, place);
    return;
  }
  const text = `${what} is where it is loaded, not where it is linked, and GRUB refuses that`;
  if (takesPhysical) report.warning("LINK022", text, remedy, place);
  else report.error("LINK022", text, remedy, place);
}

/** Reports what is loaded where a loader that runs in 32 bits cannot write. */
export function checkLoadable({ segments, layout }: LinkedImage, report: Reporter): void {
  const far = segments.find(({ module, loadAddress, memorySize }) => {
    return module === undefined && (loadAddress < 0 || loadAddress + memorySize > 2 ** 32);
  });
  if (!far) return;
  const { name } = far.pieces[0]?.section ?? layout;
  const text = `section ${name} is loaded at ${hex(far.loadAddress)}, beyond 4 GiB`;
  const remedy = "Give its region a `load` below 4 GiB: the loader has 32-bit addresses.";
  report.error("LINK034", text, remedy, { file: layout.name });
}

function isIn({ memorySize }: Segment, start: number, address: number): boolean {
  return address >= start && address < start + memorySize;
}
