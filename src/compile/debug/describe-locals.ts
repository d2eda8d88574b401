// The parameters and locals of a function as its debug information has them: each with the places
// where it certainly has its value.
//
//   the source's variable --assignment-order.ts--> a local of WebAssembly, where it can be believed
//   --local-history.ts--> a value in SSA form --Selection--> a virtual register
//   --local-places.ts--> a register or a word of the frame, at each instruction
//
// Where any of these does not know, the variable has no place.

import type { LocalVariable, ValueRange, WordPlace } from "../../i686/debug-info";
import type { LocalFact } from "../assemblyscript/source-facts";
import type { Frame } from "../emit/frame";
import type { CodeTrace } from "../emit/trace";
import type { Signature, Value } from "../ir/ir";
import { isConst, resolve } from "../ir/ir";
import { CALLEE_SAVED, CALLER_SAVED } from "../machine/calling-convention";
import type { MachineFunction, MachineInstruction } from "../machine/machine";
import { FIRST_VIRTUAL, isXmm, XMM0 } from "../machine/machine";
import { orderMoves } from "../machine/parallel-moves";
import type { Operand } from "../translate/build-numeric";
import type { LocalHistory } from "../translate/local-history";
import type { AssignmentOrder } from "./assignment-order";
import { argumentToken, LocalPlaces, type Moment, type PlaceNumber, slotOf } from "./local-places";

/** A local that the module and the source have. */
export interface WatchedLocal {
  readonly index: number;
  /** In the module: `pid`, or `pid|7`. */
  readonly name: string;
  readonly fact: LocalFact;
}

/** A word of a value: where it is in the code, or what it is. */
type Word =
  | { readonly place: PlaceNumber }
  | { readonly constant: number }
  | { readonly symbol: string; readonly offset: number }
  | undefined;

/** The words of each watched local. */
type Snapshot = readonly (readonly Word[] | undefined)[];

/** What is known of the watched locals before each instruction, and at the function's start. */
export class LocalTrace {
  private readonly snapshots = new Map<MachineInstruction, Snapshot>();
  private start: Snapshot = [];
  private readonly values = new Map<number, readonly (Operand | undefined)[]>();

  constructor(
    private readonly fn: MachineFunction,
    signature: Signature,
    private readonly watched: readonly WatchedLocal[],
    private readonly history: LocalHistory,
    private readonly order: AssignmentOrder,
  ) {
    const places = new LocalPlaces(fn, signature);
    for (const [number, block] of fn.blocks.entries()) {
      let before: Snapshot = [];
      let isFirst = number === 0;
      places.follow(block, (instruction, moment) => {
        if (isFirst) this.start = this.look(this.history.start, moment, before);
        isFirst = false;
        before = this.look(instruction.position, moment, before);
        this.snapshots.set(instruction, before);
      });
    }
  }

  private look(position: number, moment: Moment, before: Snapshot): Snapshot {
    return this.valuesAt(position).map(
      (value, i) => value && this.wordsOf(value, moment, before[i]),
    );
  }

  /** What the watched locals are in the source there, as far as that is known. */
  private valuesAt(position: number): readonly (Operand | undefined)[] {
    let values = this.values.get(position);
    if (!values) {
      values = this.watched.map(({ index, name, fact }) => {
        const isBelieved = this.order.isBelieved(name, fact.isParameter, position);
        return isBelieved ? this.history.valueAt(index, position) : undefined;
      });
      this.values.set(position, values);
    }
    return values;
  }

  private wordsOf(
    { low, high }: Operand,
    moment: Moment,
    before: readonly Word[] = [],
  ): readonly Word[] {
    const first = this.word(low, moment, before[0]);
    const second = high && this.word(high, moment, before[1]);
    const isSame = first === before[0] && second === before[1] && before.length > 0;
    if (isSame) return before;
    return high ? [first, second] : [first];
  }

  private word(original: Value, moment: Moment, before: Word): Word {
    if (isBypassed(original)) return undefined;
    const value = resolve(original);
    if (isConst(value)) {
      const isSame = before && "constant" in before && before.constant === value.immediate;
      return isSame ? before : { constant: value.immediate };
    }
    if (value.op === "symbol") return { symbol: value.name, offset: value.immediate };
    const preferred = before && "place" in before ? before.place : undefined;
    const register = this.fn.valueRegisters[value.id] ?? 0;
    let place = register === 0 ? undefined : moment.placeOf(register, preferred);
    if (value.op === "param") place ??= moment.placeOf(argumentToken(value.immediate), preferred);
    if (place === undefined) return undefined;
    return place === preferred ? before : { place };
  }

