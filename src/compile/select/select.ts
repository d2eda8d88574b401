// Selects instructions for a function: SSA values to machine instructions on virtual registers.
//
// Phis become parallel moves at the ends of the predecessors. The other files of this room select
// arithmetic, comparisons, memory and intrinsics; here are the order of blocks, control and calls.

import {
  argumentPlaces,
  exchangedWords,
  hasStackedFloats,
  resultPlaces,
  stackWords,
} from "../code/calling-convention";
import type { MachineBlock, MachineFunction, MachineOperand } from "../code/code";
import { immediate, memory, register, slotOperand } from "../code/code";
import type { Target } from "../code/target";
import { setLoopDepths } from "../ir/dominators";
import type { Block, IrFunction, IrOp, Signature, Value } from "../ir/ir";
import { trapKind } from "../ir/trap";
import { selectArithmetic, takeResults } from "./arithmetic";
import { conditionOf } from "./compare";
import { ACCUMULATOR } from "./fixed-registers";
import { selectFloat } from "./float";
import { selectIntrinsic } from "./intrinsics";
import { selectMemory } from "./memory";
import { placeOperandUnderPressure } from "./operand";
import type { SelectionOptions } from "./selection";
import { machineBlocks, Selection } from "./selection";

/** Selects all of `fn`, whose critical edges have been split. */
export function select(fn: IrFunction, options: SelectionOptions): MachineFunction {
  return new Selector(fn, options).run();
}

/** What has its place already: parameters, and further results of other values. */
const NOT_SELECTED: ReadonlySet<IrOp> = new Set(["phi", "param", "high", "result"]);

class Selector {
  readonly #fn: IrFunction;
  readonly #target: Target;
  readonly #selection: Selection;
  readonly #blocks: Map<Block, MachineBlock>;

  /** What calls change: float registers only where the function has numbers. */
  readonly #clobbered: readonly number[];

  constructor(fn: IrFunction, options: SelectionOptions) {
    this.#fn = fn;
    this.#target = options.target;
    this.#selection = new Selection(fn, options);
    this.#blocks = machineBlocks(fn, setLoopDepths(fn));
    const { general, float } = options.target.convention.callerSaved;
    this.#clobbered = hasFloats(fn) ? [...general, ...float] : general;
  }

  run(): MachineFunction {
    const { machine } = this.#selection;
    for (let i = this.#fn.blocks.length - 1; i >= 0; i--) this.#block(this.#fn.blocks[i]!);
    machine.blocks = [...this.#blocks.values()];
    return machine;
  }

  #machineBlock(block: Block): MachineBlock {
    const found = this.#blocks.get(block);
    if (!found) throw new Error(`${this.#fn.name}: b${block.id} has no machine block`);
    return found;
  }

  #block(block: Block): void {
    const selection = this.#selection;
    const { values, terminator } = block;
    this.#terminator(block, terminator);
    for (let i = values.length - 2; i >= 0; i--) {
      const value = values[i]!;
      if (this.#isNeeded(value)) this.#value(value);
    }
    if (block === this.#fn.entry) this.#parameters(values);
    this.#machineBlock(block).instructions = selection.finishBlock();
  }

  #isNeeded(value: Value): boolean {
    const selection = this.#selection;
    if (NOT_SELECTED.has(value.op) || selection.isMerged(value)) return false;
    if (value.effect === "write" || value.effect === "trap") return true;
    if (selection.isRequested(value)) return true;
    const high = selection.highOf(value);
    return high !== undefined && selection.isRequested(high);
  }

  #value(value: Value): void {
    const selection = this.#selection;
    selection.begin(value);
    if (selectArithmetic(selection, value) || selectMemory(selection, value)) return;
    if (selectFloat(selection, value)) return;
    switch (value.op) {
      case "call":
        this.#call(value, value.args, immediate(0, value.name));
        return;
      case "call_indirect":
        this.#callIndirect(value);
        return;
      case "trap_if": {
        const condition = conditionOf(selection, value.args[0]!);
        selection.push("trap_if", [immediate(value.immediate)], [], [], condition);
        return;
      }
      case "intrinsic":
        selectIntrinsic(selection, value);
        return;
      default:
        throw new Error(`${this.#fn.name}: no instruction for ${value.op}`);
    }
  }

