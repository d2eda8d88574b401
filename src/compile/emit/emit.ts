// Emits a function's machine code through the assembler: prologue, blocks, epilogues, lines.
//
// Blocks that only jump are skipped over, parallel moves are put in order, slots become distances
// from ESP, and each step of the frame is recorded for unwinding.

import type { Place } from "../../base/diagnostic";
import type { Assembler } from "../../i686/assembler";
import { negated } from "../../i686/instructions/condition";
import type { Mnemonic } from "../../i686/instructions/table";
import type { Label, Operand } from "../../i686/operand";
import { mem, mem8, mem16, mem32, mem64, mem128, symbol } from "../../i686/operand";
import {
  controlRegisters,
  ebp,
  ebx,
  edi,
  esi,
  esp,
  registers8,
  registers16,
  registers32,
  registersXmm,
} from "../../i686/registers";
import type { Marks } from "../../i686/section-builder";
import { isFloatZero } from "../ir/float-constants";
import type {
  MachineBlock,
  MachineFunction,
  MachineInstruction,
  MachineOperand,
  MemoryOperand,
  RegisterOperand,
} from "../machine/machine";
import {
  EBP,
  EBX,
  EDI,
  ESI,
  ESP,
  isXmmOperand,
  isZero,
  memory,
  NONE,
  register,
  XMM0,
} from "../machine/machine";
import type { OrderedMove } from "../machine/parallel-moves";
import { isThroughMemory, orderMoves } from "../machine/parallel-moves";
import { Frame } from "./frame";
import { joinRuns } from "./layout";
import { loopSpans } from "./loop-spans";
import { sideline } from "./sideline";
import type { CodeTrace } from "./trace";

export interface EmitOptions {
  /** Registers that the function changes. */
  readonly usedRegisters: ReadonlySet<number>;
  /** A register that holds nothing at `instruction`, if there is one. */
  readonly scratchAt: (instruction: MachineInstruction) => number | undefined;
  /** Whether the function begins where its innermost loops are in few lines of the cache. */
  readonly fitsLines?: boolean;
  /** Whether what loops rarely do stands behind all else. */
  readonly sidelines?: boolean;
  /** Whether a call right before a return becomes a jump: then its caller is in no backtrace. */
  readonly tailCalls?: boolean;
  /** A word that stands before the function's code. */
  readonly prefix?: number | undefined;
  /** The source of a byte of the module, for the line table. */
  readonly lineAt: (position: number) => Place | undefined;
  /** Where the function is declared; absent: not known. */
  readonly declaredAt?: Place | undefined;
  /** Told of each instruction, in the order of the code. */
  readonly trace?: CodeTrace | undefined;
}

const MEMORY = { 8: mem8, 16: mem16, 32: mem32, 64: mem64, 128: mem128 } as const;
const SAVED = { [EBX]: ebx, [ESI]: esi, [EDI]: edi, [EBP]: ebp } as const;
const CODE_ALIGN = 4;

/** Appends `fn` to the object as section `.text.<name>` and its jump tables as `.rodata.<name>`. */
export function emit(assembler: Assembler, fn: MachineFunction, options: EmitOptions): void {
  new Emitter(assembler, fn, options).run();
}

class Emitter {
  private readonly frame: Frame;
  /** Where a jump to a block that does nothing but jump ends; others are not in it. */
  private readonly targets = new Map<MachineBlock, MachineBlock>();
  private readonly labels = new Map<MachineBlock, Label>();
  private readonly order: MachineBlock[];

  constructor(
    private readonly a: Assembler,
    private readonly fn: MachineFunction,
    private readonly options: EmitOptions,
  ) {
    this.frame = new Frame(fn, options.usedRegisters);
    for (const block of fn.blocks) if (isOnlyJump(block)) this.targets.set(block, endOf(block));
    const kept = fn.blocks.filter((block, i) => i === 0 || this.finalTarget(block) === block);
    const successorsOf = (block: MachineBlock) => {
      return block.successors.map((next) => this.finalTarget(next));
    };
    const joined = joinRuns(kept, successorsOf);
    this.order = options.sidelines ? sideline(joined, successorsOf) : joined;
    for (const block of this.order) this.labels.set(block, a.newLabel(`${fn.name}.b${block.id}`));
  }