  /** The variables of the source, with offsets from the function's start. */
  describe(facts: Iterable<LocalFact>, trace: CodeTrace): LocalVariable[] {
    const ranges = this.watched.map((): ValueRange[] => []);
    const offsets = trace.offsets();
    const places = new Map<readonly Word[], WordPlace[]>();
    const whole = (words: readonly Word[]): WordPlace[] => {
      const known = places.get(words) ?? placesOf(words, nothingLost, trace.frame);
      places.set(words, known);
      return known;
    };
    const add = (snapshot: Snapshot, start: number, end: number, lost: PlaceFilter): void => {
      for (let i = 0; i < snapshot.length; i++) {
        const words = snapshot[i];
        if (!words) continue;
        const at = lost === nothingLost ? whole(words) : placesOf(words, lost, trace.frame);
        addRange(ranges[i]!, start, end, at);
      }
    };
    add(this.start, 0, offsets[0]!, nothingLost);
    for (const [i, { instruction }] of trace.instructions.entries()) {
      const snapshot = this.snapshots.get(instruction) ?? [];
      const [start, end] = [offsets[i]!, offsets[i + 1]!];
      if (instruction.mnemonic === "call") {
        // Who is up the stack is looked up at the last byte of its call.
        add(snapshot, start, end - 1, nothingLost);
        add(snapshot, end - 1, end, isLostInCall);
      } else add(snapshot, start, end, lossWithin(instruction));
    }
    return joinScopes(facts, (fact) => {
      const i = this.watched.findIndex((each) => each.fact === fact);
      return ranges[i] ?? [];
    });
  }
}

/** Whether the value, or one that it was found equal to, holds on some ways only. */
function isBypassed(value: Value): boolean {
  for (let each: Value | undefined = value; each; each = each.forward) {
    if (each.isBypassed) return true;
  }
  return false;
}

type PlaceFilter = (place: PlaceNumber) => boolean;

const nothingLost: PlaceFilter = () => false;

const isLostInCall: PlaceFilter = (place) => CALLER_SAVED.includes(place) || isXmm(place);

/** What changes while several machine instructions are executed for this one. */
function lossWithin({ mnemonic, operands }: MachineInstruction): PlaceFilter {
  if (mnemonic === "ret") {
    return (place) =>
      CALLEE_SAVED.includes(place) || (place >= FIRST_VIRTUAL && slotOf(place).kind === "local");
  }
  if (mnemonic !== "moves" || operands.length < 4 || orderMoves(operands).length < 2) {
    return nothingLost;
  }
  const written = operands.filter((_, i) => i % 2 === 0);
  return (place) =>
    written.some((operand) => {
      if (operand.kind === "register") return operand.register === place;
      if (operand.kind !== "memory" || !operand.slot || place < FIRST_VIRTUAL) return false;
      const { kind, index } = slotOf(place);
      return operand.slot.kind === kind && operand.slot.index === index;
    });
}

function placesOf(words: readonly Word[], isLost: PlaceFilter, frame: Frame): WordPlace[] {
  return words.map((word): WordPlace => {
    if (!word) return { kind: "unknown" };
    if ("constant" in word) return { kind: "constant", value: word.constant };
    if ("symbol" in word) return { kind: "address", ...word };
    const { place } = word;
    if (isLost(place)) return { kind: "unknown" };
    if (place >= FIRST_VIRTUAL) {
      const top = frame.cfaOffset(frame.saved.length, true);
      return { kind: "frame", offset: frame.offsetOf(slotOf(place)) - top };
    }
    return { kind: "register", number: isXmm(place) ? DWARF_XMM0 + place - XMM0 : place };
  });
}

/** DWARF's number of XMM0. The i386 psABI, table 2.14. */
const DWARF_XMM0 = 21;

function addRange(ranges: ValueRange[], start: number, end: number, words: WordPlace[]): void {
  if (start >= end || words.every(({ kind }) => kind === "unknown")) return;
  const last = ranges[ranges.length - 1];
  if (last?.end === start && isEqual(last.words, words)) {
    ranges[ranges.length - 1] = { start: last.start, end, words };
  } else ranges.push({ start, end, words });
}

function isEqual(a: readonly WordPlace[], b: readonly WordPlace[]): boolean {
  return a === b || (a.length === b.length && a.every((place, i) => isSame(place, b[i]!)));
}

function isSame(a: WordPlace, b: WordPlace): boolean {
  switch (a.kind) {
    case "unknown":
      return b.kind === "unknown";
    case "register":
      return b.kind === "register" && a.number === b.number;
    case "frame":
      return b.kind === "frame" && a.offset === b.offset;
    case "constant":
      return b.kind === "constant" && a.value === b.value;
    case "address":
      return b.kind === "address" && a.symbol === b.symbol && a.offset === b.offset;
  }
}

/** The variables of a function of which no places are known. */
export function withoutPlaces(facts: Iterable<LocalFact>): LocalVariable[] {
  return joinScopes(facts, () => []);
}

/**
 * One variable for each name, since gdb shows one: those of several scopes are joined, which never
 * have a value at once.
 */
function joinScopes(
  facts: Iterable<LocalFact>,
  rangesOf: (fact: LocalFact) => readonly ValueRange[],
): LocalVariable[] {
  const variables = new Map<string, LocalVariable>();
  for (const fact of facts) {
    const { name, type, isParameter } = fact;
    const values = rangesOf(fact);
    const other = variables.get(name);
    if (!other) variables.set(name, { name, type, isParameter, values });
    else if (other.type === type && !overlap(other.values, values)) {
      const joined = [...other.values, ...values].sort((a, b) => a.start - b.start);
      variables.set(name, { ...other, values: joined });
    } else variables.set(`${name} ${variables.size}`, { name, type, isParameter, values });
  }
  return [...variables.values()];
}

function overlap(a: readonly ValueRange[], b: readonly ValueRange[]): boolean {
  return a.some((left) => b.some(({ start, end }) => start < left.end && left.start < end));
}
