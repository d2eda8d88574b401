// One instruction, reduced to what proofs about code need: where it may go, what it names.
//
// The instructions are those of src/i686's table: 32-bit code. What the table lacks gives
// undefined, and whoever walks says that it could not prove anything from there on.

import { decode } from "../../i686/decode";
import type { Memory, Operand } from "../../i686/operand";
import type { FileSection } from "./elf-file";

/** What an address is used for. */
export type Use = "jump" | "call" | "memory" | "immediate";

export interface CodeReference {
  readonly to: bigint;
  readonly use: Use;
}

export interface Step {
  readonly address: bigint;
  readonly length: number;
  readonly mnemonic: string;
  readonly operands: readonly Operand[];
  /** Execution may go on behind it. */
  readonly falls: boolean;
  /** The target of a direct jump or call. */
  readonly target: bigint | undefined;
  readonly isCall: boolean;
  /** A jump that may not be taken. */
  readonly isConditional: boolean;
  /** Addresses that it names: targets, absolute memory operands, and immediates of 32 bits. */
  readonly references: readonly CodeReference[];
}

const ENDBR32 = [0xf3, 0x0f, 0x1e, 0xfb];
const NEVER_FALLS = new Set(["jmp", "jmp far", "ret", "retf", "iret", "ud2", "sysexit"]);
const CONDITIONAL = /^(j(?!mp)|loop)/;
const WORD = 2 ** 32;

/** The instruction at `address`, which lies in `section`; undefined if it is not understood. */
export function stepAt(section: FileSection, address: bigint): Step | undefined {
  const offset = Number(address - section.address);
  if (ENDBR32.every((byte, index) => section.bytes[offset + index] === byte)) {
    return plainStep(address, ENDBR32.length, "endbr32");
  }
  const instruction = decode(section.bytes, offset);
  if (!instruction) return undefined;
  const { mnemonic } = instruction.form;
  const { operands, length } = instruction;
  const target = branchTarget(operands, address + BigInt(length));
  const isCall = mnemonic === "call";
  const isFarJump = mnemonic === "jmp far" && typeof operands[1] === "number";
  const farTarget = isFarJump ? BigInt(operands[1] as number) : undefined;
  return {
    address,
    length,
    mnemonic,
    operands,
    falls: !NEVER_FALLS.has(mnemonic),
    target: target ?? farTarget,
    isCall,
    isConditional: CONDITIONAL.test(mnemonic),
    references: references(operands, target ?? farTarget, isCall),
  };
}

function plainStep(address: bigint, length: number, mnemonic: string): Step {
  const none = { falls: true, target: undefined, isCall: false, isConditional: false };
  return { address, length, mnemonic, operands: [], ...none, references: [] };
}

function branchTarget(operands: readonly Operand[], next: bigint): bigint | undefined {
  for (const operand of operands) {
    if (typeof operand === "object" && operand.kind === "relative") {
      return BigInt.asUintN(32, next + BigInt(operand.displacement));
    }
  }
  return undefined;
}

function references(
  operands: readonly Operand[],
  target: bigint | undefined,
  isCall: boolean,
): CodeReference[] {
  const found: CodeReference[] = [];
  if (target !== undefined) found.push({ to: target, use: isCall ? "call" : "jump" });
  for (const operand of operands) {
    if (typeof operand === "number") {
      if (target === undefined) found.push({ to: unsigned(operand), use: "immediate" });
    } else if (typeof operand === "object" && operand.kind === "memory") {
      // With a base register, a displacement may still be the address of an array.
      found.push({ to: unsigned(operand.disp), use: isAbsolute(operand) ? "memory" : "immediate" });
    }
  }
  return found;
}

export function isAbsolute({ base, index }: Memory): boolean {
  return base === undefined && index === undefined;
}

function unsigned(value: number): bigint {
  return BigInt(value < 0 ? value + WORD : value);
}

/** Whether the step writes control register `number`. */
export function writesControl(step: Step, number: number): boolean {
  if (step.mnemonic !== "mov") return false;
  const [destination] = step.operands;
  return (
    typeof destination === "object" && destination.kind === "creg" && destination.number === number
  );
}

/** `test …, 3` (or `and`): the privilege level of a saved CS. */
export function testsPrivilege(step: Step): boolean {
  if (step.mnemonic !== "test" && step.mnemonic !== "and") return false;
  return step.operands[1] === 3;
}
