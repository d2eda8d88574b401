// Where the kernel is in physical memory: at its own addresses, or all of it so much higher, if the
// loader has moved it. boot.asm.ts finds out.
//
//   physical = virtual + imageOffset(), from KERNEL to the end of the boot's tables
//
// Before paging the segments' base is the offset, so the same addresses hold then as afterwards;
// what has a place of its own (the loader's record, a module, the screen) is seen lower by it.

import { INFO_OFFSET } from "../../../src/abi/kernel-info";
import * as symbols from "./symbols";

/** A multiple of KERNEL_ALIGNMENT. */
export function imageOffset(): u32 {
  return load<u32>(symbols.kernel_info(), INFO_OFFSET);
}

/** Where physical memory is seen before paging. */
export function beforePaging(physical: u32): usize {
  return physical - imageOffset();
}
