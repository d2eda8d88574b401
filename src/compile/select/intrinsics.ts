// The instructions that are imports of module `x86` (src/abi/x86.ts), inline.
//
// Each is one entry of the table below: where its operands go, the instruction, where its result
// is. Selection keeps them in order and never folds anything over them; an access of `load8` and
// the like to memory happens exactly once.
//
// An entry states how many words the instruction takes and returns; the compiler refuses a
// declaration that differs.

import type { Mnemonic } from "../../x86/instructions/table";
import type { MachineOperand, Size } from "../code/code";
import { immediate, memory, register } from "../code/code";
import type { Value } from "../ir/ir";
import { isConst } from "../ir/ir";
import { linearMemoryAt } from "./address";
import { takeResults } from "./arithmetic";
import { ACCUMULATOR, BASE, COUNTER, DATA, SYSTEM_CALL } from "./fixed-registers";
import { lowBits } from "./operand";
import type { Selection } from "./selection";

export interface Intrinsic {
  /** Words of operands and results. */
  readonly parameters: number;
  readonly results: 0 | 1 | 2;
  readonly select: (selection: Selection, value: Value) => void;
}

/** The instruction, without operands or result. */
function plain(...mnemonics: Mnemonic[]): Intrinsic {
  const select = (selection: Selection): void => {
    for (const mnemonic of mnemonics) selection.emit(mnemonic);
  };
  return { parameters: 0, results: 0, select };
}

/** A port below 256 may be part of the instruction, any other is in the data register. */
function portOperand(port: Value): MachineOperand {
  const isShort = isConst(port) && port.immediate >= 0 && port.immediate < 256;
  return isShort ? immediate(port.immediate) : register(DATA, 16);
}

function input(size: Size): Intrinsic {
  const select = (selection: Selection, value: Value): void => {
    const [port] = value.args as [Value];
    const from = portOperand(port);
    if (from.kind === "register") selection.move(DATA, selection.orImmediate(port));
    selection.emit("in", register(ACCUMULATOR, size), from);
    if (!selection.isRequested(value)) return;
    const result = register(selection.registerOf(value));
    selection.emit(size === 32 ? "mov" : "movzx", result, register(ACCUMULATOR, size));
  };
  return { parameters: 1, results: 1, select };
}

function output(size: Size): Intrinsic {
  const select = (selection: Selection, value: Value): void => {
    const [port, data] = value.args as [Value, Value];
    const to = portOperand(port);
    const moves = [register(ACCUMULATOR), selection.orImmediate(data)];
    if (to.kind === "register") moves.push(register(DATA), selection.orImmediate(port));
    selection.moves(moves);
    selection.emit("out", to, register(ACCUMULATOR, size));
  };
  return { parameters: 2, results: 0, select };
}

function readControl(number: 0 | 2 | 3 | 4): Intrinsic {
  const select = (selection: Selection, value: Value): void => {
    const target = register(selection.registerOf(value));
    selection.emit("mov", target, { kind: "control", number });
  };
  return { parameters: 0, results: 1, select };
}

function writeControl(number: 0 | 3 | 4): Intrinsic {
  const select = (selection: Selection, value: Value): void => {
    const source = selection.inRegister(value.args[0]!);
    selection.emit("mov", { kind: "control", number }, source);
  };
  return { parameters: 1, results: 0, select };
}

/** An instruction with the memory at its only argument as operand. */
function onMemory(mnemonic: Mnemonic, size: Size | undefined): Intrinsic {
  const select = (selection: Selection, value: Value): void => {
    selection.emit(mnemonic, linearMemoryAt(selection, value.args[0]!, size));
  };
  return { parameters: 1, results: 0, select };
}

/** The 16 bits of a selector, from the memory at the only argument or to it. */
function segmentRegister(name: "fs" | "gs", access: "load" | "store"): Intrinsic {
  const select = (selection: Selection, value: Value): void => {
    const place = linearMemoryAt(selection, value.args[0]!, 16);
    const selector = { kind: "segment", name } as const;
    const operands = access === "load" ? [selector, place] : [place, selector];
    selection.emit("mov", ...operands);
  };
  return { parameters: 1, results: 0, select };
}

function volatileLoad(size: Size): Intrinsic {
  const select = (selection: Selection, value: Value): void => {
    const from = linearMemoryAt(selection, value.args[0]!, size);
    selection.emit(size === 32 ? "mov" : "movzx", register(selection.registerOf(value)), from);
  };
  return { parameters: 1, results: 1, select };
}

function volatileStore(size: Size): Intrinsic {
  const select = (selection: Selection, value: Value): void => {
    const [address, data] = value.args as [Value, Value];
    const source = isConst(data)
      ? immediate(lowBits(data.immediate, size))
      : selection.inRegister(data, size);
    selection.emit("mov", linearMemoryAt(selection, address, size), source);
  };
  return { parameters: 2, results: 0, select };
}

