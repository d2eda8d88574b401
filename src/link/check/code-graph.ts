// What functions may do, followed through their jumps and calls: whether they return, and whether
// they turn paging on.
//
// Each instruction is read once, however many functions lead to it. What is known of one goes
// backwards to those before it, as soon as it is known:
//
//      returns      it is a return or an indirect jump; or its jump's target returns; or what
//                   follows it does, and the function that it calls, if it calls one
//      turns on     it writes CR0; or its target, or what follows it, turns paging on
//
// Invariants
//   - At most `limit` instructions are read, so a large kernel costs no more than a small one.
//   - What was not read, or not understood, may return, and does not turn paging on.

import { type Step, stepAt } from "./code-step";
import type { FileSection } from "./linked-file";
import type { Subject } from "./subject";

interface Node {
  readonly step: Step | undefined;
  /** Instructions that go to it, or call it. */
  readonly before: bigint[];
  returns: boolean;
  turnsOn: boolean;
}

const BITS = 32;
const CR0 = 0;
const LIMIT = 200_000;

export class CodeGraph {
  readonly #nodes = new Map<bigint, Node>();
  /** The section of the last instruction: the next one is most likely there too. */
  #section: FileSection | undefined;
  #read = 0;

  /**
   * @param subject the file whose 32-bit code it is
   * @param limit how many instructions are read at most
   */
  constructor(
    readonly subject: Subject,
    readonly limit = LIMIT,
  ) {}

  /** How many instructions were read. */
  get read(): number {
    return this.#read;
  }

  /** Whether the function at `start` may return. */
  mayReturn(start: bigint): boolean {
    return this.#nodeAt(start).returns;
  }

  /** Whether the function at `start`, or one that it calls, writes CR0. */
  turnsPagingOn(start: bigint): boolean {
    return this.#nodeAt(start).turnsOn;
  }

  #nodeAt(start: bigint): Node {
    const known = this.#nodes.get(start);
    if (known) return known;
    const first = this.#add(start);
    for (let work = [first]; work.length > 0; ) {
      const found: Node[] = [];
      for (const { step } of work) if (step) found.push(...this.#follow(step));
      work = found;
    }
    return first;
  }

  /** Adds what comes after `step`, and returns what was not known before. */
  #follow(step: Step): Node[] {
    const found: Node[] = [];
    for (const next of nextOf(step)) {
      const known = this.#nodes.get(next);
      const node = known ?? this.#add(next);
      if (!known) found.push(node);
      node.before.push(step.address);
    }
    this.#settle(step.address);
    return found;
  }

  #add(address: bigint): Node {
    const step = this.#stepAt(address);
    const isEnd = !step || step.isReturn || (step.isIndirect && !step.isCall);
    const turnsOn = step?.writesControl === CR0;
    const node = { step, before: [], returns: isEnd, turnsOn };
    this.#nodes.set(address, node);
    return node;
  }

  #stepAt(address: bigint): Step | undefined {
    if (this.#read >= this.limit) return undefined;
    const last = this.#section;
    const isThere = last && address >= last.address && address < last.address + last.size;
    const section = isThere ? last : this.subject.sectionAt(address);
    if (!section) return undefined;
    this.#section = section;
    this.#read++;
    return stepAt(section, address, BITS);
  }

  /** Judges the instruction at `from` again, and if it has changed, those before it. */
  #settle(from: bigint): void {
    for (const work = [from]; ; ) {
      const address = work.pop();
      if (address === undefined) return;
      const node = this.#nodes.get(address);
      if (!node?.step || (node.returns && node.turnsOn)) continue;
      const { returns, turnsOn } = node;
      const { step } = node;
      node.turnsOn ||= nextOf(step).some((next) => this.#nodes.get(next)?.turnsOn === true);
      node.returns ||= this.#leadsToReturn(step);
      if (node.returns !== returns || node.turnsOn !== turnsOn) work.push(...node.before);
    }
  }

  #leadsToReturn(step: Step): boolean {
    const returns = (at: bigint) => this.#nodes.get(at)?.returns === true;
    const { target, isCall } = step;
    if (target !== undefined && !isCall && returns(target)) return true;
    const comesBack = !isCall || target === undefined || returns(target);
    return step.falls && comesBack && returns(after(step));
  }
}

function nextOf(step: Step): bigint[] {
  const next = step.falls ? [after(step)] : [];
  return step.target === undefined ? next : [...next, step.target];
}

function after({ address, length }: Step): bigint {
  return address + BigInt(length);
}
