// The proof that the shared part is closed: while it runs on a user's page directory, it names
// nothing outside itself.
//
// Relocations tell every address that code and data name: the linker keeps them with `ld -q`, and
// objects have them. Without them the code is disassembled: what it names is in the instructions.
//
// Naming the kernel is fine once the kernel's page directory is loaded. So the code is walked from
// every label that nothing here leads to, and each instruction has a state:
//
//   user    an interrupt came from user mode: CR3 is the user's
//   kernel  after MOV CR3 in state `user`, after a call into the kernel returned, or where kernel
//           code jumps to; the next MOV CR3 leads back to `user`
//   ring 0  the branch not taken by user mode of `test [saved CS], 3`: CR3 may be the kernel's;
//           MOV CR3 leads to `kernel`
//
// A layout's exits are names that may be referred to in any state.

import type { ObjectFile, Relocation } from "../../i686/object";
import { type Step, stepAt, testsPrivilege, writesControl } from "./code-step";
import type { FileSection } from "./elf-file";
import type { SharedPart } from "./shared-part";
import type { Subject } from "./subject";

type State = "user" | "kernel" | "ring 0";

export interface LeavingReference {
  /** The address of the instruction or of the data. */
  readonly from: bigint;
  readonly to: bigint;
  readonly symbol: string | undefined;
  /** The object that it comes from, if objects were given. */
  readonly object: string | undefined;
}

export interface ClosedProof {
  readonly method: "relocations" | "disassembly";
  /** References that leave while CR3 is a user's. */
  readonly leaving: readonly LeavingReference[];
  /** How many references leave where they may. */
  readonly allowed: number;
  /** Places that could not be read, in words. */
  readonly unproven: readonly string[];
}

/** Walks and judges the shared part of `subject`. */
export function proveSharedClosed(subject: Subject, shared: SharedPart): ClosedProof {
  const unproven: string[] = [];
  const wide = subject.file.bits === 64;
  const states = wide ? new Map<bigint, Set<State>>() : walk(subject, shared, unproven);
  const known = keptReferences(subject, shared);
  if (!known && wide) unproven.push("the code: 64-bit instructions are not disassembled");
  const references = known ?? disassembledReferences(shared, states, subject);
  const leaving: LeavingReference[] = [];
  let allowed = 0;
  for (const reference of references) {
    if (isAllowed(reference, subject, shared, states)) allowed++;
    else leaving.push(reference);
  }
  return { method: known ? "relocations" : "disassembly", leaving, allowed, unproven };
}

function isAllowed(
  reference: LeavingReference,
  subject: Subject,
  shared: SharedPart,
  states: ReadonlyMap<bigint, Set<State>>,
): boolean {
  const hasExits = subject.layout?.closed.some(({ exits }) => exits.length > 0) ?? false;
  if (hasExits) return namesAt(reference, subject).some((name) => shared.isExit(name));
  const seen = stateOf(reference.from, states);
  // Data only holds addresses; what matters is the instruction that uses them.
  return seen === undefined ? !isCode(reference.from, shared) : !seen.has("user");
}

/** All names of the place that is referred to: it may have several. */
function namesAt({ to, symbol }: LeavingReference, { symbols }: Subject): string[] {
  const names = symbols.filter(({ address }) => address === to).map(({ name }) => name);
  return symbol === undefined ? names : [symbol.replace(/\+0x[0-9a-f]+$/, ""), ...names];
}

function isCode(address: bigint, { sections }: SharedPart): boolean {
  return sections.some((section) => section.execute && within(section, address));
}

/** The states of the instruction that covers `address`: a relocation is in its middle. */
function stateOf(address: bigint, states: ReadonlyMap<bigint, Set<State>>) {
  for (let back = 0n; back < 15n; back++) {
    const found = states.get(address - back);
    if (found) return found;
  }
  return undefined;
}

