// The text form of machine code before it is encoded, for people, dumps and tests. parse.ts
// reads it back: everything but the positions in the source is there.
//
//   machine kernel/add registers 19 outgoing 1 slots 2 bytes r17 f64 r18
//   b0: frequency 1
//     moves r16 eax r17 edx r18x xmm0               x: of floating-point numbers
//     add r16 dword[r17+eax*4+16+&table]
//     mov r17b 1                                  a register's low byte; r17w: its low 16 bits
//     call &kernel/work reads eax writes eax ecx edx
//     branch e b1 b2
//   b1: from b0 frequency 10 loops b1/1
//   table .L7: b1 b2
//   bytes .L8: 2f00              what code reads, in hexadecimal
//
// `r16` and up are virtual registers, until allocation; `dword[local 2]` is a place in the frame.

import type { FloatType } from "../ir/ir";
import { printName, printSymbol } from "../ir/print";
import {
  FIRST_VIRTUAL,
  isFloatRegister,
  isTransfer,
  type MachineBlock,
  type MachineFunction,
  type MachineInstruction,
  type MachineOperand,
  type MemoryOperand,
  NONE,
  type RegisterOperand,
} from "./code";
import type { Target } from "./target";

export const SIZE_SUFFIX = { 8: "b", 16: "w", 32: "", 128: "x" } as const;
export const SIZE_WORDS = {
  8: "byte",
  16: "word",
  32: "dword",
  64: "qword",
  128: "xmmword",
} as const;

function printRegister(number: number, { registers }: Target): string {
  return registers.names[number] ?? `r${number}`;
}

function printSized({ register, size }: RegisterOperand, target: Target): string {
  return printRegister(register, target) + (isFloatRegister(register) ? "" : SIZE_SUFFIX[size]);
}

function printMemory(operand: MemoryOperand, target: Target): string {
  const { base, index, scale, displacement, symbol, slot, size, isOwn } = operand;
  const terms: string[] = [];
  if (slot) terms.push(`${slot.kind} ${slot.index}`);
  if (base !== NONE) terms.push(printRegister(base, target));
  if (index !== NONE) terms.push(`${printRegister(index, target)}*${scale}`);
  if (displacement !== 0) terms.push(String(displacement));
  if (symbol !== undefined) terms.push(printSymbol(symbol, 0));
  const width = size === undefined ? "" : SIZE_WORDS[size];
  return `${width}${isOwn ? "own" : ""}[${terms.join("+")}]`;
}

function printMachineOperand(operand: MachineOperand, target: Target): string {
  switch (operand.kind) {
    case "register":
      return printSized(operand, target);
    case "immediate":
      if (operand.symbol === undefined) return String(operand.value);
      return printSymbol(operand.symbol, operand.value);
    case "memory":
      return printMemory(operand, target);
    case "control":
      return `cr${operand.number}`;
    case "segment":
      return operand.name;
  }
}

function printInstruction(
  instruction: MachineInstruction,
  block: MachineBlock,
  target: Target,
): string {
  const { mnemonic, operands, reads, writes, condition } = instruction;
  const list = (word: string, registers: readonly number[]) =>
    registers.length > 0 ? [word, ...registers.map((each) => printRegister(each, target))] : [];
  return [
    printName(mnemonic),
    ...(condition === undefined ? [] : [condition]),
    ...operands.map((operand) => printMachineOperand(operand, target)),
    ...(isTransfer(mnemonic) ? block.successors.map(({ id }) => `b${id}`) : []),
    ...list("reads", reads),
    ...list("writes", writes),
  ].join(" ");
}

function printBlock(block: MachineBlock, target: Target): string[] {
  const from = block.predecessors.map(({ id }) => ` b${id}`).join("");
  const loops = block.loops.map(({ header, depth }) => ` b${header.id}/${depth}`).join("");
  const isElsewhere = !isTransfer(block.instructions.at(-1)?.mnemonic);
  const to = isElsewhere ? block.successors.map(({ id }) => ` b${id}`).join("") : "";
  return [
    `b${block.id}:${from && ` from${from}`}${to && ` to${to}`} frequency ${block.frequency}` +
      (loops && ` loops${loops}`),
    ...block.instructions.map((each) => `  ${printInstruction(each, block, target)}`),
  ];
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The whole function as text, one instruction a line. */
export function printMachine(fn: MachineFunction): string {
  const bytes: string[] = [];
  const floats: Record<FloatType, string[]> = { f32: [], f64: [] };
  for (let register = FIRST_VIRTUAL; register < fn.registerLimit; register++) {
    const name = printRegister(register, fn.target);
    if (fn.isByteOnly(register)) bytes.push(name);
    const type = fn.typeOf(register);
    if (type !== "i32") floats[type].push(name);
  }
  const tables = fn.jumpTables.map(
    ({ symbol, targets }) =>
      `table ${printName(symbol)}: ${targets.map(({ id }) => `b${id}`).join(" ")}`,
  );
  const bytesRead = fn.byteTables.map(
    ({ symbol, bytes }) => `bytes ${printName(symbol)}: ${hexOf(bytes)}`,
  );
  const head = [
    `machine ${printName(fn.name)} registers ${fn.registerLimit}`,
    `outgoing ${fn.outgoingWords} slots ${fn.localSlots}`,
    ...(bytes.length > 0 ? ["bytes", ...bytes] : []),
    ...(floats.f32.length > 0 ? ["f32", ...floats.f32] : []),
    ...(floats.f64.length > 0 ? ["f64", ...floats.f64] : []),
  ].join(" ");
  const blocks = fn.blocks.flatMap((block) => printBlock(block, fn.target));
  return `${[head, ...blocks, ...tables, ...bytesRead].join("\n")}\n`;
}
