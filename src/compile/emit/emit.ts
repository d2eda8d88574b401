// Emits a function's machine code through the assembler: prologue, blocks, epilogues, lines.
//
// Here are the blocks: the jumps between them, past those that only jump (skipped-blocks.ts), and
// the lines that they come from. Instructions are encoded as they stand, except for the frame
// (frame-code.ts) and parallel moves (moves.ts).

import type { Place } from "../../base/diagnostic";
import type { Assembler } from "../../x86/assembler";
import { negated } from "../../x86/instructions/condition";
import type { Label } from "../../x86/operand";
import type { Marks } from "../../x86/section-builder";
import type { MachineBlock, MachineFunction, MachineInstruction } from "../code/code";
import { isNoMove } from "../code/parallel-moves";
import { movesError } from "../code-passes/merge-returns";
import { bareBlocks, opensFrame } from "../code-passes/shrink-wrap";
import { type KeptBlocks, keptBlocks } from "../code-passes/skipped-blocks";
import { trapKind } from "../ir/trap";
import type { Landing, UnwoundFunction } from "../runtime/unwind";
import { AccessPlaces } from "./access-places";
import { Frame, frameOf } from "./frame";
import { closeFrame, dropPushed, noteOpen, openFrame, pushWord } from "./frame-code";
import { loopSpans } from "./loop-spans";
import { MoveEmitter, type ScratchAt } from "./moves";
import { encodeOperand } from "./operand";
import type { CodeTrace } from "./trace";
import { emitName, nameSymbol, TrapCode } from "./trap-code";

export interface EmitOptions {
  /** Registers that the function changes. */
  readonly usedRegisters: ReadonlySet<number>;
  readonly scratchAt: ScratchAt;
  /** Whether the function begins where its innermost loops are in few lines of the cache. */
  readonly fitsCacheLines?: boolean;
  /** Whether code is to be small: it begins at any byte, and returns errors in few. */
  readonly isSmall?: boolean;
  /** A word that stands before the function's code. */
  readonly prefix?: number | undefined;
  /** The source of a byte of the module, for the line table. */
  readonly lineAt: (position: number) => Place | undefined;
  /** Where the function is declared; absent: not known. */
  readonly declaredAt?: Place | undefined;
  /** Whether traps are calls of TRAP_ROUTINE. */
  readonly callsTraps?: boolean;
  /** Told of each instruction, in the order of the code. */
  readonly trace?: CodeTrace | undefined;
}

const CODE_ALIGN = 4;

/** Appends `fn` to the object as section `.text.<name>` and its tables as `.rodata.<name>`. */
export function emit(
  assembler: Assembler,
  fn: MachineFunction,
  options: EmitOptions,
): UnwoundFunction {
  const emitter = new Emitter(assembler, fn, options);
  emitter.run();
  return emitter.unwound;
}

class Emitter {
  readonly #a: Assembler;
  readonly #fn: MachineFunction;
  readonly #options: EmitOptions;
  readonly #frame: Frame;
  /** Before the frame is open. */
  readonly #bare: Frame;
  readonly #bareBlocks: ReadonlySet<MachineBlock>;
  readonly #moves: MoveEmitter;
  readonly #bareMoves: MoveEmitter;
  readonly #blocks: KeptBlocks;
  readonly #end: Label;
  readonly #traps: TrapCode;
  readonly #accesses: AccessPlaces;
  readonly #labels = new Map<MachineBlock, Label>();
  readonly #landings: Landing[] = [];

  /** What is on the stack in the block at hand. */
  #current: Frame;

  /** What the unwinder was told to be there. */
  #noted: Frame;

  /** Where the last call of the block returns to, if it may throw. */
  #returned: Label | undefined;

  constructor(a: Assembler, fn: MachineFunction, options: EmitOptions) {
    this.#a = a;
    this.#fn = fn;
    this.#options = options;
    this.#frame = frameOf(fn, options.usedRegisters);
    this.#bare = new Frame(fn.target);
    this.#bareBlocks = bareBlocks(fn);
    this.#current = this.#frame;
    this.#noted = this.#bare;
    this.#moves = new MoveEmitter(a, this.#frame, options.scratchAt);
    this.#bareMoves = new MoveEmitter(a, this.#bare, (moves) => this.#callerSavedAt(moves));
    this.#blocks = keptBlocks(fn);
    this.#end = a.newLabel(`${fn.name}.end`);
    this.#traps = new TrapCode(a, fn.name, options.callsTraps === true);
    this.#accesses = new AccessPlaces(a);
    for (const block of this.#order) this.#labels.set(block, a.newLabel(`${fn.name}.b${block.id}`));
  }

  get #order(): readonly MachineBlock[] {
    return this.#blocks.kept;
  }

