// Goes through a stopped machine instruction by instruction, forward and back.
//
// Back is forward from an earlier state: the session keeps marks, each a saved machine with the
// number of instructions that were executed since. A step back restores the last mark and executes
// all of them but one.
//
//   mark ----- 20,000 ----> mark ---- 137 ----> here          back: mark, 136 instructions
//
// Invariants
//   - Between a mark and its last instruction time stood still, so that to repeat them gives the
//     same. Whatever let time pass (a wait in `hlt`, a run to an address) is followed by a mark; a
//     step back from there leads to the last instruction before it.
//   - What reaches the machine from outside meanwhile is told by `disturb`: a mark follows.

import type { Machine, Registers } from "../machine/machine";
import { pagingMode } from "./paging-format";
import { translate } from "./resolve";

/** A machine that can be what it was. */
export interface ReversibleMachine extends Machine {
  save(): Promise<ArrayBuffer>;
  restore(state: ArrayBuffer): Promise<void>;
  runTo(address: number, isCancelled?: () => boolean): Promise<boolean>;
}

/** Where a run ends. */
export type StopCondition =
  /** Before the next `int 0x80` of a program. */
  | {
      readonly kind: "call";
      /** The CR3 of a process whose calls do not count. */
      readonly except?: number;
      /** The number of the call that is waited for; absent: any. */
      readonly number?: number;
    }
  /** Before the instruction at this linear address, of whatever space. */
  | { readonly kind: "address"; readonly address: number }
  /** After an instruction that loads another CR3. */
  | { readonly kind: "cr3" }
  /** After an instruction that changes a byte of the frame at this physical address. */
  | { readonly kind: "frame"; readonly frame: number };

type CallCondition = Extract<StopCondition, { readonly kind: "call" }>;

interface Mark {
  readonly state: ArrayBuffer;
  /** It is not where the steps of the mark before led, but where a run from there did. */
  readonly isAfterRun: boolean;
  steps: number;
}

const MARKS_MAX = 12;
const STEPS_OF_MARK = 20_000;
const PAGE = 4096;
/** How many single steps are made before the event loop turns. */
const STEPS_OF_SLICE = 2000;
/** `int 0x80`. */
const CALL_CODE = [0xcd, 0x80] as const;

export class StepSession {
  readonly #machine: ReversibleMachine;
  readonly #wayOut: number;
  readonly #marks: Mark[] = [];
  #isCancelled = false;
  #isDisturbed = false;

  /**
   * @param machine stopped
   * @param wayOut the address of the one instruction by which the kernel enters user mode
   */
  constructor(machine: ReversibleMachine, wayOut: number) {
    this.#machine = machine;
    this.#wayOut = wayOut;
  }

  /** How many instructions `back` can undo, up to the last one that let time pass. */
  get depth(): number {
    return this.#marks.at(-1)?.steps ?? 0;
  }

  /** Whether there is anything to go back to. */
  get canGoBack(): boolean {
    return this.#marks.length > 1 || this.depth > 0;
  }

  /** Something from outside has reached the machine during a run: what came before is past. */
  disturb(): void {
    this.#isDisturbed = true;
  }

  /** Ends a run that is under way, where it is. */
  cancel(): void {
    this.#isCancelled = true;
  }

  /** Executes one instruction; false if the run is over. */
  async forward(): Promise<boolean> {
    await this.#begin();
    return this.#step();
  }

  /**
   * Undoes so many instructions, by default one; a run that let time pass counts as one. False if
   * there is nothing to undo.
   */
  async back(count = 1): Promise<boolean> {
    if (!this.canGoBack) return false;
    for (let left = count; left > 0 && this.canGoBack; left--) {
      const mark = this.#marks.at(-1);
      if (mark && mark.steps > 0) mark.steps--;
      else {
        this.#marks.pop();
        const before = this.#marks.at(-1);
        if (before && !mark?.isAfterRun) before.steps--;
      }
    }
    await this.#replay();
    return true;
  }

