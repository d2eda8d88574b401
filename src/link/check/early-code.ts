// The walk through code that runs before paging is on: from the entry point to MOV CR0.
//
// Until then an address is physical memory, so whatever is not linked where it is loaded is not
// there. The walk is by disassembly of 32-bit code at physical addresses, which is what the loaders
// of Multiboot and PVH enter, in 64-bit files too; 64-bit code runs with paging on. Indirect jumps
// end the walk, and so do calls of functions that do not return: what follows them is another
// function.

import { type Step, stepAt } from "./code-step";
import type { Subject } from "./subject";

export interface EarlyReference {
  readonly from: bigint;
  readonly to: bigint;
  readonly how: "reads or writes" | "calls" | "jumps to";
}

export interface EarlyCode {
  readonly references: readonly EarlyReference[];
  /** Where an instruction was not understood. */
  readonly unknown: readonly bigint[];
}

const MAX_STEPS = 20_000;
const EARLY_BITS = 32;

/** What code before paging refers to that is not where it is loaded. */
export function walkEarlyCode(subject: Subject): EarlyCode {
  const references = new Map<string, EarlyReference>();
  const returning = new Map<bigint, boolean>();
  const unknown: bigint[] = [];
  const { multiboot, multiboot2, pvh } = subject.protocols;
  // Limine and UEFI enter 64-bit code.
  if (subject.file.bits === 64 && !multiboot && !multiboot2 && !pvh) {
    return { references: [], unknown };
  }
  const seen = new Set<bigint>();
  const work = [subject.file.entry];
  // Whatever its flags say.
  const boot = subject.sectionAt(subject.file.entry);
  const note = (from: bigint, to: bigint, how: EarlyReference["how"]) => {
    if (isElsewhere(to, subject)) {
      // One function that uses a structure is one mistake, not one for each field.
      const key = `${functionOf(from, subject)} ${functionOf(to, subject)}`;
      if (!references.has(key)) references.set(key, { from, to, how });
    }
  };
  for (let at = work.pop(); at !== undefined && seen.size < MAX_STEPS; at = work.pop()) {
    const section = subject.sectionAt(at);
    const isCode = section?.execute || section === boot;
    if (!section || !isCode || seen.has(at) || isBarrier(at, subject)) continue;
    seen.add(at);
    const step = stepAt(section, at, EARLY_BITS);
    if (!step) {
      unknown.push(at);
      continue;
    }
    if (step.writesControl === 0) continue;
    for (const { to, use } of step.references) {
      if (use === "memory") note(at, to, "reads or writes");
    }
    const { target } = step;
    if (target !== undefined) {
      note(at, absolute(step, target, subject), step.isCall ? "calls" : "jumps to");
      work.push(target);
    }
    const callee = step.isCall ? target : undefined;
    const isLast =
      callee !== undefined &&
      (turnsPagingOn(callee, subject) || !mayReturn(callee, subject, returning));
    if (step.falls && !isLast) work.push(at + BigInt(step.length));
  }
  return { references: [...references.values()], unknown };
}

/** Whether the function at `start`, or one that it calls, writes CR0. */
function turnsPagingOn(start: bigint, subject: Subject): boolean {
  const seen = new Set<bigint>();
  const work = [start];
  for (let at = work.pop(); at !== undefined && seen.size < MAX_STEPS; at = work.pop()) {
    const section = subject.sectionAt(at);
    if (!section?.execute || seen.has(at)) continue;
    seen.add(at);
    const step = stepAt(section, at, EARLY_BITS);
    if (!step) continue;
    if (step.writesControl === 0) return true;
    if (step.target !== undefined) work.push(step.target);
    if (step.falls) work.push(at + BigInt(step.length));
  }
  return false;
}

/**
 * Whether the function at `start` may return. What is not understood may; so may a function that is
 * already being examined.
 *
 * @param known what is known of functions so far, by their addresses
 */
function mayReturn(start: bigint, subject: Subject, known: Map<bigint, boolean>): boolean {
  const before = known.get(start);
  if (before !== undefined) return before;
  known.set(start, true);
  const seen = new Set<bigint>();
  const work = [start];
  for (let at = work.pop(); at !== undefined; at = work.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    const section = subject.sectionAt(at);
    const step = section && stepAt(section, at, EARLY_BITS);
    if (!step || step.isReturn || seen.size > MAX_STEPS) return true;
    const { target, isCall } = step;
    if (step.isIndirect && !isCall) return true;
    if (target !== undefined && !isCall) work.push(target);
    const comesBack = !isCall || target === undefined || mayReturn(target, subject, known);
    if (step.falls && comesBack) work.push(at + BigInt(step.length));
  }
  known.set(start, false);
  return false;
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

function isElsewhere(address: bigint, subject: Subject): boolean {
  const segment = subject.segmentAt(address);
  // A module's content is mapped once there are page tables.
  if (!segment) return subject.hasContent(address);
  return segment.address !== segment.loadAddress;
}

function isBarrier(address: bigint, subject: Subject): boolean {
  const barriers = subject.layout?.beforePaging.barriers ?? [];
  return barriers.some((name) => subject.symbolNamed(name)?.address === address);
}

function functionOf(address: bigint, subject: Subject): string {
  return subject.nameOf(address)?.replace(/\+0x.*$/, "") ?? String(address);
}
