// The kernel's address space as data, for the linker. See src/link/layout/layout.ts for the types.
//
//   4 GiB      +-------------------------+
//              | .trampoline.data    rw- |   region "trampoline": anchored at its end; its size is
//              | .trampoline.rodata  r-- |   written nowhere, GUARD_END is only the limit
//              | .trampoline.text    r-x |
//              +-------------------------+
//                        ...
//   kernel_end +-------------------------+
//              | load images of the      |   region "kernel": one run of physical memory, so that
//              |   trampoline            |   GRUB sees a span of the image's size, not of 4 GiB
//              | .text               r-x |
//              | .symbols            r-- |
//              | .rodata             r-- |
//              | .bss                rw- |
//   KERNEL_DATA| .data               rw- |   static data of asc first: the code has its address
//   KERNEL     | .boot               r-x |   Multiboot header, then what runs before paging
//              +-------------------------+

import {
  GUARD_END,
  KERNEL,
  KERNEL_DATA,
  PAGE_SIZE,
  PAGE_TABLES,
  PAGE_TABLES_END,
  USER_END,
  WINDOW_END,
  WINDOWS,
} from "../src/abi/memory-map";
import { ADDRESS_SPACE_END } from "../src/base/align";
import type { Layout } from "../src/link/layout/layout";

/** A page of the trampoline: seen in both spaces, loaded with the kernel. */
const shared = { region: "trampoline", load: "kernel", align: PAGE_SIZE, keep: true };

export const layout: Layout = {
  name: "kernel",
  boot: ["multiboot", "multiboot2"],
  fileAlign: 16,
  gcSections: true,
  regions: {
    kernel: { start: KERNEL, end: PAGE_TABLES, title: "kernel image" },
    trampoline: { start: GUARD_END, end: ADDRESS_SPACE_END, anchor: "end" },
    low: { start: PAGE_SIZE, end: KERNEL, reserved: true, title: "low memory" },
    heap: { end: PAGE_TABLES, reserved: true, title: "heap" },
    moreHeap: { start: PAGE_TABLES_END, end: WINDOWS, reserved: true, title: "heap" },
    tables: {
      start: PAGE_TABLES,
      end: PAGE_TABLES_END,
      reserved: true,
      title: "page tables",
    },
    windows: { start: WINDOWS, end: WINDOW_END, reserved: true, title: "windows" },
    guard: { start: WINDOW_END, end: GUARD_END, reserved: true, title: "guard" },
    user: { start: PAGE_SIZE, end: USER_END, reserved: true, title: "a user program" },
    userGuard: { start: USER_END, end: GUARD_END, reserved: true, title: "guard" },
  },
  spaces: {
    kernel: {
      regions: ["low", "kernel", "heap", "tables", "moreHeap", "windows", "guard", "trampoline"],
    },
    user: { regions: ["user", "userGuard", "trampoline"] },
  },
  sections: [
    {
      name: ".boot",
      permissions: "rx",
      inputs: [".boot", ".boot.*"],
      keep: true,
      end: KERNEL_DATA,
    },
    {
      name: ".data",
      address: KERNEL_DATA,
      inputs: [{ sections: "*", fixed: true }, ".data", ".data.*"],
    },
    // What a crossing reads is on one page: the records that the trampoline needs, then the
    // variables of TypeScript, all within the alignment.
    {
      name: ".bss",
      align: PAGE_SIZE / 2,
      inputs: [".bss", ".bss.kernel/*", ".bss.*"],
    },
    { name: ".rodata" },
    { name: ".symbols", permissions: "r", content: "symbols", inputs: [] },
    { name: ".text", pack: true },
    { ...shared, name: ".trampoline.text", permissions: "rx", pad: 1 },
    { ...shared, name: ".trampoline.rodata", permissions: "r" },
    { ...shared, name: ".trampoline.data", permissions: "rw" },
  ],
  closed: [
    {
      name: "trampoline",
      sections: [".trampoline.text", ".trampoline.rodata", ".trampoline.data"],
      // What the trampoline names of the kernel: only touched on the kernel's page directory.
      exits: [
        "current_kernel_stack",
        "current_cr3",
        "paranoid_stack_top",
        "enterSystemCall",
        "enterFromUser",
        "enterFromKernel",
        "enterParanoid",
      ],
    },
  ],
  // machine/i686/boot.asm.ts gives the segments the base that the loader says.
  beforePaging: { roots: ["_start"], barriers: ["kernelMain"], movable: true },
};
