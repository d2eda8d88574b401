// The parameters and locals of a function, all along its code: where they certainly are.
//
//   the source's variable --assignment-order.ts--> a local of WebAssembly, where it can be believed
//   --local-history.ts--> a value in SSA form --Selection--> a virtual register
//   --local-places.ts--> a register or a word of the frame, at each instruction
//
// Where any of these does not know, the variable has no place. Most instructions change nothing of
// all this: it is looked up again where the place in the source changed, or what places hold.

import type { WordPlace } from "../../object/debug-info";
import type { LocalFact } from "../assemblyscript/source-facts";
import type { MachineFunction, MachineInstruction } from "../code/code";
import { FIRST_VIRTUAL } from "../code/code";
import { orderMoves } from "../code/parallel-moves";
import type { Target } from "../code/target";
import type { CodeTrace } from "../emit/trace";
import type { IrFunction, Value } from "../ir/ir";
import { isConst, resolve } from "../ir/ir";
import type { LocalHistory } from "../translate/local-history";
import type { Operand } from "../translate/operand-stack";
import type { AssignmentOrder } from "./assignment-order";
import type { InlinedCalls } from "./inlined-calls";
import type { InlinedLocal } from "./inlined-locals";
import { LocalPlaces } from "./local-places";
import { LocalSpans, START, type WordCode } from "./local-spans";
import { isLostInCalls, NOWHERE, placeOf, slotOf, type Token, Tokens } from "./place-steps";
import type { PlacedCode } from "./placed-code";

/** A local that the module and the source have. */
export interface WatchedLocal {
  readonly index: number;
  /** In the module: `pid`, or `pid|7`. */
  readonly name: string;
  readonly isParameter: boolean;
  readonly fact: LocalFact;
}

/** A function that has become code, and what is known about its locals. */
export interface TracedFunction {
  readonly machine: MachineFunction;
  readonly ir: IrFunction;
  readonly code: PlacedCode;
  readonly trace: CodeTrace;
  readonly watched: readonly WatchedLocal[];
  /** Of inlined calls, all that are known. */
  readonly inlined: readonly InlinedLocal[];
  readonly calls: InlinedCalls;
  /** Of the watched locals, in their order, and of those that inlined ones are read from. */
  readonly history: LocalHistory;
  readonly order: AssignmentOrder;
}

/** Where a word of a value can come from: tokens that have it, or what it always is. */
interface Source {
  readonly register: Token;
  readonly argument: Token;
  readonly fixed: WordPlace | undefined;
}

const UNKNOWN = 0;
const NO_SOURCES: readonly number[] = [UNKNOWN, UNKNOWN];

/** Follows the watched locals through the code of a function, and then the inlined ones. */
export function traceLocals(traced: TracedFunction): LocalSpans {
  return new LocalTracer(traced).run();
}

class LocalTracer {
  readonly #traced: TracedFunction;

  /** By number; the first is that of words of which nothing is known. */
  readonly #sources: Source[] = [{ register: 0, argument: 0, fixed: undefined }];

  /** By value, its number among the sources. */
  readonly #sourceNumbers: Int32Array;

  /** By local, the sources of the low and the high word of each of its values. */
  readonly #valueSources: (readonly number[])[] = [];

  /** By inlined local, the sources of its two words. */
  readonly #inlinedSources: (readonly number[])[] = [];
  readonly #tokens: Tokens;
  readonly #places: LocalPlaces;

  /** By instruction of WebAssembly: where in `rows` the sources of the words are; 0: not yet. */
  readonly #rowStarts: Int32Array;
  readonly #rows: number[] = [];

  /** The rows of code from nowhere in the module, and of the function's first moment. */
  readonly #noRow: number;
  readonly #firstRow: number;

  /** The low and the high word of each local, at the current instruction. */
  readonly #words: WordCode[];
  readonly #spans: LocalSpans;