  run(): void {
    const { a, fn } = this;
    a.section(`.text.${fn.name}`, { execute: true });
    a.align(CODE_ALIGN);
    if (this.options.prefix !== undefined) a.long(this.options.prefix);
    a.function(fn.name, () => {
      this.options.trace?.begin(a.marks(), this.frame);
      this.firstLine();
      this.prologue();
      const starts = a.marks();
      for (const [i, block] of this.order.entries()) {
        starts.add();
        this.block(block, this.order[i + 1]);
      }
      starts.add();
      if (this.options.fitsLines) this.fitLines(starts);
      this.options.trace?.end();
    });
    if (fn.jumpTables.length > 0) this.jumpTables();
  }

  /** `starts`: of each block, and the end of the last. */
  private fitLines(starts: Marks): void {
    const spans = loopSpans(this.order).map(({ first, end, weight }) => {
      return { start: starts.position(first), end: starts.position(end), weight };
    });
    this.a.fitLines(spans);
  }

  /** The prologue belongs to the declaration, else to the first line that has code. */
  private firstLine(): void {
    const { declaredAt } = this.options;
    if (declaredAt?.line !== undefined) {
      this.a.line(declaredAt.file, declaredAt.line, declaredAt.column);
      return;
    }
    for (const { instructions } of this.order) {
      for (const { position } of instructions) {
        if (this.line(position)) return;
      }
    }
  }

  /** Records where the code from here on comes from; false if that is not known. */
  private line(position: number): boolean {
    const place = this.options.lineAt(position);
    if (place?.line === undefined) return false;
    this.a.line(place.file, place.line, place.column);
    return true;
  }

  private jumpTables(): void {
    const { a, fn } = this;
    a.section(`.rodata.${fn.name}`, {});
    for (const { symbol: name, targets } of fn.jumpTables) {
      a.align(4);
      a.local(name, "object");
      a.long(...targets.map((target) => this.labelOf(target)));
    }
  }

  // --- blocks ---

  private finalTarget(block: MachineBlock): MachineBlock {
    return this.targets.get(block) ?? block;
  }

  private labelOf(block: MachineBlock): Label {
    const label = this.labels.get(this.finalTarget(block));
    if (!label) throw new Error(`${this.fn.name}: b${block.id} was not emitted`);
    return label;
  }

  private block(block: MachineBlock, next: MachineBlock | undefined): void {
    const { a } = this;
    a.label(this.labels.get(block)!);
    this.options.trace?.block(block);
    const mayJump = this.options.tailCalls === true && this.fn.outgoingWords === 0;
    const tailCall = mayJump ? findTailCall(block) : undefined;
    for (const instruction of block.instructions) {
      this.line(instruction.position);
      this.options.trace?.instruction();
      if (instruction === tailCall) {
        this.epilogue(next !== undefined, instruction.operands[0]);
        return;
      }
      this.instruction(block, instruction, next);
    }
  }

  private instruction(
    block: MachineBlock,
    instruction: MachineInstruction,
    next: MachineBlock | undefined,
  ): void {
    const { a } = this;
    switch (instruction.mnemonic) {
      case "moves":
        for (const move of orderMoves(instruction.operands)) this.move(instruction, move);
        return;
      case "jump":
        this.jumpTo(block.successors[0]!, next);
        return;
      case "branch":
        this.branch(block, instruction, next);
        return;
      case "ret":
        this.epilogue(next !== undefined);
        return;
      default:
        a.instruction(
          instruction.mnemonic,
          instruction.operands.map((operand) => this.operand(operand)),
        );
    }
  }

  private jumpTo(target: MachineBlock, next: MachineBlock | undefined): void {
    if (this.finalTarget(target) !== next) this.a.instruction("jmp", [this.labelOf(target)]);
  }

  private branch(
    block: MachineBlock,
    { condition }: MachineInstruction,
    next: MachineBlock | undefined,
  ): void {
    const [yes, no] = block.successors as [MachineBlock, MachineBlock];
    if (!condition) throw new Error(`${this.fn.name}: a branch has no condition`);
    if (this.finalTarget(yes) === this.finalTarget(no)) {
      this.jumpTo(no, next);
      return;
    }
    const isYesNext = this.finalTarget(yes) === next;
    const taken = isYesNext ? no : yes;
    this.a.instruction(`j${isYesNext ? negated(condition) : condition}`, [this.labelOf(taken)]);
    if (!isYesNext) this.jumpTo(no, next);
  }

