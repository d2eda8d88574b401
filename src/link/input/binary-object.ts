// Any file as an object: its bytes are data, with symbols at both ends, as `ld -b binary` has it.
//
//      fonts/vga.psf  ->  .data   _binary_fonts_vga_psf_start, _end, and _size, which is a number
//
// What is not a letter or digit in the path is `_` in the symbols.

import type { ObjectFile, ObjectSymbol } from "../../object/object";

/** The bytes of a file as an object. @param name the path, which the symbols are named after */
export function readBinary(bytes: Uint8Array, name: string): ObjectFile {
  const size = bytes.length;
  const symbol = (edge: string, fields: Partial<ObjectSymbol>): ObjectSymbol => ({
    name: `_binary_${name.replace(/[^A-Za-z0-9]/g, "_")}_${edge}`,
    binding: "global",
    type: "none",
    offset: 0,
    size: 0,
    ...fields,
  });
  return {
    name,
    sections: [
      {
        name: ".data",
        type: "progbits",
        flags: { alloc: true, write: true, execute: false },
        align: 1,
        size,
        bytes,
        relocations: [],
        lines: [],
      },
    ],
    symbols: [
      symbol("start", { section: 0 }),
      symbol("end", { section: 0, offset: size }),
      symbol("size", { absolute: true, offset: size }),
    ],
  };
}