  constructor(traced: TracedFunction) {
    this.#traced = traced;
    const { machine, ir, code, watched, inlined, history } = traced;
    this.#tokens = new Tokens(machine);
    this.#sourceNumbers = new Int32Array(ir.valueLimit);
    for (let local = 0; local < watched.length; local++) {
      this.#valueSources.push(this.#sourcesOf(history.valuesOf(local)));
    }
    for (const each of inlined) this.#inlinedSources.push(this.#sourcesOfInlined(each));
    this.#places = new LocalPlaces(machine, ir.signature, this.#tokens);
    this.#rowStarts = new Int32Array(code.length);
    const count = watched.length + inlined.length;
    this.#words = new Array<WordCode>(2 * count).fill(UNKNOWN);
    this.#noRow = this.#addRow(-1, -1);
    this.#firstRow = this.#addRow(-1, history.start);
    const wide = watched.map((_, local) => history.isWide(local));
    for (const { found } of inlined) wide.push(history.isWide(history.numberOf(found[0]!.local)));
    const fixed = this.#sources.map((source) => source.fixed);
    this.#spans = new LocalSpans(wide, fixed);
  }

  run(): LocalSpans {
    const { blocks, counts } = this.#traced.trace;
    let number = 0;
    for (let i = 0; i < blocks.length; i++) {
      const { instructions } = blocks[i]!;
      const isReached = this.#places.enter(blocks[i]!);
      if (i === 0) this.#begin();
      let row = -1;
      let isNoted = false;
      for (let j = 0; j < counts[i]!; j++, number++) {
        const instruction = instructions[j]!;
        const next = isReached ? this.#rowAt(instruction.position) : this.#noRow;
        if (next !== row || this.#places.hasChanged) {
          row = next;
          isNoted = !this.#look(row) && isNoted;
        }
        if (!isNoted) this.#spans.note(2 * number, this.#words);
        const loss = lossOf(instruction);
        if (loss !== undefined) this.#noteLoss(instruction, loss, number, row);
        isNoted = loss === undefined;
        if (isReached) this.#places.step();
      }
    }
    this.#words.fill(UNKNOWN);
    this.#spans.note(2 * number, this.#words);
    return this.#spans;
  }

  // --- sources ---

  #sourcesOf(values: readonly Operand[]): number[] {
    const sources: number[] = [];
    for (const { low, high } of values) {
      sources.push(this.#sourceOf(low), high ? this.#sourceOf(high) : UNKNOWN);
    }
    return sources;
  }