/** An instruction whose operands and results are in fixed registers. */
function fixed(
  mnemonic: Mnemonic,
  inputs: readonly number[],
  results: 0 | 1 | 2,
  operands: MachineOperand[] = [],
): Intrinsic {
  const select = (selection: Selection, value: Value): void => {
    selection.moves(
      value.args.flatMap((argument, i) => [register(inputs[i]!), selection.orImmediate(argument)]),
    );
    const outputs = results === 0 ? [] : [ACCUMULATOR];
    selection.push(mnemonic, operands, inputs, outputs);
    if (results > 0) takeResults(selection, value);
  };
  return { parameters: inputs.length, results, select };
}

function selectCpuid(selection: Selection, value: Value): void {
  const [leaf, subleaf, out] = value.args as [Value, Value, Value];
  const base = selection.copy(out);
  selection.moves([
    register(ACCUMULATOR),
    selection.orImmediate(leaf),
    register(COUNTER),
    selection.orImmediate(subleaf),
  ]);
  selection.emit("cpuid");
  // With few registers, none may be left for the address before the results have left theirs.
  const results = [ACCUMULATOR, BASE, COUNTER, DATA].map((from) => [
    selection.machine.newRegister(),
    from,
  ]);
  selection.moves(results.flat().map((each) => register(each)));
  const start = selection.options.memoryBase;
  for (const [i, [from]] of results.entries()) {
    selection.emit("mov", memory({ base, displacement: start + 4 * i }, 32), register(from!));
  }
}

function selectExchange(selection: Selection, value: Value): void {
  const [address, data] = value.args as [Value, Value];
  const result = selection.registerOf(value);
  const target = linearMemoryAt(selection, address, 32);
  selection.move(result, selection.orImmediate(data));
  selection.emit("xchg", target, register(result));
}

function selectCompareExchange(selection: Selection, value: Value): void {
  const [address, expected, data] = value.args as [Value, Value, Value];
  const target = linearMemoryAt(selection, address, 32);
  const source = selection.inRegister(data);
  selection.move(ACCUMULATOR, selection.orImmediate(expected));
  selection.emit("lock cmpxchg", target, source);
  takeResults(selection, value);
}

/** The flags register goes through the stack, so the frame moves by a word for one instruction. */
const readFlags: Intrinsic = {
  parameters: 0,
  results: 1,
  select: (selection, value) => {
    selection.emit("pushf");
    selection.emit("pop", register(selection.registerOf(value)));
  },
};

const writeFlags: Intrinsic = {
  parameters: 1,
  results: 0,
  select: (selection, value) => {
    selection.emit("push", selection.inRegister(value.args[0]!));
    selection.emit("popf");
  },
};

export const INTRINSICS: Readonly<Record<string, Intrinsic>> = {
  inb: input(8),
  inw: input(16),
  inl: input(32),
  outb: output(8),
  outw: output(16),
  outl: output(32),
  cli: plain("cli"),
  sti: plain("sti"),
  hlt: plain("hlt"),
  stihlt: plain("sti", "hlt"),
  pause: plain("pause"),
  readcr0: readControl(0),
  writecr0: writeControl(0),
  readcr2: readControl(2),
  readcr3: readControl(3),
  writecr3: writeControl(3),
  readcr4: readControl(4),
  writecr4: writeControl(4),
  readeflags: readFlags,
  writeeflags: writeFlags,
  readesp: {
    parameters: 0,
    results: 1,
    select: (selection, value) => {
      const target = register(selection.registerOf(value));
      selection.emit(
        "lea",
        target,
        memory({ base: selection.machine.target.registers.stackPointer }, undefined),
      );
    },
  },
  loadfs: segmentRegister("fs", "load"),
  loadgs: segmentRegister("gs", "load"),
  storefs: segmentRegister("fs", "store"),
  storegs: segmentRegister("gs", "store"),
  lgdt: onMemory("lgdt", undefined),
  lidt: onMemory("lidt", undefined),
  ltr: {
    parameters: 1,
    results: 0,
    select: (selection, value) => {
      selection.emit("ltr", selection.inRegister(value.args[0]!, 16));
    },
  },
  invlpg: onMemory("invlpg", 8),
  fxsave: onMemory("fxsave", undefined),
  fxrstor: onMemory("fxrstor", undefined),
  fninit: plain("fninit"),
  cpuid: { parameters: 3, results: 0, select: selectCpuid },
  rdtsc: fixed("rdtsc", [], 2),
  rdmsr: fixed("rdmsr", [COUNTER], 2),
  wrmsr: fixed("wrmsr", [COUNTER, ACCUMULATOR, DATA], 0),
  load8: volatileLoad(8),
  load16: volatileLoad(16),
  load32: volatileLoad(32),
  store8: volatileStore(8),
  store16: volatileStore(16),
  store32: volatileStore(32),
  xchg32: { parameters: 2, results: 1, select: selectExchange },
  cmpxchg32: { parameters: 3, results: 1, select: selectCompareExchange },
  int80: fixed("int", SYSTEM_CALL, 1, [immediate(0x80)]),
};

/** Selects a call of an intrinsic; module-linkage.ts admits only names of the table. */
export function selectIntrinsic(selection: Selection, value: Value): void {
  const intrinsic = INTRINSICS[value.name];
  if (!intrinsic) throw new Error(`there is no instruction x86.${value.name}`);
  intrinsic.select(selection, value);
}
