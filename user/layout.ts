// A user program's address space as data, for the linker. The types are in
// src/link/layout/layout.ts.
//
//   USER_END   +-------------------------+
//              | guard, trampoline       |
//              +-------------------------+
//              | stack, mmap, heap       |   made by the kernel; the heap begins after .data
//              +-------------------------+
//   USER_DATA  | .data               rw- |   static data of asc: its address, and that of the heap
//              +-------------------------+   after it, are in the code
//              | .globals            rw- |   all other writable data
//              | .rodata             r-- |
//   USER       | .text               r-x |
//              +-------------------------+
//
// A module of WebAssembly whose memory begins at the lowest address has its text after .data.
//
// No two permissions share a page. `.isthmus.symbols` is in the file only: the kernel reads it from
// there to say where a program died.

import { USER, USER_DATA, USER_END } from "../src/abi/memory-map";
import type { Layout, OutputSection } from "../src/link/layout/layout";

/** The layout of a program with its text from `text` on and its static data from `data` on. */
export function userLayout(data: number = USER_DATA, text: number = USER): Layout {
  const isDataFirst = data < text;
  const code: OutputSection[] = [
    { name: ".text", pack: true, ...(isDataFirst && { address: text }) },
    { name: ".rodata" },
    {
      name: ".globals",
      inputs: [
        { sections: [".data", ".data.*"], fixed: false },
        { sections: [".bss", ".bss.*"], fixed: false },
      ],
      ...(!isDataFirst && { end: data }),
    },
  ];
  const fixed: OutputSection = {
    name: ".data",
    address: data,
    inputs: [{ sections: "*", fixed: true }],
  };
  return {
    name: "user",
    stackHeader: true,
    gcSections: true,
    regions: { program: { start: Math.min(text, data), end: USER_END, title: "program" } },
    sections: [
      ...(isDataFirst ? [fixed, ...code] : [...code, fixed]),
      { name: ".isthmus.symbols", allocate: false, content: "symbols", inputs: [] },
    ],
  };
}

/** The layout of a program with its data where memory-map.ts says. */
export const layout: Layout = userLayout();