  /** Moves the arguments from where the caller put them; those on the stack stay there. */
  #parameters(values: readonly Value[]): void {
    const selection = this.#selection;
    const [first] = values;
    if (!first) return;
    const places = argumentPlaces(this.#fn.signature, this.#target);
    const params = values.filter((value) => value.op === "param" && selection.isRequested(value));
    selection.begin(first);
    const moves: MachineOperand[] = [];
    const loads: [number, MachineOperand][] = [];
    for (const value of params) {
      const place = places[value.immediate];
      if (!place) throw new Error(`${this.#fn.name}: there is no argument ${value.immediate}`);
      const { machine } = selection;
      const target = selection.registerOf(value);
      if ("register" in place) {
        moves.push(machine.operandOf(target), machine.operandOf(place.register));
      } else {
        loads.push([target, slotOperand({ kind: "incoming", index: place.stack }, value.type)]);
      }
    }
    selection.moves(moves);
    for (const [target, from] of loads) selection.move(target, from);
  }

  // --- calls ---

  #call(value: Value, args: readonly Value[], target: MachineOperand): void {
    const selection = this.#selection;
    if (!value.signature) throw new Error(`${this.#fn.name}: a call has no signature`);
    const { machine } = selection;
    const places = argumentPlaces(value.signature, this.#target);
    machine.outgoingWords = Math.max(
      machine.outgoingWords,
      exchangedWords(value.signature, this.#target),
    );
    const moves: MachineOperand[] = [];
    const used: number[] = [];
    for (const [i, argument] of args.entries()) {
      const place = places[i]!;
      if ("register" in place) {
        used.push(place.register);
        moves.push(machine.operandOf(place.register), selection.orImmediate(argument));
      } else {
        const slot = slotOperand({ kind: "outgoing", index: place.stack }, argument.type);
        moves.push(slot, selection.orImmediate(argument));
      }
    }
    selection.moves(moves);
    selection.push("call", [target], used, this.#clobbered);
    takeResults(selection, value, this.#otherResults(value, value.signature));
  }

  /** Moves the results that are on the stack to where they are wanted. */
  #otherResults(call: Value, signature: Signature): MachineOperand[] {
    const selection = this.#selection;
    const places = resultPlaces(signature, this.#target);
    const wanted = selection.resultsOf(call).filter((each) => selection.isRequested(each));
    return wanted.flatMap((each) => {
      const place = places[each.immediate]!;
      if (!("stack" in place)) throw new Error(`${this.#fn.name}: a result is in a register`);
      const slot = slotOperand({ kind: "outgoing", index: place.stack }, each.type);
      return [selection.machine.operandOf(selection.registerOf(each)), slot];
    });
  }

  /**
   * Puts the arguments where the caller of this function has put this function's own. Those on the
   * stack may be needed where others go: if that could be half of an f64, all wait in the frame.
   */
  #tailCall({ signature, name }: Value, args: readonly Value[], address: Value | undefined): void {
    const selection = this.#selection;
    const { machine } = selection;
    if (!signature) throw new Error(`${this.#fn.name}: a call has no signature`);
    const places = argumentPlaces(signature, this.#target);
    const waits =
      hasStackedFloats(this.#fn.signature, this.#target) ||
      hasStackedFloats(signature, this.#target);
    const moves: MachineOperand[] = [];
    const last: MachineOperand[] = [];
    const used: number[] = [];
    for (const [i, argument] of args.entries()) {
      const place = places[i]!;
      if ("register" in place) {
        used.push(place.register);
        moves.push(machine.operandOf(place.register), selection.orImmediate(argument));
        continue;
      }
      const to = slotOperand({ kind: "incoming", index: place.stack }, argument.type);
      if (waits) {
        const between = slotOperand(machine.newSlot(argument.type), argument.type);
        moves.push(between, selection.orImmediate(argument));
        last.push(to, between);
      } else moves.push(to, selection.orImmediate(argument));
    }
    let target: MachineOperand = immediate(0, name);
    if (address?.op === "symbol") target = selection.orImmediate(address);
    else if (address) {
      const { general } = this.#target.convention.callerSaved;
      const free = general.find((register) => !used.includes(register));
      if (free === undefined) {
        target = slotOperand({ kind: "incoming", index: stackWords(signature, this.#target) });
      } else {
        target = register(free);
        used.push(free);
      }
      moves.push(target, selection.orImmediate(address));
    }
    selection.moves(moves);
    selection.moves(last);
    selection.push("tail_call", [target], used, []);
  }

  #callIndirect(value: Value): void {
    const selection = this.#selection;
    const target = value.args[value.args.length - 1]!;
    const isName = target.op === "symbol";
    const operand = isName
      ? selection.orImmediate(target)
      : placeOperandUnderPressure(selection, target);
    this.#call(value, value.args.slice(0, -1), operand);
  }

  // --- control ---

  #terminator(block: Block, value: Value): void {
    const selection = this.#selection;
    selection.begin(value);
    switch (value.op) {
      case "jump":
        this.#phiMoves(block, block.successors[0]!);
        selection.push("jump", [], [], []);
        return;
      case "branch": {
        const condition = conditionOf(selection, value.args[0]!);
        selection.push("branch", [], [], [], condition);
        return;
      }
      case "may_throw":
        this.#selection.push("may_throw", [], [], []);
        return;
      case "table_jump":
        this.#tableJump(block, value);
        return;
      case "tail_call":
        this.#tailCall(value, value.args, undefined);
        return;
      case "tail_call_indirect":
        this.#tailCall(value, value.args.slice(0, -1), value.args[value.args.length - 1]!);
        return;
      case "return": {
        const places = resultPlaces(this.#fn.signature, this.#target);
        const registers = places.flatMap((place) => ("register" in place ? [place.register] : []));
        const moves = value.args.flatMap((argument, i) => {
          const place = places[i]!;
          const to =
            "register" in place
              ? selection.machine.operandOf(place.register)
              : slotOperand({ kind: "incoming", index: place.stack }, argument.type);
          return [to, selection.orImmediate(argument)];
        });
        selection.moves(moves);
        selection.push("ret", [], registers, []);
        return;
      }
      default:
        this.#trap(value.immediate);
    }
  }

  /** The kind is where the processor does not look: in the operand of an undefined instruction. */
  #trap(kind: number): void {
    const selection = this.#selection;
    if (kind === trapKind("unreachable")) selection.emit("ud2");
    else selection.emit("ud1", register(ACCUMULATOR), memory({ displacement: kind }, 32));
  }

  #phiMoves(from: Block, to: Block): void {
    const selection = this.#selection;
    const edge = to.predecessors.indexOf(from);
    const moves = to
      .phis()
      .flatMap((phi) => [
        selection.machine.operandOf(selection.destinationOf(phi)),
        selection.orImmediate(phi.args[edge]!),
      ]);
    selection.moves(moves);
  }

  #tableJump(block: Block, value: Value): void {
    const selection = this.#selection;
    const { machine } = selection;
    const symbol = `${this.#fn.name}$table${machine.jumpTables.length}`;
    const targets = (value.cases ?? []).map((i) => this.#machineBlock(block.successors[i]!));
    machine.jumpTables.push({ symbol, targets });
    const index = selection.inRegister(value.args[0]!).register;
    selection.emit("jmp", memory({ index, scale: 4, symbol }, 32));
  }
}

/** Whether any value of `fn` lives in a float register. */
function hasFloats(fn: IrFunction): boolean {
  return fn.blocks.some(({ values }) => values.some(({ type }) => type !== "i32"));
}
