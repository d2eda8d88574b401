// The instructions of WebAssembly 2.0 without vectors, and those of tail calls and of the legacy
// form of exceptions, as one table.
//
// Decoder, validator, compiler and every dump derive what they know of an instruction from here:
// its number, its name in the text format, the form of its immediates and, where it is fixed, its
// stack type. Numbers after the prefix byte 0xfc are 0xfc00 + the number that follows it.
// Source: WebAssembly Core Specification 2.0, section 5.4 and the index of instructions (A.7).

/** How an instruction's immediates are encoded; see `code.ts` for what becomes of each. */
export type Immediate =
  | "none"
  | "block" // a block type
  | "index" // one unsigned number: a local, a global, a label, a function, a segment, ...
  | "pair" // two unsigned numbers
  | "labels" // br_table
  | "types" // select with types
  | "reference" // a reference type
  | "memory" // alignment and offset
  | "zero" // the memory index, always 0
  | "zeroes" // two memory indices
  | "indexZero" // a segment, then the memory index
  | "i32"
  | "i64"
  | "f32"
  | "f64";

interface Group<Names extends string> {
  readonly first: number;
  /** Consecutive instructions, separated by one space. */
  readonly names: Names;
  readonly immediate: Immediate;
  /** `operands:results` in letters i (i32), l (i64), f (f32), d (f64); absent: not fixed. */
  readonly type?: string;
}

function group<Names extends string>(
  first: number,
  names: Names,
  immediate: Immediate,
  type?: string,
): Group<Names> {
  return type === undefined ? { first, names, immediate } : { first, names, immediate, type };
}

const GROUPS = [
  group(0x00, "unreachable nop", "none"),
  group(0x02, "block loop if", "block"),
  group(0x05, "else", "none"),
  group(0x06, "try", "block"),
  group(0x07, "catch throw rethrow", "index"),
  group(0x0b, "end", "none"),
  group(0x0c, "br br_if", "index"),
  group(0x0e, "br_table", "labels"),
  group(0x0f, "return", "none"),
  group(0x10, "call", "index"),
  group(0x11, "call_indirect", "pair"),
  group(0x12, "return_call", "index"),
  group(0x13, "return_call_indirect", "pair"),
  group(0x18, "delegate", "index"),
  group(0x19, "catch_all", "none"),
  group(0x1a, "drop select", "none"),
  group(0x1c, "select_typed", "types"),
  group(0x20, "local.get local.set local.tee global.get global.set", "index"),
  group(0x25, "table.get table.set", "index"),
  group(0x28, "i32.load", "memory", "i:i"),
  group(0x29, "i64.load", "memory", "i:l"),
  group(0x2a, "f32.load", "memory", "i:f"),
  group(0x2b, "f64.load", "memory", "i:d"),
  group(0x2c, "i32.load8_s i32.load8_u i32.load16_s i32.load16_u", "memory", "i:i"),
  group(0x30, "i64.load8_s i64.load8_u i64.load16_s i64.load16_u", "memory", "i:l"),
  group(0x34, "i64.load32_s i64.load32_u", "memory", "i:l"),
  group(0x36, "i32.store", "memory", "ii:"),
  group(0x37, "i64.store", "memory", "il:"),
  group(0x38, "f32.store", "memory", "if:"),
  group(0x39, "f64.store", "memory", "id:"),
  group(0x3a, "i32.store8 i32.store16", "memory", "ii:"),
  group(0x3c, "i64.store8 i64.store16 i64.store32", "memory", "il:"),
  group(0x3f, "memory.size", "zero", ":i"),
  group(0x40, "memory.grow", "zero", "i:i"),
  group(0x41, "i32.const", "i32", ":i"),
  group(0x42, "i64.const", "i64", ":l"),
  group(0x43, "f32.const", "f32", ":f"),
  group(0x44, "f64.const", "f64", ":d"),
  group(0x45, "i32.eqz", "none", "i:i"),
  group(0x46, "i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u", "none", "ii:i"),
  group(0x4c, "i32.le_s i32.le_u i32.ge_s i32.ge_u", "none", "ii:i"),
  group(0x50, "i64.eqz", "none", "l:i"),
  group(0x51, "i64.eq i64.ne i64.lt_s i64.lt_u i64.gt_s i64.gt_u", "none", "ll:i"),
  group(0x57, "i64.le_s i64.le_u i64.ge_s i64.ge_u", "none", "ll:i"),
  group(0x5b, "f32.eq f32.ne f32.lt f32.gt f32.le f32.ge", "none", "ff:i"),
  group(0x61, "f64.eq f64.ne f64.lt f64.gt f64.le f64.ge", "none", "dd:i"),
  group(0x67, "i32.clz i32.ctz i32.popcnt", "none", "i:i"),
  group(0x6a, "i32.add i32.sub i32.mul i32.div_s i32.div_u i32.rem_s i32.rem_u", "none", "ii:i"),
  group(0x71, "i32.and i32.or i32.xor i32.shl i32.shr_s i32.shr_u", "none", "ii:i"),
  group(0x77, "i32.rotl i32.rotr", "none", "ii:i"),
  group(0x79, "i64.clz i64.ctz i64.popcnt", "none", "l:l"),
  group(0x7c, "i64.add i64.sub i64.mul i64.div_s i64.div_u i64.rem_s i64.rem_u", "none", "ll:l"),
  group(0x83, "i64.and i64.or i64.xor i64.shl i64.shr_s i64.shr_u", "none", "ll:l"),
  group(0x89, "i64.rotl i64.rotr", "none", "ll:l"),
  group(0x8b, "f32.abs f32.neg f32.ceil f32.floor f32.trunc f32.nearest f32.sqrt", "none", "f:f"),
  group(0x92, "f32.add f32.sub f32.mul f32.div f32.min f32.max f32.copysign", "none", "ff:f"),
  group(0x99, "f64.abs f64.neg f64.ceil f64.floor f64.trunc f64.nearest f64.sqrt", "none", "d:d"),
  group(0xa0, "f64.add f64.sub f64.mul f64.div f64.min f64.max f64.copysign", "none", "dd:d"),
  group(0xa7, "i32.wrap_i64", "none", "l:i"),
  group(0xa8, "i32.trunc_f32_s i32.trunc_f32_u", "none", "f:i"),
  group(0xaa, "i32.trunc_f64_s i32.trunc_f64_u", "none", "d:i"),
  group(0xac, "i64.extend_i32_s i64.extend_i32_u", "none", "i:l"),
  group(0xae, "i64.trunc_f32_s i64.trunc_f32_u", "none", "f:l"),
  group(0xb0, "i64.trunc_f64_s i64.trunc_f64_u", "none", "d:l"),
  group(0xb2, "f32.convert_i32_s f32.convert_i32_u", "none", "i:f"),
  group(0xb4, "f32.convert_i64_s f32.convert_i64_u", "none", "l:f"),
  group(0xb6, "f32.demote_f64", "none", "d:f"),
  group(0xb7, "f64.convert_i32_s f64.convert_i32_u", "none", "i:d"),
  group(0xb9, "f64.convert_i64_s f64.convert_i64_u", "none", "l:d"),
  group(0xbb, "f64.promote_f32", "none", "f:d"),
  group(0xbc, "i32.reinterpret_f32", "none", "f:i"),
  group(0xbd, "i64.reinterpret_f64", "none", "d:l"),
  group(0xbe, "f32.reinterpret_i32", "none", "i:f"),
  group(0xbf, "f64.reinterpret_i64", "none", "l:d"),
  group(0xc0, "i32.extend8_s i32.extend16_s", "none", "i:i"),
  group(0xc2, "i64.extend8_s i64.extend16_s i64.extend32_s", "none", "l:l"),
  group(0xd0, "ref.null", "reference"),
  group(0xd1, "ref.is_null", "none"),
  group(0xd2, "ref.func", "index"),
  group(0xfc00, "i32.trunc_sat_f32_s i32.trunc_sat_f32_u", "none", "f:i"),
  group(0xfc02, "i32.trunc_sat_f64_s i32.trunc_sat_f64_u", "none", "d:i"),
  group(0xfc04, "i64.trunc_sat_f32_s i64.trunc_sat_f32_u", "none", "f:l"),
  group(0xfc06, "i64.trunc_sat_f64_s i64.trunc_sat_f64_u", "none", "d:l"),
  group(0xfc08, "memory.init", "indexZero", "iii:"),
  group(0xfc09, "data.drop", "index", ":"),
  group(0xfc0a, "memory.copy", "zeroes", "iii:"),
  group(0xfc0b, "memory.fill", "zero", "iii:"),
  group(0xfc0c, "table.init", "pair", "iii:"),
  group(0xfc0d, "elem.drop", "index", ":"),
  group(0xfc0e, "table.copy", "pair", "iii:"),
  group(0xfc0f, "table.grow table.size table.fill", "index"),
] as const;