/** What relocations say; undefined if neither the file nor objects have any of the shared part. */
function keptReferences(subject: Subject, shared: SharedPart): LeavingReference[] | undefined {
  const kept = subject.file.relocations.filter(({ place }) => shared.contains(place));
  const fromObjects = subject.objects.flatMap((object) =>
    objectReferences(object, shared, subject),
  );
  if (kept.length === 0 && fromObjects.length === 0) return undefined;
  const found = new Map<bigint, LeavingReference>();
  for (const { place, symbol } of kept) {
    if (leaves(symbol.address, symbol.section, shared)) {
      const name = symbol.name || subject.nameOf(symbol.address);
      found.set(place, { from: place, to: symbol.address, symbol: name, object: undefined });
    }
  }
  for (const reference of fromObjects) {
    if (!shared.contains(reference.to)) found.set(reference.from, reference);
  }
  return [...found.values()];
}

/** Absolute symbols are numbers, and undefined weak ones are 0: both hold in every space. */
function leaves(address: bigint, section: number, shared: SharedPart): boolean {
  const isPlace = section > 0 && section < 0xff00;
  return isPlace && !shared.contains(address);
}

/**
 * The references of an object's sections that are in the shared part. Where a section went is known
 * by one of its symbols; a section without any is skipped.
 */
function objectReferences(
  object: ObjectFile,
  shared: SharedPart,
  subject: Subject,
): LeavingReference[] {
  return object.sections.flatMap((section, index) => {
    const anchor = object.symbols.find((symbol) => {
      return symbol.section === index && subject.symbolNamed(symbol.name) !== undefined;
    });
    const at = anchor && subject.symbolNamed(anchor.name);
    if (!anchor || !at || !shared.contains(at.address)) return [];
    const start = at.address - BigInt(anchor.offset);
    const reference = (relocation: Relocation): LeavingReference[] => {
      const symbol = object.symbols[relocation.symbol];
      const target = symbol && subject.symbolNamed(symbol.name);
      if (!target || target.section >= 0xff00) return [];
      const from = start + BigInt(relocation.offset);
      return [{ from, to: target.address, symbol: target.name, object: object.name }];
    };
    return section.relocations.flatMap(reference);
  });
}

/** Addresses that instructions name and that lie in the kernel, but outside the shared part. */
function disassembledReferences(
  shared: SharedPart,
  states: ReadonlyMap<bigint, Set<State>>,
  subject: Subject,
): LeavingReference[] {
  const found: LeavingReference[] = [];
  for (const from of states.keys()) {
    const section = shared.sections.find((candidate) => within(candidate, from));
    const step = section && stepAt(section, from);
    for (const { to, use } of step?.references ?? []) {
      if (shared.contains(to)) continue;
      // A number may be an address by chance; what is jumped to or loaded is one for sure.
      const isAddress = use === "immediate" ? subject.symbols.some((s) => s.address === to) : true;
      const isNear = use === "immediate" && to === shared.end;
      if (!isAddress || isNear || !subject.sectionAt(to)) continue;
      found.push({ from, to, symbol: subject.nameOf(to), object: undefined });
    }
  }
  return found;
}

/** Which states each instruction of the shared part is executed in. */
function walk(subject: Subject, shared: SharedPart, unproven: string[]) {
  const labels = [
    ...new Set(subject.symbols.map(({ address }) => address).filter((at) => isCode(at, shared))),
  ];
  const starts = shared.sections.filter(({ execute }) => execute).map(({ address }) => address);
  const fromKernel = calledFromOutside(subject, shared);
  const states = new Map<bigint, Set<State>>();
  for (const label of fromKernel) follow(label, "kernel", shared, states, unproven);
  for (const label of roots([...new Set([...starts, ...labels])], shared)) {
    if (!states.has(label)) follow(label, "user", shared, states, unproven);
  }
  // Cycles have no first label.
  for (const label of labels) {
    if (!states.has(label)) follow(label, "user", shared, states, unproven);
  }
  return states;
}

