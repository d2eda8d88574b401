// An independent opinion on machine code: the disassembler iced-x86.
//
// Its objects live on a wasm heap and must be freed, so they stay in here.

import {
  Decoder,
  DecoderOptions,
  Formatter,
  FormatterSyntax,
  type Instruction,
  InstructionInfoFactory,
  MemorySizeOptions,
  Mnemonic,
  OpAccess,
  OpKind,
  Register,
  RegisterExt,
  RflagsBits,
} from "iced-x86";
import * as flags from "../../src/x86/flags";

export interface IcedMemory {
  readonly base: string | undefined;
  readonly index: string | undefined;
  readonly scale: number;
  readonly disp: number;
  readonly segment: string | undefined;
}

/** A register's name, a number, an address, or a branch target; undefined: something else. */
export type IcedOperand = string | number | IcedMemory | undefined;

export interface IcedInstruction {
  readonly length: number;
  readonly mnemonic: string;
  readonly prefix: string;
  readonly operands: readonly IcedOperand[];
  readonly text: string;
}

/** Mnemonics that iced names differently. */
const ICED_NAME: Readonly<Record<string, string>> = {
  pusha: "pushad",
  popa: "popad",
  pushf: "pushfd",
  popf: "popfd",
  iret: "iretd",
  fwait: "wait",
};

const ALIAS: Readonly<Record<string, string>> = { z: "e", nz: "ne", c: "b", nc: "ae" };

/** Mnemonic and prefix as iced names them. */
export function icedName(mnemonic: string): { name: string; prefix: string } {
  const [first = "", second] = mnemonic.split(" ");
  if (second === "far") return { name: first, prefix: "" };
  if (second !== undefined) {
    return { name: icedName(second).name, prefix: first === "repe" ? "rep" : first };
  }
  const [, stem, condition] = /^(j|set|cmov)(z|nz|c|nc)$/.exec(mnemonic) ?? [];
  const name = condition === undefined ? mnemonic : `${stem}${ALIAS[condition]}`;
  return { name: ICED_NAME[name] ?? name, prefix: "" };
}

const ADDRESS = 0x1000;

const formatter = new Formatter(FormatterSyntax.Masm);
formatter.hexPrefix = "0x";
formatter.hexSuffix = "";
formatter.uppercaseHex = false;
formatter.uppercaseKeywords = true;
formatter.smallHexNumbersInDecimal = false;
formatter.addLeadingZeroToHexNumbers = false;
formatter.branchLeadingZeros = false;
formatter.showBranchSize = false;
formatter.alwaysShowScale = true;
formatter.usePseudoOps = false;
formatter.showUselessPrefixes = true;
formatter.signedImmediateOperands = false;
formatter.memorySizeOptions = MemorySizeOptions.Always;

/** What the bytes are to iced, at address `address`; undefined: no instruction, or a longer one. */
export function icedDecode(
  bytes: Uint8Array,
  address = ADDRESS,
  bits: 32 | 64 = 32,
): IcedInstruction | undefined {
  const decoded = (instruction: Instruction) => ({
    length: instruction.length,
    mnemonic: (Mnemonic[instruction.mnemonic] as string).toLowerCase(),
    prefix: prefixOf(instruction),
    operands: Array.from({ length: instruction.opCount }, (_, i) => operandOf(instruction, i)),
    text: formatter.format(instruction),
  });
  return withInstruction(bytes, address, decoded, bits);
}

function withInstruction<T>(
  bytes: Uint8Array,
  address: number,
  use: (instruction: Instruction) => T,
  bits: 32 | 64 = 32,
): T | undefined {
  const decoder = new Decoder(bits, bytes, DecoderOptions.None);
  decoder.ip = BigInt(address);
  const instruction = decoder.decode();
  const result = instruction.isInvalid ? undefined : use(instruction);
  instruction.free();
  decoder.free();
  return result;
}

function prefixOf(instruction: Instruction): string {
  if (instruction.hasLockPrefix) return "lock";
  if (instruction.hasRepnePrefix) return "repne";
  return instruction.hasRepPrefix ? "rep" : "";
}

const IMMEDIATES = new Set([
  OpKind.Immediate8,
  OpKind.Immediate8_2nd,
  OpKind.Immediate16,
  OpKind.Immediate32,
  OpKind.Immediate8to16,
  OpKind.Immediate8to32,
  OpKind.Immediate8to64,
  OpKind.Immediate32to64,
]);

function operandOf(instruction: Instruction, index: number): IcedOperand {
  const kind = instruction.opKind(index);
  if (kind === OpKind.Register) return registerName(instruction.opRegister(index));
  if (kind === OpKind.NearBranch32) return instruction.nearBranch32;
  if (IMMEDIATES.has(kind)) return Number(BigInt.asIntN(32, instruction.immediate(index)));
  if (kind !== OpKind.Memory) return undefined;
  return {
    base: registerName(instruction.memoryBase),
    index: registerName(instruction.memoryIndex),
    scale: instruction.memoryIndexScale,
    disp: Number(BigInt.asIntN(32, instruction.memoryDisplacement)),
    segment: registerName(instruction.segmentPrefix),
  };
}

function registerName(register: Register): string | undefined {
  return register === Register.None ? undefined : (Register[register] as string).toLowerCase();
}

/** What an instruction touches: whole registers by 32-bit or XMM names, flags as EFLAGS masks. */
export interface IcedEffects {
  readonly reads: ReadonlySet<string>;
  readonly writes: ReadonlySet<string>;
  readonly flagsRead: number;
  readonly flagsWritten: number;
  readonly flagsUndefined: number;
}

const READING = new Set([
  OpAccess.Read,
  OpAccess.CondRead,
  OpAccess.ReadWrite,
  OpAccess.ReadCondWrite,
]);
const WRITING = new Set([
  OpAccess.Write,
  OpAccess.CondWrite,
  OpAccess.ReadWrite,
  OpAccess.ReadCondWrite,
]);

export function icedEffects(bytes: Uint8Array): IcedEffects | undefined {
  return withInstruction(bytes, ADDRESS, (instruction) => {
    const factory = new InstructionInfoFactory();
    const info = factory.info(instruction);
    const reads = new Set<string>();
    const writes = new Set<string>();
    for (const used of info.usedRegisters()) {
      const full = registerName(RegisterExt.fullRegister32(used.register)) as string;
      const name = full.replace(/^[yz]mm/, "xmm");
      if (READING.has(used.access)) reads.add(name);
      if (WRITING.has(used.access)) writes.add(name);
      used.free();
    }
    info.free();
    factory.free();
    const { rflagsRead, rflagsWritten, rflagsCleared, rflagsSet, rflagsUndefined } = instruction;
    return {
      reads,
      writes,
      flagsRead: flagMask(rflagsRead),
      flagsWritten: flagMask(rflagsWritten | rflagsCleared | rflagsSet),
      flagsUndefined: flagMask(rflagsUndefined),
    };
  });
}

const FLAG_OF_BIT: readonly (readonly [number, number])[] = [
  [RflagsBits.OF, flags.OF],
  [RflagsBits.SF, flags.SF],
  [RflagsBits.ZF, flags.ZF],
  [RflagsBits.AF, flags.AF],
  [RflagsBits.CF, flags.CF],
  [RflagsBits.PF, flags.PF],
  [RflagsBits.DF, flags.DF],
  [RflagsBits.IF, flags.IF],
  [RflagsBits.AC, flags.AC],
];

function flagMask(bits: number): number {
  return FLAG_OF_BIT.reduce((mask, [bit, flag]) => ((bits & bit) === 0 ? mask : mask | flag), 0);
}
