// The address space as data: what a project declares and the linker obeys.
//
// A linker script is a program that moves a location counter, so a section that must *end* at an
// address needs its size first. A layout only states what must hold; the passes work out the rest:
//
//      space "kernel"         regions             output sections
//      +--------------+ end   "trampoline"        .trampoline.text  r-x  <-- *.o(.trampoline.text)
//      |  parked here |       anchor: "end"       .trampoline.data  rw-
//      +--------------+         |  VMA
//      |      ...     |         |
//      +--------------+         |  LMA
//      |  grows  ^    |       "kernel"            .text             r-x  <-- *.o(.text .text.*)
//      |  here   |    | start anchor: "start"     .data             rw-
//      +--------------+
//
//   - A *region* is a range of addresses. Its sections are stacked upwards from its start, or, with
//     the anchor at its end, so that the last one ends there. Either way its size may be unknown.
//   - An *output section* takes its VMA from `region` and its LMA from `load`; where both are the
//     same region, VMA = LMA (the section is identity mapped).
//   - A region with an *offset* is another one seen elsewhere: its sections load into that one, and
//     their VMA is their LMA plus the offset. A kernel in the higher half is made so.
//   - An *input rule* says which sections of which objects go there; the first that matches wins.
//     Symbols may stand between the rules.
//   - A *space* is a set of regions that one page directory shows. A region in two is shared.
//
// The types hold plain JSON values, and everything has a default; resolve.ts fills them in
// and refuses what contradicts itself. A kernel with a trampoline at the end of its address space:
//
//      export const layout: Layout = {
//        regions: { kernel: { start: 0x100000 }, top: { end: 0x100000000 } },
//        sections: [
//          ".text", ".rodata", ".data", ".bss",
//          { name: ".shared_text", region: "top", load: "kernel", permissions: "rx" },
//          { name: ".shared_data", region: "top", load: "kernel" },
//        ],
//        closed: [{ name: "trampoline", sections: [".shared_text", ".shared_data"] }],
//      };
//
// A kernel in the higher half, whose page tables map 3 GiB to physical 0 (as JSON it has the same
// fields, and addresses may be texts: "0xc0000000"):
//
//      export const layout: Layout = {
//        regions: {
//          low: { start: 0x100000 },
//          high: { load: "low", offset: 0xc0000000 },
//        },
//        sections: [
//          { name: ".boot", region: "low", permissions: "rx", inputs: [".multiboot", ".boot"] },
//          ...[".text", ".rodata", ".data", ".bss"].map((name) => ({ name, region: "high" })),
//        ],
//        boot: "multiboot",
//      };

import type { Machine } from "../../object/object";

/**
 * A range of addresses, half-open. At least one bound must be given, which is the anchor, or `load`
 * and `offset`.
 */
export interface Region {
  /** Where the first section begins or, with the anchor at the end, the lowest address allowed. */
  readonly start?: number;
  /**
   * Where the last section ends or, with the anchor at the start, the limit. The end of the address
   * space is allowed: 2^32, or 2^64 on x86-64.
   */
  readonly end?: number;
  /** Default: "start" if `start` is given, else "end". */
  readonly anchor?: "start" | "end";
  /**
   * No section goes here (guard pages, heaps, device windows): drawn and kept free. With `end`
   * alone it is whatever room is left below.
   */
  readonly reserved?: boolean;
  /** The region that its sections load into, one after the other with the sections there. */
  readonly load?: string;
  /** Given with `load`: the VMA of its sections is their LMA plus this, a multiple of a page. */
  readonly offset?: number;
  /** A few words that drawings and maps show. */
  readonly title?: string;
}

/** What a page table will allow: letters of "rwx", in this order. */
export type Permissions = "r" | "rw" | "rx" | "rwx";

/** Which input sections go to an output section. A string is short for `{ sections: string }`. */
export interface InputRule {
  /** Globs over section names. */
  readonly sections: string | readonly string[];
  /**
   * Globs over object names, which are paths as given; `libkernel.a(string.o)` is a member of an
   * archive. Default: every object.
   */
  readonly objects?: string | readonly string[];
  /** true: only sections whose address the code assumes already; false: only the others. */
  readonly fixed?: boolean;
  /** Never drop these, even if nothing refers to them. */
  readonly keep?: boolean;
  /**
   * Default: the order of the command line. "priority" is that of constructors: `.init_array.101`
   * before `.init_array.200` before `.init_array`; `.ctors.65434` is of priority 101.
   */
  readonly sort?: "name" | "priority";
}

/**
 * A symbol among the inputs of an output section: where what the entries above it took ends.
 *
 *      inputs: [".data", { symbol: "edata", align: 4096 }, ".bss", "COMMON", { symbol: "end" }]
 */
export interface InputSymbol {
  readonly symbol: string;
  /** The symbol, and what follows it, begin at a multiple; default: 1. */
  readonly align?: number;
}

