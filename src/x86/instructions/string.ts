// String instructions, alone and repeated. DF decides the direction.

import type { Register32 } from "../registers";
import { eax, ecx, edi, edx, esi } from "../registers";
import type { Row } from "./row";
import { byte, effects, row } from "./row";

const SIZES = { b: 0, w: 1, d: 1 } as const;
type SizeLetter = keyof typeof SIZES;

interface StringInstruction {
  /** The opcode for bytes; the next one is for words and doublewords. */
  readonly opcode: number;
  readonly reads: readonly Register32[];
  readonly writes: readonly Register32[];
  readonly compares?: boolean;
}

const MOVS = { opcode: 0xa4, reads: [esi, edi], writes: [esi, edi] };
const CMPS = { opcode: 0xa6, reads: [esi, edi], writes: [esi, edi], compares: true };
const STOS = { opcode: 0xaa, reads: [eax, edi], writes: [edi] };
const LODS = { opcode: 0xac, reads: [esi], writes: [eax, esi] };
const SCAS = { opcode: 0xae, reads: [eax, edi], writes: [edi], compares: true };
const INS = { opcode: 0x6c, reads: [edx, edi], writes: [edi] };
const OUTS = { opcode: 0x6e, reads: [edx, esi], writes: [esi] };

type Repeat = "rep" | "repe" | "repne";

function effectsOf(instruction: StringInstruction, letter: string, repeat?: Repeat) {
  const { writes, compares = false } = instruction;
  // `lodsb` leaves the rest of EAX as it was; a repeated `lods` may do nothing at all.
  const keepsEax = writes.includes(eax) && (letter !== "d" || repeat !== undefined);
  const reads = keepsEax ? [...instruction.reads, eax] : instruction.reads;
  const flags = compares ? "OSZAPC" : "";
  if (repeat === undefined) return effects({ reads, writes, flagsRead: "D", flagsWritten: flags });
  // With ECX = 0 nothing is compared and the flags stay: they are read, too.
  return effects({
    reads: [...reads, ecx],
    writes: [...writes, ecx],
    flagsRead: `D${flags}`,
    flagsWritten: flags,
  });
}

/** `<name>b`, `<name>w` and `<name>d`, under a repeat prefix if one is given. */
function sizes<N extends string>(
  name: N,
  instruction: StringInstruction,
  repeat?: Repeat,
): Record<`${N}${SizeLetter}`, Row<[]>[]> {
  const prefix = repeat === undefined ? "" : repeat === "repne" ? "F2 " : "F3 ";
  const entries = Object.entries(SIZES).map(([letter, offset]) => {
    const encoding = `${letter === "w" ? "66 " : ""}${prefix}${byte(instruction.opcode + offset)}`;
    return [name + letter, [row([], encoding, effectsOf(instruction, letter, repeat))]];
  });
  return Object.fromEntries(entries);
}

export const strings = {
  ...sizes("movs", MOVS),
  ...sizes("cmps", CMPS),
  ...sizes("stos", STOS),
  ...sizes("lods", LODS),
  ...sizes("scas", SCAS),
  ...sizes("ins", INS),
  ...sizes("outs", OUTS),
  ...sizes("rep movs", MOVS, "rep"),
  ...sizes("rep stos", STOS, "rep"),
  ...sizes("rep lods", LODS, "rep"),
  ...sizes("rep ins", INS, "rep"),
  ...sizes("rep outs", OUTS, "rep"),
  ...sizes("repe cmps", CMPS, "repe"),
  ...sizes("repne cmps", CMPS, "repne"),
  ...sizes("repe scas", SCAS, "repe"),
  ...sizes("repne scas", SCAS, "repne"),
};