  /** All that is read must be one value. */
  #sourcesOfInlined({ found }: InlinedLocal): readonly number[] {
    const { history, code } = this.#traced;
    let sources: readonly number[] | undefined;
    for (const { index, local } of found) {
      const number = history.numberOf(local);
      const value = history.valuesOf(number)[history.valueAt(number, code.body.code.at[index]!)];
      const these = value ? this.#sourcesOf([value]) : NO_SOURCES;
      if (sources && (sources[0] !== these[0] || sources[1] !== these[1])) return NO_SOURCES;
      sources = these;
    }
    return sources ?? NO_SOURCES;
  }

  #sourceOf(original: Value): number {
    if (isBypassed(original)) return UNKNOWN;
    const value = resolve(original);
    this.#sourceNumbers[value.id] ||= this.#sources.push(this.#makeSource(value)) - 1;
    return this.#sourceNumbers[value.id]!;
  }

  #makeSource(value: Value): Source {
    const { name, immediate } = value;
    if (isConst(value)) return fixedSource({ kind: "constant", value: immediate });
    if (value.op === "symbol") {
      return fixedSource({ kind: "address", symbol: name, offset: immediate });
    }
    const register = this.#traced.machine.valueRegisters[value.id] ?? 0;
    return {
      register: register === 0 ? 0 : this.#tokens.addRegister(register),
      argument: value.op === "param" ? this.#tokens.addArgument(immediate) : 0,
      fixed: undefined,
    };
  }

  /** The row of an instruction of WebAssembly: the sources of what the locals are there. */
  #rowAt(position: number): number {
    const { code, history } = this.#traced;
    const index = code.indexAt(position);
    if (index < 0) return position <= history.start ? this.#firstRow : this.#noRow;
    this.#rowStarts[index] ||= this.#addRow(index, position);
    return this.#rowStarts[index]!;
  }

  /** @param index of the instruction; -1: none, the function begins at `position` */
  #addRow(index: number, position: number): number {
    const { watched, history, order } = this.#traced;
    const start = this.#rows.length;
    for (let local = 0; local < watched.length; local++) {
      const isBelieved =
        index < 0 ? order.isBelievedAtStart(local) : order.isBelieved(local, index);
      const value = isBelieved ? history.valueAt(local, position) : -1;
      const sources = this.#valueSources[local]!;
      if (value < 0) this.#rows.push(UNKNOWN, UNKNOWN);
      else this.#rows.push(sources[2 * value]!, sources[2 * value + 1]!);
    }
    this.#addInlined(index);
    return start;
  }

  #addInlined(index: number): void {
    const { code, inlined, calls } = this.#traced;
    for (let i = 0; i < inlined.length; i++) {
      const isKnown =
        index >= 0 && inlined[i]!.isAssigned(calls.nodeAt(index), code.placeOf(index));
      const [low, high] = isKnown ? this.#inlinedSources[i]! : NO_SOURCES;
      this.#rows.push(low!, high!);
    }
  }

  // --- words ---

  /** Before the first instruction: parameters are as the caller gave them. */
  #begin(): void {
    this.#look(this.#firstRow);
    this.#spans.note(START, this.#words);
  }

  /** Looks up where the words of a row are now; whether any has moved. */
  #look(row: number): boolean {
    const words = this.#words;
    const rows = this.#rows;
    let changed = false;
    for (let i = 0; i < words.length; i++) {
      const before = words[i]!;
      const source = rows[row + i]!;
      const now = source === UNKNOWN ? UNKNOWN : this.#wordOf(source, before);
      if (now === before) continue;
      words[i] = now;
      changed = true;
    }
    return changed;
  }

  #wordOf(number: number, before: WordCode): WordCode {
    if (number === UNKNOWN) return UNKNOWN;
    const { register, argument, fixed } = this.#sources[number]!;
    if (fixed) return -number;
    const place = this.#places.placeOf(register, before - 1);
    return 1 + (place === NOWHERE ? this.#places.placeOf(argument, before - 1) : place);
  }

  /** Notes what is not where it was while an instruction is executed. */
  #noteLoss(instruction: MachineInstruction, loss: Loss, number: number, row: number): void {
    const { target } = this.#traced.machine;
    const left = this.#words.slice();
    for (let i = 0; i < left.length; i++) {
      if (!isLost(instruction, loss, left[i]!, target)) continue;
      const other = this.#wordOf(this.#rows[row + i]!, UNKNOWN);
      left[i] = isLost(instruction, loss, other, target) ? UNKNOWN : other;
    }
    // A caller further up the stack is looked up at the last byte of its call.
    this.#spans.note(loss === "call" ? 2 * number + 1 : 2 * number, left);
  }
}

function fixedSource(fixed: WordPlace): Source {
  return { register: 0, argument: 0, fixed };
}

/** Whether the value, or one that it was found equal to, holds on some paths only. */
function isBypassed(value: Value): boolean {
  for (let each: Value | undefined = value; each; each = each.forward) {
    if (each.isBypassed) return true;
  }
  return false;
}

/** What changes places while several machine instructions are executed for one, or a callee's. */
type Loss = "call" | "return" | "moves";

function lossOf({ mnemonic, operands }: MachineInstruction): Loss | undefined {
  if (mnemonic === "ret" || mnemonic === "tail_call") return "return";
  if (mnemonic === "call") return "call";
  if (mnemonic !== "moves" || operands.length < 4) return undefined;
  return orderMoves(operands).length >= 2 ? "moves" : undefined;
}

/** Whether a word is in a place that changes meanwhile. */
function isLost(
  { operands }: MachineInstruction,
  loss: Loss,
  word: WordCode,
  target: Target,
): boolean {
  if (word <= 0) return false;
  const place = word - 1;
  if (loss === "call") return isLostInCalls(place, target);
  if (loss === "return") {
    const isLocal = place >= FIRST_VIRTUAL && slotOf(place).kind === "local";
    return target.convention.calleeSaved.includes(place) || isLocal;
  }
  for (let i = 0; i < operands.length; i += 2) if (placeOf(operands[i]) === place) return true;
  return false;
}