/** Labels that no other label leads to. */
function roots(labels: readonly bigint[], shared: SharedPart): bigint[] {
  const reached = new Set<bigint>();
  for (const label of labels) {
    const seen = new Map<bigint, Set<State>>();
    follow(label, "user", shared, seen, []);
    seen.delete(label);
    for (const address of seen.keys()) reached.add(address);
  }
  return labels.filter((label) => !reached.has(label));
}

/** Targets of direct jumps and calls of kernel code into the shared part. */
function calledFromOutside(subject: Subject, shared: SharedPart): bigint[] {
  const found = new Set<bigint>();
  for (const section of subject.sections) {
    if (!section.execute || shared.sections.includes(section)) continue;
    for (let at = 0; at + 5 <= section.bytes.length; at++) {
      const opcode = section.bytes[at];
      if (opcode !== 0xe8 && opcode !== 0xe9) continue;
      const { bytes } = section;
      const distance = new DataView(bytes.buffer, bytes.byteOffset + at + 1, 4).getInt32(0, true);
      const to = BigInt.asUintN(32, section.address + BigInt(at + 5 + distance));
      if (shared.contains(to)) found.add(to);
    }
  }
  return [...found];
}

function follow(
  start: bigint,
  state: State,
  shared: SharedPart,
  states: Map<bigint, Set<State>>,
  unproven: string[],
): void {
  const work: { at: bigint; state: State; testedCs: boolean }[] = [
    { at: start, state, testedCs: false },
  ];
  for (let item = work.pop(); item; item = work.pop()) {
    const { at } = item;
    const section = shared.sections.find((candidate) => within(candidate, at));
    const seen = states.get(at) ?? new Set();
    if (!section?.execute || seen.has(item.state)) continue;
    const step = stepAt(section, at);
    if (!step) {
      unproven.push(`the code from 0x${at.toString(16)} on: an instruction is not understood`);
      continue;
    }
    states.set(at, seen.add(item.state));
    const switches = step.isCall && step.target !== undefined && callSwitches(step.target, shared);
    work.push(...successors(step, item.state, item.testedCs, switches));
  }
}

/** Whether the function at `start` writes CR3 on a way to its end. */
function callSwitches(start: bigint, shared: SharedPart): boolean {
  const seen = new Set<bigint>();
  const work = [start];
  for (let at = work.pop(); at !== undefined; at = work.pop()) {
    const address = at;
    const section = shared.sections.find((candidate) => within(candidate, address));
    if (!section?.execute || seen.has(address)) continue;
    seen.add(address);
    const step = stepAt(section, address);
    if (!step) continue;
    if (writesControl(step, 3)) return true;
    if (step.target !== undefined && !step.isCall) work.push(step.target);
    if (step.falls) work.push(address + BigInt(step.length));
  }
  return false;
}

function successors(step: Step, state: State, testedCs: boolean, callSwitched: boolean) {
  const next: { at: bigint; state: State; testedCs: boolean }[] = [];
  const behind = step.address + BigInt(step.length);
  const after = writesControl(step, 3) ? switched(state) : state;
  const returned = callSwitched ? switched(state) : after;
  const isPrivilegeBranch = testedCs && step.isConditional;
  const ifZero = step.mnemonic === "je" || step.mnemonic === "jz";
  const ring0: State = state === "user" ? "ring 0" : state;
  if (step.target !== undefined) {
    const branch = isPrivilegeBranch && ifZero ? ring0 : after;
    next.push({ at: step.target, state: branch, testedCs: false });
  }
  if (step.falls) {
    const fall = isPrivilegeBranch && !ifZero ? ring0 : returned;
    next.push({ at: behind, state: fall, testedCs: testsPrivilege(step) });
  }
  return next;
}

function switched(state: State): State {
  return state === "kernel" ? "user" : "kernel";
}

function within({ address, size }: FileSection, at: bigint): boolean {
  return at >= address && at < address + size;
}