  run(): void {
    const a = this.#a;
    const fn = this.#fn;
    a.section(`.text.${fn.name}`, { execute: true });
    if (!this.#options.isSmall) a.align(CODE_ALIGN);
    if (this.#options.prefix !== undefined) a.long(this.#options.prefix);
    a.function(fn.name, () => {
      this.#options.trace?.begin(a.marks(), this.#frame);
      this.#firstLine();
      if (this.#bareBlocks.size === 0) this.#open();
      else noteOpen(a, this.#bare);
      const starts = a.marks();
      for (const [i, block] of this.#order.entries()) {
        starts.add();
        this.#block(block, this.#order[i + 1]);
      }
      starts.add();
      if (this.#options.fitsCacheLines) this.#fitCacheLines(starts);
      this.#options.trace?.end();
      this.#emitTraps();
      a.label(this.#end);
    });
    if (this.#options.callsTraps) this.#emitPlaces();
    if (fn.jumpTables.length + fn.byteTables.length > 0) this.#tables();
  }

  /** What names the places of traps, in code or by the addresses of accesses. */
  #emitPlaces(): void {
    const { name } = this.#fn;
    if (this.#traps.isEmpty && this.#accesses.isEmpty) return;
    emitName(this.#a, name);
    this.#accesses.emit(nameSymbol(name));
  }

  #emitTraps(): void {
    this.#traps.emit((position, frame) => {
      this.#note(frame);
      this.#line(position);
    });
  }

  #open(): void {
    openFrame(this.#a, this.#frame);
    this.#noted = this.#frame;
  }

  /** Tells the unwinder what is on the stack from here on. */
  #note(frame: Frame): void {
    if (frame.isBare !== this.#noted.isBare) noteOpen(this.#a, frame);
    this.#noted = frame;
  }

  /** A register that holds nothing at `moves`, and that need not be saved. */
  #callerSavedAt(moves: MachineInstruction): number | undefined {
    const found = this.#options.scratchAt(moves);
    const { calleeSaved } = this.#fn.target.convention;
    return found !== undefined && calleeSaved.includes(found) ? undefined : found;
  }

  /** What unwinding needs to know of the function. */
  get unwound(): UnwoundFunction {
    const { saved, size } = this.#frame;
    return { name: this.#fn.name, end: this.#end, size, saved, landings: this.#landings };
  }

  /** `starts`: of each block, and the end of the last. */
  #fitCacheLines(starts: Marks): void {
    const spans = loopSpans(this.#order).map(({ first, end, weight }) => {
      return { start: starts.position(first), end: starts.position(end), weight };
    });
    this.#a.fitCacheLines(spans);
  }

  /** The prologue belongs to the declaration, else to the first line that has code. */
  #firstLine(): void {
    const { declaredAt } = this.#options;
    if (declaredAt?.line !== undefined) {
      this.#a.line(declaredAt.file, declaredAt.line, declaredAt.column);
      return;
    }
    for (const { instructions } of this.#order) {
      for (const { position } of instructions) {
        if (this.#line(position)) return;
      }
    }
  }

  /** Records where the code from here on comes from; false if that is not known. */
  #line(position: number): boolean {
    const place = this.#options.lineAt(position);
    if (place?.line === undefined) return false;
    this.#a.line(place.file, place.line, place.column);
    return true;
  }

  #tables(): void {
    const a = this.#a;
    const fn = this.#fn;
    a.section(`.rodata.${fn.name}`, {});
    for (const { symbol: name, targets } of fn.jumpTables) {
      a.align(4);
      a.local(name, "object");
      a.long(...targets.map((target) => this.#labelOf(target)));
    }
    for (const { symbol: name, bytes } of fn.byteTables) {
      a.local(name, "object");
      a.bytes(bytes);
    }
  }

  // --- blocks ---

  #labelOf(block: MachineBlock): Label {
    const label = this.#labels.get(this.#blocks.finalTarget(block));
    if (!label) throw new Error(`${this.#fn.name}: b${block.id} was not emitted`);
    return label;
  }

  #block(block: MachineBlock, next: MachineBlock | undefined): void {
    const a = this.#a;
    a.label(this.#labels.get(block)!);
    this.#current = this.#bareBlocks.has(block) ? this.#bare : this.#frame;
    this.#note(opensFrame(block) ? this.#bare : this.#current);
    this.#options.trace?.block(block);
    for (const instruction of block.instructions) {
      this.#line(instruction.position);
      this.#options.trace?.instruction();
      this.#instruction(block, instruction, next);
    }
    if (this.#frame.pushed > 0) this.#forgetPushed();
  }

  /** After a call that does not return, whatever follows has nothing to do with its arguments. */
  #forgetPushed(): void {
    this.#frame.pushed = 0;
    noteOpen(this.#a, this.#frame);
  }

  #instruction(
    block: MachineBlock,
    instruction: MachineInstruction,
    next: MachineBlock | undefined,
  ): void {
    const a = this.#a;
    const mayLand = block.instructions.at(-1)?.mnemonic === "may_throw";
    switch (instruction.mnemonic) {
      case "moves":
        this.#movesHere.emit(instruction, this.#options.isSmall === true && endsInError(block));
        return;
      case "open_frame":
        this.#open();
        return;
      case "push_argument":
        pushWord(a, this.#frame, instruction.operands[0]!);
        return;
      case "drop_arguments":
        dropPushed(a, this.#frame);
        return;
      case "jump":
        this.#jumpTo(block.successors[0]!, next);
        return;
      case "may_throw":
        this.#landing(block);
        this.#jumpTo(block.successors[0]!, next);
        return;
      case "branch":
        this.#branch(block, instruction, next);
        return;
      case "ret":
        closeFrame(a, this.#current);
        this.#noted = this.#bare;
        return;
      case "trap_if":
        this.#trapIf(instruction);
        return;
      case "ud1":
      case "ud2":
        this.#trap(instruction);
        return;
      case "tail_call":
        closeFrame(a, this.#current, instruction.operands[0]);
        this.#noted = this.#bare;
        return;
      default:
        if (this.#options.callsTraps) this.#accesses.note(instruction);
        a.instruction(
          instruction.mnemonic === "probe" ? "cmp" : instruction.mnemonic,
          instruction.operands.map((operand) => encodeOperand(operand, this.#current)),
        );
        if (mayLand && instruction.mnemonic === "call") {
          this.#returned = a.newLabel();
          a.label(this.#returned);
        }
    }
  }

  get #movesHere(): MoveEmitter {
    return this.#current === this.#bare ? this.#bareMoves : this.#moves;
  }

  /** Notes where control goes if the last call of a block, which has just been emitted, throws. */
  #landing(block: MachineBlock): void {
    if (!this.#returned) throw new Error(`${this.#fn.name}: b${block.id} has no call`);
    this.#landings.push({ after: this.#returned, pad: this.#labelOf(block.successors[1]!) });
  }

  #trapIf({ condition, operands: [kind], position }: MachineInstruction): void {
    if (!condition || kind?.kind !== "immediate") throw new Error(`${this.#fn.name}: no trap`);
    const site = this.#traps.site(kind.value, position, this.#current);
    this.#a.instruction(`j${condition}`, [site]);
  }

  /** A trap whatever the flags: its own instruction, or a jump to where it is reported. */
  #trap({ mnemonic, operands, position }: MachineInstruction): void {
    const a = this.#a;
    const [, kind] = operands;
    if (this.#options.callsTraps) {
      const number = kind?.kind === "memory" ? kind.displacement : trapKind("unreachable");
      a.instruction("jmp", [this.#traps.site(number, position, this.#current)]);
    } else {
      const encoded = operands.map((operand) => encodeOperand(operand, this.#current));
      a.instruction(mnemonic as "ud1" | "ud2", encoded);
    }
  }

  #jumpTo(target: MachineBlock, next: MachineBlock | undefined): void {
    if (this.#blocks.finalTarget(target) !== next)
      this.#a.instruction("jmp", [this.#labelOf(target)]);
  }

  #branch(
    block: MachineBlock,
    { condition }: MachineInstruction,
    next: MachineBlock | undefined,
  ): void {
    const [yes, no] = block.successors as [MachineBlock, MachineBlock];
    if (!condition) throw new Error(`${this.#fn.name}: a branch has no condition`);
    if (this.#blocks.finalTarget(yes) === this.#blocks.finalTarget(no)) {
      this.#jumpTo(no, next);
      return;
    }
    const isYesNext = this.#blocks.finalTarget(yes) === next;
    const taken = isYesNext ? no : yes;
    this.#a.instruction(`j${isYesNext ? negated(condition) : condition}`, [this.#labelOf(taken)]);
    if (!isYesNext) this.#jumpTo(no, next);
  }
}

/** Whether a block returns an error, so that it hardly runs. */
function endsInError({ instructions, successors: [next] }: MachineBlock): boolean {
  const [last, end] = instructions.slice(-2);
  if (!end || !last || !movesError(last)) return false;
  return end.mnemonic === "ret" || (end.mnemonic === "jump" && isOnlyReturn(next!));
}

function isOnlyReturn({ instructions }: MachineBlock): boolean {
  return instructions.every((each) => each.mnemonic === "ret" || isNoMove(each));
}