  // --- moves ---

  private move(at: MachineInstruction, move: OrderedMove): void {
    if (isThroughMemory(move)) this.moveMemory(at, move);
    else if (isXmmOperand(move.to) || isXmmOperand(move.from)) this.moveFloat(move);
    else if (move.kind === "exchange") this.emit("xchg", move.to, move.from);
    else if (isZeroing(move)) this.emit("xor", move.to, move.to);
    else this.emit("mov", move.to, move.from);
  }

  private moveMemory(at: MachineInstruction, { kind, to, from }: OrderedMove): void {
    const scratch = this.options.scratchAt(at);
    const target = wordsOf(to);
    const source = wordsOf(from);
    if (scratch !== undefined && kind === "move") {
      for (const [i, word] of source.entries()) {
        this.emit("mov", register(scratch), word);
        this.emit("mov", target[i]!, register(scratch));
      }
      return;
    }
    const both = kind === "exchange" ? [...source, ...target] : source;
    for (const [depth, word] of [...both].reverse().entries()) this.push(word, depth);
    const popped = kind === "exchange" ? [...target, ...source] : target;
    for (const [i, word] of popped.entries()) this.pop(word, popped.length - 1 - i);
  }

  /** A move from or to an XMM register. */
  private moveFloat({ kind, to, from }: OrderedMove): void {
    const isToMemory = to.kind === "memory";
    const place = isToMemory ? to : from;
    if (place.kind !== "memory") {
      if (kind === "move") this.emit("movaps", to, from);
      else
        for (const [a, b] of [
          [to, from],
          [from, to],
          [to, from],
        ])
          this.emit("xorps", a!, b!);
      return;
    }
    const mnemonic = place.size === 64 ? "movsd" : "movss";
    const isZero = place.symbol !== undefined && isFloatZero(place.symbol);
    if (kind === "move" && isZero) this.emit("xorps", to, to);
    else if (kind === "move") this.emit(mnemonic, to, from);
    else this.exchangeFloat(mnemonic, isToMemory ? from : to, place);
  }

  /** Exchanges an XMM register and memory over the stack. */
  private exchangeFloat(
    mnemonic: "movss" | "movsd",
    xmm: MachineOperand,
    place: MemoryOperand,
  ): void {
    const words = wordsOf(place).reverse();
    for (const [depth, word] of words.entries()) this.push(word, depth);
    this.a.instruction(mnemonic, [this.operand(place, words.length), this.operand(xmm)]);
    const top = memory({ base: ESP }, place.size);
    this.emit(mnemonic, xmm, top);
    this.emit(
      "lea",
      register(ESP),
      memory({ base: ESP, displacement: 4 * words.length }, undefined),
    );
    this.frameStep(0);
  }

  /** Pushes an operand when `depth` words are on the stack above the frame. */
  private push(operand: MachineOperand, depth: number): void {
    this.a.instruction("push", [this.operand(operand, depth)]);
    this.frameStep(depth + 1);
  }

  /** Pops to an operand; its address counts from ESP after the pop, `depth` words remain. */
  private pop(operand: MachineOperand, depth: number): void {
    this.a.instruction("pop", [this.operand(operand, depth)]);
    this.frameStep(depth);
  }

  private frameStep(extraWords: number): void {
    const { saved } = this.frame;
    const offset = this.frame.cfaOffset(saved.length, true) + 4 * extraWords;
    this.a.frame(offset, this.frame.savedAt(saved.length));
  }

  private emit(mnemonic: Mnemonic, ...operands: MachineOperand[]): void {
    this.a.instruction(
      mnemonic,
      operands.map((operand) => this.operand(operand)),
    );
  }

  // --- frame ---

  private prologue(): void {
    const { a, frame } = this;
    // Also said of a function that pushes nothing: without a word it could not be unwound.
    a.frame(frame.cfaOffset(0, false));
    for (const [i, number] of frame.saved.entries()) {
      a.push(SAVED[number as keyof typeof SAVED]);
      a.frame(frame.cfaOffset(i + 1, false), frame.savedAt(i + 1));
    }
    if (frame.size > 0) {
      a.sub(esp, frame.size);
      this.frameStep(0);
    }
  }

