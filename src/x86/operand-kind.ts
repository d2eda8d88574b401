// The kinds of operand that instruction rows are written in, named as in the SDM (vol. 2A,
// 3.1.1.3).
//
// Finding a row must be quick and must pick the shortest encoding, so each actual operand is first
// sorted into one of a few classes (`classify`): everything that the choice can depend on, and
// nothing else. A kind is the list of classes that it accepts; a tuple of classes is the "shape"
// that src/x86/choose-form.ts caches rows by.
//
// Invariants
//   - Immediate classes partition the integers in [-2^31, 2^32); `invalid` is everything else.
//   - A class fits in `CLASS_BITS` bits.
//   - A kind's phantom `type` is what TypeScript callers may pass for it.

import type {
  CodeTarget,
  Immediate,
  Memory,
  MemorySize,
  Operand,
  Relative,
  SymbolReference,
} from "./operand";
import { describeOperand } from "./operand";
import type {
  ControlRegister,
  DebugRegister,
  Register,
  Register8,
  Register16,
  Register32,
  Register64,
  RegisterXmm,
  SegmentName,
  SegmentRegister,
} from "./registers";
import {
  al,
  ax,
  cl,
  controlRegisters,
  cs,
  debugRegisters,
  ds,
  dx,
  eax,
  es,
  fs,
  gs,
  registers8,
  registers16,
  registers32,
  registers64,
  registersXmm,
  segmentRegisters,
  ss,
} from "./registers";

const CLASS_NAMES = [
  ...["invalid", "al", "cl", "r8", "ax", "dx", "r16", "eax", "r32"],
  ...["es", "cs", "ss", "ds", "fs", "gs", "creg", "dreg", "xmm", "r64"],
  // Memory by its size, and whether it is a bare address without registers ("abs").
  ...["mem", "mem8", "mem16", "mem32", "mem64", "mem128"],
  ...["abs", "abs8", "abs16", "abs32", "abs64", "abs128"],
  // Immediates; n: negative, s: sign extension of its low byte gives it at 16 (s16) or 32 bits.
  ...["one", "u7", "u8", "s16", "u16", "u31", "s32", "u32", "n8", "n16", "n32", "symbol"],
  ...["rel8", "rel32"],
] as const;

export type OperandClass = number;
export const CLASS_BITS = 6;

const CLASS = Object.fromEntries(CLASS_NAMES.map((name, index) => [name, index])) as Record<
  (typeof CLASS_NAMES)[number],
  OperandClass
>;

/** Where an encoding puts an operand. */
export type Place = "fixed" | "rm" | "reg" | "general" | "immediate" | "relative" | "offset";

/** One kind of operand. `T` is the TypeScript type of what a caller may pass. */
export interface OperandKind<T = unknown> {
  readonly name: string;
  readonly place: Place;
  /** The operand's size in bits, as the instruction sees it; 0 where it has none. */
  readonly size: number;
  /** How many bits the encoding spends on an immediate, branch distance or offset. */
  readonly width: number;
  /** Whether an immediate is sign-extended from `width` to `size`. */
  readonly signExtended: boolean;
  readonly accepts: ReadonlySet<OperandClass>;
  /** The registers that the encoded number selects from; empty: none, memory only. */
  readonly registers: readonly (Register | undefined)[];
  /** What a `fixed` operand always is. */
  readonly fixed: Operand | undefined;
  readonly memory: boolean;
  readonly type?: T;
}

