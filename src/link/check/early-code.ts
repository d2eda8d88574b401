// The walk through code that runs before paging is on: from the entry points to MOV CR0.
//
// Until then an address is physical memory, so whatever is not linked where it is loaded is not
// there. The walk is by disassembly of 32-bit code at physical addresses, which is what the loaders
// of Multiboot and PVH enter, in 64-bit files too; 64-bit code runs with paging on. Indirect jumps
// end the walk, and so do calls of functions that do not return: what follows them is another
// function.
//
// A kernel may also use segments to see itself where it is linked: after LGDT of descriptors with a
// base, an address plus that base is where it goes (segment-bases.ts).

import { CodeGraph } from "./code-graph";
import { type Step, stepAt } from "./code-step";
import { isSystemTable, segmentBases } from "./segment-bases";
import type { Subject } from "./subject";

export interface EarlyReference {
  readonly from: bigint;
  readonly to: bigint;
  readonly how: "reads or writes" | "calls" | "jumps to";
  /** From here the code neither returns nor turns paging on, though the kernel does. */
  readonly isDeadEnd: boolean;
}

export interface EarlyCode {
  readonly references: readonly EarlyReference[];
  /** Numbers in instructions, addresses or not, and the first instruction with each. */
  readonly numbers: ReadonlyMap<bigint, bigint>;
  /** Those that more than one instruction has. */
  readonly repeated: ReadonlySet<bigint>;
  /** Where it writes CR3; undefined: it does not. */
  readonly loadsTables: bigint | undefined;
  /** Where it turns paging on, and what segments may add to addresses there. */
  readonly turnsOn: readonly { readonly at: bigint; readonly bases: readonly bigint[] }[];
  /** Memory that instructions name without a register, other than to load a system table. */
  readonly accesses: ReadonlySet<bigint>;
  /** Where an instruction was not understood. */
  readonly unknown: readonly bigint[];
  /** How many instructions were read, those of other walks included. */
  readonly read: number;
}

const MAX_STEPS = 20_000;
const EARLY_BITS = 32;
const CR0 = 0;
const CR3 = 3;

/** An instruction to look at, and what segments may add to the addresses in it. */
interface Place {
  readonly at: bigint;
  readonly bases: readonly bigint[];
}

const WALKS = new WeakMap<Subject, EarlyCode>();

/** What code before paging names, and what of it is not where it is loaded. */
export function earlyCodeOf(subject: Subject): EarlyCode {
  const known = WALKS.get(subject);
  if (known) return known;
  const walk = new EarlyWalk(subject);
  for (const entry of earlyEntries(subject)) walk.from(entry);
  WALKS.set(subject, walk.result);
  return walk.result;
}

/**
 * Where loaders enter 32-bit code, as linked addresses: Limine and UEFI enter 64-bit code, and PVH
 * has an entry of its own. How a kernel without any of these protocols is entered is not known,
 * unless there is a layout, whose entry is before paging.
 */
export function earlyEntries(subject: Subject): bigint[] {
  const { multiboot, multiboot2, pvhEntry } = subject.protocols;
  const entries: bigint[] = [];
  const isFromLayout = subject.file.bits === 32 && subject.layout !== undefined;
  if (multiboot || multiboot2 || isFromLayout) entries.push(subject.file.entry);
  if (pvhEntry !== undefined) entries.push(pvhEntry);
  return [...new Set(entries.map((entry) => subject.linkedAddressOf(entry) ?? entry))];
}

class EarlyWalk {
  readonly #references = new Map<string, EarlyReference>();
  readonly #numbers = new Map<bigint, bigint>();
  readonly #repeated = new Set<bigint>();
  #loadsTables: bigint | undefined;
  readonly #turnsOn: Place[] = [];
  readonly #accesses = new Set<bigint>();
  readonly #unknown: bigint[] = [];
  readonly #seen = new Set<bigint>();
  readonly #entries: bigint[] = [];
  readonly #graph: CodeGraph;

  constructor(readonly subject: Subject) {
    this.#graph = new CodeGraph(subject);
  }