export interface OutputSection {
  /** `.trampoline.text`: the linker defines trampoline_text_start, _end, _size and _load. */
  readonly name: string;
  /** The region of its VMA; default: the layout's first region that is not reserved. */
  readonly region?: string;
  /** The region of its LMA; default: that of its region's `load`, or else `region`. */
  readonly load?: string;
  /** Default by name: `.text*` rx, `.rodata*` r, anything else rw. */
  readonly permissions?: Permissions;
  /**
   * Default: the sections named `name` and `name.*`, and what always belongs there: `.multiboot*`
   * first in `.text`, constructors and `.got*` in `.data`, `COMMON` in `.bss`, and gcc's old
   * `.gnu.linkonce.*` in each. The first rule of the layout that matches takes a section.
   */
  readonly inputs?: readonly (string | InputRule | InputSymbol)[];
  /** A VMA of its own, instead of the next free address of its region. */
  readonly address?: number;
  /** It must end at or before this VMA. */
  readonly end?: number;
  /** The most bytes it may have, padding included. */
  readonly maxSize?: number;
  /** Alignment of its start, VMA and LMA; default: a page. */
  readonly align?: number;
  /**
   * true: it may begin on the page where the section below it ends, although one of the two is code
   * and the other writable: their page then allows both. Sections of closed groups never share a
   * page with others. Default: false.
   */
  readonly sharesPage?: boolean;
  /** Its size is rounded up to a multiple; default: 1, parked at an end or in a module `align`. */
  readonly pad?: number;
  /** The byte between and after inputs; default: 0xcc (`int3`) in code, else 0. */
  readonly fill?: number;
  /** Order functions so that none crosses a page needlessly; default: false. */
  readonly pack?: boolean;
  /** Never drop its inputs, even if nothing refers to them; default: false. */
  readonly keep?: boolean;
  /** false: not part of the memory image, only of the file; default: true. */
  readonly allocate?: boolean;
  /**
   * It goes into an ELF file of its own, NAME.elf, which the boot loader loads as a module. The
   * kernel learns at boot where that is: there is no symbol `_load`, and the section's whole pages
   * are in the file, so that they can be mapped where they lie. Default: the image.
   */
  readonly module?: string;
  /** Its content is made by the linker: the compact symbol table (symbol-table.ts). */
  readonly content?: "symbols";
}

/** A symbol to define besides those that every section and region gets: an edge of one of them. */
export interface EdgeSymbol {
  /** The name of an output section or of a region. */
  readonly of: string;
  /** "load" and "loadEnd" are physical, and of sections only. */
  readonly edge: "start" | "end" | "size" | "load" | "loadEnd";
}

/** A page directory's view: which regions it shows, from the lowest on. */
export interface Space {
  readonly regions: readonly string[];
  readonly title?: string;
}

/** A group of sections that must refer to nothing outside itself except named exits. */
export interface ClosedGroup {
  /** What diagnostics call it: `trampoline`. */
  readonly name: string;
  /** Its output sections. All their inputs are kept. */
  readonly sections: readonly string[];
  /** Globs over the names of the symbols outside that its code and data may name. */
  readonly exits?: readonly string[];
}

/** Code that runs before paging is on, where only VMA = LMA is reachable. */
export interface BeforePaging {
  /** Symbols where such code begins. */
  readonly roots: readonly string[];
  /** Symbols of code that runs with paging on: the walk stops there. */
  readonly barriers?: readonly string[];
  /**
   * The code finds out where a loader has put it, and adds that: no warning (LINK027) that its
   * addresses hold in one place, though a relocatable tag allows others; default: false.
   */
  readonly movable?: boolean;
}

/** A boot protocol whose demands a link proves. */
export type BootProtocol = "multiboot" | "multiboot2" | "pvh" | "limine";

export interface Layout {
  /**
   * Default: that of the objects. On x86-64 an address of the upper half is written as
   * 0xffffffff80000000 or as -2 * 2 ** 30.
   */
  readonly machine?: Machine;
  /** The base name of the files that a link writes; default: `kernel`. */
  readonly name?: string;
  /** The symbol where execution begins; default: `_start`. */
  readonly entry?: string;
  /** Default: `{ kernel: { start: 0x100000 } }`. */
  readonly regions?: Readonly<Record<string, Region>>;
  readonly spaces?: Readonly<Record<string, Space>>;
  /**
   * In the order of their addresses (VMA, and LMA for those that load elsewhere). A string is short
   * for `{ name: string }`. Default: `[".text", ".rodata", ".data", ".bss"]`.
   */
  readonly sections?: readonly (string | OutputSection)[];
  /**
   * Globs over names of input sections to leave out, whatever the rules say. Notes, comments and
   * unwind tables (`.eh_frame`) are left out in any case where no rule takes them.
   */
  readonly discard?: readonly string[];
  /**
   * What happens to a section that no rule takes. "place": it goes to the end of the last output
   * section that fits (code, read-only data, data or zeros) among those that load where they lie
   * or at their region's offset. Default: "error".
   */
  readonly orphans?: "error" | "place";
  /** Leave out sections that nothing refers to; default: false. */
  readonly gcSections?: boolean;
  /** Keep the debug sections of the objects, relocated, after the image; default: true. */
  readonly debug?: boolean;
  /** Globs over archives of which every member is linked; default: only members that are needed. */
  readonly wholeArchives?: readonly string[];
  /** Globs over symbols that must survive even if nothing refers to them. */
  readonly keep?: readonly string[];
  /** More names for edges: `{ _link_end: { of: "kernel", edge: "end" } }`. */
  readonly symbols?: Readonly<Record<string, EdgeSymbol>>;
  readonly closed?: readonly ClosedGroup[];
  readonly beforePaging?: BeforePaging;
  /** Demands what loaders of this protocol, or of these, look for; default: "none". */
  readonly boot?: BootProtocol | "none" | readonly BootProtocol[];
  /**
   * File offsets are congruent to VMAs modulo this; default: a page, which loaders that map files
   * need (Linux). Loaders that copy (GRUB, QEMU) take 4, which saves padding, and zeros within
   * sections.
   */
  readonly fileAlign?: number;
  /** Adds PT_GNU_STACK without X, which tells Linux to make the stack non-executable. */
  readonly stackHeader?: boolean;
}
