// The script that is obeyed where none is given: GNU ld's for static programs, without what only
// shared libraries have. Sections, their order and the symbols between them are the same, so that
// the same objects give the same image.

export interface DefaultScriptOptions {
  readonly bits: 32 | 64;
  /** -N, -n, or neither. */
  readonly magic: "omagic" | "nmagic" | "paged";
  /** -z separate-code: code shares no page with anything else. */
  readonly separatesCode: boolean;
}

/** Where programs begin, by the bits of an address. */
const STARTS = { 32: "0x08048000", 64: "0x400000" };
const PAGE = ". = ALIGN (CONSTANT (MAXPAGESIZE));";
const SAME_PLACE_ON_NEXT_PAGE =
  "ALIGN (CONSTANT (MAXPAGESIZE)) + (. & (CONSTANT (MAXPAGESIZE) - 1))";

const CONSTANTS_START = `SEGMENT_START ("rodata-segment", ${SAME_PLACE_ON_NEXT_PAGE})`;

const READ_ONLY_TABLES = `
  .interp : { *(.interp) }
  .note.gnu.build-id : { *(.note.gnu.build-id) }`;

const CODE = `
  .init : { KEEP (*(SORT_NONE(.init))) }
  .text : {
    *(.text.unlikely .text.*_unlikely .text.unlikely.*)
    *(.text.exit .text.exit.*)
    *(.text.startup .text.startup.*)
    *(.text.hot .text.hot.*)
    *(SORT(.text.sorted.*))
    *(.text .stub .text.* .gnu.linkonce.t.*)
    *(.gnu.warning)
  }
  .fini : { KEEP (*(SORT_NONE(.fini))) }
  PROVIDE (__etext = .);
  PROVIDE (_etext = .);
  PROVIDE (etext = .);`;

/** Sections that are read-only or not as their inputs are, in each of the two places. */
const unwinding = (constraint: string) => `
  .eh_frame : ${constraint} { KEEP (*(.eh_frame)) *(.eh_frame.*) }
  .sframe : ${constraint} { *(.sframe) *(.sframe.*) }
  .gcc_except_table : ${constraint} { *(.gcc_except_table .gcc_except_table.*) }
  .gnu_extab : ${constraint} { *(.gnu_extab*) }
  .exception_ranges : ${constraint} { *(.exception_ranges*) }`;

const CONSTANTS = `
  .rodata : { *(.rodata .rodata.* .gnu.linkonce.r.*) }
  .rodata1 : { *(.rodata1) }
  .eh_frame_hdr : { *(.eh_frame_hdr) *(.eh_frame_entry .eh_frame_entry.*) }
${unwinding("ONLY_IF_RO")}`;

/** Names of C's start-up files, whose .ctors are first and last. */
const BEGIN_AND_END = "EXCLUDE_FILE (*crtbegin.o *crtbegin?.o *crtend.o *crtend?.o)";
const functionArray = (name: string, old: string) => `
  .${name} : {
    PROVIDE_HIDDEN (__${name}_start = .);
    KEEP (*(SORT_BY_INIT_PRIORITY(.${name}.*) SORT_BY_INIT_PRIORITY(.${old}.*)))
    KEEP (*(.${name} ${BEGIN_AND_END} .${old}))
    PROVIDE_HIDDEN (__${name}_end = .);
  }`;
const oldArray = (name: string) => `
  .${name} : {
    KEEP (*crtbegin.o(.${name}))
    KEEP (*crtbegin?.o(.${name}))
    KEEP (*(EXCLUDE_FILE (*crtend.o *crtend?.o) .${name}))
    KEEP (*(SORT(.${name}.*)))
    KEEP (*(.${name}))
  }`;

const EARLY_DATA = `${unwinding("ONLY_IF_RW")}
  .tdata : { PROVIDE_HIDDEN (__tdata_start = .); *(.tdata .tdata.* .gnu.linkonce.td.*) }
  .tbss : { *(.tbss .tbss.* .gnu.linkonce.tb.*) *(.tcommon) }
  .preinit_array : {
    PROVIDE_HIDDEN (__preinit_array_start = .);
    KEEP (*(.preinit_array))
    PROVIDE_HIDDEN (__preinit_array_end = .);
  }
${functionArray("init_array", "ctors")}
${functionArray("fini_array", "dtors")}
${oldArray("ctors")}
${oldArray("dtors")}
  .jcr : { KEEP (*(.jcr)) }
  .data.rel.ro : {
    *(.data.rel.ro.local* .gnu.linkonce.d.rel.ro.local.*)
    *(.data.rel.ro .data.rel.ro.* .gnu.linkonce.d.rel.ro.*)
  }
  .dynamic : { *(.dynamic) }
  .got : { *(.got) *(.igot) }`;

