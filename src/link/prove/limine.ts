// Proof: Limine will load the kernel. It maps each segment at its VMA, which must be in the upper
// 2 GiB, and starts at the entry point in long mode; the LMAs do not count. The image's end is
// computed in 64 bits, so a segment that ends at 2^64 gets no memory.
//
// See the Limine boot protocol, "Executable memory layout".

import { hex } from "../../base/align";
import type { Reporter } from "../../base/reporter";
import type { LinkedImage } from "../passes/image";
import type { SymbolScope } from "../passes/model";
import { checkEntry } from "./entry-point";

const UPPER = -(2 ** 31);

/** Reports what Limine would refuse. */
export function proveLimine(image: LinkedImage, _symbols: SymbolScope, report: Reporter): void {
  const { boot, name, machine } = image.layout;
  if (!boot.includes("limine")) return;
  const wrong = (what: string, remedy: string) =>
    report.error("LINK035", what, remedy, { file: name });
  if (machine === "i386") {
    wrong("Limine's protocol is for 64-bit kernels", "Compile for x86-64, or use multiboot.");
    return;
  }
  for (const { address, memorySize, pieces, module } of image.segments) {
    if (module !== undefined) continue;
    const what = `section ${pieces[0]?.section.name} at ${hex(address)}`;
    if (address < UPPER || address >= 0) {
      const remedy = "Let its region begin at 0xffffffff80000000 or above.";
      wrong(`${what} is below the upper 2 GiB, where Limine loads nothing`, remedy);
    } else if (address + memorySize === 0) {
      const remedy = "Load it as a `module`, or end its region a page lower.";
      wrong(`${what} ends at 2^64, which Limine takes for 0`, remedy);
    }
  }
  checkEntry(image, false, report);
}
