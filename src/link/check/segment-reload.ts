// What runs between LGDT and the first far branch after it, with the loader's CS.
//
//      lgdt descriptor       the old selector stays in CS, and the old descriptor in the processor
//      …                     works: nothing reads the table for CS
//      int $0x20             pushes the loader's selector; iret reads the new table with it
//
// The walk follows jumps and calls from LGDT, and where the function returns, goes on after each
// of the calls of it. A far branch, far return or IRET ends a path, and so does an indirect jump,
// whose target is not known.

import { type Step, stepAt } from "./code-step";
import type { FileSection } from "./linked-file";
import type { Subject } from "./subject";

const BITS = 32;
const MAX_STEPS = 20_000;
/** How many levels of callers outward the walk goes, and how many callers of each. */
const MAX_LEVELS = 3;
const MAX_CALLERS = 32;
const CALL = 0xe8;
const CALL_SIZE = 5;

/** What a stretch of code does before it reloads CS. */
export interface Outcome {
  /** An instruction that lets interrupts in. */
  readonly interrupt: bigint | undefined;
  /** It may return without a reload. */
  readonly returns: boolean;
  /** A far branch, which reloads CS, was met. */
  readonly reloads: boolean;
}

const UNKNOWN: Outcome = { interrupt: undefined, returns: false, reloads: false };

/** What comes after the instruction at `from`, an LGDT of `length` bytes. */
export function afterLoad(from: bigint, length: number, subject: Subject): Outcome {
  const walk = new ReloadWalk(subject);
  let outcome = walk.after(from + BigInt(length));
  let open = isOpen(outcome) ? [from] : [];
  for (let level = 0; level < MAX_LEVELS && open.length > 0; level++) {
    // Which of several callers runs is not known: each of them may.
    const after = open
      .flatMap((home) => callsOf(functionAt(home, subject), subject))
      .slice(0, MAX_CALLERS)
      .map((call) => ({ call, outcome: walk.after(call + BigInt(CALL_SIZE)) }));
    outcome = after.reduce((sum, each) => merge(sum, each.outcome), outcome);
    open = after.filter((each) => isOpen(each.outcome)).map(({ call }) => call);
  }
  return outcome;
}

/** Whether it returns, and what the caller does decides. */
function isOpen({ interrupt, returns, reloads }: Outcome): boolean {
  return returns && interrupt === undefined && !reloads;
}

function merge(a: Outcome, b: Outcome): Outcome {
  return {
    interrupt: a.interrupt ?? b.interrupt,
    returns: a.returns || b.returns,
    reloads: a.reloads || b.reloads,
  };
}

class ReloadWalk {
  readonly #known = new Map<bigint, Outcome>();
  #steps = 0;

  constructor(readonly subject: Subject) {}

  after(start: bigint): Outcome {
    const known = this.#known.get(start);
    if (known) return known;
    this.#known.set(start, UNKNOWN);
    const outcome = this.#follow(start);
    this.#known.set(start, outcome);
    return outcome;
  }

  #follow(start: bigint): Outcome {
    const seen = new Set<bigint>();
    let returns = false;
    let reloads = false;
    const work = [start];
    for (let at = work.pop(); at !== undefined; at = work.pop()) {
      if (seen.has(at) || ++this.#steps > MAX_STEPS) continue;
      seen.add(at);
      const step = this.#stepAt(at);
      if (!step) continue;
      if (step.letsInterruptsIn) return { interrupt: at, returns, reloads };
      returns ||= step.isNearReturn;
      reloads ||= step.isFar || step.isFarIndirect || (step.isReturn && !step.isNearReturn);
      const { target, isCall } = step;
      const inside = isCall && target !== undefined ? this.after(target) : undefined;
      if (inside?.interrupt !== undefined) return { ...inside, returns };
      reloads ||= inside?.reloads === true;
      if (target !== undefined && !isCall && !step.isFar) work.push(target);
      // A call through a pointer may reload CS: what follows it is not judged.
      if (step.falls && (!isCall || inside?.returns)) work.push(at + BigInt(step.length));
    }
    return { interrupt: undefined, returns, reloads };
  }

  #stepAt(at: bigint): Step | undefined {
    const section = this.subject.sectionAt(at);
    return section?.execute ? stepAt(section, at, BITS) : undefined;
  }
}

/** The start of the function around `address`: the last symbol before it. */
function functionAt(address: bigint, { symbols }: Subject): bigint {
  let found = address;
  for (const symbol of symbols) {
    if (symbol.address > address) break;
    found = symbol.address;
  }
  return found;
}

/** Near calls of `target`, by the distance in them. */
function callsOf(target: bigint, { sections }: Subject): bigint[] {
  return sections.filter(({ execute }) => execute).flatMap((each) => callsIn(each, target));
}

function callsIn({ bytes, address }: FileSection, target: bigint): bigint[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: bigint[] = [];
  for (let at = bytes.indexOf(CALL); at >= 0; at = bytes.indexOf(CALL, at + 1)) {
    if (at + CALL_SIZE > bytes.length) break;
    const distance = BigInt(view.getInt32(at + 1, true));
    const next = address + BigInt(at + CALL_SIZE);
    if (BigInt.asUintN(BITS, next + distance) === target) found.push(address + BigInt(at));
  }
  return found;
}