const NO_REGISTERS: readonly Register[] = [];
const R8 = [CLASS.al, CLASS.cl, CLASS.r8];
const R16 = [CLASS.ax, CLASS.dx, CLASS.r16];
const R32 = [CLASS.eax, CLASS.r32];
const MEM8 = [CLASS.mem, CLASS.abs, CLASS.mem8, CLASS.abs8];
const MEM16 = [CLASS.mem, CLASS.abs, CLASS.mem16, CLASS.abs16];
const MEM32 = [CLASS.mem, CLASS.abs, CLASS.mem32, CLASS.abs32];
const MEM64 = [CLASS.mem, CLASS.abs, CLASS.mem64, CLASS.abs64];
const MEM128 = [CLASS.mem, CLASS.abs, CLASS.mem128, CLASS.abs128];
const UNSIGNED7 = [CLASS.one, CLASS.u7];
const UNSIGNED8 = [...UNSIGNED7, CLASS.u8];
const UNSIGNED16 = [...UNSIGNED8, CLASS.s16, CLASS.u16];

function kind<T>(
  name: string,
  place: Place,
  accepts: readonly OperandClass[],
  rest: Partial<OperandKind>,
): OperandKind<T> {
  return {
    name,
    place,
    size: 0,
    width: 0,
    signExtended: false,
    registers: NO_REGISTERS,
    fixed: undefined,
    memory: false,
    ...rest,
    accepts: new Set(accepts),
  } as OperandKind<T>;
}

const fixed = <R extends Register>(register: R, size: number, ofClass: OperandClass) =>
  kind<R>(register.name, "fixed", [ofClass], { size, fixed: register });

/** Kinds that an operand of a row can have, for use in src/x86/instructions/. */
export const AL = fixed(al, 8, CLASS.al);
export const CL = fixed(cl, 8, CLASS.cl);
export const AX = fixed(ax, 16, CLASS.ax);
export const DX = fixed(dx, 16, CLASS.dx);
export const EAX = fixed(eax, 32, CLASS.eax);
export const ES = fixed(es, 16, CLASS.es);
export const CS = fixed(cs, 16, CLASS.cs);
export const SS = fixed(ss, 16, CLASS.ss);
export const DS = fixed(ds, 16, CLASS.ds);
export const FS = fixed(fs, 16, CLASS.fs);
export const GS = fixed(gs, 16, CLASS.gs);
/** The constant 1 of the short shift forms. */
export const one = kind<1>("1", "fixed", [CLASS.one], { size: 8, fixed: 1 });

export const r8 = kind<Register8>("r8", "general", R8, { size: 8, registers: registers8 });
export const r16 = kind<Register16>("r16", "general", R16, { size: 16, registers: registers16 });
export const r32 = kind<Register32>("r32", "general", R32, { size: 32, registers: registers32 });
export const r64 = kind<Register64>("r64", "general", [CLASS.r64], {
  size: 64,
  registers: registers64,
});
export const xmm = kind<RegisterXmm>("xmm", "general", [CLASS.xmm], {
  size: 128,
  registers: registersXmm,
});
export const sreg = kind<SegmentRegister>(
  "sreg",
  "reg",
  [CLASS.es, CLASS.cs, CLASS.ss, CLASS.ds, CLASS.fs, CLASS.gs],
  { size: 16, registers: segmentRegisters },
);
/** A segment register that can be loaded: CS changes by far transfers only. */
export const loadableSreg = kind<SegmentRegister<Exclude<SegmentName, "cs">>>(
  "sreg",
  "reg",
  [CLASS.es, CLASS.ss, CLASS.ds, CLASS.fs, CLASS.gs],
  {
    size: 16,
    registers: segmentRegisters.map((register) => (register === cs ? undefined : register)),
  },
);
export const creg = kind<ControlRegister>("creg", "reg", [CLASS.creg], {
  size: 32,
  registers: controlRegisters,
});
export const dreg = kind<DebugRegister>("dreg", "reg", [CLASS.dreg], {
  size: 32,
  registers: debugRegisters,
});

const memoryKind = (name: string, size: number, accepts: readonly OperandClass[]) =>
  kind<Memory>(name, "rm", accepts, { size, memory: true });

