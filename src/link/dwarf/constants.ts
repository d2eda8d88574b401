// The numbers of DWARF 4 that we write, spelled as in the standard, chapter 7.

export const DW_TAG = {
  array_type: 0x01,
  enumeration_type: 0x04,
  formal_parameter: 0x05,
  member: 0x0d,
  pointer_type: 0x0f,
  lexical_block: 0x0b,
  reference_type: 0x10,
  compile_unit: 0x11,
  structure_type: 0x13,
  typedef: 0x16,
  inlined_subroutine: 0x1d,
  subrange_type: 0x21,
  base_type: 0x24,
  enumerator: 0x28,
  subprogram: 0x2e,
  variable: 0x34,
} as const;

export const DW_AT = {
  location: 0x02,
  name: 0x03,
  byte_size: 0x0b,
  stmt_list: 0x10,
  low_pc: 0x11,
  high_pc: 0x12,
  language: 0x13,
  const_value: 0x1c,
  inline: 0x20,
  producer: 0x25,
  prototyped: 0x27,
  abstract_origin: 0x31,
  count: 0x37,
  data_member_location: 0x38,
  decl_file: 0x3a,
  decl_line: 0x3b,
  encoding: 0x3e,
  external: 0x3f,
  frame_base: 0x40,
  type: 0x49,
  ranges: 0x55,
  call_column: 0x57,
  call_file: 0x58,
  call_line: 0x59,
} as const;

export const DW_FORM = {
  addr: 0x01,
  data2: 0x05,
  data4: 0x06,
  data8: 0x07,
  string: 0x08,
  sdata: 0x0d,
  udata: 0x0f,
  ref_addr: 0x10,
  sec_offset: 0x17,
  exprloc: 0x18,
  flag_present: 0x19,
} as const;

export const DW_OP = {
  addr: 0x03,
  deref: 0x06,
  const4s: 0x0d,
  minus: 0x1c,
  shr: 0x25,
  lit1: 0x31,
  lit4: 0x34,
  reg0: 0x50,
  fbreg: 0x91,
  piece: 0x93,
  push_object_address: 0x97,
  call_frame_cfa: 0x9c,
  stack_value: 0x9f,
} as const;

export const DW_ATE = {
  boolean: 0x02,
  float: 0x04,
  signed: 0x05,
  unsigned: 0x07,
  utf: 0x10,
} as const;

/** There is no code for TypeScript; with C's, gdb's expressions work. */
export const DW_LANG_C99 = 0x0c;
/** Not declared inline, but inlined. */
export const DW_INL_inlined = 0x01;
