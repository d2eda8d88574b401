// Every proof that a layout can ask for, over the finished image. Each asks the layout itself
// whether it is wanted.

import type { Reporter } from "../../base/reporter";
import type { LinkedImage } from "../passes/image";
import type { SymbolScope } from "../passes/model";
import { proveBeforePaging } from "./before-paging";
import { proveClosed } from "./closed";
import { proveLimine } from "./limine";
import { proveMultiboot } from "./multiboot";
import { proveMultiboot2 } from "./multiboot2";
import { provePvh } from "./pvh";
import { proveRelocatable } from "./relocatable";

type Proof = (image: LinkedImage, symbols: SymbolScope, report: Reporter) => void;

const PROOFS: readonly Proof[] = [
  proveClosed, // the trampoline names nothing outside itself
  proveBeforePaging, // early boot code names nothing that only paging shows
  proveMultiboot, // a boot loader finds its header, and the entry point
  proveMultiboot2,
  provePvh,
  proveLimine,
  proveRelocatable, // where a loader may move the image suits it
];

/** Reports what does not hold of `image`. */
export function prove(image: LinkedImage, symbols: SymbolScope, report: Reporter): void {
  for (const proof of PROOFS) proof(image, symbols, report);
}