type Words<Text extends string> = Text extends `${infer Word} ${infer Rest}`
  ? Word | Words<Rest>
  : Text;

/** The name of an instruction in the text format (`select` with types is `select_typed`). */
export type OpcodeName = Words<(typeof GROUPS)[number]["names"]>;

export interface OpcodeInfo {
  readonly code: number;
  readonly name: OpcodeName;
  readonly immediate: Immediate;
  /** Operand types, the deepest on the stack first, and result types; absent: not fixed. */
  readonly type?: { readonly operands: string; readonly results: string };
}

function expand(): OpcodeInfo[] {
  return GROUPS.flatMap((each: Group<string>) => {
    const [operands = "", results = ""] = each.type?.split(":") ?? [];
    return each.names.split(" ").map((name, index) => ({
      code: each.first + index,
      name: name as OpcodeName,
      immediate: each.immediate,
      ...(each.type === undefined ? {} : { type: { operands, results } }),
    }));
  });
}

/** Every instruction, ascending by number. */
export const OPCODES: readonly OpcodeInfo[] = expand();

const BY_CODE = new Map(OPCODES.map((info) => [info.code, info]));

/** The number of each instruction: `Op["i32.add"]` is 0x6a. */
export const Op = Object.fromEntries(OPCODES.map((info) => [info.name, info.code])) as Readonly<
  Record<OpcodeName, number>
>;

/** What the table says about an instruction; undefined: there is no such instruction. */
export function opcodeInfo(code: number): OpcodeInfo | undefined {
  return BY_CODE.get(code);
}

/** The name of an instruction, for messages and dumps. */
export function opcodeName(code: number): string {
  return BY_CODE.get(code)?.name ?? `0x${code.toString(16)}`;
}

const FLOAT_OPCODES: ReadonlySet<number> = new Set(
  OPCODES.filter(({ name }) => /f32|f64/.test(name)).map(({ code }) => code),
);

/** Whether an instruction takes or makes a floating-point number. */
export function isFloatOpcode(code: number): boolean {
  return FLOAT_OPCODES.has(code);
}

/** log2 of the bytes that a load or store accesses: its natural and greatest alignment. */
export function accessShift(name: string): number {
  const width = /(?:load|store)(\d+)/.exec(name)?.[1] ?? /^[if](\d+)/.exec(name)?.[1] ?? "8";
  return Math.log2(Number(width) / 8);
}