  /** Runs until the condition holds, after at least one instruction; false if it never did. */
  async runUntil(condition: StopCondition): Promise<boolean> {
    this.#isCancelled = false;
    await this.#begin();
    switch (condition.kind) {
      case "call":
        return this.#toCall(condition);
      case "address":
        return this.#runTo(condition.address);
      case "cr3": {
        const { cr3 } = await this.#machine.registers();
        return this.#stepUntil(async () => (await this.#machine.registers()).cr3 !== cr3);
      }
      case "frame": {
        const frame = condition.frame - (condition.frame % PAGE);
        const before = await this.#frameText(frame);
        return this.#stepUntil(async () => !(await this.#isFrame(frame, before)));
      }
    }
  }

  async #toCall({ except, number }: CallCondition): Promise<boolean> {
    let isFirst = true;
    while (!this.#isCancelled) {
      const registers = await this.#machine.registers();
      if (registers.cpl !== 3) {
        if (registers.eip !== this.#wayOut && !(await this.#runTo(this.#wayOut))) return false;
      } else if (!isFirst && registers.cr3 !== except && isCall(registers.eax, number)) {
        if (await this.#isAtCall(registers)) return true;
      }
      isFirst = false;
      if (!(await this.#step())) return false;
      if (this.depth % STEPS_OF_SLICE === 0) await turn();
    }
    return false;
  }

  async #isAtCall(registers: Registers): Promise<boolean> {
    const root = { cr3: registers.cr3, mode: pagingMode(registers) };
    return this.#machine.inspect(({ memory }) =>
      CALL_CODE.every((byte, index) => {
        const pa = translate(memory, root, registers.eip + index);
        return pa !== undefined && memory.bytes[pa] === byte;
      }),
    );
  }

  /** Lets time pass, so a mark follows. */
  async #runTo(address: number): Promise<boolean> {
    const isThere = await this.#machine.runTo(address, () => this.#isCancelled);
    await this.#mark(true);
    return isThere;
  }

  async #stepUntil(isDone: () => Promise<boolean>): Promise<boolean> {
    while (!this.#isCancelled) {
      if (!(await this.#step())) return false;
      if (await isDone()) return true;
      if (this.depth % STEPS_OF_SLICE === 0) await turn();
    }
    return false;
  }

  async #step(): Promise<boolean> {
    if (this.#isDisturbed) await this.#mark(true);
    const wasHalted = (await this.#machine.registers()).halted;
    if ((await this.#machine.step()) === 0) return false;
    const last = this.#marks.at(-1);
    if (last) last.steps++;
    const isHalted = wasHalted || (await this.#machine.registers()).halted;
    if (isHalted || this.depth >= STEPS_OF_MARK) await this.#mark();
    return true;
  }

  async #begin(): Promise<void> {
    if (this.#marks.length === 0) await this.#mark();
  }

  async #mark(isAfterRun = false): Promise<void> {
    this.#isDisturbed = false;
    this.#marks.push({ state: await this.#machine.save(), isAfterRun, steps: 0 });
    if (this.#marks.length > MARKS_MAX) this.#marks.shift();
  }

  async #replay(): Promise<void> {
    const mark = this.#marks.at(-1);
    if (!mark) return;
    await this.#machine.restore(mark.state);
    await this.#machine.step(mark.steps);
  }

  #frameText(frame: number): Promise<Uint8Array> {
    return this.#machine.inspect(({ memory }) =>
      Uint8Array.from(memory.slice(frame, PAGE) ?? new Uint8Array(0)),
    );
  }

  #isFrame(frame: number, before: Uint8Array): Promise<boolean> {
    return this.#machine.inspect(({ memory }) => {
      const now = memory.slice(frame, PAGE);
      return before.every((byte, index) => now?.[index] === byte);
    });
  }
}

function isCall(eax: number, number: number | undefined): boolean {
  return number === undefined || eax === number;
}

/** Lets the event loop turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
