// One instruction, reduced to what proofs about code need: where it may go, what it names, and
// whether it changes the address space. An instruction without a known shape gives undefined, and a
// walk that meets it reports that it proves nothing from there on.

import { type Bits, type MemoryOperand, type Shape, shapeAt } from "./instruction-shape";
import type { FileSection } from "./linked-file";

/** What an address is used for. */
export type Use = "jump" | "call" | "memory" | "immediate";

export interface CodeReference {
  readonly to: bigint;
  readonly use: Use;
}

export interface Step {
  readonly address: bigint;
  readonly length: number;
  /** Execution may continue after it. */
  readonly falls: boolean;
  /** The target of a direct jump or call. */
  readonly target: bigint | undefined;
  readonly isCall: boolean;
  /** A far branch: its target is absolute, wherever it runs. */
  readonly isFar: boolean;
  /** A jump that may not be taken. */
  readonly isConditional: boolean;
  /** JE: taken if the test before it gave zero. */
  readonly isIfZero: boolean;
  /** A jump or call whose target is in a register or in memory. */
  readonly isIndirect: boolean;
  /** Such a branch that also loads CS. */
  readonly isFarIndirect: boolean;
  readonly isReturn: boolean;
  /** A return that leaves CS as it is. */
  readonly isNearReturn: boolean;
  /** STI, INT: what runs next may be an interrupt's handler. */
  readonly letsInterruptsIn: boolean;
  /** The control register that it writes. */
  readonly writesControl: number | undefined;
  /** It loads or stores the GDT's or the IDT's address and size. */
  readonly systemTable: "sgdt" | "sidt" | "lgdt" | "lidt" | undefined;
  /** `test …, 3` (or `and`): the privilege level of a saved CS. */
  readonly testsPrivilege: boolean;
  /** Addresses that it names: targets, memory without a register, and immediates. */
  readonly references: readonly CodeReference[];
}

/** The opcodes that matter, by their map and last byte. */
const OP = {
  test: [0xa8, 0xa9],
  and: [0x24, 0x25],
  group1: [0x80, 0x81, 0x83],
  group3: [0xf6, 0xf7],
  group5: 0xff,
  lea: 0x8d,
  callFar: 0x9a,
  call: 0xe8,
  jump: 0xe9,
  jumpFar: 0xea,
  jumpShort: 0xeb,
  je: [0x74, 0x0f84],
  ret: [0xc2, 0xc3, 0xca, 0xcb, 0xcf],
  retNear: [0xc2, 0xc3],
  /** int, sti. */
  interrupts: [0xcd, 0xfb],
  writeControl: 0x0f22,
  systemGroup: 0x0f01,
  /** ud2, sysret, sysexit. */
  ends: [0x0f0b, 0x0f07, 0x0f35],
} as const;

const INVLPG = 7;
/** What the system group does with memory, by ModR/M's reg. */
const SYSTEM_TABLES = ["sgdt", "sidt", "lgdt", "lidt"] as const;

/** The instruction at `address`, which lies in `section`; undefined if it is not understood. */
export function stepAt(section: FileSection, address: bigint, bits: Bits): Step | undefined {
  const shape = shapeAt(section.bytes, Number(address - section.address), bits);
  if (!shape) return undefined;
  const { opcode, reg, memory, immediate } = shape;
  const group = opcode === OP.group5 ? reg & 7 : -1;
  const next = address + BigInt(shape.length);
  const isFar = opcode === OP.callFar || opcode === OP.jumpFar;
  const isCall = opcode === OP.call || opcode === OP.callFar || group === 2 || group === 3;
  const isIndirect = group >= 2 && group <= 5;
  const isReturn = includes(OP.ret, opcode);
  const isJump = opcode === OP.jump || opcode === OP.jumpShort || opcode === OP.jumpFar;
  const isJumpIndirect = group === 4 || group === 5;
  const target = targetOf(shape, next, isFar, bits);
  const ends = isReturn || isJump || isJumpIndirect || includes(OP.ends, opcode);
  return {
    address,
    length: shape.length,
    falls: !ends,
    target,
    isCall,
    isFar,
    isConditional: target !== undefined && !isCall && !isJump,
    isIfZero: includes(OP.je, opcode),
    isIndirect,
    isFarIndirect: group === 3 || group === 5,
    isReturn,
    isNearReturn: includes(OP.retNear, opcode),
    letsInterruptsIn: includes(OP.interrupts, opcode),
    writesControl: opcode === OP.writeControl ? reg : undefined,
    systemTable: opcode === OP.systemGroup && memory ? SYSTEM_TABLES[reg & 7] : undefined,
    testsPrivilege: immediate === 3n && isTest(opcode, reg),
    references: [
      ...(target === undefined ? [] : [{ to: target, use: isCall ? "call" : "jump" } as const]),
      ...(memory ? referenceOf(memory, next, accesses(shape), bits) : []),
      ...(immediate === undefined || isFar
        ? []
        : [{ to: BigInt.asUintN(bits, immediate), use: "immediate" } as const]),
    ],
  };
}

function includes(opcodes: readonly number[], opcode: number): boolean {
  return opcodes.includes(opcode);
}

function targetOf(shape: Shape, next: bigint, isFar: boolean, bits: Bits): bigint | undefined {
  if (shape.branch !== undefined) return BigInt.asUintN(bits, next + BigInt(shape.branch));
  return isFar ? BigInt.asUintN(32, shape.immediate ?? 0n) : undefined;
}

function isTest(opcode: number, reg: number): boolean {
  if (includes(OP.test, opcode) || includes(OP.and, opcode)) return true;
  const group = reg & 7;
  return (includes(OP.group3, opcode) && group < 2) || (includes(OP.group1, opcode) && group === 4);
}

/** LEA computes an address, INVLPG forgets one: neither accesses it. */
function accesses({ opcode, reg }: Shape): boolean {
  return opcode !== OP.lea && !(opcode === OP.systemGroup && (reg & 7) === INVLPG);
}

function referenceOf(
  memory: MemoryOperand,
  next: bigint,
  accessed: boolean,
  bits: Bits,
): CodeReference[] {
  const { isIndexed, isRelative, displacement, hasSegmentBase } = memory;
  if (hasSegmentBase) return [];
  const to = BigInt.asUintN(bits, isRelative ? next + displacement : displacement);
  // With a register, a displacement may still be the address of an array. What is relative to the
  // instruction is an address for certain.
  const isSure = (accessed && !isIndexed) || isRelative;
  return [{ to, use: isSure ? "memory" : "immediate" }];
}
