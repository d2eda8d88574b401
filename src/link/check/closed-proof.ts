// The proof that the shared part is closed: while it runs on a user's page directory, it names
// nothing outside itself.
//
// Relocations give every address that code and data name: the linker keeps them with `ld -q`, and
// objects have them. Without them the code is disassembled, and the instructions say what it names.
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
// Where a register or memory says where to go while the state is `user`, the report says that this
// is not proven; `ret` and `iret` go where the processor or the kernel came from. Computed
// addresses, and those relative to an FS or GS base, are not followed.
//
// With a layout, its exits are the only outside names that may be referred to, and only in the
// states in which any may.

import { hex } from "../../base/address";
import type { ObjectFile, Relocation } from "../../object/object";
import { type Step, stepAt } from "./code-step";
import type { Bits } from "./instruction-shape";
import type { FileSection } from "./linked-file";
import type { SharedPart } from "./shared-part";
import type { Subject } from "./subject";

const CR3 = 3;
/** Bytes of code that are walked: a kernel that lies at the end of the address space is not. */
const LARGEST = 1 << 20;

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
  const unproven = new Set<string>();
  const walker = new Walker(shared, subject.file.bits, unproven);
  const size = shared.sections.reduce(
    (sum, each) => sum + (each.execute ? each.bytes.length : 0),
    0,
  );
  if (size > LARGEST) unproven.add(`the code, whose ${size} bytes are more than a trampoline has`);
  const states = size > LARGEST ? walker.states : walk(subject, shared, walker);
  const known = keptReferences(subject, shared);
  const references = known ?? disassembledReferences(shared, states, subject);
  const leaving: LeavingReference[] = [];
  let allowed = 0;
  for (const reference of references) {
    if (isAllowed(reference, subject, shared, states)) allowed++;
    else leaving.push(reference);
  }
  return {
    method: known ? "relocations" : "disassembly",
    leaving,
    allowed,
    unproven: [...unproven],
  };
}

function isAllowed(
  reference: LeavingReference,
  subject: Subject,
  shared: SharedPart,
  states: ReadonlyMap<bigint, Set<State>>,
): boolean {
  const hasExits = subject.layout?.closed.some(({ exits }) => exits.length > 0) ?? false;
  if (hasExits && !namesAt(reference, subject).some((name) => shared.isExit(name))) return false;
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

/**
 * What relocations say; undefined if neither the file nor the objects have any for the shared part.
 */
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
    const step = section && stepAt(section, from, subject.file.bits);
    for (const { to, use } of step?.references ?? []) {
      if (shared.contains(to)) continue;
      // A number may look like an address by chance; the target of a jump or a load is one for
      // certain.
      const isAddress = use === "immediate" ? subject.symbols.some((s) => s.address === to) : true;
      const isNear = use === "immediate" && to === shared.end;
      if (!isAddress || isNear || !subject.sectionAt(to)) continue;
      found.push({ from, to, symbol: subject.nameOf(to), object: undefined });
    }
  }
  return found;
}

/** Which states each instruction of the shared part is executed in. */
function walk(subject: Subject, shared: SharedPart, walker: Walker) {
  const labels = [
    ...new Set(subject.symbols.map(({ address }) => address).filter((at) => isCode(at, shared))),
  ];
  const starts = shared.sections.filter(({ execute }) => execute).map(({ address }) => address);
  for (const label of calledFromOutside(subject, shared)) walker.follow(label, "kernel");
  for (const label of roots([...new Set([...starts, ...labels])], walker)) {
    if (!walker.states.has(label)) walker.follow(label, "user");
  }
  // Cycles have no first label.
  for (const label of labels) {
    if (!walker.states.has(label)) walker.follow(label, "user");
  }
  return walker.states;
}

/**
 * Labels that no other label leads to. Each walk ends at the next label, so every walk is short.
 */
function roots(labels: readonly bigint[], { shared, bits }: Walker): bigint[] {
  const reached = new Set<bigint>();
  const borders = new Set(labels);
  for (const label of labels) {
    const trial = new Walker(shared, bits, new Set());
    for (const border of trial.follow(label, "user", borders)) reached.add(border);
  }
  return labels.filter((label) => !reached.has(label));
}

