// Shrink-wrapping (F. C. Chow, "Minimizing register usage penalty at procedure calls", 1988): opens
// the frame after the early exits of a function, which then save and restore nothing.
//
//   b0: moves ebx eax                    b0: test eax eax; branch e b1 b2
//       test ebx ebx; branch e b1 b2     b1: ret
//   b1: moves eax ebx; ret          ->   b2: open_frame; mov ebx eax
//   b2: call &f; …                           call &f; …
//
// The blocks before the frame is open, the bare ones, are all that control reaches from the entry
// without passing one certain block. They read a copy where it was copied from, and the copy is
// made when the frame is open. Of a return that they share with others they get one of their own,
// if it is short.
//
// Invariants
//   - A bare block calls nothing and touches neither a callee-saved register nor the frame, but for
//     the caller's arguments.
//   - Every path passes at most one `open_frame`. It begins its block, and no flag is live there.
//   - No path has an instruction more than before.

import { liveIntoBlocks } from "../allocate/live";
import { renamed } from "../allocate/spill";
import {
  isWholeRegister,
  MachineBlock,
  type MachineFunction,
  type MachineInstruction,
  type MachineOperand,
  plainInstruction,
} from "../code/code";
import {
  factsOf,
  forEachRead,
  forEachWrite,
  roleOf,
  savedRegisters,
  writesOperand,
} from "../code/instruction-facts";
import { isNoMove, takesScratch } from "../code/parallel-moves";
import { keptBlocks } from "./skipped-blocks";

/** Of a return that bare blocks get for themselves: at most so many instructions. */
const LONGEST_RETURN = 3;

/** What is done only with the frame open: a call, and what belongs to it. */
const CALLING = new Set<string>(["call", "push_argument", "drop_arguments", "may_throw"]);

/** How often a place for the frame is sought. */
const ATTEMPTS = 8;

/** Opens the frame of `fn`, whose registers are physical, as late as its exits allow. */
export function shrinkWrap(fn: MachineFunction): void {
  if (!hasFrame(fn)) return;
  const plan = findPlan(fn);
  if (plan) new Wrapper(fn, plan).run();
}

/** The blocks before the frame is open: none if that happens at the function's entry. */
export function bareBlocks({ blocks }: MachineFunction): ReadonlySet<MachineBlock> {
  const found = new Set<MachineBlock>();
  if (!blocks.some(opensFrame)) return found;
  const work = blocks.slice(0, 1);
  for (let block = work.pop(); block; block = work.pop()) {
    if (found.has(block) || opensFrame(block)) continue;
    found.add(block);
    work.push(...block.successors);
  }
  return found;
}

/** Whether the frame is opened where a block begins. */
export function opensFrame({ instructions }: MachineBlock): boolean {
  return instructions[0]?.mnemonic === "open_frame";
}

/** Whether a function has more on the stack than what its caller put there. */
function hasFrame(fn: MachineFunction): boolean {
  return fn.outgoingWords + fn.localSlots > 0 || savedRegisters(fn).length > 0;
}

/** What a callee-saved register is a copy of, by register. */
type Copies = Map<number, MachineOperand>;

/** A return outside, as the instructions of the bare blocks' own. */
interface Exit {
  readonly of: MachineBlock;
  readonly instructions: readonly MachineInstruction[];
}

interface Plan {
  readonly bare: readonly MachineBlock[];
  readonly copies: Copies;
  readonly exits: ReadonlyMap<MachineBlock, Exit>;
  /** Where control goes with the frame open. */
  readonly first: MachineBlock;
}

function findPlan(fn: MachineFunction): Plan | undefined {
  let barred: MachineBlock | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const region = new Region(fn, barred);
    if (region.blocks.length === 0 || !region.hasExit) return undefined;
    const [first, ...others] = region.targets;
    if (!first) return undefined;
    if (others.length === 0) return flagsAreDeadAt(first) ? { ...region.plan, first } : undefined;
    barred = region.commonDominator();
    if (!barred || barred === fn.blocks[0]) return undefined;
  }
  return undefined;
}