const DATA = `
  .got.plt : { *(.got.plt) *(.igot.plt) }
  .data : { *(.data .data.* .gnu.linkonce.d.*) }
  .data1 : { *(.data1) }
  _edata = .; PROVIDE (edata = .);
  . = .;
  __bss_start = .;`;

const bss = (word: number) => `
  .bss : {
    *(.dynbss)
    *(.bss .bss.* .gnu.linkonce.b.*)
    *(COMMON)
    . = ALIGN (. != 0 ? ${word} : 1);
  }`;

/** Of -mcmodel=medium: data too large for the small one. */
const LARGE_BSS = `
  .lbss : { *(.dynlbss) *(.lbss .lbss.* .gnu.linkonce.lb.*) *(LARGE_COMMON) }`;
const LARGE_DATA = `
  .lrodata ${SAME_PLACE_ON_NEXT_PAGE} : { *(.lrodata .lrodata.* .gnu.linkonce.lr.*) }
  .ldata ${SAME_PLACE_ON_NEXT_PAGE} : {
    *(.ldata .ldata.* .gnu.linkonce.l.*)
    . = ALIGN (. != 0 ? 8 : 1);
  }`;

/** Sections that are in the file only: debug information counts from 0. */
const UNLOADED: readonly (readonly [name: string, more?: string])[] = [
  ...([[".stab"], [".stabstr"], [".stab.excl"], [".stab.exclstr"], [".stab.index"]] as const),
  ...([[".stab.indexstr"], [".comment"]] as const),
  [".gnu.build.attributes", ".gnu.build.attributes.*"],
  ...([[".debug"], [".line"], [".debug_srcinfo"], [".debug_sfnames"]] as const),
  ...([[".debug_aranges"], [".debug_pubnames"]] as const),
  [".debug_info", ".gnu.linkonce.wi.*"],
  [".debug_abbrev"],
  [".debug_line", ".debug_line.* .debug_line_end"],
  ...([[".debug_frame"], [".debug_str"], [".debug_loc"], [".debug_macinfo"]] as const),
  ...([[".debug_weaknames"], [".debug_funcnames"], [".debug_typenames"]] as const),
  ...([[".debug_varnames"], [".debug_pubtypes"], [".debug_ranges"], [".debug_addr"]] as const),
  ...([[".debug_line_str"], [".debug_loclists"], [".debug_macro"], [".debug_names"]] as const),
  ...([[".debug_rnglists"], [".debug_str_offsets"], [".debug_sup"]] as const),
];

/** The script's text. */
export function defaultScript({ bits, magic, separatesCode }: DefaultScriptOptions): string {
  const word = bits / 8;
  const separates = separatesCode && magic === "paged";
  const start = `SEGMENT_START ("text-segment", ${STARTS[bits]})`;
  const paged = (text: string) => (magic === "omagic" ? "" : text);
  const reserved = 3 * word;
  const offset = `SIZEOF (.got.plt) >= ${reserved} ? ${reserved} : 0`;
  const relroEnd = `. = DATA_SEGMENT_RELRO_END (${offset}, .);`;
  const dataStart = ". = DATA_SEGMENT_ALIGN (CONSTANT (MAXPAGESIZE), CONSTANT (COMMONPAGESIZE));";
  const large = (text: string) => (bits === 64 ? text : "");
  return `ENTRY (_start)
SECTIONS {
  PROVIDE (__executable_start = ${start}); . = ${start} + SIZEOF_HEADERS;${READ_ONLY_TABLES}
  ${separates ? PAGE : ""}${CODE}
  ${separates ? `${PAGE} . = ${CONSTANTS_START};` : ""}${CONSTANTS}
  ${magic === "omagic" ? ". = .;" : dataStart}${EARLY_DATA}
  ${paged(relroEnd)}${DATA}${bss(word)}${large(LARGE_BSS)}
  . = ALIGN (${word});
  . = SEGMENT_START ("ldata-segment", .);${large(LARGE_DATA)}
  . = ALIGN (${word});
  _end = .; PROVIDE (end = .);
  ${paged(". = DATA_SEGMENT_END (.);")}
${UNLOADED.map(([name, more = ""]) => `  ${name} 0 : { *(${name} ${more}) }`).join("\n")}
  .gnu.attributes 0 : { KEEP (*(.gnu.attributes)) }
  /DISCARD/ : { *(.note.GNU-stack) *(.gnu_debuglink) *(.gnu.lto_*) }
}
`;
}
