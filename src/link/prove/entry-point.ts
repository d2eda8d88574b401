// The entry point of a kernel: code that the loader puts where it is linked.

import { hex } from "../../base/align";
import type { Reporter } from "../../base/reporter";
import type { LinkedImage } from "../passes/image";

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