/** The blocks from the entry on that can do without a frame. */
class Region {
  readonly #fn: MachineFunction;
  readonly #barred: MachineBlock | undefined;
  readonly #copies: Copies = new Map();
  readonly #exits = new Map<MachineBlock, Exit>();

  /** Each after all of its predecessors. */
  readonly blocks: MachineBlock[] = [];

  /** The blocks outside to which control goes, without the returns that are copied. */
  readonly targets = new Set<MachineBlock>();
  readonly #members = new Set<MachineBlock>();

  constructor(fn: MachineFunction, barred: MachineBlock | undefined) {
    this.#fn = fn;
    this.#barred = barred;
    this.#grow();
    for (const { successors } of this.blocks) {
      for (const each of successors) if (!this.#members.has(each)) this.#leave(each);
    }
  }

  get plan(): Omit<Plan, "first"> {
    return { bare: this.blocks, copies: this.#copies, exits: this.#exits };
  }

  get hasExit(): boolean {
    return this.#exits.size > 0 || this.blocks.some(({ instructions }) => leaves(instructions));
  }

  #grow(): void {
    const [entry] = this.#fn.blocks;
    if (!entry || entry.predecessors.length > 0) return;
    const waiting = new Map<MachineBlock, number>();
    const add = (block: MachineBlock) => {
      if (block === this.#barred || !this.#canBeBare(block)) return;
      this.blocks.push(block);
      this.#members.add(block);
    };
    add(entry);
    for (let i = 0; i < this.blocks.length; i++) {
      for (const each of this.blocks[i]!.successors) {
        const left = (waiting.get(each) ?? each.predecessors.length) - 1;
        waiting.set(each, left);
        if (left === 0) add(each);
      }
    }
  }

  /** Notes a block to which control leaves: as a return to copy, if it is one. */
  #leave(block: MachineBlock): void {
    if (this.#exits.has(block) || this.targets.has(block)) return;
    const instructions = block === this.#barred ? undefined : returnAt(block);
    if (instructions && this.#copiesAfter(instructions, true)) {
      this.#exits.set(block, { of: block, instructions });
    } else {
      this.targets.add(block);
    }
  }

  #canBeBare({ instructions, successors }: MachineBlock): boolean {
    if (successors.length > 0 && !isPlainEnd(instructions.at(-1))) return false;
    const isLast = successors.every((each) => this.#readsNoCopy(returnAt(each)));
    const copies = this.#copiesAfter(instructions, isLast);
    if (!copies) return false;
    for (const [register, from] of copies) this.#copies.set(register, from);
    return true;
  }

  /** Whether these instructions are there and need none of the callee-saved registers. */
  #readsNoCopy(instructions: readonly MachineInstruction[] | undefined): boolean {
    if (!instructions) return false;
    const { calleeSaved } = this.#fn.target.convention;
    let isFree = true;
    for (const each of instructions) {
      forEachRead(each, (register) => {
        isFree &&= !calleeSaved.includes(register);
      });
    }
    return isFree;
  }

  /**
   * The copies that are known after the instructions of a bare block; undefined: it cannot be one.
   *
   * @param isLast whether control leaves the function after them, so that no copy is needed then
   */
  #copiesAfter(instructions: readonly MachineInstruction[], isLast: boolean): Copies | undefined {
    const { calleeSaved } = this.#fn.target.convention;
    const known: Copies = new Map(this.#copies);
    for (const each of instructions) {
      if (needsFrame(each, this.#fn)) return undefined;
      let isBare = true;
      forEachRead(each, (register) => {
        if (calleeSaved.includes(register)) isBare &&= this.#canReplace(each, register, known);
      });
      const made = isBare ? this.#copiesOf(each, known) : undefined;
      if (!made) return undefined;
      forEachWrite(each, (register) => {
        if (!calleeSaved.includes(register)) isBare &&= forget(known, made, register) || isLast;
        else if (known.has(register) || !made.has(register)) isBare = false;
      });
      if (!isBare) return undefined;
      for (const [register, from] of made) known.set(register, from);
    }
    return known;
  }

  /** The callee-saved registers that an instruction makes copies of something that stays. */
  #copiesOf({ mnemonic, operands }: MachineInstruction, known: Copies): Copies | undefined {
    const made: Copies = new Map();
    if (mnemonic !== "mov" && mnemonic !== "moves") return made;
    for (let i = 0; i < operands.length; i += 2) {
      const to = operands[i]!;
      if (!isWholeRegister(to)) continue;
      if (!this.#fn.target.convention.calleeSaved.includes(to.register)) continue;
      const from = sourceOf(operands[i + 1]!, known);
      if (!from || made.has(to.register)) return undefined;
      made.set(to.register, from);
    }
    return made;
  }

  /** Whether an instruction can read what `register` is a copy of instead. */
  #canReplace(instruction: MachineInstruction, register: number, known: Copies): boolean {
    const from = known.get(register);
    const facts = factsOf(instruction);
    if (!from || facts.reads.includes(register) || instruction.reads.includes(register)) {
      return false;
    }
    if (from.kind !== "register") {
      // What is in memory, or constant, can be moved from there, but it is nobody's address.
      return isMove(instruction) && !instruction.operands.some((each) => addresses(each, register));
    }
    const hasLowByte = this.#fn.target.registers.withLowByte.has(from.register);
    return instruction.operands.every((operand, i) => {
      if (operand.kind !== "register" || operand.register !== register) return true;
      const isRead = roleOf(instruction, i) === "read" && !facts.isFixed[i];
      return isRead && (operand.size !== 8 || hasLowByte);
    });
  }

  /** The last of the blocks through which every way out goes, of those that become code. */
  commonDominator(): MachineBlock | undefined {
    const rank = new Map(this.blocks.map((block, at) => [block, at]));
    const parents: number[] = [];
    const common = (a: number, b: number): number => {
      while (a !== b) {
        if (a > b) a = parents[a]!;
        else b = parents[b]!;
      }
      return a;
    };
    for (const [at, { predecessors }] of this.blocks.entries()) {
      parents[at] = at === 0 ? 0 : predecessors.map((each) => rank.get(each)!).reduce(common);
    }
    const leaving = this.blocks.filter(({ successors }) =>
      successors.some((each) => this.targets.has(each)),
    );
    let found = leaving.map((block) => rank.get(block)!).reduce(common);
    const { skipped } = keptBlocks(this.#fn);
    while (found > 0 && skipped.includes(this.blocks[found]!)) found = parents[found]!;
    return this.blocks[found];
  }
}

/** Forgets the copies of what is written now; false if there are some. */
function forget(known: Copies, made: Copies, written: number): boolean {
  let isKept = true;
  for (const copies of [known, made]) {
    for (const [register, from] of copies) {
      if (from.kind !== "register" || from.register !== written) continue;
      copies.delete(register);
      isKept = false;
    }
  }
  return isKept;
}

/** What a copy is made of, if that stays: an argument or another register, or a constant. */
function sourceOf(from: MachineOperand, known: Copies): MachineOperand | undefined {
  if (from.kind === "immediate") return from;
  if (from.kind === "memory") return from.slot?.kind === "incoming" ? from : undefined;
  if (!isWholeRegister(from)) return undefined;
  return known.get(from.register) ?? from;
}

function isMove({ mnemonic, operands }: MachineInstruction): boolean {
  return mnemonic === "moves" || (mnemonic === "mov" && isWholeRegister(operands[0]));
}

/** Whether an operand is in memory, at an address that a register takes part in. */
function addresses(operand: MachineOperand, register: number): boolean {
  if (operand.kind !== "memory") return false;
  return operand.base === register || operand.index === register;
}

/** Whether an instruction calls, or touches the frame. */
function needsFrame(instruction: MachineInstruction, fn: MachineFunction): boolean {
  const { mnemonic, operands } = instruction;
  if (CALLING.has(mnemonic) || takesScratch(instruction)) return true;
  const { stackPointer } = fn.target.registers;
  return operands.some((operand, i) => {
    if (operand.kind !== "memory") return false;
    if (operand.slot?.kind === "incoming") return writesOperand(instruction, i);
    return operand.slot !== undefined || operand.base === stackPointer;
  });
}

/** Whether instructions end with going back to the caller, or to another function. */
function leaves(instructions: readonly MachineInstruction[]): boolean {
  const last = instructions.at(-1)?.mnemonic;
  return last === "ret" || last === "tail_call";
}

function isPlainEnd(last: MachineInstruction | undefined): boolean {
  return last?.mnemonic === "jump" || last?.mnemonic === "branch";
}

/** The moves and the `ret` that a block ends in, through jumps; undefined: it does more. */
function returnAt(block: MachineBlock): MachineInstruction[] | undefined {
  const found: MachineInstruction[] = [];
  for (let at: MachineBlock | undefined = block, length = 0; at; at = at.successors[0]) {
    for (const each of at.instructions) {
      if (each.mnemonic === "jump") continue;
      found.push(each);
      if (!isNoMove(each)) length++;
      if (length > LONGEST_RETURN) return undefined;
      if (each.mnemonic === "ret") return found;
      if (!isMove(each)) return undefined;
    }
    if (at.successors.length > 1 || ++length > LONGEST_RETURN) return undefined;
  }
  return undefined;
}

/** Whether no flag that is set before a block is read in it or after it. */
function flagsAreDeadAt(block: MachineBlock): boolean {
  for (let at = block, length = 0; length < 4; length++) {
    for (const instruction of at.instructions) {
      const { readsFlags, changesFlags } = factsOf(instruction);
      if (readsFlags) return false;
      if (changesFlags || instruction.mnemonic === "call") return true;
    }
    if (at.successors.length === 0) return true;
    if (at.successors.length > 1) return false;
    at = at.successors[0]!;
  }
  return false;
}

/** Carries a plan out. */
class Wrapper {
  readonly #fn: MachineFunction;
  readonly #plan: Plan;
  #nextId: number;

  constructor(fn: MachineFunction, plan: Plan) {
    this.#fn = fn;
    this.#plan = plan;
    this.#nextId = 1 + Math.max(...fn.blocks.map(({ id }) => id));
  }

  run(): void {
    const { bare, exits, first } = this.#plan;
    const needed = liveIntoBlocks(this.#fn)(first);
    const opening = this.#opening();
    if (!opening) return;
    const { position } = opening.instructions[0]!;
    const copies = [...this.#plan.copies]
      .filter(([register]) => needed.includes(register))
      .flatMap(([to, from]) => [this.#fn.operandOf(to), from]);
    if (copies.length > 0)
      opening.instructions.unshift(plainInstruction("moves", copies, position));
    opening.instructions.unshift(plainInstruction("open_frame", [], position));
    for (const block of bare) this.#readOriginals(block);
    for (const exit of exits.values()) this.#addReturn(exit);
  }

  /** The block that opens the frame: where only bare ones lead, or a new one before that. */
  #opening(): MachineBlock | undefined {
    const { bare, first } = this.#plan;
    const isBare = (block: MachineBlock) => bare.includes(block);
    if (first.predecessors.every(isBare)) return first;
    const { kept, finalTarget } = keptBlocks(this.#fn);
    const goal = finalTarget(first);
    const leads = (block: MachineBlock) => block.successors.some((each) => leadsTo(each, first));
    const leadsTo = (block: MachineBlock, to: MachineBlock): boolean =>
      block === to || (finalTarget(block) === goal && isBare(block) && leads(block));
    const leaving = kept.filter((block) => isBare(block) && leads(block));
    const before = kept[kept.indexOf(goal) - 1];
    const falling = leaving.find((block) => block === before);
    const jumping = leaving.find(({ successors }) => successors.length === 1);
    const isFree = before && !before.successors.some((each) => finalTarget(each) === goal);
    const place = falling ?? jumping ?? (isFree ? before : undefined);
    if (!place) return undefined;
    const block = this.#newBlock(place);
    block.frequency = Math.min(1, first.frequency);
    const { position } = first.instructions[0]!;
    block.instructions = [plainInstruction("jump", [], position)];
    block.successors = [first];
    for (const each of bare) redirect(each, first, block);
    first.predecessors.push(block);
    return block;
  }

  #newBlock(after: MachineBlock): MachineBlock {
    const block = new MachineBlock(this.#nextId++);
    this.#fn.blocks.splice(this.#fn.blocks.indexOf(after) + 1, 0, block);
    return block;
  }

  /** Lets a bare block read what copies were made of, and drops the copies. */
  #readOriginals(block: MachineBlock): void {
    for (const instruction of block.instructions) {
      readOriginals(instruction, this.#plan.copies);
      dropCopies(instruction, this.#fn);
    }
  }

  /** Gives the bare blocks a return of their own, as near as nothing falls over it. */
  #addReturn({ of, instructions }: Exit): void {
    const { bare, copies } = this.#plan;
    const { kept, finalTarget } = keptBlocks(this.#fn);
    const from = bare.filter(({ successors }) => successors.includes(of));
    let at = Math.max(...from.map((each) => kept.indexOf(each)), 0);
    const isFallen = kept[at + 1] === finalTarget(of);
    const falls = () => kept[at]!.successors.some((each) => finalTarget(each) === kept[at + 1]);
    while (!isFallen && at + 1 < kept.length && falls()) at++;
    const block = this.#newBlock(kept[at]!);
    block.frequency = Math.min(of.frequency, Math.max(...from.map((each) => each.frequency)));
    block.instructions = instructions.map((each) => ({ ...each, operands: [...each.operands] }));
    for (const each of block.instructions) readOriginals(each, copies);
    for (const each of from) redirect(each, of, block);
    this.#removeUnreached(of);
  }

  #removeUnreached(block: MachineBlock): void {
    if (block.predecessors.length > 0) return;
    this.#fn.blocks = this.#fn.blocks.filter((each) => each !== block);
    for (const next of block.successors) {
      next.predecessors = next.predecessors.filter((each) => each !== block);
      this.#removeUnreached(next);
    }
  }
}

/** Has a block go to `to` instead of `from`. */
function redirect(block: MachineBlock, from: MachineBlock, to: MachineBlock): void {
  if (!block.successors.includes(from)) return;
  block.successors = block.successors.map((each) => (each === from ? to : each));
  from.predecessors = from.predecessors.filter((each) => each !== block);
  to.predecessors.push(block);
}

function readOriginals(instruction: MachineInstruction, copies: Copies): void {
  instruction.operands = instruction.operands.map((operand, i) => {
    const isWritten = operand.kind === "register" && roleOf(instruction, i) === "write";
    if (isWritten) return operand;
    const from = operand.kind === "register" ? copies.get(operand.register) : undefined;
    if (from && from.kind !== "register") return from;
    return renamed(operand, (register) => {
      const source = copies.get(register);
      return source?.kind === "register" ? source.register : register;
    });
  });
}

/**
 * Drops what an instruction copies to callee-saved registers. What was copied stays among the
 * original operands, last, by which debug information knows of it.
 */
function dropCopies(instruction: MachineInstruction, { target }: MachineFunction): void {
  const { mnemonic, operands, virtual } = instruction;
  if (mnemonic !== "mov" && mnemonic !== "moves") return;
  const kept: number[] = [];
  const dropped: number[] = [];
  for (let i = 0; i < operands.length; i += 2) {
    const to = operands[i]!;
    const isSaved = to.kind === "register" && target.convention.calleeSaved.includes(to.register);
    (isSaved ? dropped : kept).push(i, i + 1);
  }
  if (dropped.length === 0) return;
  instruction.mnemonic = "moves";
  instruction.operands = kept.map((i) => operands[i]!);
  if (!virtual) return;
  const rest = virtual.slice(operands.length);
  instruction.virtual = [...kept, ...dropped].map((i) => virtual[i]!).concat(rest);
}