  get result(): EarlyCode {
    return {
      references: [...this.#references.values()],
      numbers: this.#numbers,
      repeated: this.#repeated,
      loadsTables: this.#loadsTables,
      turnsOn: this.#turnsOn,
      accesses: this.#accesses,
      unknown: this.#unknown,
      read: this.#seen.size + this.#graph.read,
    };
  }

  from(entry: bigint): void {
    this.#entries.push(entry);
    // Whatever its flags say.
    const boot = this.subject.sectionAt(entry);
    const work: Place[] = [{ at: entry, bases: [0n] }];
    for (let place = work.pop(); place && this.#seen.size < MAX_STEPS; place = work.pop()) {
      const { at, bases } = place;
      const section = this.subject.sectionAt(at);
      const isCode = section?.execute || section === boot;
      if (!section || !isCode || this.#seen.has(at) || isBarrier(at, this.subject)) continue;
      this.#seen.add(at);
      const step = stepAt(section, at, EARLY_BITS);
      if (!step) this.#unknown.push(at);
      else if (step.writesControl === CR0) this.#turnsOn.push(place);
      else work.push(...this.#visit(step, bases));
    }
  }

  /** Notes what the instruction refers to, and says where execution may go from it. */
  #visit(step: Step, before: readonly bigint[]): Place[] {
    const { address: at, target } = step;
    if (step.writesControl === CR3) this.#loadsTables ??= at;
    for (const { to, use } of step.references) {
      if (this.#numbers.has(to)) this.#repeated.add(to);
      else this.#numbers.set(to, at);
      if (use !== "memory") continue;
      this.#note(at, to, "reads or writes", before);
      if (!isSystemTable(step)) this.#accesses.add(to);
    }
    const bases = segmentBases(step, before, this.subject);
    const next: Place[] = [];
    if (target !== undefined) {
      const how = step.isCall ? "calls" : "jumps to";
      this.#note(at, absolute(step, target, this.subject), how, bases);
      next.push({ at: target, bases });
    }
    if (step.falls && !this.#isLast(step)) next.push({ at: at + BigInt(step.length), bases });
    return next;
  }

  /** Whether it calls a function that does not return, or returns with paging on. */
  #isLast({ isCall, target }: Step): boolean {
    if (!isCall || target === undefined) return false;
    return this.#graph.turnsPagingOn(target) || !this.#graph.mayReturn(target);
  }

  #isDeadEnd(at: bigint): boolean {
    const goesOn = this.#graph.turnsPagingOn(at) || this.#graph.mayReturn(at);
    return !goesOn && this.#entries.some((entry) => this.#graph.turnsPagingOn(entry));
  }

  #note(from: bigint, to: bigint, how: EarlyReference["how"], bases: readonly bigint[]): void {
    if (!isElsewhere(to, bases, this.subject)) return;
    // One function that uses a structure is one mistake, not one for each field.
    const key = `${functionOf(from, this.subject)} ${functionOf(to, this.subject)}`;
    if (this.#references.has(key)) return;
    this.#references.set(key, { from, to, how, isDeadEnd: this.#isDeadEnd(from) });
  }
}

/**
 * A relative branch within one section works wherever the section is; one into a section with
 * another distance between VMA and LMA does not.
 */
function absolute({ address, isFar }: Step, target: bigint, subject: Subject): bigint {
  const distance = (at: bigint) => {
    const segment = subject.segmentAt(at);
    return segment && segment.address - segment.loadAddress;
  };
  const isSame = !isFar && distance(target) === distance(address);
  return isSame ? 0n : target;
}

/** Whether none of the `bases` makes a linked address the one that it is loaded at. */
function isElsewhere(address: bigint, bases: readonly bigint[], subject: Subject): boolean {
  const segment = subject.segmentAt(address);
  // A module's content is mapped once there are page tables.
  if (!segment) return subject.hasContent(address);
  const distance = BigInt.asUintN(EARLY_BITS, segment.loadAddress - segment.address);
  return !bases.includes(distance);
}

function isBarrier(address: bigint, subject: Subject): boolean {
  const barriers = subject.layout?.beforePaging.barriers ?? [];
  return barriers.some((name) => subject.symbolNamed(name)?.address === address);
}

function functionOf(address: bigint, subject: Subject): string {
  const home = subject.nameOf(address)?.replace(/\+0x.*$/, "");
  return home ?? subject.sectionAt(address)?.name ?? String(address);
}