  /**
   * Leaves the function.
   *
   * @param target where to jump, instead of returning
   * @param continues whether more code of the function follows
   */
  private epilogue(continues: boolean, target?: MachineOperand): void {
    const { a, frame } = this;
    const { saved } = frame;
    if (frame.size > 0) {
      a.add(esp, frame.size);
      a.frame(frame.cfaOffset(saved.length, false), frame.savedAt(saved.length));
    }
    for (let i = saved.length - 1; i >= 0; i--) {
      a.pop(SAVED[saved[i] as keyof typeof SAVED]);
      a.frame(frame.cfaOffset(i, false), frame.savedAt(i));
    }
    if (target) a.instruction("jmp", [this.operand(target)]);
    else a.ret();
    if (continues && (frame.size > 0 || saved.length > 0)) this.frameStep(0);
  }

  // --- operands ---

  private operand(operand: MachineOperand, depth = 0): Operand {
    switch (operand.kind) {
      case "register":
        return registerOperand(operand);
      case "immediate":
        return operand.symbol === undefined ? operand.value : symbol(operand.symbol, operand.value);
      case "control":
        return controlRegisters[operand.number]!;
      case "memory":
        return this.memory(operand, depth);
    }
  }

  private memory(operand: MemoryOperand, depth: number): Operand {
    const { base, index, scale, displacement, slot, size } = operand;
    const make = size === undefined ? mem : MEMORY[size];
    if (slot) return make({ base: esp, disp: this.frame.offsetOf(slot) + 4 * depth });
    return make({
      base: base === NONE ? undefined : registers32[base]!,
      index: index === NONE ? undefined : registers32[index]!,
      scale,
      disp: displacement,
      symbol: operand.symbol,
    });
  }
}

function registerOperand({ register: number, size }: RegisterOperand): Operand {
  if (size === 128) return registersXmm[number - XMM0]!;
  if (size === 32) return registers32[number]!;
  if (size === 16) return registers16[number]!;
  if (number >= ESP) throw new Error(`register ${number} has no low byte`);
  return registers8[number]!;
}

/**
 * The call that a block ends with, if the callee may as well return to our caller: it finds the
 * stack as our caller left it, and its results are ours. In a function none of whose calls has
 * arguments on the stack.
 */
function findTailCall({ instructions }: MachineBlock): MachineInstruction | undefined {
  if (instructions[instructions.length - 1]?.mnemonic !== "ret") return undefined;
  let at = instructions.length - 2;
  while (at >= 0 && isNoMove(instructions[at]!)) at--;
  const call = instructions[at];
  const [target] = call?.operands ?? [];
  if (call?.mnemonic !== "call" || !target) return undefined;
  // The epilogue comes between: it restores registers, and moves ESP.
  if (target.kind === "immediate") return call;
  const isReachable = target.kind === "memory" && !target.slot && target.base === NONE;
  return isReachable && !isCalleeSaved(target.index) ? call : undefined;
}

function isNoMove({ mnemonic, operands }: MachineInstruction): boolean {
  return mnemonic === "moves" && orderMoves(operands).length === 0;
}

function isCalleeSaved(register: number): boolean {
  return register in SAVED;
}

/** The words of memory, the lowest first, or an immediate as the one word that it is. */
function wordsOf(operand: MachineOperand): MachineOperand[] {
  if (operand.kind !== "memory") return [operand];
  const { slot, displacement } = operand;
  return Array.from({ length: (operand.size ?? 32) / 32 }, (_, i) => ({
    ...operand,
    size: 32,
    displacement: slot ? displacement : displacement + 4 * i,
    slot: slot && { ...slot, index: slot.index + i },
  }));
}

function isZeroing({ to, from }: OrderedMove): boolean {
  return isZero(from) && to.kind === "register";
}

/** Where a jump to `block` ends, past blocks that do nothing but jump. */
function endOf(block: MachineBlock): MachineBlock {
  const passed = new Set<MachineBlock>();
  let target = block;
  while (isOnlyJump(target) && !passed.has(target)) {
    passed.add(target);
    target = target.successors[0]!;
  }
  return target;
}

function isOnlyJump(block: MachineBlock): boolean {
  return block.instructions.every((each) => each.mnemonic === "jump" || isNoMove(each));
}
