// The passes over machine code (code/code.ts), in order: from selection to what emission encodes.
//
// Each works on one function at a time, as does emission after them. Parts are what a pass or
// emission also does, and can be left out separately.

import type { Allocation, AllocationOptions } from "./allocate/allocate";
import { allocate } from "./allocate/allocate";
import { checkAllocation } from "./allocate/check-allocation";
import { MachineFunction } from "./code/code";
import type { Target } from "./code/target";
import { orderBlocks } from "./code-passes/block-order";
import { duplicateTests } from "./code-passes/duplicate-tests";
import { forwardCopies } from "./code-passes/forward-copies";
import { forwardHomes } from "./code-passes/forward-homes";
import { makeImplicitChecks } from "./code-passes/implicit-checks";
import { joinBlocks } from "./code-passes/join-blocks";
import { mergeReturns } from "./code-passes/merge-returns";
import { removeNeedlessTests } from "./code-passes/needless-tests";
import { peephole } from "./code-passes/peephole";
import { pushArguments } from "./code-passes/push-arguments";
import { reuseConstants } from "./code-passes/reuse-constants";
import { shrinkWrap } from "./code-passes/shrink-wrap";
import { sideline } from "./code-passes/sideline";
import { tabulateStores } from "./code-passes/tabulate-stores";
import { makeTailCalls } from "./code-passes/tail-calls";
import type { IrFunction } from "./ir/ir";
import type { OwnMemory } from "./ir/own-memory";
import type { PassFacts } from "./pass";
import { select } from "./select/select";
import type { Stress } from "./stress";

/** What passes over the code of a module need to know beyond the code. */
export interface CodeSettings {
  /** The machine that the code is for. */
  readonly target: Target;
  /** Whether a part is to be done. */
  readonly has: (part: CodePart) => boolean;
  readonly stress: Stress;
  /** Added to every address of linear memory. */
  readonly memoryBase: number;
  /** The memory that is the module's own, if it has one. */
  readonly ownMemory: OwnMemory | undefined;
  /** Whether a call may become a jump: its caller is in no backtrace then. */
  readonly mayHideCallers: boolean;
  /** Whether the stack pointer may move within a function: its size alone does not unwind it. */
  readonly pushesArguments: boolean;
  /** Whether what hardly runs is to be small, even if it takes a jump more: in a kernel. */
  readonly isSmall: boolean;
  /** How many stores in a row become a table, at least; undefined: none do. */
  readonly leastStores: number | undefined;
}

/** A function on its way from values to the code that emission encodes. */
export class CodeWork {
  readonly settings: CodeSettings;
  readonly #values: IrFunction | undefined;
  #code: MachineFunction | undefined;
  #allocation: Allocation | undefined;
  #symbols: ReadonlySet<string> = new Set();

  /** @param begin the values that `select` takes, or the code that it made of them */
  constructor(begin: IrFunction | MachineFunction, settings: CodeSettings) {
    this.settings = settings;
    if (begin instanceof MachineFunction) this.#code = begin;
    else this.#values = begin;
  }

