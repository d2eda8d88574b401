// The registers that instructions can name: those of the i686, and the 64-bit ones of long mode.
//
// Each register is one frozen object, so identity (`===`) is equality. `number` is the three-bit
// code that the encodings use (SDM vol. 2A, table 2-2); for 8-bit registers 0-3 are the low bytes
// of EAX..EBX and 4-7 their second bytes, which is why ESI, EDI, EBP and ESP have no byte register.

export type Name32 = "eax" | "ecx" | "edx" | "ebx" | "esp" | "ebp" | "esi" | "edi";
export type Name16 = "ax" | "cx" | "dx" | "bx" | "sp" | "bp" | "si" | "di";
export type Name8 = "al" | "cl" | "dl" | "bl" | "ah" | "ch" | "dh" | "bh";
export type NameXmm = "xmm0" | "xmm1" | "xmm2" | "xmm3" | "xmm4" | "xmm5" | "xmm6" | "xmm7";
export type SegmentName = "es" | "cs" | "ss" | "ds" | "fs" | "gs";

export interface Register32<N extends Name32 = Name32> {
  readonly kind: "r32";
  readonly number: number;
  readonly name: N;
}

/** In long mode alone; RAX to RDI have the numbers of EAX to EDI. */
export interface Register64 {
  readonly kind: "r64";
  readonly number: number;
  readonly name: string;
}

export interface Register16<N extends Name16 = Name16> {
  readonly kind: "r16";
  readonly number: number;
  readonly name: N;
}

export interface Register8<N extends Name8 = Name8> {
  readonly kind: "r8";
  readonly number: number;
  readonly name: N;
}

export interface SegmentRegister<N extends SegmentName = SegmentName> {
  readonly kind: "sreg";
  readonly number: number;
  readonly name: N;
}

/** 128 bits: floating-point scalars in the low 32 or 64, or vectors. */
export interface RegisterXmm<N extends NameXmm = NameXmm> {
  readonly kind: "xmm";
  readonly number: number;
  readonly name: N;
}

export interface ControlRegister {
  readonly kind: "creg";
  readonly number: number;
  readonly name: string;
}

export interface DebugRegister {
  readonly kind: "dreg";
  readonly number: number;
  readonly name: string;
}

export type GeneralRegister = Register32 | Register16 | Register8;
export type Register =
  | GeneralRegister
  | Register64
  | RegisterXmm
  | SegmentRegister
  | ControlRegister
  | DebugRegister;

const r32 = <N extends Name32>(name: N, number: number): Register32<N> =>
  Object.freeze({ kind: "r32", number, name });
const r16 = <N extends Name16>(name: N, number: number): Register16<N> =>
  Object.freeze({ kind: "r16", number, name });
const byteRegister = <N extends Name8>(name: N, number: number): Register8<N> =>
  Object.freeze({ kind: "r8", number, name });
const sreg = <N extends SegmentName>(name: N, number: number): SegmentRegister<N> =>
  Object.freeze({ kind: "sreg", number, name });
const xmm = <N extends NameXmm>(name: N, number: number): RegisterXmm<N> =>
  Object.freeze({ kind: "xmm", number, name });
const creg = (number: number): ControlRegister =>
  Object.freeze({ kind: "creg", number, name: `cr${number}` });
const dreg = (number: number): DebugRegister =>
  Object.freeze({ kind: "dreg", number, name: `dr${number}` });

export const eax = r32("eax", 0);
export const ecx = r32("ecx", 1);
export const edx = r32("edx", 2);
export const ebx = r32("ebx", 3);
export const esp = r32("esp", 4);
export const ebp = r32("ebp", 5);
export const esi = r32("esi", 6);
export const edi = r32("edi", 7);

const r64 = (name: string, number: number): Register64 =>
  Object.freeze({ kind: "r64", number, name });

