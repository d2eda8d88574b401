// Pass: takes from each archive the members that the link needs, as every Unix linker does:
// archives in the order of the command line, each searched again until nothing more is wanted from
// it.
//
// A name is wanted if an object so far refers to it, or the layout names it, and nothing defines it
// yet. A weak reference wants nothing; a common symbol wants a real definition.

import type { ObjectFile, ObjectSymbol } from "../../object/object";
import type { Archive, ArchiveMember } from "../input/archive";
import { isArchiveInput, type LinkInput } from "../input/read-input";
import { matchesAny } from "../layout/glob";
import type { ResolvedLayout } from "../layout/resolved";

/** Archives that are searched again, one after the other, until nothing is wanted from any. */
export interface InputGroup {
  readonly group: readonly LinkInput[];
}

/** What a link takes, in its order. */
export type OrderedInput = LinkInput | InputGroup;

/** What decides which members are taken. */
export interface MemberNeeds {
  /** Names that the linker defines. */
  readonly defined: readonly string[];
  /** Names that are wanted though no object refers to them. */
  readonly wanted: readonly string[];
  /** Whether all members of an archive are taken. */
  takesAll(archive: Archive): boolean;
}

/** What a layout needs. */
export function memberNeeds(layout: ResolvedLayout): MemberNeeds {
  return {
    defined: layout.symbols.map(({ name }) => name),
    wanted: [layout.entry, ...layout.beforePaging.roots, ...layout.keep],
    takesAll: ({ name }) => matchesAny(name, layout.wholeArchives),
  };
}

/** The objects of a link, in its order. Throws what reading a member throws. */
export function pullMembers(inputs: readonly OrderedInput[], needs: MemberNeeds): ObjectFile[] {
  // Without archives it does not matter what is wanted.
  const alone = inputs.filter(isObject);
  if (alone.length === inputs.length) return alone;
  const search = new ArchiveSearch(needs);
  for (const input of inputs) {
    if (!isGroup(input)) search.take(input);
    else {
      for (let count = -1; count !== search.objects.length; ) {
        count = search.objects.length;
        for (const member of input.group) search.take(member);
      }
    }
  }
  return search.objects;
}

function isGroup(input: OrderedInput): input is InputGroup {
  return "group" in input;
}

function isObject(input: OrderedInput): input is ObjectFile {
  return !isGroup(input) && !isArchiveInput(input);
}

/** Takes what is wanted, which makes more wanted. */
class ArchiveSearch {
  readonly objects: ObjectFile[] = [];
  readonly #needs: MemberNeeds;
  readonly #wants: Wants;
  readonly #taken = new Set<ArchiveMember>();
  /** Objects and archives that are taken whole: once, however often a group is searched. */
  readonly #whole = new Set<LinkInput>();

  constructor(needs: MemberNeeds) {
    this.#needs = needs;
    this.#wants = new Wants(needs);
  }

  take(input: LinkInput): void {
    if (isArchiveInput(input) && !this.#needs.takesAll(input)) {
      searchArchive(input, this.#wants, this.#taken, (object) => this.#add(object));
      return;
    }
    if (this.#whole.has(input)) return;
    this.#whole.add(input);
    if (!isArchiveInput(input)) this.#add(input);
    else for (const member of input.members) this.#add(member.read());
  }

  #add(object: ObjectFile): void {
    this.objects.push(object);
    this.#wants.note(object);
  }
}

function searchArchive(
  archive: Archive,
  wants: Wants,
  taken: Set<ArchiveMember>,
  take: (object: ObjectFile) => void,
): void {
  for (let count = -1; count !== taken.size; ) {
    count = taken.size;
    for (const [symbol, member] of archive.index) {
      if (taken.has(member) || !wants.has(symbol)) continue;
      const object = member.read();
      if (wants.isCommon(symbol) && !defines(object, symbol)) continue;
      taken.add(member);
      take(object);
    }
  }
}

function defines(object: ObjectFile, name: string): boolean {
  return object.symbols.some(
    (symbol) => symbol.name === name && symbol.binding !== "local" && isReal(symbol),
  );
}

function isReal(symbol: ObjectSymbol): boolean {
  return symbol.section !== undefined || symbol.absolute === true;
}

/** The names that nothing defines yet. */
class Wants {
  readonly #state = new Map<string, "wanted" | "common" | "defined">();

  constructor({ defined, wanted }: MemberNeeds) {
    for (const name of defined) this.#state.set(name, "defined");
    for (const name of wanted) if (!this.#state.has(name)) this.#state.set(name, "wanted");
  }

  has(name: string): boolean {
    const state = this.#state.get(name);
    return state === "wanted" || state === "common";
  }

  isCommon(name: string): boolean {
    return this.#state.get(name) === "common";
  }

  note(object: ObjectFile): void {
    for (const symbol of object.symbols) {
      if (symbol.binding === "local") continue;
      const old = this.#state.get(symbol.name);
      if (isReal(symbol)) this.#state.set(symbol.name, "defined");
      else if (symbol.common !== undefined) {
        if (old !== "defined") this.#state.set(symbol.name, "common");
      } else if (old === undefined && symbol.binding === "global") {
        this.#state.set(symbol.name, "wanted");
      }
    }
  }
}
