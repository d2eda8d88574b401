// Compare elimination: leaves out comparisons with zero of what an earlier instruction computed,
// since its flags tell.
//
//   and eax, 3                     and eax, 3
//   mov ecx, [esi]           ->    mov ecx, [esi]
//   test eax, eax                  je b4
//   je b4
//
// Logical operations leave every flag as `test` does; sums, differences and shifts by constants
// only ZF and SF, which is enough for equality and sign. A comparison that was just made is
// needless as well.
//
// Invariant: nothing between the two changes flags, nor may emission make it do so (a `moves` of
// 0).

import type { Condition } from "../../x86/instructions/condition";
import { CONDITIONS } from "../../x86/instructions/condition";
import type { MachineFunction, MachineInstruction, MachineOperand } from "../code/code";
import { isZero, samePlace } from "../code/code";
import { factsOf, forEachWrite, writesOperand } from "../code/instruction-facts";

const LIKE_TEST: ReadonlySet<string> = new Set(["and", "or", "xor"]);
const LIKE_TEST_FOR_ZERO_AND_SIGN: ReadonlySet<string> = new Set(["add", "sub", "inc", "dec"]);
const SHIFTS: ReadonlySet<string> = new Set(["shl", "shr", "sar"]);
const ZERO_AND_SIGN: ReadonlySet<Condition> = new Set(["e", "ne", "s", "ns"] as const);

/** Removes the needless tests of `fn`, whose registers are physical. */
export function removeNeedlessTests(fn: MachineFunction): void {
  for (const { instructions } of fn.blocks) {
    // From the end: who reads the flags of one is known when those after it are gone.
    for (let at = instructions.length - 1; at >= 0; at--) {
      if (isNeedless(instructions, at)) instructions.splice(at, 1);
    }
  }
}

function isNeedless(instructions: readonly MachineInstruction[], at: number): boolean {
  if (isRepeated(instructions, at)) return true;
  const place = testedPlace(instructions[at]!);
  const source = place && sourceOfFlags(instructions, at, place);
  if (!source) return false;
  if (LIKE_TEST.has(source.mnemonic)) return true;
  const isEnough = LIKE_TEST_FOR_ZERO_AND_SIGN.has(source.mnemonic) || isShift(source);
  return (
    isEnough && conditionsAfter(instructions, at)?.every((each) => ZERO_AND_SIGN.has(each)) === true
  );
}

/** Whether the flags are still those of the same comparison, of registers and constants. */
function isRepeated(instructions: readonly MachineInstruction[], at: number): boolean {
  const { mnemonic, operands } = instructions[at]!;
  if (mnemonic !== "cmp" && mnemonic !== "test") return false;
  if (operands.some(({ kind }) => kind !== "register" && kind !== "immediate")) return false;
  for (let i = at - 1; i >= 0; i--) {
    const before = instructions[i]!;
    if (
      before.mnemonic === mnemonic &&
      operands.every((each, n) => isEqual(each, before.operands[n]))
    )
      return true;
    if (factsOf(before).changesFlags) return false;
    if (operands.some((each) => mayChange(before, each))) return false;
  }
  return false;
}

function isEqual(a: MachineOperand, b: MachineOperand | undefined): boolean {
  if (a.kind === "register") return b?.kind === "register" && samePlace(a, b) && a.size === b.size;
  if (a.kind !== "immediate" || b?.kind !== "immediate") return false;
  return a.value === b.value && a.symbol === b.symbol;
}

/** What an instruction compares with zero, as a whole word. */
function testedPlace({ mnemonic, operands }: MachineInstruction): MachineOperand | undefined {
  const [left, right] = operands;
  if (!left || !right || !isWord(left)) return undefined;
  const isTest = mnemonic === "test" && samePlace(left, right);
  return isTest || (mnemonic === "cmp" && isZero(right)) ? left : undefined;
}

function isWord(operand: MachineOperand): boolean {
  return (operand.kind === "register" || operand.kind === "memory") && operand.size === 32;
}

/** The instruction that computed `place`, if the flags are still from it. */
function sourceOfFlags(
  instructions: readonly MachineInstruction[],
  at: number,
  place: MachineOperand,
): MachineInstruction | undefined {
  for (let i = at - 1; i >= 0; i--) {
    const instruction = instructions[i]!;
    const [target] = instruction.operands;
    const { changesFlags } = factsOf(instruction);
    if (changesFlags)
      return target && isWord(target) && samePlace(target, place) ? instruction : undefined;
    if (mayChange(instruction, place)) return undefined;
  }
  return undefined;
}

function mayChange(instruction: MachineInstruction, place: MachineOperand): boolean {
  const { mnemonic, operands } = instruction;
  if (mnemonic === "moves" && operands.some(isZero)) return true;
  if (mnemonic === "call") return true;
  let changes = operands.some(
    (operand, i) => samePlace(operand, place) && writesOperand(instruction, i),
  );
  forEachWrite(instruction, (register) => {
    changes ||= place.kind === "register" && place.register === register;
  });
  return changes;
}

function isShift({ mnemonic, operands }: MachineInstruction): boolean {
  const [, count] = operands;
  return SHIFTS.has(mnemonic) && count?.kind === "immediate" && (count.value & 31) !== 0;
}

/** The conditions that read the flags after `at`; undefined: something else reads them. */
function conditionsAfter(
  instructions: readonly MachineInstruction[],
  at: number,
): Condition[] | undefined {
  const found: Condition[] = [];
  for (let i = at + 1; i < instructions.length; i++) {
    const instruction = instructions[i]!;
    const facts = factsOf(instruction);
    if (facts.readsFlags) {
      const condition = instruction.condition ?? conditionIn(instruction.mnemonic);
      if (!condition) return undefined;
      found.push(condition);
    }
    if (facts.changesFlags) break;
  }
  return found;
}

function conditionIn(mnemonic: string): Condition | undefined {
  const [, name] = /^(?:set|cmov)(\w+)$/.exec(mnemonic) ?? [];
  return CONDITIONS.find((condition) => condition === name);
}