export const m8 = memoryKind("m8", 8, MEM8);
export const m16 = memoryKind("m16", 16, MEM16);
export const m32 = memoryKind("m32", 32, MEM32);
export const m64 = memoryKind("m64", 64, MEM64);
export const m128 = memoryKind("m128", 128, MEM128);
/** Memory of a size that no other operand has (descriptors, save areas), or only its address. */
export const m = memoryKind("m", 0, [...MEM8, ...MEM16, ...MEM32, ...MEM64, ...MEM128]);

export const rm8 = kind<Register8 | Memory>("rm8", "rm", [...R8, ...MEM8], {
  size: 8,
  registers: registers8,
  memory: true,
});
export const rm16 = kind<Register16 | Memory>("rm16", "rm", [...R16, ...MEM16], {
  size: 16,
  registers: registers16,
  memory: true,
});
export const rm32 = kind<Register32 | Memory>("rm32", "rm", [...R32, ...MEM32], {
  size: 32,
  registers: registers32,
  memory: true,
});

export const rm64 = kind<Register64 | Memory>("rm64", "rm", [CLASS.r64, ...MEM64], {
  size: 64,
  registers: registers64,
  memory: true,
});

/** The low 32 or 64 bits of an XMM register, or all of it; or as much memory. */
const xmmOrMemory = (size: number, accepts: readonly OperandClass[]) =>
  kind<RegisterXmm | Memory>(`xm${size}`, "rm", [CLASS.xmm, ...accepts], {
    size,
    registers: registersXmm,
    memory: true,
  });

export const xm32 = xmmOrMemory(32, MEM32);
export const xm64 = xmmOrMemory(64, MEM64);
export const xm128 = xmmOrMemory(128, MEM128);

/** Memory at a constant address, for the short accumulator forms of `mov`. */
const offsetKind = (size: number, accepts: readonly OperandClass[]) =>
  kind<Memory>(`moffs${size}`, "offset", accepts, { size, width: 32, memory: true });

export const moffs8 = offsetKind(8, [CLASS.abs, CLASS.abs8]);
export const moffs16 = offsetKind(16, [CLASS.abs, CLASS.abs16]);
export const moffs32 = offsetKind(32, [CLASS.abs, CLASS.abs32]);

const immediate = (name: string, size: number, width: number, accepts: readonly OperandClass[]) =>
  kind<Immediate>(name, "immediate", accepts, { size, width, signExtended: width < size });

export const imm8 = immediate("imm8", 8, 8, [...UNSIGNED8, CLASS.n8, CLASS.symbol]);
export const imm16 = immediate("imm16", 16, 16, [
  ...UNSIGNED16,
  ...[CLASS.n8, CLASS.n16, CLASS.symbol],
]);
export const imm32 = immediate("imm32", 32, 32, [
  ...UNSIGNED16,
  ...[CLASS.u31, CLASS.s32, CLASS.u32, CLASS.n8, CLASS.n16, CLASS.n32, CLASS.symbol],
]);
/** A byte that is sign-extended to 16 or 32 bits. */
export const imm8s16 = immediate("imm8s", 16, 8, [...UNSIGNED7, CLASS.s16, CLASS.n8]);
export const imm8s32 = immediate("imm8s", 32, 8, [...UNSIGNED7, CLASS.s32, CLASS.n8]);
/** A byte, or 32 bits, that are sign-extended to 64 bits. */
export const imm8s64 = immediate("imm8s", 64, 8, [...UNSIGNED7, CLASS.n8]);
export const imm32s64 = immediate("imm32s", 64, 32, [
  ...UNSIGNED16,
  ...[CLASS.u31, CLASS.n8, CLASS.n16, CLASS.n32],
]);
/** A count, port or vector: 0 to 255. */
export const uimm8 = immediate("uimm8", 8, 8, UNSIGNED8);
/** A selector or byte count: 0 to 65535. */
export const uimm16 = immediate("uimm16", 16, 16, UNSIGNED16);

export type BranchTarget = Relative | SymbolReference | CodeTarget;
const branch = (name: string, width: number, accepts: readonly OperandClass[]) =>
  kind<BranchTarget>(name, "relative", accepts, { width, signExtended: true });