export const rax = r64("rax", 0);
export const rcx = r64("rcx", 1);
export const rdx = r64("rdx", 2);
export const rbx = r64("rbx", 3);
export const rsp = r64("rsp", 4);
export const rbp = r64("rbp", 5);
export const rsi = r64("rsi", 6);
export const rdi = r64("rdi", 7);
export const r8 = r64("r8", 8);
export const r9 = r64("r9", 9);
export const r10 = r64("r10", 10);
export const r11 = r64("r11", 11);
export const r12 = r64("r12", 12);
export const r13 = r64("r13", 13);
export const r14 = r64("r14", 14);
export const r15 = r64("r15", 15);

export const ax = r16("ax", 0);
export const cx = r16("cx", 1);
export const dx = r16("dx", 2);
export const bx = r16("bx", 3);
export const sp = r16("sp", 4);
export const bp = r16("bp", 5);
export const si = r16("si", 6);
export const di = r16("di", 7);

export const al = byteRegister("al", 0);
export const cl = byteRegister("cl", 1);
export const dl = byteRegister("dl", 2);
export const bl = byteRegister("bl", 3);
export const ah = byteRegister("ah", 4);
export const ch = byteRegister("ch", 5);
export const dh = byteRegister("dh", 6);
export const bh = byteRegister("bh", 7);

export const xmm0 = xmm("xmm0", 0);
export const xmm1 = xmm("xmm1", 1);
export const xmm2 = xmm("xmm2", 2);
export const xmm3 = xmm("xmm3", 3);
export const xmm4 = xmm("xmm4", 4);
export const xmm5 = xmm("xmm5", 5);
export const xmm6 = xmm("xmm6", 6);
export const xmm7 = xmm("xmm7", 7);

export const es = sreg("es", 0);
export const cs = sreg("cs", 1);
export const ss = sreg("ss", 2);
export const ds = sreg("ds", 3);
export const fs = sreg("fs", 4);
export const gs = sreg("gs", 5);

export const cr0 = creg(0);
export const cr2 = creg(2);
export const cr3 = creg(3);
export const cr4 = creg(4);

export const dr0 = dreg(0);
export const dr1 = dreg(1);
export const dr2 = dreg(2);
export const dr3 = dreg(3);
export const dr6 = dreg(6);
export const dr7 = dreg(7);

/** The registers of each kind by number; a hole is a number that names no register. */
export const registers32: readonly Register32[] = [eax, ecx, edx, ebx, esp, ebp, esi, edi];
export const registers64: readonly Register64[] = [
  ...[rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi],
  ...[r8, r9, r10, r11, r12, r13, r14, r15],
];
export const registers16: readonly Register16[] = [ax, cx, dx, bx, sp, bp, si, di];
export const registers8: readonly Register8[] = [al, cl, dl, bl, ah, ch, dh, bh];
export const registersXmm: readonly RegisterXmm[] = [
  ...[xmm0, xmm1, xmm2, xmm3],
  ...[xmm4, xmm5, xmm6, xmm7],
];
export const segmentRegisters: readonly SegmentRegister[] = [es, cs, ss, ds, fs, gs];
export const controlRegisters: readonly (ControlRegister | undefined)[] = [
  cr0,
  undefined,
  cr2,
  cr3,
  cr4,
];
export const debugRegisters: readonly (DebugRegister | undefined)[] = [
  dr0,
  dr1,
  dr2,
  dr3,
  undefined,
  undefined,
  dr6,
  dr7,
];

/** Whether the low byte of `register` is a register of its own: true for EAX, ECX, EDX, EBX. */
export function hasLow8(register: Register32): boolean {
  return register.number < 4;
}

/** The low byte of EAX, ECX, EDX or EBX. Asserts that it is one of these. */
export function low8(register: Register32): Register8 {
  const low = hasLow8(register) ? registers8[register.number] : undefined;
  if (low === undefined) throw new Error(`${register.name} has no byte register in 32-bit mode`);
  return low;
}

/** The 32-bit register that `register` is a part of: EAX for AL, AH, AX and EAX. */
export function containing(register: GeneralRegister): Register32 {
  const number = register.kind === "r8" ? register.number & 3 : register.number;
  return registers32[number] as Register32;
}
