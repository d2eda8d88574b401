// The address spaces as data, for the linker.
//
//   4 GiB      +-------------------------+
//              | .trampoline_data    rw- |   region "trampoline": anchored at its end, so that its
//              | .trampoline_text    r-x |   size is written nowhere; loaded with the kernel
//              +-------------------------+
//                        ...
//              | load image of the above |
//              | load image of the user  |   seen at 0x1000 in the user program's space
//              | program                 |
//              | .text .rodata .bss      |
//   KERNEL_DATA| .data               rw- |   static data first: the code has its address
//   KERNEL     | .boot               r-x |   Multiboot header, then what runs before paging
//              +-------------------------+

import type { Layout } from "isthmus";

const KERNEL = 0x100000;
/** Where the toolchain puts the static data of a kernel. */
const KERNEL_DATA = 0x101000;
const PAGE = 0x1000;
const END = 2 ** 32;

/** A part of the image that is seen elsewhere than it is loaded. */
const loaded = { load: "kernel", align: PAGE, keep: true };

export const layout: Layout = {
  name: "kernel",
  boot: "multiboot",
  gcSections: true,
  regions: {
    kernel: { start: KERNEL, end: 0x400000, title: "kernel, identity" },
    user: { start: PAGE, end: KERNEL, title: "user program" },
    trampoline: { start: 0xfff00000, end: END, anchor: "end" },
  },
  spaces: {
    kernel: { regions: ["kernel", "trampoline"] },
    user: { regions: ["user", "trampoline"] },
  },
  sections: [
    { name: ".boot", permissions: "rx", keep: true, end: KERNEL_DATA },
    {
      name: ".data",
      address: KERNEL_DATA,
      inputs: [{ sections: "*", fixed: true }, ".data", ".data.*"],
    },
    ".bss",
    ".rodata",
    ".text",
    { ...loaded, name: ".user_text", region: "user", permissions: "rx" },
    { ...loaded, name: ".trampoline_text", region: "trampoline", permissions: "rx" },
    { ...loaded, name: ".trampoline_data", region: "trampoline", permissions: "rw" },
  ],
  closed: [
    {
      name: "trampoline",
      sections: [".trampoline_text", ".trampoline_data"],
      exits: ["systemCall", "exception"],
    },
  ],
  beforePaging: { roots: ["_start"], barriers: ["kernelMain"] },
};