export const rel8 = branch("rel8", 8, [CLASS.rel8]);
export const rel32 = branch("rel32", 32, [CLASS.rel8, CLASS.rel32, CLASS.symbol]);
/** For branches that have no long form. */
export const onlyRel8 = branch("rel8", 8, [CLASS.rel8, CLASS.symbol]);

/** The class of an immediate by its value: see `CLASS_NAMES`. */
function classifyNumber(value: number): OperandClass {
  if (!Number.isInteger(value)) return CLASS.invalid;
  if (value >= 0) {
    if (value < 0x80) return value === 1 ? CLASS.one : CLASS.u7;
    if (value < 0x100) return CLASS.u8;
    if (value < 0xff80) return CLASS.u16;
    if (value < 0x1_0000) return CLASS.s16;
    if (value < 0x8000_0000) return CLASS.u31;
    if (value < 0xffff_ff80) return CLASS.u32;
    return value < 0x1_0000_0000 ? CLASS.s32 : CLASS.invalid;
  }
  if (value >= -0x80) return CLASS.n8;
  if (value >= -0x8000) return CLASS.n16;
  return value >= -0x8000_0000 ? CLASS.n32 : CLASS.invalid;
}

const MEMORY_CLASS: Readonly<Record<MemorySize, OperandClass>> = {
  8: CLASS.mem8,
  16: CLASS.mem16,
  32: CLASS.mem32,
  64: CLASS.mem64,
  128: CLASS.mem128,
};
const ABSOLUTE = CLASS.abs - CLASS.mem;
const SEGMENT_CLASS = [CLASS.es, CLASS.cs, CLASS.ss, CLASS.ds, CLASS.fs, CLASS.gs];
const CLASS_R8 = [CLASS.al, CLASS.cl];
const CLASS_R16 = [CLASS.ax, CLASS.r16, CLASS.dx];

/** The class of an operand: everything about it that the choice of a row can depend on. */
export function classify(operand: Operand): OperandClass {
  if (typeof operand === "number") return classifyNumber(operand);
  switch (operand.kind) {
    case "r32":
      return operand.number === 0 ? CLASS.eax : CLASS.r32;
    case "memory": {
      const sized = operand.size === undefined ? CLASS.mem : MEMORY_CLASS[operand.size];
      const bare = operand.base === undefined && operand.index === undefined;
      return bare ? sized + ABSOLUTE : sized;
    }
    case "symbol":
      return CLASS.symbol;
    case "relative":
      return operand.displacement >= -0x80 && operand.displacement < 0x80
        ? CLASS.rel8
        : CLASS.rel32;
    case "r8":
      return CLASS_R8[operand.number] ?? CLASS.r8;
    case "r16":
      return CLASS_R16[operand.number] ?? CLASS.r16;
    case "sreg":
      return SEGMENT_CLASS[operand.number] ?? CLASS.invalid;
    case "xmm":
      return CLASS.xmm;
    case "r64":
      return CLASS.r64;
    case "creg":
      return CLASS.creg;
    case "dreg":
      return CLASS.dreg;
    default:
      throw new Error(`not an operand: ${describeOperand(operand)}`);
  }
}

/** Whether a class is memory whose size only the other operands can tell. */
export function isUnsizedMemory(operandClass: OperandClass): boolean {
  return operandClass === CLASS.mem || operandClass === CLASS.abs;
}

/** Whether a class is memory at a constant address, which always takes a 32-bit displacement. */
export function isAbsoluteMemory(operandClass: OperandClass): boolean {
  return operandClass >= CLASS.abs && operandClass <= CLASS.abs128;
}

/** Whether no instruction accepts the class: a fraction, or an integer beyond 32 bits. */
export function isInvalid(operandClass: OperandClass): boolean {
  return operandClass === CLASS.invalid;
}