  get code(): MachineFunction {
    if (!this.#code) throw new Error("no instructions are selected yet");
    return this.#code;
  }

  get allocation(): Allocation {
    if (!this.#allocation) throw new Error(`${this.code.name}: it has no registers yet`);
    return this.#allocation;
  }

  /** What the code refers to, once it has registers: no pass after that adds or drops any. */
  get symbols(): ReadonlySet<string> {
    return this.#symbols;
  }

  select(): void {
    const { has, stress, memoryBase, ownMemory, target } = this.settings;
    if (!this.#values) throw new Error(`${this.code.name}: instructions are selected already`);
    const fewRegisters = stress.fewRegisters === true;
    const memory = { memoryBase, ownMemory };
    this.#code = select(this.#values, { target, folds: has("fold"), fewRegisters, ...memory });
  }

  allocate(): void {
    const { code, settings } = this;
    if (settings.stress.reversedBlocks) reverseBlocks(code);
    this.#allocation = allocate(code, allocationOptions(settings));
    checkAllocation(code, this.#allocation);
    this.#symbols = symbolsIn(code);
  }
}

interface CodePassRow extends PassFacts {
  readonly run: (work: CodeWork) => void;
}

/** A pass that needs nothing but the code. */
function onCode(pass: (fn: MachineFunction) => void): (work: CodeWork) => void {
  return ({ code }) => pass(code);
}

export const CODE_TABLE = {
  select: {
    level: 0,
    what: "instruction selection: values to instructions on virtual registers",
    run: (work) => work.select(),
  },
  "implicit-checks": {
    level: 1,
    what: "implicit bounds checks: no bytes read only to see that they are there",
    run: onCode(makeImplicitChecks),
  },
  "tabulate-stores": {
    level: 2,
    what: "static initialisation: tables of constants for runs of stores, in a kernel",
    run: ({ code, settings: { leastStores } }) => {
      if (leastStores !== undefined) tabulateStores(code, leastStores);
    },
  },
  "duplicate-tests": {
    level: 2,
    what: "loop inversion: tests at the ends of loops instead of jumps to them",
    run: onCode(duplicateTests),
  },
  "block-order": {
    level: 1,
    what: "block placement: loops rotated, traps last",
    run: onCode(orderBlocks),
  },
  allocate: {
    level: 0,
    what: "register allocation by priority: registers, and homes in memory",
    run: (work) => work.allocate(),
  },
  "forward-homes": {
    level: 2,
    what: "store-to-load forwarding in the frame: registers read instead of homes",
    run: onCode(forwardHomes),
  },
  "forward-copies": {
    level: 2,
    what: "copy propagation: operands read where they were copied from",
    run: onCode(forwardCopies),
  },
  "needless-tests": {
    level: 1,
    what: "compare elimination: drops comparisons whose flags are there already",
    run: onCode(removeNeedlessTests),
  },
  peephole: {
    level: 1,
    what: "peephole optimisation: shorter instructions for the same",
    run: onCode(peephole),
  },
  "push-arguments": {
    level: 2,
    what: "arguments pushed for calls that are rare, instead of a frame with room for them",
    run: ({ code, settings }) => {
      if (settings.pushesArguments) pushArguments(code, settings.isSmall);
    },
  },
  "merge-returns": {
    level: 2,
    what: "tail merging (cross-jumping) of returns, errors foremost, in a kernel",
    run: ({ code, settings }) => {
      if (settings.isSmall) mergeReturns(code);
    },
  },
  "join-blocks": {
    level: 0,
    what: "straightening: blocks to where control falls into them",
    run: onCode(joinBlocks),
  },
  sideline: {
    level: 2,
    what: "hot/cold splitting: what loops rarely do to the function's end",
    run: onCode(sideline),
  },
  "reuse-constants": {
    level: 2,
    what: "constant reuse: a constant from a register that holds it, which is shorter",
    run: onCode(reuseConstants),
  },
  "tail-calls": {
    level: 2,
    what: "tail-call elimination: jumps for calls before returns, in programs of TypeScript",
    run: ({ code, settings }) => {
      if (settings.mayHideCallers) makeTailCalls(code);
    },
  },
  "shrink-wrap": {
    level: 2,
    what: "shrink-wrapping: registers saved after early exits, which need none",
    run: onCode(shrinkWrap),
  },
} as const satisfies Record<string, CodePassRow>;

export const CODE_PARTS = {
  fold: {
    level: 1,
    what: "select: operands and addresses inside the instruction that uses them",
  },
  coalesce: { level: 1, what: "allocate: copy coalescing, one register for what is copied" },
  split: {
    level: 2,
    what: "allocate: live-range splitting, a register in some blocks, memory in others",
  },
  "fit-cache-lines": {
    level: 2,
    what: "emission: loop alignment, small loops in few cache lines, but in a kernel",
  },
} as const satisfies Record<string, PassFacts>;

export type CodePass = keyof typeof CODE_TABLE;
export type CodePart = keyof typeof CODE_PARTS;
export const CODE_PASSES = Object.keys(CODE_TABLE) as readonly CodePass[];

function allocationOptions({ has, stress, target }: CodeSettings): AllocationOptions {
  const { allocatable, fewest } = target.registers;
  return {
    registers: stress.fewRegisters ? fewest : allocatable,
    spillsAll: stress.spillsAll === true,
    coalesces: has("coalesce"),
    splits: has("split"),
  };
}

function reverseBlocks(fn: MachineFunction): void {
  const [entry, ...rest] = fn.blocks;
  if (entry) fn.blocks = [entry, ...rest.reverse()];
}

function symbolsIn({ blocks }: MachineFunction): Set<string> {
  const found = new Set<string>();
  for (const { instructions } of blocks) {
    for (const { operands } of instructions) {
      for (const operand of operands) {
        if (operand.kind !== "immediate" && operand.kind !== "memory") continue;
        if (operand.symbol !== undefined) found.add(operand.symbol);
      }
    }
  }
  return found;
}
