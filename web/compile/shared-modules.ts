// What assembly and layouts may import besides each other: facts that they share with the kernel,
// and the assembler's words. They are here once, as the assembler knows its operands by identity.

import * as descriptors from "../../src/abi/descriptors";
import * as kernelInfo from "../../src/abi/kernel-info";
import * as i386 from "../../src/abi/linux/i386";
import * as memoryMap from "../../src/abi/memory-map";
import * as multiboot from "../../src/abi/multiboot";
import * as paging from "../../src/abi/paging";
import * as ports from "../../src/abi/ports";
import * as signals from "../../src/abi/signals";
import * as trapFrame from "../../src/abi/trap-frame";
import * as align from "../../src/base/align";
import * as operand from "../../src/x86/operand";
import * as registers from "../../src/x86/registers";

/** By path, without an extension. */
export const SHARED_MODULES: ReadonlyMap<string, object> = new Map<string, object>([
  ["src/abi/descriptors", descriptors],
  ["src/abi/kernel-info", kernelInfo],
  ["src/abi/linux/i386", i386],
  ["src/abi/memory-map", memoryMap],
  ["src/abi/multiboot", multiboot],
  ["src/abi/paging", paging],
  ["src/abi/ports", ports],
  ["src/abi/signals", signals],
  ["src/abi/trap-frame", trapFrame],
  ["src/base/align", align],
  ["src/x86/operand", operand],
  ["src/x86/registers", registers],
]);
