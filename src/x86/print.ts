// Prints instructions in Intel syntax, as `objdump -M intel` does.
//
//   mov    eax,DWORD PTR [esp+0x4]
//   call   0x101020 <allocateFrame>
//
// Differences, where ours says more with less: string instructions are `rep movsd` without
// operands, a zero displacement is left out, far transfers say `far`.

import type { Instruction } from "./decode";
import type { OperandSpec } from "./instructions/row";
import type { Memory, Operand } from "./operand";
import { describeOperand } from "./operand";
import type { OperandKind } from "./operand-kind";

/** Where an address lies: `offset` bytes into the symbol of that name. */
export interface SymbolOffset {
  readonly name: string;
  readonly offset: number;
}

export interface PrintContext {
  /** The address of the instruction, for branch targets. Default: 0. */
  readonly address?: number;
  readonly symbolAt?: (address: number) => SymbolOffset | undefined;
}

const MNEMONIC_WIDTH = 6;
const SIZE_NAME: Readonly<Record<number, string>> = {
  8: "BYTE PTR ",
  16: "WORD PTR ",
  32: "DWORD PTR ",
  64: "QWORD PTR ",
  128: "XMMWORD PTR ",
};

/** One instruction as text. */
export function print(instruction: Instruction, context: PrintContext = {}): string {
  const { form, operands } = instruction;
  if (operands.length === 0) return form.mnemonic;
  const texts = operands.map((operand, index) => {
    const { kind } = form.operands[index] as OperandSpec;
    return printOperand(operand, kind, instruction.length, context);
  });
  const separator = form.mnemonic.endsWith(" far") ? ":" : ",";
  return `${form.mnemonic.padEnd(MNEMONIC_WIDTH)} ${texts.join(separator)}`;
}

function printOperand(
  operand: Operand,
  kind: OperandKind,
  length: number,
  context: PrintContext,
): string {
  if (typeof operand === "number") return printImmediate(operand, kind);
  switch (operand.kind) {
    case "memory":
      return (SIZE_NAME[kind.size] ?? "") + printAddress(operand);
    case "relative": {
      const target = ((context.address ?? 0) + length + operand.displacement) >>> 0;
      return `${hex(target)}${printSymbol(target, context)}`;
    }
    case "symbol":
      return describeOperand(operand);
    default:
      return operand.name;
  }
}

/** `0x10`; negative numbers as the processor sees them, at the operand's size. */
function printImmediate(value: number, kind: OperandKind): string {
  if (kind.place === "fixed") return String(value);
  return hex(kind.size === 16 ? value & 0xffff : value >>> 0);
}

function printAddress({ base, index, scale, disp, segment }: Memory): string {
  const override = segment === undefined ? "" : `${segment.name}:`;
  if (base === undefined && index === undefined) return `${override || "ds:"}${hex(disp >>> 0)}`;
  const terms: string[] = [];
  if (base !== undefined) terms.push(base.name);
  if (index !== undefined) terms.push(`${index.name}*${scale}`);
  const signed = disp | 0;
  const sign = signed < 0 ? "-" : "+";
  const offset = signed === 0 ? "" : `${sign}${hex(Math.abs(signed))}`;
  return `${override}[${terms.join("+")}${offset}]`;
}

function printSymbol(address: number, { symbolAt }: PrintContext): string {
  const found = symbolAt?.(address);
  if (found === undefined) return "";
  return ` <${found.name}${found.offset === 0 ? "" : `+${hex(found.offset)}`}>`;
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