/** Targets of direct jumps and calls of kernel code into the shared part. */
function calledFromOutside(subject: Subject, shared: SharedPart): bigint[] {
  const found = new Set<bigint>();
  for (const section of subject.sections) {
    if (!section.execute || shared.sections.includes(section)) continue;
    const { bytes, address } = section;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + 5 <= bytes.length; at++) {
      const opcode = bytes[at];
      if (opcode !== 0xe8 && opcode !== 0xe9) continue;
      const target = address + BigInt(at + 5 + view.getInt32(at + 1, true));
      const to = BigInt.asUintN(subject.file.bits, target);
      if (shared.contains(to)) found.add(to);
    }
  }
  return [...found];
}

/** Walks through the code of the shared part, and remembers each instruction's states. */
class Walker {
  readonly states = new Map<bigint, Set<State>>();

  readonly #unproven: Set<string>;

  constructor(
    readonly shared: SharedPart,
    readonly bits: Bits,
    unproven: Set<string>,
  ) {
    this.#unproven = unproven;
  }

  /** @returns which of `borders` were reached: the walk does not go beyond them */
  follow(start: bigint, state: State, borders: ReadonlySet<bigint> = new Set()): Set<bigint> {
    const reached = new Set<bigint>();
    const work: Visit[] = [{ at: start, state, testedCs: false }];
    for (let visit = work.pop(); visit; visit = work.pop()) {
      const { at } = visit;
      if (at !== start && borders.has(at)) {
        reached.add(at);
        continue;
      }
      const section = this.#codeAt(at);
      const seen = this.states.get(at) ?? new Set();
      if (!section || seen.has(visit.state)) continue;
      const step = stepAt(section, at, this.bits);
      if (!step) {
        this.#unproven.add(`the code from ${hex(at)} on: it has an unknown instruction`);
        continue;
      }
      if (step.isIndirect && visit.state === "user") {
        this.#unproven.add(`where the ${step.isCall ? "call" : "jump"} at ${hex(at)} leads`);
      }
      this.states.set(at, seen.add(visit.state));
      const { target, isCall } = step;
      const switches = isCall && target !== undefined && this.#callSwitches(target);
      work.push(...successors(step, visit, switches));
    }
    return reached;
  }

  #codeAt(at: bigint): FileSection | undefined {
    const section = this.shared.sections.find((candidate) => within(candidate, at));
    return section?.execute ? section : undefined;
  }

  /** Whether the function at `start` writes CR3 on a way to its end. */
  #callSwitches(start: bigint): boolean {
    const seen = new Set<bigint>();
    const work = [start];
    for (let at = work.pop(); at !== undefined; at = work.pop()) {
      const section = this.#codeAt(at);
      if (!section || seen.has(at)) continue;
      seen.add(at);
      const step = stepAt(section, at, this.bits);
      if (!step) continue;
      if (step.writesControl === CR3) return true;
      if (step.target !== undefined && !step.isCall) work.push(step.target);
      if (step.falls) work.push(at + BigInt(step.length));
    }
    return false;
  }
}

interface Visit {
  readonly at: bigint;
  readonly state: State;
  /** The instruction before it has tested a saved CS for user mode. */
  readonly testedCs: boolean;
}

function successors(step: Step, { state, testedCs }: Visit, callSwitched: boolean): Visit[] {
  const visits: Visit[] = [];
  const next = step.address + BigInt(step.length);
  const after = step.writesControl === CR3 ? switched(state) : state;
  const returned = callSwitched ? switched(state) : after;
  const isPrivilegeBranch = testedCs && step.isConditional;
  const ring0: State = state === "user" ? "ring 0" : state;
  if (step.target !== undefined) {
    const branch = isPrivilegeBranch && step.isIfZero ? ring0 : after;
    visits.push({ at: step.target, state: branch, testedCs: false });
  }
  if (step.falls) {
    const fall = isPrivilegeBranch && !step.isIfZero ? ring0 : returned;
    visits.push({ at: next, state: fall, testedCs: step.testsPrivilege });
  }
  return visits;
}

function switched(state: State): State {
  return state === "kernel" ? "user" : "kernel";
}

function within({ address, size }: FileSection, at: bigint): boolean {
  return at >= address && at < address + size;
}
